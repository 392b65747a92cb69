import type { IpvsClient } from '../client/client.js';
import { serverId, type RealServer } from '../model/server.js';
import { describeEndpoint, describeService, isFirewallMark, type ServiceKey } from '../model/service.js';
import type { ConnectionCounts } from '../model/state.js';
import type { Clock } from '../ports/clock.js';

/** A server that is to go away, and its service. */
export interface LeavingServer {
  readonly key: ServiceKey;
  readonly server: RealServer;
}

/** A server that still has connections. */
export interface BusyServer {
  /** Such as `192.0.2.7:80 of TCP 192.0.2.1:80`. */
  readonly subject: string;
  /** Connections that have to end, as `openConnections` counts them. */
  readonly connections: number;
}

/** Which connections of a server have to end before it is empty: those that are open, or all that the kernel remembers. */
export type EmptyRule = 'open' | 'all';

/**
 * Connections of a server that have to end before it is empty: active ones. Those of UDP count as inactive always, so all of
 * them do. With `all` the inactive ones of TCP, too, and clients that persistence binds to the server.
 */
export function openConnections(
  key: ServiceKey,
  { activeConnections, inactiveConnections, persistentConnections }: ConnectionCounts,
  rule: EmptyRule = 'open',
): number {
  if (rule === 'all') return activeConnections + inactiveConnections + persistentConnections;
  const isUdp = !isFirewallMark(key) && key.protocol === 'udp';
  return isUdp ? activeConnections + inactiveConnections : activeConnections;
}

/** How far a drain is. */
export interface DrainProgress {
  /** How many servers are to go away. */
  readonly servers: number;
  /** Those of them that still have active connections. */
  readonly busy: readonly BusyServer[];
  /** Servers that somebody gave a weight again meanwhile, such as `192.0.2.7:80 of TCP 192.0.2.1:80`. */
  readonly back: readonly string[];
  readonly secondsLeft: number;
}

/** How a drain is carried out. */
export interface DrainOptions {
  /** Longest time to wait; Infinity: as long as it takes. */
  readonly seconds: number;
  /** Default: `open`. */
  readonly rule?: EmptyRule | undefined;
  /** True: ends as soon as one of the servers has a weight again. */
  readonly endsWhenBack?: boolean | undefined;
  readonly clock: Clock;
  /** Ends the waiting when it is aborted. */
  readonly signal?: AbortSignal | undefined;
  /** Told at the start and after every look at the connections. */
  readonly onProgress?: ((progress: DrainProgress) => Promise<void> | void) | undefined;
}

/** Milliseconds between two looks at the connections. */
const interval = 500;

/**
 * Waits until servers that get no new connections have none that are open either, or the time is up.
 * A server that somebody else removed meanwhile has none.
 * @returns how it ended: `busy` is empty where all connections are gone.
 * @throws {KernelError} when the table can't be read.
 */
export async function drain(
  client: Pick<IpvsClient, 'serverStates'>,
  leaving: readonly LeavingServer[],
  { seconds, rule, endsWhenBack = false, clock, signal, onProgress }: DrainOptions,
): Promise<DrainProgress> {
  const end = clock.now() + 1000 * seconds;
  for (;;) {
    const { busy, back } = await busyServers(client, leaving, rule);
    const left = Math.max(0, end - clock.now());
    const progress = { servers: leaving.length, busy, back, secondsLeft: left / 1000 };
    await onProgress?.(progress);
    if (endsWhenBack && back.length > 0) return progress;
    if (busy.length === 0 || left === 0 || signal?.aborted === true) return progress;
    await clock.sleep(Math.min(interval, left), signal);
  }
}

async function busyServers(
  client: Pick<IpvsClient, 'serverStates'>,
  leaving: readonly LeavingServer[],
  rule: EmptyRule | undefined,
): Promise<Pick<DrainProgress, 'busy' | 'back'>> {
  const byService = new Map<string, { key: ServiceKey; ids: Set<string> }>();
  for (const { key, server } of leaving) {
    const name = describeService(key);
    const service = byService.get(name) ?? { key, ids: new Set() };
    service.ids.add(serverId(server));
    byService.set(name, service);
  }
  const busy: BusyServer[] = [];
  const back: string[] = [];
  for (const [name, { key, ids }] of byService) {
    for (const server of await client.serverStates(key)) {
      if (!ids.has(serverId(server))) continue;
      const subject = `${describeEndpoint(server)} of ${name}`;
      if (server.weight > 0) back.push(subject);
      const connections = openConnections(key, server, rule);
      if (connections > 0) busy.push({ subject, connections });
    }
  }
  return { busy, back };
}
