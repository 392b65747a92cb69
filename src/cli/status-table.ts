import type { Naming } from '../names/naming.js';
import Table from 'cli-table3';
import type { TableEntries } from '../command/entries.js';
import { counted } from '../text/counted.js';
import { endpointLabel } from '../format/labels.js';
import { protocolOf, serviceTitle, settingsText } from '../format/service-text.js';
import type { Io } from '../ports/io.js';
import type { ServerState } from '../model/state.js';
import { colours } from './colours.js';

/** The table at a glance, for people: services, their servers, and a line that sums it up. */
export async function statusTable(entries: TableEntries, naming: Naming, io: Io): Promise<string> {
  const colour = colours(io);
  const table = new Table({
    head: ['Service / server', 'Forwarding', 'Weight', 'Active', 'Inactive', ''].map((title) => colour.bold(title)),
    colAligns: ['left', 'left', 'right', 'right', 'right', 'left'],
    style: { head: [], border: [], compact: true },
  });
  const totals = { services: 0, servers: 0, quiesced: 0, active: 0, inactive: 0 };
  for await (const { service, servers } of entries) {
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
    counted(totals.services, 'service'),
    `${counted(totals.servers, 'server')}${totals.quiesced === 0 ? '' : ` (${totals.quiesced} quiesced)`}`,
    `${totals.active} active and ${totals.inactive} inactive connections`,
  ].join(', ');
  return totals.services === 0 ? 'No virtual services.' : `${table.toString()}\n${summary}`;
}

function sum(servers: readonly ServerState[], field: 'activeConnections' | 'inactiveConnections'): number {
  return servers.reduce((total, server) => total + server[field], 0);
}
