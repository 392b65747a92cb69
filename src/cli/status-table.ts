import type { ChalkInstance } from 'chalk';
import type { Naming } from '../names/naming.js';
import type { ListingEntries } from '../command/entries.js';
import { counted } from '../text/counted.js';
import { endpointText } from '../format/labels.js';
import { protocolOf, serviceTitle, settingsText } from '../format/service-text.js';
import type { ServerState } from '../model/state.js';
import { drainedEntry, type DrainedServer, type DrainRecord } from '../table/drain-record.js';
import type { ServerView } from '../director/snapshot.js';
import { serverName } from '../model/entity-name.js';
import { healthText } from '../director/health-notes.js';
import { drawTable, type Column, type Row } from './draw-table.js';

const columns: readonly Column[] = [
  { title: 'Service / server', align: 'left' },
  { title: 'Forwarding', align: 'left' },
  { title: 'Weight', align: 'right' },
  { title: 'Active', align: 'right' },
  { title: 'Inactive', align: 'right' },
  { title: '', align: 'left' },
];

/** Servers that daemons have taken out of the table, shown below it. */
const mostOut = 10;

/** The table at a glance, for people: services, their servers, and a line that sums it up. */
export async function statusTable(
  entries: ListingEntries,
  naming: Naming,
  colour: ChalkInstance,
  drained: DrainRecord,
  health: ReadonlyMap<string, ServerView>,
): Promise<string> {
  const rows: Row[] = [];
  const seen = new Set<string>();
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
      const name = serverName(service.key, server);
      const view = health.get(name);
      seen.add(name);
      const known = view === undefined ? undefined : healthText(view);
      const cells = [
        `  ${endpointText(server, protocolOf(service.key), naming)}`,
        server.forwarding,
        String(server.weight),
        String(server.activeConnections),
        String(server.inactiveConnections),
        known ?? (quiesced ? quiescedText(drainedEntry(drained, service.key, server)) : ''),
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
  if (totals.services === 0) return 'No virtual services.';
  const out = [...health.values()].filter(({ server }) => !seen.has(server));
  const shown = out.slice(0, mostOut).map((view) => `${view.server}: ${healthText(view) ?? 'not in the table'}`);
  const more = out.length > shown.length ? [`... and ${out.length - shown.length} more: see ipvsadm checks`] : [];
  return [drawTable(columns, rows, colour), summary, ...shown, ...more].join('\n');
}

/** Who took a server out, and why, where that is known. */
function quiescedText(entry: DrainedServer | undefined): string {
  if (entry === undefined) return 'quiesced';
  return `drained by ${entry.by}${entry.reason === undefined ? '' : `: ${entry.reason}`}`;
}

function sum(servers: readonly ServerState[], field: 'activeConnections' | 'inactiveConnections'): number {
  return servers.reduce((total, server) => total + server[field], 0);
}
