import { connectionProtocols, type Connection } from '../format/connections.js';
import type { ServerKey } from '../model/server.js';
import { isFirewallMark, serviceId, type AddressServiceKey } from '../model/service.js';
import { ftpPort, type OrphanGroup, type Orphans, type ServiceFacts } from './facts.js';

/** Groups that are kept, whatever the connection table holds. */
const mostGroups = 1000;

function endpointId({ address, port }: ServerKey): string {
  return `${address} ${port}`;
}

/** Servers of a table, by what is known of a connection in the kernel's connection table. */
class ServerIndex {
  /** Address and port of the servers, by their service. */
  readonly #ofService = new Map<string, ReadonlySet<string>>();
  /**
   * Addresses of servers that get connections to more than one port of a virtual address, by protocol and virtual
   * address; FTP too, for its data connections.
   */
  readonly #ofAddress = new Map<string, Set<string>>();
  /** Addresses of servers of firewall marks, which connections don't have. */
  readonly #ofMarks = new Set<string>();

  constructor(services: readonly ServiceFacts[]) {
    for (const { service, servers } of services) {
      const { key } = service;
      if (isFirewallMark(key)) {
        for (const { address } of servers) this.#ofMarks.add(address);
      } else {
        this.#ofService.set(serviceId(key), new Set(servers.map(endpointId)));
        if (key.port === 0 || key.port === ftpPort) {
          const place = placeOf(key);
          const addresses = this.#ofAddress.get(place) ?? new Set();
          this.#ofAddress.set(place, addresses);
          for (const { address } of servers) addresses.add(address);
        }
      }
    }
  }

  /** Whether a connection can belong to a server of the table. */
  has(service: AddressServiceKey, server: ServerKey): boolean {
    return (
      this.#ofService.get(serviceId(service))?.has(endpointId(server)) === true ||
      this.#ofAddress.get(placeOf(service))?.has(server.address) === true ||
      this.#ofMarks.has(server.address)
    );
  }
}

function placeOf({ protocol, address }: AddressServiceKey): string {
  return `${protocol} ${address}`;
}

/** Counts the connections whose server is not in the table; needs no more memory for more connections. */
export class OrphanCounter {
  readonly #servers: ServerIndex;
  readonly #groups = new Map<string, OrphanGroup>();
  #connections = 0;

  constructor(services: readonly ServiceFacts[]) {
    this.#servers = new ServerIndex(services);
  }

  /**
   * Counts a connection if its server is missing. Not templates of persistence, which have no client port: one whose
   * server was removed binds no client.
   */
  count({ protocol: name, client, virtual, server }: Connection): void {
    const protocol = connectionProtocols.get(name);
    if (protocol === undefined || client.port === 0) return;
    const service = { ...virtual, protocol };
    if (this.#servers.has(service, server)) return;
    this.#connections++;
    const id = `${serviceId(service)} ${endpointId(server)}`;
    const known = this.#groups.get(id);
    if (known === undefined && this.#groups.size === mostGroups) return;
    this.#groups.set(id, { service, server, connections: (known?.connections ?? 0) + 1 });
  }

  /** The result. */
  orphans(): Orphans {
    const groups = [...this.#groups.values()].sort((a, b) => b.connections - a.connections);
    return { connections: this.#connections, groups };
  }
}
