import { DecodeError, InputError, StateError, type IpvsError } from '../errors.js';
import type { ConnectionEntries, MetricsReading } from '../format/metrics.js';
import type { Totals } from '../model/state.js';
import type { Io } from '../ports/io.js';
import { readText } from './read-text.js';
import { connectionTable, longestLine, readConnections } from '../table/connections.js';
import type { TableEntry } from '../model/table.js';
import { drainedEntry, readDrainRecord, type DrainRecord } from '../table/drain-record.js';
import type { IpvsClient } from '../client/client.js';
import { naturalOrder } from '../format/order.js';
import { ProcTable } from '../table/proc-table.js';
import { readTable } from '../table/read.js';
import { parseTotals, totalsFile } from '../table/totals.js';
import { readLineBlocks } from '../text/lines.js';
import { version } from '../version.js';

/** What is read beside the table. */
export interface MetricsRequest {
  /** Whether the whole connection table is read, to count its entries. */
  readonly connections: boolean;
}

/** Reads `/proc/net/ip_vs_stats`. @throws {InputError} {DecodeError} */
async function readTotals({ machine }: Io): Promise<Totals> {
  return parseTotals(await readText(machine, totalsFile));
}

/** Counts the entries of the connection table by protocol and state. @throws {InputError} */
async function countConnections({ machine }: Io): Promise<ConnectionEntries[]> {
  const counts = new Map<string, { protocol: string; state: string; count: number }>();
  try {
    for await (const block of readLineBlocks(machine.readFile(connectionTable), longestLine)) {
      readConnections(block, (line) => {
        const { protocol, state } = line.kind();
        const id = `${protocol} ${state}`;
        const entries = counts.get(id);
        if (entries === undefined) counts.set(id, { protocol, state, count: 1 });
        else entries.count++;
      });
    }
  } catch (cause) {
    throw new InputError(connectionTable, cause);
  }
  return [...counts].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, entries]) => entries);
}

/** What everybody may read: no counters, no timeouts, no sync daemons. */
async function readProc(proc: ProcTable): Promise<Pick<MetricsReading, 'services' | 'timeouts' | 'syncDaemons'>> {
  const services = naturalOrder.services(await proc.services());
  return {
    services: await Promise.all(
      services.map(async (service) => ({ service, servers: naturalOrder.servers(await proc.servers(service.key)) })),
    ),
    timeouts: undefined,
    syncDaemons: [],
  };
}

/** An entry whose servers tell whether they were drained. */
function withDrained({ service, servers }: TableEntry, record: DrainRecord): TableEntry {
  return {
    service,
    servers: servers.map((server) => ({
      ...server,
      drained: drainedEntry(record, service.key, server) !== undefined,
    })),
  };
}

/**
 * Reads all that metrics are made of.
 * @param onGap told what can't be read and is left out: the rest is of use without it.
 * @throws as `readTable` does.
 */
export async function readMetrics(
  { io, client }: { readonly io: Io; readonly client: IpvsClient | ProcTable },
  { connections }: MetricsRequest,
  onGap: (error: IpvsError) => void,
): Promise<MetricsReading> {
  const start = io.machine.clock.now();
  const unlessGap = async <T>(reading: Promise<T>): Promise<T | undefined> => {
    try {
      return await reading;
    } catch (error) {
      if (!(error instanceof InputError || error instanceof DecodeError || error instanceof StateError)) throw error;
      onGap(error);
      return undefined;
    }
  };
  const table = client instanceof ProcTable ? await readProc(client) : await readTable(client, { counters: true });
  const record = await unlessGap(Promise.resolve().then(() => readDrainRecord(io.machine.state)));
  const reading = {
    ...table,
    services: record === undefined ? table.services : table.services.map((entry) => withDrained(entry, record)),
    version,
    info: client.info,
    totals: await unlessGap(readTotals(io)),
    connections: connections ? await unlessGap(countConnections(io)) : undefined,
  };
  return { ...reading, seconds: Math.round((io.machine.clock.now() - start) * 1000) / 1e6 };
}
