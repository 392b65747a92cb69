import type { ChalkInstance } from 'chalk';
import Table from 'cli-table3';
import { readEntries, type TableEntries } from '../../command/entries.js';
import { listJson } from '../../command/list-json.js';
import { withSession, type Session } from '../../command/session.js';
import { writeAll } from '../../command/write-all.js';
import { endpointLabel, type Naming } from '../../format/labels.js';
import { naturalOrder } from '../../format/order.js';
import { protocolOf, serviceTitle, settingsText } from '../../format/service-text.js';
import type { ServerState } from '../../model/state.js';
import { colours } from './colours.js';
import { defineVerb } from './verb.js';

interface StatusOptions {
  json: boolean;
  numeric: boolean;
}

/** `ipvsadm status`: the table at a glance. */
export const status = defineVerb<StatusOptions>({
  name: 'status',
  options: (parser) =>
    parser
      .option('json', { type: 'boolean', default: false, describe: 'for programs: JSON with stable names' })
      .option('numeric', {
        alias: 'n',
        type: 'boolean',
        default: true,
        describe: 'addresses and ports as numbers; --no-numeric looks their names up',
      })
      .example('$0 status', 'services, servers, weights and connections')
      .example('$0 status --json | jq .services', 'the same for programs'),
  run: (io, options) => withSession(io, false, (session) => showStatus(session, options)),
});

async function showStatus({ io, client }: Session, { json, numeric }: StatusOptions): Promise<number> {
  if (json) {
    await listJson({ io, client }, { sorted: true });
    return 0;
  }
  const reading = { order: naturalOrder, counters: false, numeric };
  const { entries, naming } = await readEntries({ io, client }, await client.services(), reading);
  await writeAll(io.stdout, [`${await overview(entries, naming, colours(io))}\n`]);
  return 0;
}

async function overview(entries: TableEntries, naming: Naming, colour: ChalkInstance): Promise<string> {
  const table = new Table({
    head: ['Service / server', 'Forwarding', 'Weight', 'Active', 'Inactive', ''].map((title) => colour.bold(title)),
    colAligns: ['left', 'left', 'right', 'right', 'right', 'left'],
    style: { head: [], border: [], compact: true },
  });
  const totals = { services: 0, servers: 0, quiesced: 0, active: 0, inactive: 0 };
  for await (const { service, servers: serverRows, rows } of entries) {
    const servers = rows.map((row) => serverRows.state(row));
    const active = sum(servers, 'activeConnections');
    const inactive = sum(servers, 'inactiveConnections');
    const usable = servers.some(({ weight }) => weight > 0);
    table.push([
      colour.cyan(`${serviceTitle(service.key, naming)} ${settingsText(service)}`),
      '',
      '',
      active,
      inactive,
      usable ? '' : colour.red(servers.length === 0 ? 'no servers' : 'no server takes connections'),
    ]);
    for (const server of servers) {
      const quiesced = server.weight === 0;
      const row = [
        `  ${endpointLabel(server, protocolOf(service.key), naming)}`,
        server.forwarding,
        String(server.weight),
        String(server.activeConnections),
        String(server.inactiveConnections),
        quiesced ? 'quiesced' : '',
      ];
      table.push(quiesced ? row.map((cell) => colour.yellow(cell)) : row);
      if (quiesced) totals.quiesced++;
    }
    totals.services++;
    totals.servers += servers.length;
    totals.active += active;
    totals.inactive += inactive;
  }
  const summary = [
    count(totals.services, 'service'),
    `${count(totals.servers, 'server')}${totals.quiesced === 0 ? '' : ` (${totals.quiesced} quiesced)`}`,
    `${totals.active} active and ${totals.inactive} inactive connections`,
  ].join(', ');
  return totals.services === 0 ? 'No virtual services.' : `${table.toString()}\n${summary}`;
}

function sum(servers: readonly ServerState[], field: 'activeConnections' | 'inactiveConnections'): number {
  return servers.reduce((total, server) => total + server[field], 0);
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
