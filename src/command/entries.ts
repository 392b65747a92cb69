import type { IpvsClient } from '../client/client.js';
import { numericNaming, type Naming } from '../format/labels.js';
import { classicOrder } from '../format/order.js';
import { isFirewallMark } from '../model/service.js';
import type { ServerEntry, ServiceEntry } from '../model/state.js';
import { ListingNames } from '../names/naming.js';
import type { NameResolver } from '../names/resolver.js';

/** A service with its servers. */
export interface TableEntry {
  readonly service: ServiceEntry;
  readonly servers: readonly ServerEntry[];
}

/** Reads the servers of services, in the order of the classic listings or, unsorted, in that of the kernel. */
export async function* readEntries(
  client: IpvsClient,
  services: readonly ServiceEntry[],
  sorted: boolean,
): AsyncGenerator<TableEntry> {
  const inOrder = sorted ? [...services].sort((a, b) => classicOrder.services(a.key, b.key)) : services;
  for (const service of inOrder) {
    const servers = await client.servers(service.key);
    yield { service, servers: sorted ? servers.sort((a, b) => classicOrder.servers(a, b)) : servers };
  }
}

/**
 * Entries with the naming to show them by. Numbers need no look-up and stream; names are looked up for the whole
 * table first, all at the same time.
 */
export async function withNaming(
  entries: AsyncIterable<TableEntry>,
  numeric: boolean,
  resolver: NameResolver,
): Promise<{ entries: AsyncIterable<TableEntry> | Iterable<TableEntry>; naming: Naming }> {
  if (numeric) return { entries, naming: numericNaming };
  const all: TableEntry[] = [];
  const addresses: string[] = [];
  for await (const entry of entries) {
    const { key } = entry.service;
    if (!isFirewallMark(key)) addresses.push(key.address);
    for (const server of entry.servers) addresses.push(server.address);
    all.push(entry);
  }
  const naming = new ListingNames(resolver);
  await naming.resolve(addresses);
  return { entries: all, naming };
}
