import type { Change } from '../../model/change.js';
import type { RealServer, ServerKey } from '../../model/server.js';
import {
  describeEndpoint,
  describeService,
  serviceId,
  type ServiceKey,
  type VirtualService,
} from '../../model/service.js';
import type { SyncDaemon, SyncRole, Timeouts } from '../../model/state.js';
import type { Table } from '../../model/table.js';
import { PlacedServers } from './placed-servers.js';

interface Placed<T> {
  value: T;
  /** Number of the line that it comes from. */
  line: number;
}

interface PlacedService extends Placed<VirtualService> {
  readonly servers: PlacedServers;
}

/** A table that starts empty and to which changes are applied, one line after the other, as the kernel would. */
export class RuleTable {
  readonly #services = new Map<string, PlacedService>();
  readonly #daemons = new Map<SyncRole, Placed<SyncDaemon>>();
  #timeouts: Timeouts | undefined;
  /** The service of the line before. */
  #current: PlacedService | undefined;

  /** Applies a change. @returns an error message where it can't be applied. */
  apply(change: Change, line: number): string | undefined {
    switch (change.kind) {
      case 'add-service':
        return this.#addService(change.service, line);
      case 'edit-service': {
        const { service } = change;
        return this.#inService(service.key, (placed) => {
          Object.assign(placed, { value: service, line });
          return undefined;
        });
      }
      case 'delete-service':
        return this.#inService(change.key, () => {
          this.#services.delete(serviceId(change.key));
          return undefined;
        });
      case 'add-server':
        return this.#addServer(change.key, change.server, line);
      case 'edit-server': {
        const { server } = change;
        return this.#atServer(change.key, server, (servers, place) => {
          servers.replace(place, server, line);
        });
      }
      case 'delete-server':
        return this.#atServer(change.key, change.server, (servers, place) => {
          servers.remove(place);
        });
      case 'flush':
        this.#services.clear();
        return undefined;
      case 'set-timeouts':
        this.#setTimeouts(change.timeouts);
        return undefined;
      case 'start-daemon':
        return this.#startDaemon(change.daemon, line);
      case 'stop-daemon':
        return this.#daemons.delete(change.role) ? undefined : `no ${change.role} runs at this point`;
      case 'zero':
        return 'counters are not part of a table';
    }
  }

  /** The table so far. Timeouts and daemons are specified only where a line specified them. */
  get table(): Table {
    return {
      services: [...this.#services.values()].map(({ value, servers }) => ({ service: value, servers: servers.all })),
      timeouts: this.#timeouts,
      syncDaemons: this.#daemons.size === 0 ? undefined : [...this.#daemons.values()].map(({ value }) => value),
    };
  }

  /** The line that an entry comes from: a daemon, or a service or a server of it, by their places in the table. */
  lineOf(list: 'services' | 'syncDaemons', index: number, server?: number): number | undefined {
    if (list === 'syncDaemons') return [...this.#daemons.values()][index]?.line;
    const service = [...this.#services.values()][index];
    return server === undefined ? service?.line : service?.servers.lines[server];
  }

  #addService(value: VirtualService, line: number): string | undefined {
    const id = serviceId(value.key);
    const first = this.#services.get(id);
    if (first !== undefined) return `${describeService(value.key)} a second time; the first is in line ${first.line}`;
    this.#services.set(id, { value, line, servers: new PlacedServers() });
    return undefined;
  }

  #addServer(key: ServiceKey, value: RealServer, line: number): string | undefined {
    return this.#inService(key, ({ servers }) => {
      const first = servers.find(value);
      if (first === undefined) {
        servers.add(value, line);
        return undefined;
      }
      const where = `the first is in line ${servers.line(first)}`;
      return `${describeEndpoint(value)} a second time in ${describeService(key)}; ${where}`;
    });
  }

  #setTimeouts({ tcp, tcpFin, udp }: Timeouts): void {
    const before = this.#timeouts ?? { tcp: 0, tcpFin: 0, udp: 0 };
    // 0 keeps the current value.
    this.#timeouts = { tcp: tcp || before.tcp, tcpFin: tcpFin || before.tcpFin, udp: udp || before.udp };
  }

  #startDaemon(value: SyncDaemon, line: number): string | undefined {
    const first = this.#daemons.get(value.role);
    if (first !== undefined) return `a second ${value.role}; the first is in line ${first.line}`;
    this.#daemons.set(value.role, { value, line });
    return undefined;
  }

  #inService(key: ServiceKey, change: (service: PlacedService) => string | undefined): string | undefined {
    const service = this.#services.get(serviceId(key));
    if (service === undefined) return `no service ${describeService(key)} at this point`;
    if (service !== this.#current) this.#current?.servers.leave();
    this.#current = service;
    return change(service);
  }

  #atServer(
    key: ServiceKey,
    server: ServerKey,
    change: (servers: PlacedServers, place: number) => void,
  ): string | undefined {
    return this.#inService(key, ({ servers }) => {
      const place = servers.find(server);
      if (place === undefined) return `no server ${describeEndpoint(server)} in ${describeService(key)} at this point`;
      change(servers, place);
      return undefined;
    });
  }
}
