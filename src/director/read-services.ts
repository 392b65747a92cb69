import type { IpvsClient } from '../client/client.js';
import type { KernelService } from '../health/watch.js';
import { canonicalService } from '../model/canonical.js';
import type { ServiceKey } from '../model/service.js';
import { Turns } from '../table/turns.js';

/** What reading needs of a client. */
export type ServicesClient = Pick<IpvsClient, 'services' | 'serverStates'>;

/**
 * Reads some of the kernel's services with their servers and connections, without holding up the event loop.
 * @throws as `readTable` does.
 */
export async function readServicesOf(
  client: ServicesClient,
  isWanted: (key: ServiceKey) => boolean,
): Promise<KernelService[]> {
  const turns = new Turns();
  const found: KernelService[] = [];
  for (const service of await client.services()) {
    if (!isWanted(service.key)) continue;
    found.push({ service: canonicalService(service), servers: await client.serverStates(service.key) });
    await turns.take();
  }
  return found;
}
