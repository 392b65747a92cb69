import { parseIpv6 } from '../model/address.js';
import type { TableEntry, TableSnapshot } from '../model/table.js';
import { isFirewallMark, protocolLabel, type ServiceKey } from '../model/service.js';
import { schedulerFlagWords } from '../model/scheduler-flags.js';
import {
  unknownStatistics,
  type IpvsInfo,
  type ServerEntry,
  type ServiceEntry,
  type SyncDaemon,
  type Timeouts,
  type Totals,
} from '../model/state.js';
import { printable } from '../text/printable.js';

// A reading of the kernel in, text for Prometheus out. Names, labels and their values go by what node_exporter has, so that
// series of both can be joined; docs/metrics.md explains them.

/** Entries of the connection table that have a protocol and a state in common. */
export interface ConnectionEntries {
  readonly protocol: string;
  readonly state: string;
  readonly count: number;
}

/** What was read for one answer. */
export interface MetricsReading extends Omit<TableSnapshot, 'timeouts'> {
  /** Undefined where they can't be read. */
  readonly timeouts: Timeouts | undefined;
  /** Ours. */
  readonly version: string;
  readonly info: IpvsInfo;
  /** Undefined where they can't be read. */
  readonly totals: Totals | undefined;
  /** Undefined where they were not asked for. */
  readonly connections: readonly ConnectionEntries[] | undefined;
  /** How long the reading took. */
  readonly seconds: number;
}

/** A real server as metrics have it. */
export interface MetricsServer extends ServerEntry {
  /** It was drained by an operator. Undefined: that is not known. */
  readonly drained?: boolean | undefined;
}

/** Whose names the families have: ours, those of node_exporter, or one after the other. */
export const metricNames = ['own', 'node', 'both'] as const;
/** One of them. */
export type MetricNames = (typeof metricNames)[number];

/** Labels of node_exporter, in the order in which it writes them. */
const nodeLabels = ['local_address', 'local_mark', 'local_port', 'proto', 'remote_address', 'remote_port'] as const;

/** Labels that tell a real server from all others; `family` is for services with a firewall mark. */
export const serverLabels = ['family', ...nodeLabels] as const;
/** One of them. */
export type ServerLabel = (typeof serverLabels)[number];

/** What is written, and how. */
export interface MetricsStyle {
  readonly names: MetricNames;
  /** Whether servers have families of their own. */
  readonly servers: boolean;
  /** Labels that servers keep: series that agree in these are added up. Undefined: all. */
  readonly serverLabels: readonly ServerLabel[] | undefined;
  /** OpenMetrics in place of the text format that every Prometheus reads. */
  readonly openMetrics: boolean;
}

type LabelValues = Readonly<Record<string, string>>;
type MetricValue = number | bigint;
type MetricType = 'counter' | 'gauge' | 'info';

/** Things that one series is about: several where labels are left out. */
interface Row<T> {
  /** The labels as they are written, without braces: made once for all families. */
  readonly labels: string;
  readonly items: readonly T[];
}

/** A family of metrics about things of one kind. */
interface Family<T> {
  readonly name: string;
  readonly type: MetricType;
  readonly help: string;
  /** Undefined: the thing has no such series. */
  readonly value: (item: T) => MetricValue | undefined;
  /** More labels; these can't be added up. */
  readonly labels?: (item: T) => LabelValues;
}

/** A series as it is written. */
interface Sample {
  readonly labels: string;
  readonly value: string;
}

/** A family with its series. */
interface Written {
  readonly name: string;
  readonly type: MetricType;
  readonly help: string;
  readonly samples: Iterable<Sample>;
}

const forwardedOnly = 'Stays 0 for direct routing and tunnels, whose replies pass the director by.';

/** The five counters of services, servers and the kernel: the end of the name, what is counted, and where it is. */
const counters: readonly (readonly [end: string, what: string, of: (statistics: Totals) => bigint])[] = [
  ['connections_total', 'Connections that were scheduled', ({ connections }) => connections],
  ['incoming_packets_total', 'Packets from clients', ({ incomingPackets }) => incomingPackets],
  ['outgoing_packets_total', 'Packets to clients', ({ outgoingPackets }) => outgoingPackets],
  ['incoming_bytes_total', 'Bytes from clients', ({ incomingBytes }) => incomingBytes],
  ['outgoing_bytes_total', 'Bytes to clients', ({ outgoingBytes }) => outgoingBytes],
];

function counterFamilies(prefix: string, where: string): Family<{ readonly statistics: Totals }>[] {
  return counters.map(([end, what, of]) => ({
    name: `${prefix}_${end}`,
    type: 'counter',
    help: `${what}${where}.${end.startsWith('outgoing') ? ` ${forwardedOnly}` : ''}`,
    value: ({ statistics }) => (statistics === unknownStatistics ? undefined : of(statistics)),
  }));
}

const kernelFamilies = counterFamilies('ipvs', ', of the whole kernel, removed services included');

const runFamilies: readonly Family<MetricsReading>[] = [
  { name: 'ipvs_up', type: 'gauge', help: 'Whether the kernel could be read.', value: () => 1 },
  {
    name: 'ipvs_scrape_duration_seconds',
    type: 'gauge',
    help: 'Seconds that reading the kernel took.',
    value: ({ seconds }) => seconds,
  },
  {
    name: 'ipvsadm_build_info',
    type: 'info',
    help: 'The version of ipvsadm for Node.js.',
    value: () => 1,
    labels: ({ version }) => ({ version }),
  },
  {
    name: 'ipvs_info',
    type: 'info',
    help: "The version of the kernel's IPVS.",
    value: () => 1,
    labels: ({ info: { version } }) => ({ version: `${version.major}.${version.minor}.${version.patch}` }),
  },
  {
    name: 'ipvs_connection_table_buckets',
    type: 'gauge',
    help: 'Slots of the hash table of connections.',
    value: ({ info }) => info.connectionTableSize,
  },
];

const timeoutFamilies: readonly Family<readonly [state: string, seconds: number]>[] = [
  {
    name: 'ipvs_timeout_seconds',
    type: 'gauge',
    help: 'Seconds that idle connections are kept.',
    value: ([, seconds]) => seconds,
    labels: ([state]) => ({ state }),
  },
];

const daemonFamilies: readonly Family<SyncDaemon>[] = [
  {
    name: 'ipvs_sync_daemon_info',
    type: 'info',
    help: 'Daemons that send connections to other directors or receive them.',
    value: () => 1,
    labels: ({ role, interface: name, syncId }) => ({ role, interface: name, sync_id: String(syncId) }),
  },
];

const connectionFamilies: readonly Family<ConnectionEntries>[] = [
  {
    name: 'ipvs_connection_entries',
    type: 'gauge',
    help: 'Entries of the connection table; those of protocol IP are templates of firewall marks.',
    value: ({ count }) => count,
    labels: ({ protocol, state }) => ({ proto: protocol, state }),
  },
];

const serviceFamilies: readonly Family<ServiceEntry>[] = [
  ...counterFamilies('ipvs_service', ' of a virtual service'),
  {
    name: 'ipvs_service_info',
    type: 'info',
    help: 'How a virtual service is scheduled.',
    value: () => 1,
    labels: (service) => ({
      persistence_engine: service.persistenceEngine ?? '',
      scheduler: service.scheduler,
      scheduler_flags: schedulerFlagWords(service).join(','),
    }),
  },
  {
    name: 'ipvs_service_persistence_timeout_seconds',
    type: 'gauge',
    help: 'Seconds that a client stays with its real server; only of persistent services.',
    value: ({ persistenceTimeout }) => persistenceTimeout,
  },
];

/** A number of connections, for those that are set. */
function positive(value: number): number | undefined {
  return value > 0 ? value : undefined;
}

const serverFamilies: readonly Family<MetricsServer>[] = [
  ...counterFamilies('ipvs_server', ' of a real server'),
  {
    name: 'ipvs_server_active_connections',
    type: 'gauge',
    help: 'Established TCP and SCTP connections of a real server.',
    value: ({ activeConnections }) => activeConnections,
  },
  {
    name: 'ipvs_server_inactive_connections',
    type: 'gauge',
    help: 'All other connections of a real server: of UDP, and those that begin or end.',
    value: ({ inactiveConnections }) => inactiveConnections,
  },
  {
    name: 'ipvs_server_persistent_connections',
    type: 'gauge',
    help: 'Clients that are bound to a real server.',
    value: ({ persistentConnections, statistics }) =>
      statistics === unknownStatistics ? undefined : persistentConnections,
  },
  {
    name: 'ipvs_server_weight',
    type: 'gauge',
    help: 'Weight of a real server; 0: it gets nothing new.',
    value: ({ weight }) => weight,
  },
  {
    name: 'ipvs_server_drained',
    type: 'gauge',
    help: '1 for a real server that ipvsadm drain has taken out of service, else 0.',
    value: ({ drained }) => (drained === undefined ? undefined : Number(drained)),
  },
  {
    name: 'ipvs_server_upper_threshold_connections',
    type: 'gauge',
    help: 'A real server gets nothing new from so many connections on; only where it is set.',
    value: ({ upperThreshold }) => positive(upperThreshold),
  },
  {
    name: 'ipvs_server_lower_threshold_connections',
    type: 'gauge',
    help: 'A real server that had too many gets connections again below so many; only where it is set.',
    value: ({ lowerThreshold }) => positive(lowerThreshold),
  },
  {
    name: 'ipvs_server_info',
    type: 'info',
    help: 'How packets reach a real server.',
    value: () => 1,
    labels: ({ forwarding, tunnel }) => ({
      forwarding,
      tunnel: forwarding === 'tunneling' ? String(tunnel.type) : '',
    }),
  },
];

/** Families of node_exporter about servers, sorted by name as it writes them, with its own words. */
const nodeServerFamilies: readonly Family<ServerEntry>[] = [
  {
    name: 'node_ipvs_backend_connections_active',
    type: 'gauge',
    help: 'The current active connections by local and remote address.',
    value: ({ activeConnections }) => activeConnections,
  },
  {
    name: 'node_ipvs_backend_connections_inactive',
    type: 'gauge',
    help: 'The current inactive connections by local and remote address.',
    value: ({ inactiveConnections }) => inactiveConnections,
  },
  {
    name: 'node_ipvs_backend_weight',
    type: 'gauge',
    help: 'The current backend weight by local and remote address.',
    value: ({ weight }) => weight,
  },
];

/** The same about the whole kernel. */
const nodeKernelFamilies: readonly Family<Totals>[] = [
  {
    name: 'node_ipvs_connections_total',
    type: 'counter',
    help: 'The total number of connections made.',
    value: ({ connections }) => connections,
  },
  {
    name: 'node_ipvs_incoming_bytes_total',
    type: 'counter',
    help: 'The total amount of incoming data.',
    value: ({ incomingBytes }) => incomingBytes,
  },
  {
    name: 'node_ipvs_incoming_packets_total',
    type: 'counter',
    help: 'The total number of incoming packets.',
    value: ({ incomingPackets }) => incomingPackets,
  },
  {
    name: 'node_ipvs_outgoing_bytes_total',
    type: 'counter',
    help: 'The total amount of outgoing data.',
    value: ({ outgoingBytes }) => outgoingBytes,
  },
  {
    name: 'node_ipvs_outgoing_packets_total',
    type: 'counter',
    help: 'The total number of outgoing packets.',
    value: ({ outgoingPackets }) => outgoingPackets,
  },
];

/** An address as Go prints it, and with it node_exporter: it knows IPv4 in IPv6 in one form only, and as IPv4. */
function goAddress(address: string): string {
  if (!address.includes(':') || !address.includes('.')) return address;
  const bytes = parseIpv6(address);
  if (bytes === undefined) return address;
  const group = (at: number): number => (bytes[at] ?? 0) * 256 + (bytes[at + 1] ?? 0);
  if (group(10) === 0xffff) return bytes.subarray(12).join('.');
  return `::${group(12).toString(16)}:${group(14).toString(16)}`;
}

function serviceLabels(key: ServiceKey): LabelValues {
  if (isFirewallMark(key)) {
    const mark = key.fwmark.toString(16).toUpperCase().padStart(8, '0');
    return { family: key.family, local_address: '', local_mark: mark, local_port: '0', proto: 'FWM' };
  }
  return {
    local_address: goAddress(key.address),
    local_mark: '',
    local_port: String(key.port),
    proto: protocolLabel(key.protocol),
  };
}

/** A value for a label: nothing that drives a terminal, and quotes and backslashes as the format has them. */
function quoted(value: string): string {
  return printable(value).replace(/[\\"]/g, '\\$&');
}

function labelText(values: LabelValues): string {
  return Object.entries(values)
    .map(([name, value]) => `${name}="${quoted(value)}"`)
    .join(',');
}

/** A number as node_exporter writes it: what Go's `%g` makes of a double, with an exponent from a million on. */
function goNumber(value: MetricValue): string {
  const double = Number(value);
  if (Number.isInteger(double) && Math.abs(double) < 1e6) return String(double);
  const [mantissa = '', exponent = ''] = double.toExponential().split('e');
  const sign = exponent.startsWith('-') ? '-' : '+';
  return `${mantissa}e${sign}${exponent.slice(1).padStart(2, '0')}`;
}

function added(a: MetricValue, b: MetricValue): MetricValue {
  return typeof a === 'bigint' && typeof b === 'bigint' ? a + b : Number(a) + Number(b);
}

function* samplesOf<T>(
  { value, labels }: Family<T>,
  rows: Iterable<Row<T>>,
  write: (value: MetricValue) => string,
): Generator<Sample> {
  for (const row of rows) {
    let sum: MetricValue | undefined;
    for (const item of row.items) {
      const one = value(item);
      if (one !== undefined) sum = sum === undefined ? one : added(sum, one);
    }
    const [first] = row.items;
    if (sum === undefined || first === undefined) continue;
    const parts = labels === undefined ? [row.labels] : [row.labels, labelText(labels(first))];
    const text = parts.filter((part) => part !== '').join(',');
    yield { labels: text === '' ? '' : `{${text}}`, value: write(sum) };
  }
}

function written<T>(
  families: readonly Family<T>[],
  rows: Iterable<Row<T>>,
  write: (value: MetricValue) => string = String,
): Written[] {
  return families.map((family) => ({ ...family, samples: samplesOf(family, rows, write) }));
}

/** A row for each thing, without labels but those of its family. */
function plainRows<T>(items: readonly T[]): Row<T>[] {
  return items.map((item) => ({ labels: '', items: [item] }));
}

/** All servers, each with the labels of its service and its own. */
function* allServers(entries: readonly TableEntry[]): Generator<readonly [LabelValues, ServerEntry]> {
  for (const { service, servers } of entries) {
    const local = serviceLabels(service.key);
    for (const server of servers) {
      yield [{ ...local, remote_address: goAddress(server.address), remote_port: String(server.port) }, server];
    }
  }
}

/** Servers by the values of some labels: those that agree in all are one row. */
function groupedServers(entries: readonly TableEntry[], names: readonly ServerLabel[]): Map<string, Row<ServerEntry>> {
  const groups = new Map<string, { labels: string; items: ServerEntry[] }>();
  for (const [all, server] of allServers(entries)) {
    // No value has a NUL, and it comes before all that they have: these texts are in the order of the values.
    const id = names.map((name) => all[name] ?? '').join('\0');
    const group = groups.get(id);
    if (group !== undefined) {
      group.items.push(server);
      continue;
    }
    const kept = names.flatMap((name) => (all[name] === undefined ? [] : [[name, all[name]] as const]));
    groups.set(id, { labels: labelText(Object.fromEntries(kept)), items: [server] });
  }
  return groups;
}

/** Rows as node_exporter sorts them: by the values of all labels, as texts. */
function inTextOrder<T>(rows: ReadonlyMap<string, Row<T>>): Row<T>[] {
  return [...rows].sort(([a], [b]) => (a < b ? -1 : Number(a > b))).map(([, row]) => row);
}

function ownFamilies(reading: MetricsReading, { servers, serverLabels: kept }: MetricsStyle): Written[] {
  const { services, timeouts, syncDaemons, totals, connections } = reading;
  // What was added up has no settings that it could show.
  const families = kept === undefined ? serverFamilies : serverFamilies.filter(({ type }) => type !== 'info');
  return [
    ...written(runFamilies, plainRows([reading])),
    ...written(kernelFamilies, plainRows(totals === undefined ? [] : [{ statistics: totals }])),
    ...written(
      timeoutFamilies,
      plainRows(
        timeouts === undefined
          ? []
          : [
              ['tcp', timeouts.tcp],
              ['tcp_fin', timeouts.tcpFin],
              ['udp', timeouts.udp],
            ],
      ),
    ),
    ...written(daemonFamilies, plainRows(syncDaemons)),
    ...written(connectionFamilies, plainRows(connections ?? [])),
    ...written(
      serviceFamilies,
      services.map(({ service }) => ({ labels: labelText(serviceLabels(service.key)), items: [service] })),
    ),
    ...(servers ? written(families, [...groupedServers(services, kept ?? serverLabels).values()]) : []),
  ];
}

function nodeFamilies({ services, totals }: MetricsReading, { servers, serverLabels: kept }: MetricsStyle): Written[] {
  const names = nodeLabels.filter((name) => kept?.includes(name) ?? true);
  return [
    ...(servers ? written(nodeServerFamilies, inTextOrder(groupedServers(services, names)), goNumber) : []),
    ...written(nodeKernelFamilies, plainRows(totals === undefined ? [] : [totals]), goNumber),
  ];
}

/** The name of a family in OpenMetrics, whose samples have the rest of it. */
function openName(name: string, type: MetricType): string {
  const suffix = type === 'counter' ? '_total' : type === 'info' ? '_info' : '';
  return suffix !== '' && name.endsWith(suffix) ? name.slice(0, -suffix.length) : name;
}

function families(reading: MetricsReading, style: MetricsStyle): Written[] {
  return [
    ...(style.names === 'node' ? [] : ownFamilies(reading, style)),
    ...(style.names === 'own' ? [] : nodeFamilies(reading, style)),
  ];
}

function* familyLines({ name, type, help, samples }: Written, openMetrics: boolean): Generator<string> {
  let isFirst = true;
  for (const { labels, value } of samples) {
    if (isFirst) {
      // The older format has no word for what only describes.
      const shown = openMetrics ? openName(name, type) : name;
      const kind = type === 'info' && !openMetrics ? 'gauge' : type;
      yield `# HELP ${shown} ${help}\n# TYPE ${shown} ${kind}\n`;
      isFirst = false;
    }
    yield `${name}${labels} ${value}\n`;
  }
}

/** The text, in pieces of some lines. A family without series is left out. */
export function* formatMetrics(reading: MetricsReading, style: MetricsStyle): Generator<string> {
  for (const family of families(reading, style)) yield* familyLines(family, style.openMetrics);
  if (style.openMetrics) yield '# EOF\n';
}

/** The text where the kernel could not be read: node_exporter has no family that says so. */
export function* formatNoMetrics({ names, openMetrics }: MetricsStyle): Generator<string> {
  const [up] = runFamilies;
  if (names !== 'node' && up !== undefined) {
    const samples = [{ labels: '', value: '0' }];
    yield* familyLines({ ...up, samples }, openMetrics);
  }
  if (openMetrics) yield '# EOF\n';
}

/** How many series each family would have, those without any left out. */
export function* countSeries(reading: MetricsReading, style: MetricsStyle): Generator<[name: string, count: number]> {
  for (const { name, samples } of families(reading, style)) {
    const count = [...samples].length;
    if (count > 0) yield [name, count];
  }
}
