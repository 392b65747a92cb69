import { realpathSync } from 'node:fs';
import type { AddressFamily } from '../model/address.js';

/** What is to be sent, and for how long. */
export interface Echo {
  readonly family: AddressFamily;
  readonly address: string;
  /** Requests of which one has to be answered. */
  readonly count: number;
  /** Seconds for all of them. */
  readonly seconds: number;
  readonly source: string | undefined;
}

/** A program that sends ICMP's echo requests. */
export interface PingProgram {
  readonly path: string;
  readonly kind: 'fping' | 'iputils' | 'busybox';
}

/** PATH is not used: what root runs must not depend on who set it. */
const places: readonly (readonly [path: string, kind: 'fping' | 'ping'])[] = [
  ['/usr/bin/fping', 'fping'],
  ['/usr/sbin/fping', 'fping'],
  ['/bin/ping', 'ping'],
  ['/usr/bin/ping', 'ping'],
];

/** The first program that is there; undefined where there is none. */
export function findPing(realPath: (path: string) => string = realpathSync): PingProgram | undefined {
  for (const [path, kind] of places) {
    try {
      const real = realPath(path);
      if (kind === 'fping') return { path, kind };
      return { path, kind: real.endsWith('/busybox') ? 'busybox' : 'iputils' };
    } catch {
      // It is not there.
    }
  }
  return undefined;
}

/** Milliseconds between requests of ping; who is not root may not ask for less. */
const gap = 200;

/** The arguments of each program. All end with status 0 when one request was answered, and with 1 when none was. */
const argumentsOf: Readonly<Record<PingProgram['kind'], (echo: Echo) => readonly string[]>> = {
  // Retries end with the first answer. Each is given the same part of the time, as none waits longer than the one before.
  fping: ({ address, count, seconds, source }) => [
    '-q',
    ...['-r', String(count - 1), '-B', '1', '-t', String(Math.max(1, Math.floor((1000 * seconds) / count)))],
    ...(source === undefined ? [] : ['-S', source]),
    address,
  ],
  iputils: ({ family, address, count, seconds, source }) => [
    ...['-n', '-q', family === 'inet' ? '-4' : '-6'],
    ...['-c', String(count), '-i', String(gap / 1000)],
    ...['-W', String(Math.max(0.01, seconds - ((count - 1) * gap) / 1000))],
    ...(source === undefined ? [] : ['-I', source]),
    address,
  ],
  busybox: ({ family, address, count, seconds, source }) => [
    ...['-q', family === 'inet' ? '-4' : '-6'],
    ...['-c', String(count), '-W', String(Math.ceil(seconds))],
    ...(source === undefined ? [] : ['-I', source]),
    address,
  ],
};

/** The program and its arguments. */
export function pingCommand({ path, kind }: PingProgram, echo: Echo): readonly string[] {
  return [path, ...argumentsOf[kind](echo)];
}
