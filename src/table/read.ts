import type { IpvsClient } from '../client/client.js';
import { naturalOrder } from '../format/order.js';
import { canonicalDaemon, canonicalServer, canonicalService } from '../model/canonical.js';
import type { ServiceWithServers, Settings, Table } from '../model/table.js';

/**
 * Reads all that the kernel is configured to do, in natural order, without counters and without settings that have no
 * effect: two tables that are the same do the same.
 * @throws {KernelError}
 */
export async function readTable(client: IpvsClient): Promise<Table> {
  const services: ServiceWithServers[] = [];
  for (const service of naturalOrder.services(await client.services())) {
    const servers = naturalOrder.servers(await client.serverStates(service.key));
    services.push({ service: canonicalService(service), servers: servers.map(canonicalServer) });
  }
  return { services, ...(await readSettings(client)) };
}

/**
 * Reads what is configured beside the services, likewise.
 * @throws {KernelError}
 */
export async function readSettings(client: IpvsClient): Promise<Settings> {
  const daemons = await client.syncDaemons();
  return {
    timeouts: await client.timeouts(),
    // The master first.
    syncDaemons: daemons.map(canonicalDaemon).sort((a, b) => (a.role < b.role ? 1 : -1)),
  };
}
