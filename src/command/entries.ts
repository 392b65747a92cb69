import type { IpvsClient } from '../client/client.js';
import { numericNaming, type Naming } from '../format/labels.js';
import type { TableOrder } from '../format/order.js';
import { isFirewallMark } from '../model/service.js';
import type { ServiceEntry } from '../model/state.js';
import type { ListedServer } from '../format/listing.js';
import { ListingNames } from '../names/naming.js';
import type { NameResolver } from '../names/resolver.js';

/** A service with its servers. */
export interface TableEntry {
  readonly service: ServiceEntry;
  /** With counters where they were asked for. */
  readonly servers: readonly ListedServer[];
}

/** Entries that are there already or come one after the other. */
export type TableEntries = AsyncIterable<TableEntry> | Iterable<TableEntry>;

/** Reads the servers of services, one service after the other; counters only where they are to be shown. */
export async function* readEntries(
  client: IpvsClient,
  services: readonly ServiceEntry[],
  order: TableOrder,
  counters: boolean,
): AsyncGenerator<TableEntry> {
  for (const service of order.services(services)) {
    const servers = counters ? client.servers(service.key) : client.serverStates(service.key);
    yield { service, servers: order.servers<ListedServer>(await servers) };
  }
}

/**
 * Entries with the naming to show them by. Numbers need no look-up and stream; names are looked up for the whole
 * table first, all at the same time.
 */
export async function withNaming(
  entries: TableEntries,
  numeric: boolean,
  resolver: NameResolver,
): Promise<{ entries: TableEntries; naming: Naming }> {
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
