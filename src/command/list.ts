import type { ClassicCommand } from '../grammar/command.js';
import { classicOrder, kernelOrder } from '../format/order.js';
import {
  formatSyncDaemon,
  formatTimeouts,
  formatTitles,
  formatVersionLine,
  writeServerLine,
  writeServiceLine,
} from '../format/listing.js';
import { formatServiceRule, ruleService, writeServerRule } from '../documents/rules/rule-text.js';
import { readEntries } from './entries.js';
import type { Session } from './session.js';
import { writeBlocks } from './write-all.js';

/** Lines after which a block may be full. */
const linesInOneGo = 256;

/** Shows the table, or one service of it. A service that is not there is told before anything is shown. */
export async function list(
  { io, client }: Session,
  { key, layout, exact, numeric, sorted }: Extract<ClassicCommand, { kind: 'list' }>,
): Promise<void> {
  const services = key === undefined ? await client.services() : [await client.service(key)];
  const reading = {
    order: sorted ? classicOrder : kernelOrder,
    counters: layout === 'stats' || layout === 'rate',
    numeric,
  };
  const { entries, naming } = await readEntries({ io, client }, services, reading);
  const style = { layout, exact, naming };
  await writeBlocks(io.stdout, async function* (out) {
    out.text(`${key === undefined ? formatVersionLine(client.info) : ''}${formatTitles(layout)}`);
    for await (const { service, servers } of entries) {
      writeServiceLine(out, service, style);
      for (const [index, server] of servers.entries()) {
        writeServerLine(out, server, service.key, style);
        if (index % linesInOneGo === linesInOneGo - 1) yield;
      }
      yield;
    }
  });
}

/** Prints the table as rules. */
export async function save({ io, client }: Session, numeric: boolean): Promise<void> {
  const reading = { order: classicOrder, counters: false, numeric };
  const { entries, naming } = await readEntries({ io, client }, await client.services(), reading);
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
export async function listTimeouts({ io, client }: Session): Promise<void> {
  await io.stdout.write(formatTimeouts(await client.timeouts()));
}

/** Shows the synchronisation daemons that run. */
export async function listDaemons({ io, client }: Session): Promise<void> {
  const daemons = await client.syncDaemons();
  if (daemons.length > 0) await io.stdout.write(daemons.map(formatSyncDaemon).join(''));
}
