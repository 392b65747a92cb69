import { formatJson, type JsonValue } from '../format/json.js';
import { inNaturalOrder, naturalOrder } from '../format/order.js';
import { TextWriter } from '../text/text-writer.js';
import { canonicalTable } from '../model/canonical.js';
import { column, ServerRows } from '../model/server-rows.js';
import {
  defaultTunnel,
  forwardingMethods,
  tunnelChecksums,
  tunnelTypes,
  type ForwardingMethod,
} from '../model/server.js';
import { isFirewallMark, type VirtualService } from '../model/service.js';
import type { SyncDaemon, Timeouts } from '../model/state.js';
import type { Table } from '../model/table.js';
import { serviceDocument, tableDocument } from './table-document.js';

/** Words that a YAML reader, of version 1.1 too, takes for something else than text. */
const reserved = /^(true|false|yes|no|on|off|y|n|null|none)$/i;

function scalar(value: string | number | boolean): string {
  if (typeof value !== 'string') return String(value);
  const plain = /^[a-z][a-z0-9-]*$/.test(value) || /^\d{1,3}(\.\d{1,3}){3}$/.test(value);
  return plain && !reserved.test(value) ? value : JSON.stringify(value);
}

/** A value on one line: `{ address: 10.0.0.1, weight: 1 }`, `[sh-port]`. */
function flow(value: JsonValue): string {
  if (Array.isArray(value)) return `[${value.map(flow).join(', ')}]`;
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return scalar(value);
  const members = Object.entries(value ?? {}).map(([name, member]) => `${name}: ${flow(member as JsonValue)}`);
  return members.length === 0 ? '{}' : `{ ${members.join(', ')} }`;
}

function list(name: string, lines: readonly string[]): string {
  return lines.length === 0 ? `${name}: []\n` : `${name}:\n${lines.map((line) => `${line}\n`).join('')}`;
}

/** What stands before the services; what is undefined is not said. */
function yamlHead(timeouts: Timeouts | undefined, syncDaemons: readonly SyncDaemon[] | undefined): string {
  const document = tableDocument({ services: [], timeouts, syncDaemons }, { defaults: false });
  const daemons = document.syncDaemons?.map((daemon) => `  - ${flow(daemon)}`);
  return [
    document.timeouts === undefined ? '' : `timeouts: ${flow(document.timeouts)}\n`,
    daemons === undefined ? '' : list('syncDaemons', daemons),
  ].join('');
}

/** What stands before the first service. */
const yamlServices = 'services:\n';

/** What stands in place of services where there are none. */
const yamlNoServices = list('services', []);

/** What stands between the values of a server's line, of which there may be thousands, as bytes. */
const serverText = {
  start: Buffer.from('      - { address: '),
  port: Buffer.from(', port: '),
  forwarding: Object.fromEntries(
    forwardingMethods.map((method) => [method, Buffer.from(`, forwarding: ${method}, weight: `)]),
  ) as Readonly<Record<ForwardingMethod, Buffer>>,
};

function writeTunnel(out: TextWriter, servers: ServerRows, row: number): void {
  const type = servers.number(row, column.tunnelType);
  const port = servers.number(row, column.tunnelPort);
  const checksum = servers.number(row, column.tunnelChecksum);
  if (tunnelTypes[type] === defaultTunnel.type) return;
  out.text(`, tunnel: { type: ${tunnelTypes[type] ?? type}`);
  if (port !== 0) out.text(`, port: ${port}`);
  if (checksum !== 0) out.text(`, checksum: ${scalar(tunnelChecksums[checksum] ?? '')}`);
  out.text(' }');
}

function writeServer(out: TextWriter, servers: ServerRows, row: number, usualPort: number): void {
  const method = forwardingMethods[servers.number(row, column.forwarding)] ?? 'masquerading';
  const port = servers.number(row, column.port);
  const upper = servers.number(row, column.upperThreshold);
  const lower = servers.number(row, column.lowerThreshold);
  out.append(serverText.start);
  if (servers.number(row, column.inet6) === 0) out.ipv4(servers.number(row, column.address));
  else out.text(scalar(servers.address(row)));
  // Where it can be chosen it is shown.
  if (port !== usualPort || method === 'masquerading') {
    out.append(serverText.port);
    out.number(port);
  }
  out.append(serverText.forwarding[method]);
  out.number(servers.number(row, column.weight));
  if (upper !== 0) out.text(`, upperThreshold: ${upper}`);
  if (lower !== 0) out.text(`, lowerThreshold: ${lower}`);
  if (method === 'tunneling') writeTunnel(out, servers, row);
  out.text(' }\n');
}

/** Appends a service and its servers, a server on a line; defaults are left out. */
export function writeYamlService(
  out: TextWriter,
  service: VirtualService,
  servers: ServerRows,
  rows: readonly number[],
): void {
  let start = '  - ';
  for (const [name, value] of Object.entries(serviceDocument(service, { defaults: false }))) {
    out.text(`${start}${name}: ${flow(value)}\n`);
    start = '    ';
  }
  if (rows.length === 0) {
    out.text('    servers: []\n');
    return;
  }
  out.text('    servers:\n');
  const usualPort = isFirewallMark(service.key) ? 0 : service.key.port;
  for (const row of rows) writeServer(out, servers, row, usualPort);
}

/** A table as YAML: short, defaults left out, a server on a line. */
export function formatYaml(table: Table): string {
  const { services, timeouts, syncDaemons } = canonicalTable(table);
  const out = new TextWriter();
  out.text(yamlHead(timeouts, syncDaemons));
  out.text(services.length === 0 ? yamlNoServices : yamlServices);
  for (const { service, servers } of inNaturalOrder(services)) {
    const rows = ServerRows.of(servers);
    writeYamlService(out, service, rows, naturalOrder.rows(rows));
  }
  return out.toString();
}

/** A table as JSON for programs: everything is there, defaults too. */
export function formatJsonDocument(table: Table): string {
  return `${formatJson(tableDocument(table, { defaults: true }))}\n`;
}
