import type { CallOptions, IpvsClient } from '../client/client.js';
import { naturalOrder } from '../format/order.js';
import { canonicalDaemon, canonicalServer, canonicalService } from '../model/canonical.js';
import type { ServiceWithServers, Settings, Table, TableEntry, TableSnapshot } from '../model/table.js';

/** How a table is read. */
export interface ReadOptions extends CallOptions {
  /** True: with counters, rates and connections. Default: only what is configured, which costs less. */
  readonly counters?: boolean | undefined;
}

/**
 * Reads all that the kernel is configured to do, in natural order, without counters and without settings that have no
 * effect: two tables that are the same do the same. With `counters` what the kernel reports comes along. Each list is
 * consistent; between two of them another process may have changed the table.
 * @throws the reason of `signal`.
 * @throws {KernelError}
 * @throws {TransportError} when replies were lost.
 * @throws {DecodeError} when a reply is no valid message.
 * @throws {UnavailableError} when IPVS was unloaded (ENOPROTOOPT).
 */
export async function readTable(
  client: IpvsClient,
  options: ReadOptions & { readonly counters: true },
): Promise<TableSnapshot>;
export async function readTable(client: IpvsClient, options?: ReadOptions): Promise<Table>;
export async function readTable(client: IpvsClient, options: ReadOptions = {}): Promise<Table> {
  const services = options.counters === true ? readEntries(client, options) : readServices(client, options);
  return { services: await services, ...(await readSettings(client, options)) };
}

async function readServices(client: IpvsClient, options: CallOptions): Promise<ServiceWithServers[]> {
  const services: ServiceWithServers[] = [];
  for (const service of naturalOrder.services(await client.services(options))) {
    const servers = naturalOrder.servers(await client.serverStates(service.key, options));
    services.push({ service: canonicalService(service), servers: servers.map(canonicalServer) });
  }
  return services;
}

async function readEntries(client: IpvsClient, options: CallOptions): Promise<TableEntry[]> {
  const entries: TableEntry[] = [];
  for (const service of naturalOrder.services(await client.services(options))) {
    const servers = naturalOrder.servers(await client.servers(service.key, options));
    entries.push({
      service: { ...service, ...canonicalService(service) },
      servers: servers.map((server) => ({ ...server, ...canonicalServer(server) })),
    });
  }
  return entries;
}

/**
 * Reads what is configured beside the services, likewise.
 * @throws as `readTable` does.
 */
export async function readSettings(client: IpvsClient, options: CallOptions = {}): Promise<Settings> {
  const daemons = await client.syncDaemons(options);
  return {
    timeouts: await client.timeouts(options),
    // The master first.
    syncDaemons: daemons.map(canonicalDaemon).sort((a, b) => (a.role < b.role ? 1 : -1)),
  };
}
