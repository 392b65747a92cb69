import type { ClassicCommand } from '../grammar/command.js';
import type { TableReader } from '../table/proc-table.js';
import { classicOrder, kernelOrder, type TableOrder } from '../format/order.js';
import { ServerRows } from '../model/server-rows.js';
import type { ServiceEntry } from '../model/state.js';
import {
  formatSyncDaemon,
  formatTimeouts,
  formatTitles,
  formatVersionLine,
  writeServerLine,
  writeServiceLine,
} from '../format/listing.js';
import { formatServiceRule, ruleService, writeServerRule } from '../documents/rules/rule-text.js';
import { readListing, withNaming } from './entries.js';
import type { ReadSession } from './session.js';
import { writeBlocks } from './write-all.js';

/** Lines after which a block may be full. */
const linesInOneGo = 256;

/** A service with its servers, as rows in the kernel's order, and the rows in the order of the listing. */
interface RowsEntry {
  readonly service: ServiceEntry;
  readonly servers: ServerRows;
  readonly rows: readonly number[];
}

/** @param isKept whether entries are used after the next one is read; otherwise they share memory. */
async function* readRows(
  client: TableReader,
  services: readonly ServiceEntry[],
  order: TableOrder,
  { counters, isKept }: { readonly counters: boolean; readonly isKept: boolean },
): AsyncGenerator<RowsEntry> {
  const shared = new ServerRows(counters);
  for (const service of services) {
    const servers = isKept ? new ServerRows(counters) : shared;
    await client.readServers(service.key, servers);
    yield { service, servers, rows: order.rows(servers) };
  }
}

/** Shows the table, or one service of it. A service that does not exist is reported before anything is shown. */
export async function list(
  { io, client }: ReadSession,
  { key, layout, exact, numeric, sorted }: Extract<ClassicCommand, { kind: 'list' }>,
): Promise<void> {
  const services = key === undefined ? await client.services() : [await client.service(key)];
  const order = sorted ? classicOrder : kernelOrder;
  const counters = layout === 'stats' || layout === 'rate';
  const { entries, naming } = await withNaming(
    readRows(client, order.services(services), order, { counters, isKept: !numeric }),
    io.names,
    { numeric },
    ({ servers }) => servers.map((row) => servers.address(row)),
  );
  const style = { layout, exact, naming };
  await writeBlocks(io.stdout, async function* (out) {
    out.text(`${key === undefined ? formatVersionLine(client.info) : ''}${formatTitles(layout)}`);
    for await (const { service, servers, rows } of entries) {
      writeServiceLine(out, service, style);
      for (let index = 0; index < rows.length; index++) {
        const row = rows[index] ?? 0;
        writeServerLine(out, servers, row, service.key, style);
        if (index % linesInOneGo === linesInOneGo - 1) yield;
      }
      yield;
    }
  });
}

/** Prints the table as rules. */
export async function save({ io, client }: ReadSession, numeric: boolean): Promise<void> {
  const reading = { order: classicOrder, counters: false, numeric, restorable: true };
  const { entries, naming } = await readListing({ io, client }, await client.services(), reading);
  await writeBlocks(io.stdout, async function* (out) {
    for await (const { service, servers } of entries) {
      out.text(formatServiceRule(service, naming));
      const rule = ruleService(service.key, naming);
      for (const [index, server] of servers.entries()) {
        writeServerRule(out, server, rule, naming);
        if (index % linesInOneGo === linesInOneGo - 1) yield;
      }
      yield;
    }
  });
}

/** Shows the timeouts. */
export async function listTimeouts({ io, client }: ReadSession): Promise<void> {
  await io.stdout.write(formatTimeouts(await client.timeouts()));
}

/** Shows the synchronisation daemons that run. */
export async function listDaemons({ io, client }: ReadSession): Promise<void> {
  const daemons = await client.syncDaemons();
  if (daemons.length > 0) await io.stdout.write(daemons.map(formatSyncDaemon).join(''));
}
