import type { ChalkInstance } from 'chalk';
import type { Naming } from '../names/naming.js';
import type { ListingEntries } from '../command/entries.js';
import { counted } from '../text/counted.js';
import { endpointText } from '../format/labels.js';
import { protocolOf, serviceTitle, settingsText } from '../format/service-text.js';
import type { ServerState } from '../model/state.js';
import { drainedEntry, type DrainedServer, type DrainRecord } from '../table/drain-record.js';
import { drawTable, type Column, type Row } from './draw-table.js';

const columns: readonly Column[] = [
  { title: 'Service / server', align: 'left' },
  { title: 'Forwarding', align: 'left' },
  { title: 'Weight', align: 'right' },
  { title: 'Active', align: 'right' },
  { title: 'Inactive', align: 'right' },
  { title: '', align: 'left' },
];

/** The table at a glance, for people: services, their servers, and a line that sums it up. */
export async function statusTable(
  entries: ListingEntries,
  naming: Naming,
  colour: ChalkInstance,
  drained: DrainRecord,
): Promise<string> {
  const rows: Row[] = [];
  const totals = { services: 0, servers: 0, quiesced: 0, active: 0, inactive: 0 };
  for await (const { service, servers } of entries) {
    const active = sum(servers, 'activeConnections');
    const inactive = sum(servers, 'inactiveConnections');
    const usable = servers.some(({ weight }) => weight > 0);
    rows.push({
      cells: [
        `${serviceTitle(service.key, naming, endpointText)} ${settingsText(service)}`,
        '',
        '',
        String(active),
        String(inactive),
        usable ? '' : servers.length === 0 ? 'no servers' : 'no server takes connections',
      ],
      colours: [colour.cyan, undefined, undefined, undefined, undefined, colour.red],
    });
    for (const server of servers) {
      const quiesced = server.weight === 0;
      const cells = [
        `  ${endpointText(server, protocolOf(service.key), naming)}`,
        server.forwarding,
        String(server.weight),
        String(server.activeConnections),
        String(server.inactiveConnections),
        quiesced ? quiescedText(drainedEntry(drained, service.key, server)) : '',
      ];
      rows.push(quiesced ? { cells, colours: cells.map(() => colour.yellow) } : { cells });
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
  return totals.services === 0 ? 'No virtual services.' : `${drawTable(columns, rows, colour)}\n${summary}`;
}

/** Who took a server out, and why, where that is known. */
function quiescedText(entry: DrainedServer | undefined): string {
  if (entry === undefined) return 'quiesced';
  return `drained by ${entry.by}${entry.reason === undefined ? '' : `: ${entry.reason}`}`;
}

function sum(servers: readonly ServerState[], field: 'activeConnections' | 'inactiveConnections'): number {
  return servers.reduce((total, server) => total + server[field], 0);
}
