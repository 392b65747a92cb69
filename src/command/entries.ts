import type { TableReader } from '../table/proc-table.js';
import type { TableOrder } from '../format/order.js';
import { readsAsHostName } from '../grammar/values.js';
import { isFirewallMark } from '../model/service.js';
import type { ServerEntry, ServerState, ServiceEntry } from '../model/state.js';
import { ListingNames } from '../names/listing-names.js';
import { numericNaming, type Naming } from '../names/naming.js';
import type { BulkResolver } from '../ports/resolver.js';
import type { ReadSession } from './session.js';

/** A service with its servers. */
export interface ListingEntry {
  readonly service: ServiceEntry;
  /** Sorted; with counters where they were requested. */
  readonly servers: readonly (ServerState | ServerEntry)[];
}

/** Entries that were read already, or are read one after the other. */
export type Entries<E> = AsyncIterable<E> | Iterable<E>;
/** The entries of a table. */
export type ListingEntries = Entries<ListingEntry>;

/** What to read of a table, and how to show it. */
export interface Reading {
  readonly order: TableOrder;
  readonly counters: boolean;
  /** Addresses and ports as numbers. */
  readonly numeric: boolean;
  /** Only names that `-R` would read as the same address and port. */
  readonly restorable?: boolean;
}

/** Reads the servers of services, and the names to show them with. */
export async function readListing(
  { io, client }: ReadSession,
  services: readonly ServiceEntry[],
  { order, counters, numeric, restorable = false }: Reading,
): Promise<{ entries: ListingEntries; naming: Naming }> {
  const entries = streamEntries(client, order.services(services), order, counters);
  const addresses = ({ servers }: ListingEntry): string[] => servers.map(({ address }) => address);
  return withNaming(entries, io.names, { numeric, restorable }, addresses);
}

/**
 * Adds the names to show entries with. Numbers need no look-up: entries are streamed. Otherwise the whole table is read
 * and its names are looked up first, all at the same time.
 * @param serverAddresses the addresses of an entry's servers.
 */
export async function withNaming<E extends { readonly service: ServiceEntry }>(
  stream: AsyncGenerator<E>,
  names: BulkResolver,
  { numeric, restorable = false }: Pick<Reading, 'numeric' | 'restorable'>,
  serverAddresses: (entry: E) => readonly string[],
): Promise<{ entries: Entries<E>; naming: Naming }> {
  if (numeric) return { entries: stream, naming: numericNaming };
  const entries: E[] = [];
  for await (const entry of stream) entries.push(entry);
  const naming = new ListingNames(names, restorable ? readsAsHostName : undefined);
  await naming.resolve(
    entries.flatMap((entry) => {
      const { key } = entry.service;
      return [...(isFirewallMark(key) ? [] : [key.address]), ...serverAddresses(entry)];
    }),
  );
  return { entries, naming };
}

async function* streamEntries(
  client: TableReader,
  services: readonly ServiceEntry[],
  order: TableOrder,
  counters: boolean,
): AsyncGenerator<ListingEntry> {
  for (const service of services) {
    const servers = await (counters ? client.servers(service.key) : client.serverStates(service.key));
    yield { service, servers: order.servers(servers) };
  }
}
