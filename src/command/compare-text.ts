import type { IpvsClient } from '../client/client.js';
import type { SaidTable } from '../documents/said-table.js';
import { canonicalService } from '../model/canonical.js';
import { ServerRows } from '../model/server-rows.js';
import { readSettings } from '../table/read.js';

/**
 * Whether the kernel's table is what a text says in the words of `export` or `-S`: the text is not read for that. Where
 * it is not, the text may still say the same in other words.
 * @throws {KernelError}
 */
export async function hasSaidTable(client: IpvsClient, said: SaidTable): Promise<boolean> {
  if (!said.saysSettings(await readSettings(client))) return false;
  const servers = new ServerRows(false);
  const places = new Set<number>();
  for (const service of await client.services()) {
    servers.clear();
    await client.readServers(service.key, servers);
    const place = said.placeOf(canonicalService(service), servers);
    if (place === undefined) return false;
    places.add(place);
  }
  return places.size === said.size;
}
