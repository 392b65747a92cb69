import { setTimeout as sleep } from 'node:timers/promises';

/** A service or server of `-Ln --stats`. */
export interface Traffic {
  /** `TCP 192.0.2.100:80`, or the address and port of a server. */
  readonly name: string;
  readonly connections: number;
  readonly incomingPackets: number;
  readonly outgoingPackets: number;
  readonly incomingBytes: number;
  readonly outgoingBytes: number;
}

/** The lines of `-Ln --stats --exact`. */
export function parseTraffic(listing: string): Traffic[] {
  return [...listing.matchAll(/^(?: {2}-> |(\w+) {2})(\S+)(?: \S+)*?((?: +\d+){5})$/gm)].map(
    ([, protocol, name = '', numbers = '']) => {
      const [
        connections = NaN,
        incomingPackets = NaN,
        outgoingPackets = NaN,
        incomingBytes = NaN,
        outgoingBytes = NaN,
      ] = numbers.trim().split(/ +/).map(Number);
      return {
        name: protocol === undefined ? name : `${protocol} ${name}`,
        connections,
        incomingPackets,
        outgoingPackets,
        incomingBytes,
        outgoingBytes,
      };
    },
  );
}

/** A connection of `-Lcn`. */
export interface Connection {
  readonly protocol: string;
  readonly state: string;
  readonly source: string;
  readonly virtual: string;
  readonly destination: string;
}

/** The lines of `-Lcn`. */
export function parseConnections(listing: string): Connection[] {
  return [...listing.matchAll(/^(\S+) +\d+:\d\d +(\S+) +(\S+) +(\S+) +(\S+)/gm)].map(
    ([, protocol = '', state = '', source = '', virtual = '', destination = '']) => ({
      protocol,
      state,
      source,
      virtual,
      destination,
    }),
  );
}

/** A server of `-Ln`. */
export interface ListedServer {
  readonly name: string;
  readonly forwarding: string;
  readonly weight: number;
  readonly active: number;
  readonly inactive: number;
}

/** The servers of `-Ln`, in its order. */
export function parseServers(listing: string): ListedServer[] {
  return [...listing.matchAll(/^ {2}-> (\S+) +([A-Z]\w+) +(\d+) +(\d+) +(\d+) *$/gm)].map(
    ([, name = '', forwarding = '', weight, active, inactive]) => ({
      name,
      forwarding,
      weight: Number(weight),
      active: Number(active),
      inactive: Number(inactive),
    }),
  );
}

/** What takes longer than this does not come any more. */
const settleSeconds = 60;

/**
 * Asks again and again until the answer is what it should be: the kernel adds counters up every two seconds and forgets
 * connections when their time is over. After a minute the last answer is returned for the test to complain about.
 */
export async function settled<T>(ask: () => Promise<T>, isSettled: (answer: T) => boolean): Promise<T> {
  const deadline = performance.now() + settleSeconds * 1000;
  for (;;) {
    const answer = await ask();
    if (isSettled(answer) || performance.now() > deadline) return answer;
    await sleep(100);
  }
}
