import type { Naming } from '../names/naming.js';
import type { TableLayout } from '../grammar/command.js';
import type { ForwardingMethod, RealServer, TunnelChecksum } from '../model/server.js';
import { isFirewallMark, type ServiceKey } from '../model/service.js';
import {
  counterNames,
  type IpvsInfo,
  type ServerEntry,
  type ServerState,
  type ServiceEntry,
  type SyncDaemon,
  type Timeouts,
} from '../model/state.js';
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

/** What a column of a server's line shows. */
type ServerColumn = (out: TextWriter, server: ServerState) => void;

const forwarding: ServerColumn = (out, server) => {
  out.text(forwardingText[server.forwarding]);
};

function numberColumn(field: Extract<keyof ServerState, `${string}Connections` | `${string}Threshold` | 'weight'>): ServerColumn {
  return (out, server) => {
    out.number(server[field]);
  };
}

const weight = numberColumn('weight');
const connectionColumns = [
  [numberColumn('activeConnections'), 10],
  [numberColumn('inactiveConnections'), 10],
] as const;

/** What the line of a server shows behind its address, and in how wide a column. */
const serverColumns: Readonly<
  Record<Exclude<TableLayout, 'stats' | 'rate'>, readonly (readonly [write: ServerColumn, width: number])[]>
> = {
  plain: [[forwarding, 7], [weight, 6], ...connectionColumns],
  'tun-info': [[forwarding, 7], [writeTunnel, 13], [weight, 6], ...connectionColumns],
  thresholds: [[numberColumn('upperThreshold'), 10], [numberColumn('lowerThreshold'), 10], ...connectionColumns],
  'persistent-conn': [[weight, 9], [numberColumn('persistentConnections'), 11], ...connectionColumns],
};

/** The counters that these layouts show. */
const shownCounters = { stats: counterNames.slice(0, 5), rate: counterNames.slice(5) } as const;

/** Rates of a server that the original never shortens. */
const wholeRates: ReadonlySet<string> = new Set(counterNames.slice(5, 8));

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
    for (const name of shownCounters[layout]) writeCounter(out, service.statistics[name], exact);
  } else {
    out.byte(blank);
    out.text(settingsText(service));
  }
  out.byte(newline);
}

/** Appends the line of a real server of the service `key`. Where counters are shown, it has to be a `ServerEntry`. */
export function writeServerLine(
  out: TextWriter,
  server: ServerState | ServerEntry,
  key: ServiceKey,
  { layout, exact, naming }: ListingStyle,
): void {
  out.text('  -> ');
  const start = out.length;
  writeServerEndpoint(out, server, protocolOf(key), naming);
  if (server.family === 'inet') out.cut(start, serverWidth);
  out.padEnd(start, serverWidth);
  if (layout === 'stats' || layout === 'rate') {
    const statistics = 'statistics' in server ? server.statistics : undefined;
    for (const name of shownCounters[layout]) {
      writeCounter(out, statistics?.[name] ?? 0n, exact || wholeRates.has(name));
    }
  } else {
    for (const [write, width] of serverColumns[layout]) {
      out.byte(blank);
      const from = out.length;
      write(out, server);
      out.padEnd(from, width);
    }
  }
  out.byte(newline);
}

function writeTunnel(out: TextWriter, { forwarding: method, tunnel: { type, port, checksum } }: RealServer): void {
  if (method !== 'tunnelling') {
    out.text('n/a');
    return;
  }
  out.text(typeof type === 'number' ? `type-${type}` : type);
  if (type === 'gue') out.text(`:${port}`);
  if (type === 'gue' || type === 'gre') out.text(`:${checksumText[checksum]}`);
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
