import type { RealServer } from './server.js';
import type { VirtualService } from './service.js';

/** Names of the counters and rates, in the kernel's order: IPVS_STATS_ATTR_CONNS and what follows it. */
export const counterNames = [
  'connections',
  'incomingPackets',
  'outgoingPackets',
  'incomingBytes',
  'outgoingBytes',
  'connectionRate',
  'incomingPacketRate',
  'outgoingPacketRate',
  'incomingByteRate',
  'outgoingByteRate',
] as const satisfies readonly (keyof Statistics)[];

/**
 * Counters since the start or the last zeroing, and rates per second (an average over the last seconds). `JSON.stringify`
 * writes those that the client has read as strings of decimal digits, which hold every number; a copy made by `...` has to
 * be converted by who makes it.
 */
export interface Statistics {
  readonly connections: bigint;
  readonly incomingPackets: bigint;
  readonly outgoingPackets: bigint;
  readonly incomingBytes: bigint;
  readonly outgoingBytes: bigint;
  /** New connections a second. */
  readonly connectionRate: bigint;
  readonly incomingPacketRate: bigint;
  readonly outgoingPacketRate: bigint;
  /** Bytes, not bits, a second. */
  readonly incomingByteRate: bigint;
  readonly outgoingByteRate: bigint;
}

/** Counters without rates of the whole kernel: those of removed services are in them. */
export type Totals = Pick<
  Statistics,
  'connections' | 'incomingPackets' | 'outgoingPackets' | 'incomingBytes' | 'outgoingBytes'
>;

/** Counters as `JSON.stringify` writes them: always strings, so that a reader meets one type whatever the number. */
export type StatisticsJson = Readonly<Record<keyof Statistics, string>>;

function toJSON(this: Statistics): StatisticsJson {
  const texts: Partial<Record<keyof Statistics, string>> = {};
  for (const name of counterNames) texts[name] = String(this[name]);
  return texts as StatisticsJson;
}

/** Makes counters that `JSON.stringify` can write. What makes it so is not enumerable: they compare as plain objects. */
export function statistics(counter: (name: keyof Statistics) => number | bigint): Statistics {
  const counters: Partial<Record<keyof Statistics, bigint>> = {};
  for (const name of counterNames) counters[name] = BigInt(counter(name));
  return Object.defineProperty(counters, 'toJSON', { value: toJSON }) as Statistics;
}

/** In place of counters that can't be read: zeros that are known by their identity not to be numbers of anything. */
export const unknownStatistics: Statistics = statistics(() => 0);

/** Connections that a real server has now. */
export interface ConnectionCounts {
  /**
   * TCP and SCTP connections that are established or being set up; those of other protocols count as inactive. Source:
   * tcp_state_active_table in net/netfilter/ipvs/ip_vs_proto_tcp.c.
   */
  readonly activeConnections: number;
  readonly inactiveConnections: number;
  /** Persistence templates: clients that are bound to this server. */
  readonly persistentConnections: number;
}

/** A virtual service as the kernel reports it. */
export interface ServiceEntry extends VirtualService {
  readonly statistics: Statistics;
}

/** A real server and its connections. */
export interface ServerState extends RealServer, ConnectionCounts {}

/** A real server as the kernel reports it. */
export interface ServerEntry extends ServerState {
  readonly statistics: Statistics;
}

/** Seconds that idle connections are kept, by kind; 1..2678400. In a request, 0 keeps the current value. */
export interface Timeouts {
  readonly tcp: number;
  readonly tcpFin: number;
  readonly udp: number;
}

/** Role of a connection synchronisation daemon. Source: IP_VS_STATE_MASTER, IP_VS_STATE_BACKUP. */
export type SyncRole = 'master' | 'backup';

/** A connection synchronisation daemon. */
export interface SyncDaemon {
  readonly role: SyncRole;
  /** Identifier of the group of directors, 0..255. */
  readonly syncId: number;
  /** Network interface, 1..15 bytes, that the multicast goes over. */
  readonly interface: string;
  /** Longest message in bytes, 1..65507; 0: the kernel's default, by the interface's MTU. */
  readonly maxLength: number;
  /** Multicast group in canonical text form; undefined: 224.0.0.81. */
  readonly group?: string | undefined;
  /** UDP port, 1..65535; 0: 8848. */
  readonly port: number;
  /** Multicast TTL, 1..255; 0: 1. */
  readonly ttl: number;
}

/** What the kernel reports about its IPVS. */
export interface IpvsInfo {
  readonly version: { readonly major: number; readonly minor: number; readonly patch: number };
  /** Slots of the connection hash table. Linux 7 has none, 0, until there was a service. */
  readonly connectionTableSize: number;
}
