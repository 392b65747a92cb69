import { numericNaming, type Naming } from '../names/naming.js';
import type { IpvsClient } from '../client/client.js';
import type { TableOrder } from '../format/order.js';
import { readsAsHostName } from '../grammar/values.js';
import { ServerRows } from '../model/server-rows.js';
import { isFirewallMark } from '../model/service.js';
import type { ServiceEntry } from '../model/state.js';
import { ListingNames } from '../names/listing-names.js';
import type { Session } from './session.js';

/** A service with its servers. */
export interface TableEntry {
  readonly service: ServiceEntry;
  /** With counters where they were asked for. */
  readonly servers: ServerRows;
  /** The rows of the servers in their order. */
  readonly rows: readonly number[];
}

/** Entries that are there already or come one after the other. */
export type TableEntries = AsyncIterable<TableEntry> | Iterable<TableEntry>;

/** What is to be read of a table, and how it is to be shown. */
export interface Reading {
  readonly order: TableOrder;
  readonly counters: boolean;
  /** Addresses and ports as numbers. */
  readonly numeric: boolean;
  /** Only names that `-R` would read as the same address and port. */
  readonly restorable?: boolean;
}

/**
 * Reads the servers of services, with the naming to show them by. Numbers need no look-up: each entry is read when it is
 * asked for and holds until the next one is. Names are looked up for the whole table first, all at the same time.
 */
export async function readEntries(
  { io, client }: Session,
  services: readonly ServiceEntry[],
  { order, counters, numeric, restorable = false }: Reading,
): Promise<{ entries: TableEntries; naming: Naming }> {
  const sorted = order.services(services);
  if (numeric) return { entries: streamEntries(client, sorted, order, counters), naming: numericNaming };
  const entries: TableEntry[] = [];
  const addresses: string[] = [];
  for (const service of sorted) {
    const servers = new ServerRows(counters);
    await client.readServers(service.key, servers);
    entries.push({ service, servers, rows: order.rows(servers) });
    if (!isFirewallMark(service.key)) addresses.push(service.key.address);
    addresses.push(...servers.map((row) => servers.address(row)));
  }
  const naming = new ListingNames(io.names, restorable ? readsAsHostName : undefined);
  await naming.resolve(addresses);
  return { entries, naming };
}

async function* streamEntries(
  client: IpvsClient,
  services: readonly ServiceEntry[],
  order: TableOrder,
  counters: boolean,
): AsyncGenerator<TableEntry> {
  const servers = new ServerRows(counters);
  for (const service of services) {
    servers.clear();
    await client.readServers(service.key, servers);
    yield { service, servers, rows: order.rows(servers) };
  }
}
