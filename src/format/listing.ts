import type { ForwardingMethod, Tunnel, TunnelChecksum } from '../model/server.js';
import { isFirewallMark, type ServiceKey } from '../model/service.js';
import type { IpvsInfo, ServerState, ServiceEntry, Statistics, SyncDaemon, Timeouts } from '../model/state.js';
import { formatCounter } from './counter.js';
import { endpointLabel, type Naming } from './labels.js';
import { protocolOf, serviceTitle, settingsText } from './service-text.js';

/** Layouts of the classic listing of the table. */
export type TableLayout = 'plain' | 'stats' | 'rate' | 'thresholds' | 'persistent-conn' | 'tun-info';

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
  tunnelling: 'Tunnel',
  'direct-routing': 'Route',
  bypass: 'Bypass',
  'forwarding-5': 'Fwd-5',
  'forwarding-6': 'Fwd-6',
  'forwarding-7': 'Fwd-7',
};

const checksumText: Readonly<Record<TunnelChecksum, string>> = {
  nocsum: '-c',
  csum: '+c',
  remcsum: 'r+c',
  'csum+remcsum': '+c,r+c',
};

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

/** The line of a service. */
export function formatServiceLine(service: ServiceEntry, { layout, exact, naming }: ListingStyle): string {
  const head = serviceHead(service.key, naming);
  const { statistics } = service;
  switch (layout) {
    case 'stats':
      return `${head.padEnd(serviceWidth)}${formatCounters(trafficOf(statistics), exact)}\n`;
    case 'rate':
      return `${head.padEnd(serviceWidth)}${formatCounters(ratesOf(statistics), exact)}\n`;
    default:
      return `${head} ${settingsText(service)}\n`;
  }
}

/** A real server for a listing; without counters where the layout shows none. */
export interface ListedServer extends ServerState {
  readonly statistics?: Statistics;
}

/** The line of a real server of the service `key`. */
export function formatServerLine(
  server: ListedServer,
  key: ServiceKey,
  { layout, exact, naming }: ListingStyle,
): string {
  const label = endpointLabel(server, protocolOf(key), naming);
  const cut = server.family === 'inet' ? label.slice(0, serverWidth) : label;
  return `  -> ${cut.padEnd(serverWidth)}${serverColumns(server, layout, exact)}\n`;
}

function serverColumns(server: ListedServer, layout: TableLayout, exact: boolean): string {
  const { statistics, weight } = server;
  const forwarding = forwardingText[server.forwarding].padEnd(7);
  const connections = `${column(server.activeConnections, 10)} ${column(server.inactiveConnections, 10)}`;
  switch (layout) {
    case 'plain':
      return ` ${forwarding} ${column(weight, 6)} ${connections}`;
    case 'tun-info':
      return ` ${forwarding} ${tunnelInfo(server).padEnd(13)} ${column(weight, 6)} ${connections}`;
    case 'thresholds':
      return ` ${column(server.upperThreshold, 10)} ${column(server.lowerThreshold, 10)} ${connections}`;
    case 'persistent-conn':
      return ` ${column(weight, 9)} ${column(server.persistentConnections, 11)} ${connections}`;
    case 'stats':
      return formatCounters(trafficOf(statistics), exact);
    case 'rate':
      // The original never shortens a server's first three rates.
      return `${formatCounters(ratesOf(statistics).slice(0, 3), true)}${formatCounters(ratesOf(statistics).slice(3), exact)}`;
  }
}

function trafficOf(statistics: Statistics | undefined): bigint[] {
  if (statistics === undefined) return [];
  const { connections, incomingPackets, outgoingPackets, incomingBytes, outgoingBytes } = statistics;
  return [connections, incomingPackets, outgoingPackets, incomingBytes, outgoingBytes];
}

function ratesOf(statistics: Statistics | undefined): bigint[] {
  if (statistics === undefined) return [];
  const { connectionRate, incomingPacketRate, outgoingPacketRate, incomingByteRate, outgoingByteRate } = statistics;
  return [connectionRate, incomingPacketRate, outgoingPacketRate, incomingByteRate, outgoingByteRate];
}

function formatCounters(values: readonly bigint[], exact: boolean): string {
  return values.map((value) => formatCounter(value, exact)).join('');
}

function column(value: number, width: number): string {
  return String(value).padEnd(width);
}

function tunnelInfo({ forwarding, tunnel }: { forwarding: ForwardingMethod; tunnel: Tunnel }): string {
  if (forwarding !== 'tunnelling') return 'n/a';
  switch (tunnel.type) {
    case 'ipip':
      return 'ipip';
    case 'gue':
      return `gue:${tunnel.port}:${checksumText[tunnel.checksum]}`;
    case 'gre':
      return `gre:${checksumText[tunnel.checksum]}`;
    default:
      return `type-${tunnel.type}`;
  }
}

/** The listing of the timeouts. */
export function formatTimeouts({ tcp, tcpFin, udp }: Timeouts): string {
  return `Timeout (tcp tcpfin udp): ${tcp} ${tcpFin} ${udp}\n`;
}

/** The line of a synchronisation daemon. What an old kernel does not say is left out. */
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
