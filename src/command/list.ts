import type { ClassicCommand } from '../cli/classic/command.js';
import { classicOrder, kernelOrder } from '../format/order.js';
import {
  formatServerLine,
  formatServiceLine,
  formatSyncDaemon,
  formatTimeouts,
  formatTitles,
  formatVersionLine,
  type ListingStyle,
} from '../format/listing.js';
import { formatServerRule, formatServiceRule } from '../rules/rule-text.js';
import { readEntries, withNaming, type TableEntries } from './entries.js';
import type { Session } from './session.js';
import { writeAll } from './write-all.js';

/** Shows the table, or one service of it. A service that is not there is told before anything is shown. */
export async function list(
  { io, client }: Session,
  { key, layout, exact, numeric, sorted }: Extract<ClassicCommand, { kind: 'list' }>,
): Promise<void> {
  const services = key === undefined ? await client.services() : [await client.service(key)];
  const counters = layout === 'stats' || layout === 'rate';
  const table = readEntries(client, services, sorted ? classicOrder : kernelOrder, counters);
  const { entries, naming } = await withNaming(table, numeric, io.names);
  const heading = `${key === undefined ? formatVersionLine(client.info) : ''}${formatTitles(layout)}`;
  await writeAll(io.stdout, tableLines(heading, entries, { layout, exact, naming }));
}

async function* tableLines(heading: string, entries: TableEntries, style: ListingStyle): AsyncGenerator<string> {
  yield heading;
  for await (const { service, servers } of entries) {
    yield formatServiceLine(service, style);
    yield servers.map((server) => formatServerLine(server, service.key, style)).join('');
  }
}

/** Prints the table as rules. */
export async function save({ io, client }: Session, numeric: boolean): Promise<void> {
  const table = readEntries(client, await client.services(), classicOrder, false);
  const { entries, naming } = await withNaming(table, numeric, io.names);
  async function* lines(): AsyncGenerator<string> {
    for await (const { service, servers } of entries) {
      yield formatServiceRule(service, naming);
      yield servers.map((server) => formatServerRule(server, service.key, naming)).join('');
    }
  }
  await writeAll(io.stdout, lines());
}

/** Shows the timeouts. */
export async function listTimeouts({ io, client }: Session): Promise<void> {
  await io.stdout.write(formatTimeouts(await client.timeouts()));
}

/** Shows the synchronisation daemons that run. */
export async function listDaemons({ io, client }: Session): Promise<void> {
  const daemons = await client.syncDaemons();
  if (daemons.length > 0) await io.stdout.write(daemons.map(formatSyncDaemon).join(''));
}
