import { formatJson, type JsonValue } from '../format/json.js';
import { inNaturalOrder, naturalOrder } from '../format/order.js';
import { TextWriter } from '../text/text-writer.js';
import { canonicalTable } from '../model/canonical.js';
import { defaultTunnel, type RealServer, type Tunnel } from '../model/server.js';
import { isFirewallMark, type VirtualService } from '../model/service.js';
import type { SyncDaemon, Timeouts } from '../model/state.js';
import type { Table } from '../model/table.js';
import { serviceDocument, tableDocument } from './table-document.js';

/** Words that a YAML reader, of version 1.1 too, reads as something else than text. */
const reserved = /^(true|false|yes|no|on|off|y|n|null|none)$/i;

/** What JSON leaves as it is, and a terminal obeys: see `printable`. */
const obeyed = /[\u007f-\u009f\u2028\u2029\p{Bidi_Control}]/gu;

function quoted(value: string): string {
  return JSON.stringify(value).replace(obeyed, (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

function scalar(value: string | number | boolean): string {
  if (typeof value !== 'string') return String(value);
  const safe = /^[a-z][a-z0-9-]*$/.test(value) || /^\d{1,3}(\.\d{1,3}){3}$/.test(value);
  return safe && !reserved.test(value) ? value : quoted(value);
}

/** A value on one line: `{ address: 10.0.0.1, weight: 1 }`, `[sh-port]`. */
export function flow(value: JsonValue): string {
  if (Array.isArray(value)) return `[${value.map(flow).join(', ')}]`;
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return scalar(value);
  const members = Object.entries(value ?? {}).map(([name, member]) => `${name}: ${flow(member as JsonValue)}`);
  return members.length === 0 ? '{}' : `{ ${members.join(', ')} }`;
}

function yamlList(name: string, lines: readonly string[]): string {
  return lines.length === 0 ? `${name}: []\n` : `${name}:\n${lines.map((line) => `${line}\n`).join('')}`;
}

/** The text before the services; what is undefined is left out. */
function yamlHead(timeouts: Timeouts | undefined, syncDaemons: readonly SyncDaemon[] | undefined): string {
  const document = tableDocument({ services: [], timeouts, syncDaemons }, { defaults: false });
  const daemons = document.syncDaemons?.map((daemon) => `  - ${flow(daemon)}`);
  return [
    document.timeouts === undefined ? '' : `timeouts: ${flow(document.timeouts)}\n`,
    daemons === undefined ? '' : yamlList('syncDaemons', daemons),
  ].join('');
}

/** The line before the first service. */
const yamlServices = 'services:\n';

/** The line in place of services where there are none. */
const yamlNoServices = yamlList('services', []);

function writeYamlTunnel(out: TextWriter, { type, port, checksum }: Tunnel): void {
  if (type === defaultTunnel.type) return;
  out.text(`, tunnel: { type: ${type}`);
  if (port !== 0) out.text(`, port: ${port}`);
  if (checksum !== defaultTunnel.checksum) out.text(`, checksum: ${scalar(checksum)}`);
  out.text(' }');
}

function writeYamlServer(out: TextWriter, server: RealServer, usualPort: number): void {
  const { family, address, port, forwarding, weight, upperThreshold, lowerThreshold, tunnel } = server;
  out.text('      - { address: ');
  out.text(family === 'inet' ? address : scalar(address));
  // Always shown where it can be chosen.
  if (port !== usualPort || forwarding === 'masquerading') out.text(`, port: ${port}`);
  out.text(`, forwarding: ${forwarding}, weight: ${weight}`);
  if (upperThreshold !== 0) out.text(`, upperThreshold: ${upperThreshold}`);
  if (lowerThreshold !== 0) out.text(`, lowerThreshold: ${lowerThreshold}`);
  if (forwarding === 'tunneling') writeYamlTunnel(out, tunnel);
  out.text(' }\n');
}

/** Appends a service and its servers, a server on a line; defaults are left out. */
function writeYamlService(out: TextWriter, service: VirtualService, servers: readonly RealServer[]): void {
  let start = '  - ';
  for (const [name, value] of Object.entries(serviceDocument(service, { defaults: false }))) {
    out.text(`${start}${name}: ${flow(value)}\n`);
    start = '    ';
  }
  if (servers.length === 0) {
    out.text('    servers: []\n');
    return;
  }
  out.text('    servers:\n');
  const usualPort = isFirewallMark(service.key) ? 0 : service.key.port;
  for (const server of servers) writeYamlServer(out, server, usualPort);
}

/** A table as YAML: short, defaults left out, a server on a line. */
export function formatYaml(table: Table): string {
  const { services, timeouts, syncDaemons } = canonicalTable(table);
  const out = new TextWriter();
  out.text(yamlHead(timeouts, syncDaemons));
  out.text(services.length === 0 ? yamlNoServices : yamlServices);
  for (const { service, servers } of inNaturalOrder(services)) {
    writeYamlService(out, service, naturalOrder.servers(servers));
  }
  return out.toString();
}

/** A table as JSON for programs: with every setting, defaults too. */
export function formatJsonDocument(table: Table): string {
  return `${formatJson(tableDocument(table, { defaults: true }))}\n`;
}
