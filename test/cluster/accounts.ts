import type { Cluster } from './cluster.js';
import { parseConnections, parseTraffic, settled, type Traffic } from './listings.js';

/** What the client's own kernel counted. Source: /proc/net/snmp and /proc/net/netstat. */
export interface Counters {
  readonly sentSegments: number;
  readonly receivedSegments: number;
  readonly sentDatagrams: number;
  readonly receivedDatagrams: number;
  readonly sentBytes: number;
  readonly receivedBytes: number;
}

/** Reads pairs of lines, the names and the numbers. */
function parseSnmp(text: string): Map<string, number> {
  const numbers = new Map<string, number>();
  const lines = text.trimEnd().split('\n');
  for (let index = 0; index + 1 < lines.length; index += 2) {
    const [group = '', ...names] = (lines[index] ?? '').split(' ');
    const [, ...values] = (lines[index + 1] ?? '').split(' ');
    for (const [place, name] of names.entries()) numbers.set(`${group}${name}`, Number(values[place]));
  }
  return numbers;
}

/** Reads the client's counters. Bytes are those of IPv4. */
export async function clientCounters(cluster: Cluster): Promise<Counters> {
  const text = await cluster.run('client', 'cat /proc/net/snmp /proc/net/netstat /proc/net/snmp6');
  const numbers = parseSnmp(text.replace(/^\S+\s+\d+\n/gm, ''));
  const six = new Map([...text.matchAll(/^(\S+)\s+(\d+)$/gm)].map(([, name, value]) => [name, Number(value)]));
  const of = (name: string): number => numbers.get(name) ?? NaN;
  return {
    sentSegments: of('Tcp:OutSegs') + of('Tcp:RetransSegs'),
    receivedSegments: of('Tcp:InSegs'),
    sentDatagrams: of('Udp:OutDatagrams') + (six.get('Udp6OutDatagrams') ?? NaN),
    receivedDatagrams: of('Udp:InDatagrams') + (six.get('Udp6InDatagrams') ?? NaN),
    sentBytes: of('IpExt:OutOctets'),
    receivedBytes: of('IpExt:InOctets'),
  };
}

/** What was counted between two readings. */
export function difference(before: Counters, after: Counters): Counters {
  const names = Object.keys(before) as (keyof Counters)[];
  return Object.fromEntries(names.map((name) => [name, after[name] - before[name]])) as unknown as Counters;
}

/** The counters of services and servers as our listing shows them, once the kernel has added up that many packets. */
export async function trafficOnce(
  cluster: Cluster,
  isSettled: (traffic: readonly Traffic[]) => boolean,
): Promise<readonly Traffic[]> {
  return settled(async () => parseTraffic(await cluster.ipvsadm('-Ln --stats --exact')), isSettled);
}

/**
 * The counters of services and servers, and what the client has sent since a reading, once both agree on its segments: an
 * acknowledgement may come after either was read.
 */
export async function agreedTraffic(
  cluster: Cluster,
  start: Counters,
): Promise<{ readonly sent: Counters; readonly traffic: readonly Traffic[] }> {
  return settled(
    async () => ({
      sent: difference(start, await clientCounters(cluster)),
      traffic: parseTraffic(await cluster.ipvsadm('-Ln --stats --exact')),
    }),
    ({ sent, traffic }) => traffic[0]?.incomingPackets === sent.sentSegments,
  );
}

/** The connections as our listing shows them: `client -> virtual service -> server`, sorted. */
export async function listedConnections(cluster: Cluster): Promise<string[]> {
  return parseConnections(await cluster.ipvsadm('-Lcn'))
    .map(({ protocol, source, virtual, destination }) => `${protocol} ${source} -> ${virtual} -> ${destination}`)
    .sort();
}
