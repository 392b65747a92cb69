import fc from 'fast-check';
import type { Change } from '../../../src/model/change.js';
import { canonicalDaemon, canonicalServer, canonicalService } from '../../../src/model/canonical.js';
import type { RealServer } from '../../../src/model/server.js';
import { describeService, type ServiceKey, type VirtualService } from '../../../src/model/service.js';
import type { SyncDaemon, SyncRole, Timeouts } from '../../../src/model/state.js';
import type { ServiceWithServers, Table } from '../../../src/model/table.js';
import { daemon as anyDaemon, typedServer, typedService } from './arbitraries.js';

/** What the kernel refuses a change with. */
export type Refusal = 'EEXIST' | 'ESRCH' | 'ENOENT' | 'EINVAL';

interface Held {
  service: VirtualService;
  readonly servers: Map<string, RealServer>;
}

const id = ({ address, port }: { address: string; port: number }): string => `${address} ${port}`;

/** The kernel's rules about its table in a few lines: what plans are checked against without a kernel. */
export class TableModel {
  readonly services = new Map<string, Held>();
  readonly daemons = new Map<SyncRole, SyncDaemon>();
  timeouts: Timeouts = { tcp: 900, tcpFin: 120, udp: 300 };

  constructor(table: Table) {
    for (const { service, servers } of table.services) {
      this.services.set(describeService(service.key), {
        service,
        servers: new Map(servers.map((server) => [id(server), server])),
      });
    }
    for (const daemon of table.syncDaemons ?? []) this.daemons.set(daemon.role, daemon);
    if (table.timeouts !== undefined) this.timeouts = table.timeouts;
  }

  /** Identities of the servers of a service; undefined where there is no such service. */
  serverIds(key: ServiceKey): Set<string> | undefined {
    const held = this.services.get(describeService(key));
    return held && new Set(held.servers.keys());
  }

  table(): Table {
    return {
      services: [...this.services.values()].map(({ service, servers }) => ({
        service,
        servers: [...servers.values()],
      })),
      timeouts: this.timeouts,
      syncDaemons: [...this.daemons.values()],
    };
  }

  /** Carries a change out as the kernel would. @returns why not. */
  change(change: Change): Refusal | undefined {
    switch (change.kind) {
      case 'add-service':
        if (this.#held(change.service.key) !== undefined) return 'EEXIST';
        this.services.set(describeService(change.service.key), { service: change.service, servers: new Map() });
        return undefined;
      case 'edit-service': {
        const held = this.#held(change.service.key);
        if (held === undefined) return 'ESRCH';
        held.service = change.service;
        return undefined;
      }
      case 'delete-service':
        return this.services.delete(describeService(change.key)) ? undefined : 'ESRCH';
      case 'add-server':
      case 'edit-server':
        return this.#setServer(change.kind === 'add-server', change.key, change.server);
      case 'delete-server': {
        const held = this.#held(change.key);
        if (held === undefined) return 'ESRCH';
        return held.servers.delete(id(change.server)) ? undefined : 'ENOENT';
      }
      case 'set-timeouts': {
        const { tcp, tcpFin, udp } = change.timeouts;
        const now = this.timeouts;
        this.timeouts = { tcp: tcp || now.tcp, tcpFin: tcpFin || now.tcpFin, udp: udp || now.udp };
        return undefined;
      }
      case 'start-daemon':
        if (this.daemons.has(change.daemon.role)) return 'EEXIST';
        if (this.#mixed()) return 'EINVAL';
        this.daemons.set(change.daemon.role, change.daemon);
        return undefined;
      case 'stop-daemon':
        return this.daemons.delete(change.role) ? undefined : 'ESRCH';
      case 'flush':
      case 'zero':
        throw new Error(`no plan has ${change.kind}`);
    }
  }

  #held(key: ServiceKey): Held | undefined {
    return this.services.get(describeService(key));
  }

  #mixed(): boolean {
    return [...this.services.values()].some(({ service, servers }) =>
      [...servers.values()].some(({ family }) => family !== service.key.family),
    );
  }

  #setServer(adding: boolean, key: ServiceKey, server: RealServer): Refusal | undefined {
    const held = this.#held(key);
    if (held === undefined) return 'ESRCH';
    if (server.family !== key.family && (this.daemons.size > 0 || server.forwarding !== 'tunneling')) return 'EINVAL';
    if (held.servers.has(id(server)) === adding) return adding ? 'EEXIST' : 'ENOENT';
    held.servers.set(id(server), server);
    return undefined;
  }
}

/** Settings without their identity: a generated entry gives its settings to others. */
const settingsOf = (server: RealServer, like: RealServer): RealServer => ({
  ...like,
  weight: server.weight,
  upperThreshold: server.upperThreshold,
  lowerThreshold: server.lowerThreshold,
});

interface Candidate {
  readonly service: VirtualService;
  readonly servers: readonly RealServer[];
}

/** A service and servers that go with it. */
const candidate: fc.Arbitrary<Candidate> = typedService.chain((service) =>
  fc
    .uniqueArray(
      typedServer.map(({ server }) => server),
      { maxLength: 4, selector: id },
    )
    .map((servers) => ({
      service,
      servers: servers.map((server) => {
        const fits = server.family === service.key.family || server.forwarding === 'tunneling';
        return fits ? server : { ...server, forwarding: 'tunneling' as const };
      }),
    })),
);

const timeoutsOrNone: fc.Arbitrary<Timeouts> = fc.record(
  { tcp: fc.integer({ min: 1, max: 9 }), tcpFin: fc.integer({ min: 1, max: 9 }), udp: fc.integer({ min: 1, max: 9 }) },
  { noNullPrototype: true },
);

/** Which part of the candidates a table has, and with what settings: two tables of one pool overlap. */
function tableOf(pool: readonly Candidate[]): fc.Arbitrary<Table> {
  const one = ({ service, servers }: Candidate): fc.Arbitrary<ServiceWithServers> =>
    fc
      .record({
        kept: fc.subarray([...servers]),
        other: fc.option(typedServer, { nil: undefined, freq: 3 }),
        scheduler: fc.constantFrom(service.scheduler, 'wlc'),
      })
      .map(({ kept, other, scheduler }) => ({
        service: canonicalService({ ...service, scheduler }),
        servers: kept
          .map((server, index) => (other !== undefined && index === 0 ? settingsOf(other.server, server) : server))
          .map(canonicalServer),
      }));
  return fc
    .record({
      chosen: fc.subarray([...pool]).chain((part) => fc.tuple(...part.map(one))),
      timeouts: timeoutsOrNone,
      daemons: fc.uniqueArray(anyDaemon, { maxLength: 2, selector: ({ role }) => role }),
    })
    .map(({ chosen, timeouts, daemons }) => {
      const mixed = chosen.some(({ service, servers }) => servers.some(({ family }) => family !== service.key.family));
      const running = daemons.map((daemon) =>
        canonicalDaemon({
          ...daemon,
          maxLength: daemon.maxLength === 0 ? 0 : Math.min(65487, daemon.maxLength + 1024),
        }),
      );
      return { services: chosen, timeouts, syncDaemons: mixed ? [] : running };
    });
}

/** Two tables that share a part of their services and servers. */
export const twoTables: fc.Arbitrary<readonly [from: Table, to: Table]> = fc
  .uniqueArray(candidate, { maxLength: 4, selector: ({ service }) => describeService(service.key) })
  .chain((pool) => fc.tuple(tableOf(pool), tableOf(pool)));
