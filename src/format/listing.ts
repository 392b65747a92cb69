// What the kernel reports in, the lines of the classic listings out, byte for byte the original's.

import type { Naming } from '../names/naming.js';
import type { TableLayout } from '../grammar/command.js';
import { column, type ServerRows } from '../model/server-rows.js';
import {
  forwardingMethods,
  tunnelChecksums,
  tunnelTypes,
  type ForwardingMethod,
  type TunnelChecksum,
} from '../model/server.js';
import { isFirewallMark, type ServiceKey } from '../model/service.js';
import { counterNames, type IpvsInfo, type ServiceEntry, type SyncDaemon, type Timeouts } from '../model/state.js';
import { writeCounter } from './counter.js';
import { writeServerEndpoint } from './labels.js';
import { protocolOf, serviceTitle, settingsText } from './service-text.js';
import type { TextWriter } from '../text/text-writer.js';

/** How the table is to be shown. */
export interface ListingStyle {
  readonly layout: TableLayout;
  readonly exact: boolean;
  readonly naming: Naming;
}

/** Room that the original has for the head of a service's line and of a server's line; longer IPv4 ones are cut. */
const serviceWidth = 33;
const serverWidth = 28;

const forwardingText: Readonly<Record<ForwardingMethod, string>> = {
  masquerading: 'Masq',
  local: 'Local',
  tunneling: 'Tunnel',
  'direct-routing': 'Route',
  bypass: 'Bypass',
  'forwarding-5': 'Fwd-5',
  'forwarding-6': 'Fwd-6',
  'forwarding-7': 'Fwd-7',
};

/** The same by the kernel's number. */
const forwardingTexts = forwardingMethods.map((method) => forwardingText[method]);

const checksumText: Readonly<Record<TunnelChecksum, string>> = {
  nocsum: '-c',
  csum: '+c',
  remcsum: 'r+c',
  'csum+remcsum': '+c,r+c',
};

type ServerColumns = readonly (readonly [place: number, width: number])[];

const connectionColumns: ServerColumns = [
  [column.activeConnections, 10],
  [column.inactiveConnections, 10],
];

/** What the line of a server shows behind its address, and in how wide a column. */
const serverColumns: Readonly<Record<Exclude<TableLayout, 'stats' | 'rate'>, ServerColumns>> = {
  plain: [[column.forwarding, 7], [column.weight, 6], ...connectionColumns],
  'tun-info': [[column.forwarding, 7], [column.tunnelType, 13], [column.weight, 6], ...connectionColumns],
  thresholds: [[column.upperThreshold, 10], [column.lowerThreshold, 10], ...connectionColumns],
  'persistent-conn': [[column.weight, 9], [column.persistentConnections, 11], ...connectionColumns],
};

/** The first of `counterNames` that these layouts show, and how many they show. */
const firstCounter = { stats: 0, rate: 5 } as const;
const shownCounters = 5;

const blank = 32;
const newline = 10;

/** The line that names the kernel's version. */
export function formatVersionLine({ version, connectionTableSize }: IpvsInfo): string {
  return `IP Virtual Server version ${version.major}.${version.minor}.${version.patch} (size=${connectionTableSize})\n`;
}

function title(...columns: string[]): string {
  return `${'Prot LocalAddress:Port'.padEnd(serviceWidth)} ${columns.join(' ')}\n  -> RemoteAddress:Port\n`;
}

function counterTitle(...columns: string[]): string {
  return title(...columns.map((column) => column.padStart(8)));
}

const titles: Readonly<Record<TableLayout, string>> = {
  plain:
    'Prot LocalAddress:Port Scheduler Flags\n' +
    '  -> RemoteAddress:Port           Forward Weight ActiveConn InActConn\n',
  stats: counterTitle('Conns', 'InPkts', 'OutPkts', 'InBytes', 'OutBytes'),
  rate: counterTitle('CPS', 'InPPS', 'OutPPS', 'InBPS', 'OutBPS'),
  thresholds: title('Uthreshold', 'Lthreshold', 'ActiveConn', 'InActConn '),
  'persistent-conn': title('Weight   ', 'PersistConn', 'ActiveConn', 'InActConn '),
  'tun-info':
    'Prot LocalAddress:Port Scheduler Flags\n' +
    '  -> RemoteAddress:Port           Forward TunnelInfo    Weight ActiveConn InActConn\n',
};

/** The two lines above the table. */
export function formatTitles(layout: TableLayout): string {
  return titles[layout];
}

function serviceHead(key: ServiceKey, naming: Naming): string {
  const title = serviceTitle(key, naming);
  return isFirewallMark(key) || key.family === 'inet6' ? title : title.slice(0, serviceWidth);
}

/** Appends the line of a service. */
export function writeServiceLine(
  out: TextWriter,
  service: ServiceEntry,
  { layout, exact, naming }: ListingStyle,
): void {
  const start = out.length;
  out.text(serviceHead(service.key, naming));
  if (layout === 'stats' || layout === 'rate') {
    out.padEnd(start, serviceWidth);
    const first = firstCounter[layout];
    for (const name of counterNames.slice(first, first + shownCounters)) {
      writeCounter(out, service.statistics[name], exact);
    }
  } else {
    out.byte(blank);
    out.text(settingsText(service));
  }
  out.byte(newline);
}

/** Appends the line of a real server of the service `key`. */
export function writeServerLine(
  out: TextWriter,
  servers: ServerRows,
  row: number,
  key: ServiceKey,
  { layout, exact, naming }: ListingStyle,
): void {
  out.text('  -> ');
  const start = out.length;
  writeServerEndpoint(out, servers, row, protocolOf(key), naming);
  if (servers.number(row, column.inet6) === 0) out.cut(start, serverWidth);
  out.padEnd(start, serverWidth);
  if (layout === 'stats' || layout === 'rate') {
    const first = firstCounter[layout];
    for (let index = first; index < first + shownCounters; index++) {
      // The original never shortens a server's first three rates.
      const inFull = exact || (layout === 'rate' && index < first + 3);
      writeCounter(out, servers.counter(row, index), inFull);
    }
  } else {
    for (const [place, width] of serverColumns[layout]) {
      out.byte(blank);
      const from = out.length;
      if (place === column.forwarding) out.text(forwardingTexts[servers.number(row, place)] ?? '');
      else if (place === column.tunnelType) writeTunnelColumn(out, servers, row);
      else out.number(servers.number(row, place));
      out.padEnd(from, width);
    }
  }
  out.byte(newline);
}

function writeTunnelColumn(out: TextWriter, servers: ServerRows, row: number): void {
  if (forwardingMethods[servers.number(row, column.forwarding)] !== 'tunneling') {
    out.text('n/a');
    return;
  }
  const type = servers.number(row, column.tunnelType);
  const name = tunnelTypes[type];
  out.text(name ?? `type-${type}`);
  if (name === 'gue') {
    out.text(':');
    out.number(servers.number(row, column.tunnelPort));
  }
  if (name === 'gue' || name === 'gre') {
    out.text(`:${checksumText[tunnelChecksums[servers.number(row, column.tunnelChecksum)] ?? 'nocsum']}`);
  }
}

/** The listing of the timeouts. */
export function formatTimeouts({ tcp, tcpFin, udp }: Timeouts): string {
  return `Timeout (tcp tcpfin udp): ${tcp} ${tcpFin} ${udp}\n`;
}

/** The line of a synchronisation daemon. What an old kernel does not report is left out. */
export function formatSyncDaemon(daemon: SyncDaemon): string {
  const details = [
    `mcast=${daemon.interface}`,
    `syncid=${daemon.syncId}`,
    ...(daemon.maxLength === 0 ? [] : [`maxlen=${daemon.maxLength}`]),
    ...(daemon.group === undefined ? [] : [`group=${daemon.group}`]),
    ...(daemon.port === 0 ? [] : [`port=${daemon.port}`]),
    ...(daemon.ttl === 0 ? [] : [`ttl=${daemon.ttl}`]),
  ];
  return `${daemon.role} sync daemon (${details.join(', ')})\n`;
}
