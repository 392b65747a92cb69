import { inCanonicalForm } from '../model/address-kind.js';
import { canonicalDaemon } from '../model/canonical.js';
import type { Change } from '../model/change.js';
import { serverId, type RealServer, type ServerKey } from '../model/server.js';
import { isFirewallMark, serviceId, type ServiceKey, type VirtualService } from '../model/service.js';
import {
  statistics,
  type ConnectionCounts,
  type ServerEntry,
  type ServiceEntry,
  type Statistics,
  type SyncDaemon,
  type SyncRole,
  type Timeouts,
} from '../model/state.js';
import type { Table, TableSnapshot } from '../model/table.js';

/** Error numbers that the kernel refuses changes with, by name. */
export type RefusalName =
  | 'EAFNOSUPPORT'
  | 'EBUSY'
  | 'EEXIST'
  | 'EINVAL'
  | 'ENODEV'
  | 'ENOENT'
  | 'ENOMEM'
  | 'EOPNOTSUPP'
  | 'EPERM'
  | 'ERANGE'
  | 'ESRCH';

/** What a kernel reports of a service or server besides its settings. */
export interface Traffic extends Partial<ConnectionCounts> {
  /** Counters that are left out stay as they are. */
  readonly statistics?: Partial<Statistics> | undefined;
}

interface Held {
  service: ServiceEntry;
  readonly servers: Map<string, ServerEntry>;
}

const noConnections: ConnectionCounts = { activeConnections: 0, inactiveConnections: 0, persistentConnections: 0 };

/** The kernel's timeouts until somebody sets them, in seconds. */
const initialTimeouts: Timeouts = { tcp: 900, tcpFin: 120, udp: 300 };

function withCanonicalKey<K extends ServiceKey>(key: K): K {
  return isFirewallMark(key) ? key : { ...key, address: inCanonicalForm(key.address) };
}

function entryOfService(service: VirtualService, counters: Partial<Statistics> = {}): ServiceEntry {
  return { ...service, key: withCanonicalKey(service.key), statistics: statistics((name) => counters[name] ?? 0n) };
}

function entryOfServer(server: RealServer, { statistics: counters = {}, ...connections }: Traffic = {}): ServerEntry {
  return {
    ...noConnections,
    ...server,
    ...connections,
    address: inCanonicalForm(server.address),
    statistics: statistics((name) => counters[name] ?? 0n),
  };
}

/** The counters of an entry of a snapshot; a plain table has none. */
function countersIn(entry: VirtualService | ServiceEntry | RealServer | ServerEntry): Statistics | undefined {
  return 'statistics' in entry ? entry.statistics : undefined;
}

function trafficOf(entry: ServerEntry): Traffic {
  const { activeConnections, inactiveConnections, persistentConnections, statistics: counters } = entry;
  return { activeConnections, inactiveConnections, persistentConnections, statistics: counters };
}

/** A table with the kernel's rules of what may be added, edited and removed. */
export class MemoryTable {
  readonly #services = new Map<string, Held>();
  readonly #daemons = new Map<SyncRole, SyncDaemon>();
  /** The timeouts of connections, in seconds. */
  timeouts: Timeouts;

  constructor({ services, timeouts, syncDaemons = [] }: Table) {
    this.timeouts = timeouts ?? initialTimeouts;
    for (const { service, servers } of services) {
      const entry = entryOfService(service, countersIn(service));
      const entries = servers.map((server) => entryOfServer(server, { statistics: countersIn(server) }));
      const byId = new Map(entries.map((server) => [serverId(server), server]));
      this.#services.set(serviceId(entry.key), { service: entry, servers: byId });
    }
    for (const daemon of syncDaemons) this.#daemons.set(daemon.role, canonicalDaemon(daemon));
  }

  /** A copy of what it holds. */
  snapshot(): TableSnapshot {
    const services = [...this.#services.values()].map(({ service, servers }) => ({
      service,
      servers: [...servers.values()],
    }));
    return { services, timeouts: this.timeouts, syncDaemons: this.syncDaemons };
  }

  get services(): readonly ServiceEntry[] {
    return [...this.#services.values()].map(({ service }) => service);
  }

  get syncDaemons(): readonly SyncDaemon[] {
    return [...this.#daemons.values()];
  }

  /** Undefined where there is no such service. */
  service(key: ServiceKey): ServiceEntry | undefined {
    return this.#held(key)?.service;
  }

  /** None where there is no such service. */
  servers(key: ServiceKey): readonly ServerEntry[] {
    return [...(this.#held(key)?.servers.values() ?? [])];
  }

  /** Makes a change, or says why it is refused. */
  change(change: Change): RefusalName | undefined {
    switch (change.kind) {
      case 'add-service':
        return this.#addService(change.service);
      case 'edit-service':
        return this.#withService(change.service.key, (held) => {
          held.service = entryOfService(change.service, held.service.statistics);
          return undefined;
        });
      case 'delete-service':
        return this.#services.delete(serviceId(withCanonicalKey(change.key))) ? undefined : 'ESRCH';
      case 'add-server':
      case 'edit-server':
        return this.#withService(change.key, (held) => this.#setServer(held, change));
      case 'delete-server':
        return this.#withService(change.key, (held) => {
          return held.servers.delete(idOf(change.server)) ? undefined : 'ENOENT';
        });
      case 'flush':
        this.#services.clear();
        return undefined;
      case 'zero':
        if (change.key !== undefined) {
          return this.#withService(change.key, (held) => {
            zero(held);
            return undefined;
          });
        }
        for (const held of this.#services.values()) zero(held);
        return undefined;
      case 'set-timeouts': {
        const { tcp, tcpFin, udp } = change.timeouts;
        const now = this.timeouts;
        // 0 keeps a value.
        this.timeouts = { tcp: tcp || now.tcp, tcpFin: tcpFin || now.tcpFin, udp: udp || now.udp };
        return undefined;
      }
      case 'start-daemon':
        if (this.#daemons.has(change.daemon.role)) return 'EEXIST';
        this.#daemons.set(change.daemon.role, canonicalDaemon(change.daemon));
        return undefined;
      case 'stop-daemon':
        return this.#daemons.delete(change.role) ? undefined : 'ESRCH';
    }
  }

  /**
   * Sets what is reported of a service, or of one of its servers.
   * @throws {RangeError} where there is no such service or server.
   */
  report(key: ServiceKey, server: ServerKey | undefined, { statistics: counters, ...connections }: Traffic): void {
    const held = this.#held(key);
    if (held === undefined) throw new RangeError(`no such service: ${serviceId(key)}`);
    const updated = (before: Statistics): Statistics => statistics((name) => counters?.[name] ?? before[name]);
    if (server === undefined) {
      held.service = { ...held.service, statistics: updated(held.service.statistics) };
      return;
    }
    const entry = held.servers.get(idOf(server));
    if (entry === undefined) throw new RangeError(`no such server: ${serverId(server)}`);
    held.servers.set(serverId(entry), { ...entry, ...connections, statistics: updated(entry.statistics) });
  }

  #held(key: ServiceKey): Held | undefined {
    return this.#services.get(serviceId(withCanonicalKey(key)));
  }

  #withService(key: ServiceKey, change: (held: Held) => RefusalName | undefined): RefusalName | undefined {
    const held = this.#held(key);
    if (held === undefined) return 'ESRCH';
    return change(held);
  }

  #addService(service: VirtualService): RefusalName | undefined {
    if (this.#held(service.key) !== undefined) return 'EEXIST';
    const entry = entryOfService(service);
    this.#services.set(serviceId(entry.key), { service: entry, servers: new Map() });
    return undefined;
  }

  #setServer(
    { service, servers }: Held,
    { kind, server }: Extract<Change, { kind: 'add-server' | 'edit-server' }>,
  ): RefusalName | undefined {
    const present = servers.get(idOf(server));
    if (server.family !== service.key.family && server.forwarding !== 'tunneling') return 'EINVAL';
    if (server.lowerThreshold > server.upperThreshold) return 'ERANGE';
    if ((present === undefined) !== (kind === 'add-server')) return kind === 'add-server' ? 'EEXIST' : 'ENOENT';
    const entry = entryOfServer(server, present === undefined ? {} : trafficOf(present));
    servers.set(serverId(entry), entry);
    return undefined;
  }
}

const none = statistics(() => 0n);

function idOf(server: ServerKey): string {
  return serverId({ ...server, address: inCanonicalForm(server.address) });
}

/** Sets the counters of a service and its servers to zero; connections stay. */
function zero(held: Held): undefined {
  held.service = { ...held.service, statistics: none };
  for (const [id, server] of held.servers) held.servers.set(id, { ...server, statistics: none });
}
