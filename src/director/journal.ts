// Lines for whoever watches the daemon: one for each change of state, and never more than can be read.

import { matters, type Change } from '../health/watch.js';
import type { Output } from '../ports/io.js';
import { printable } from '../text/printable.js';

/** Priorities of syslog, as journald reads them at the start of a line. Source: syslog(3). */
export const priorities = { error: 3, warning: 4, notice: 5, info: 6 } as const;

/** How important a line is. */
export type Priority = keyof typeof priorities;

/** Lines of one kind at a time; the rest is counted. */
const mostLines = 20;

/** Lines about one server within `memory` milliseconds; more is said once, and then nothing. */
const mostOfServer = 10;
const memory = 600_000;

/** Bytes that wait for a slow reader; lines beyond are dropped and counted. */
const mostWaiting = 256 * 1024;

interface Spoken {
  readonly times: number[];
  isMuted: boolean;
}

/** Writes lines. */
export class Journal {
  readonly #output: Output;
  readonly #hasPriorities: boolean;
  readonly #spoken = new Map<string, Spoken>();
  #waiting = 0;
  #dropped = 0;
  #last: Promise<void> = Promise.resolve();

  /** @param hasPriorities whether lines begin with `<N>`, which journald takes off. */
  constructor(output: Output, hasPriorities: boolean) {
    this.#output = output;
    this.#hasPriorities = hasPriorities;
  }

  /** Servers of which it remembers what was said. */
  get remembered(): number {
    return this.#spoken.size;
  }

  /** Writes a line, or several where the text has several. It waits for nobody. */
  say(priority: Priority, text: string): void {
    const start = this.#hasPriorities ? `<${priorities[priority]}>` : '';
    const line = text
      .split('\n')
      .map((one) => `${start}${printable(one)}\n`)
      .join('');
    if (this.#waiting + line.length > mostWaiting) {
      this.#dropped++;
      return;
    }
    this.#waiting += line.length;
    this.#last = this.#last
      .then(() => this.#output.write(line))
      // A log that can't be written is no reason to stop.
      .catch(() => undefined)
      .then(() => {
        this.#waiting -= line.length;
        const dropped = this.#dropped;
        if (dropped === 0 || this.#waiting > 0) return;
        this.#dropped = 0;
        this.say('warning', `${dropped} lines were dropped: nobody read them in time`);
      });
  }

  /** Says what changed. @param now milliseconds of the monotonic clock. */
  changes(changes: readonly Change[], now: number): void {
    const counts = new Map<string, number>();
    for (const change of changes) {
      const line = lineOf(change);
      if (line === undefined) continue;
      const count = (counts.get(line.kind) ?? 0) + 1;
      counts.set(line.kind, count);
      if (count > mostLines) continue;
      if (change.kind === 'server' && this.#isMuted(change.server.name, now)) continue;
      this.say(line.priority, line.text);
    }
    for (const [kind, count] of counts) {
      if (count > mostLines) this.say('warning', `... and ${count - mostLines} more ${kind}`);
    }
  }

  #isMuted(name: string, now: number): boolean {
    const spoken = this.#spoken.get(name) ?? { times: [], isMuted: false };
    this.#spoken.set(name, spoken);
    while ((spoken.times[0] ?? now) < now - memory) spoken.times.shift();
    if (spoken.times.length < mostOfServer) {
      spoken.isMuted = false;
      spoken.times.push(now);
      return false;
    }
    if (!spoken.isMuted) {
      spoken.isMuted = true;
      this.say('warning', `${name} goes up and down: its next changes are not logged, ipvsadm checks shows them`);
    }
    return true;
  }

  /** Forgets servers that are gone. */
  keep(isThere: (name: string) => boolean): void {
    for (const name of this.#spoken.keys()) if (!isThere(name)) this.#spoken.delete(name);
  }

  /** Resolves when all lines are written. */
  async flush(): Promise<void> {
    await this.#last;
  }
}

interface Line {
  readonly priority: Priority;
  readonly text: string;
  /** For counting: `servers are down`. */
  readonly kind: string;
}

function lineOf(change: Change): Line | undefined {
  if (change.kind === 'service') {
    const { service, to, healthy, of } = change;
    const count = `${healthy} of ${of} servers healthy`;
    const who = service.settings.failOpen === 'all' ? 'are down' : 'did not answer';
    const texts = {
      normal: ['notice', `${service.name}: ${count}: served by them again`],
      sorry: ['warning', `${service.name}: ${count}: the sorry server takes over`],
      open: ['warning', `${service.name}: ${count}: fails open, those that ${who} get connections, too`],
      short: ['warning', `${service.name}: ${count}: too few, and none of the others may get connections`],
      closed: ['error', `${service.name}: ${count}: nobody gets connections`],
    } as const;
    const [priority, text] = texts[to];
    return { priority, text, kind: `services: ${to}` };
  }
  if (!matters(change)) return undefined;
  const { server, to, reason } = change;
  const why = reason === undefined ? '' : `: ${reason}`;
  if (to === 'down') return { priority: 'warning', text: `${server.name} is down${why}`, kind: 'servers are down' };
  if (to === 'up') return { priority: 'notice', text: `${server.name} is up${why}`, kind: 'servers are up' };
  return {
    priority: 'warning',
    text: `${server.name}: nothing is known${why}; it stays as it is`,
    kind: 'servers of which nothing is known',
  };
}
