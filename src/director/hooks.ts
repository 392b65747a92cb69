// Programs that are told of changes: many changes at a time, one run of a program at a time, and not too often.

import { matters, type Change } from '../health/watch.js';
import type { Machine } from '../ports/io.js';
import type { Journal } from './journal.js';

/** Least time between two runs of a program, in milliseconds. */
const pause = 5000;

/** Changes that wait for a program's next run; of more only the number is told. */
const mostWaiting = 1000;

/** Longest time that a program may take, in seconds. */
const longestRun = 30;

interface Hook {
  readonly command: readonly string[];
  waiting: object[];
  left: number;
  isRunning: boolean;
  /** When it may run again, in milliseconds of the monotonic clock. */
  next: number;
}

/** What changed, as programs are told it. Names and words are stable. */
function describe(change: Change, at: string): object {
  if (change.kind === 'service') {
    const { service, from, to, healthy, of } = change;
    return { at, kind: 'service', service: service.name, from, to, healthy, of };
  }
  const { server, from, to, reason } = change;
  return { at, kind: 'server', service: server.service.name, server: server.name, from, to, reason };
}

/** Tells programs of changes. */
export class Hooks {
  readonly #machine: Pick<Machine, 'runHook' | 'clock' | 'date'>;
  readonly #journal: Journal;
  readonly #instance: string;
  readonly #hooks = new Map<string, Hook>();

  constructor(machine: Pick<Machine, 'runHook' | 'clock' | 'date'>, journal: Journal, instance: string) {
    this.#machine = machine;
    this.#journal = journal;
    this.#instance = instance;
  }

  /** Changes that programs were not told of yet. */
  get waiting(): number {
    let waiting = 0;
    for (const hook of this.#hooks.values()) waiting += hook.waiting.length;
    return waiting;
  }

  /** Notes what changed; `run` tells the programs of the services that it is about. */
  add(changes: readonly Change[]): void {
    const at = new Date(this.#machine.date()).toISOString();
    for (const change of changes) {
      const { onChange } = change.kind === 'service' ? change.service.settings : change.server.service.settings;
      if (onChange === undefined || !matters(change)) continue;
      const id = JSON.stringify(onChange);
      const hook = this.#hooks.get(id) ?? { command: onChange, waiting: [], left: 0, isRunning: false, next: 0 };
      this.#hooks.set(id, hook);
      if (hook.waiting.length < mostWaiting) hook.waiting.push(describe(change, at));
      else hook.left++;
    }
  }

  /** Runs the programs that have something to be told, and may run. */
  run(): void {
    for (const [id, hook] of this.#hooks) {
      if (hook.waiting.length === 0) {
        if (!hook.isRunning && this.#machine.clock.now() >= hook.next) this.#hooks.delete(id);
      } else if (!hook.isRunning && this.#machine.clock.now() >= hook.next) void this.#runOne(hook);
    }
  }

  async #runOne(hook: Hook): Promise<void> {
    const input = JSON.stringify({ instance: this.#instance, changes: hook.waiting, left: hook.left });
    Object.assign(hook, { waiting: [], left: 0, isRunning: true });
    const problem = await this.#machine.runHook(hook.command, `${input}\n`, longestRun).catch(String);
    if (problem !== undefined) this.#journal.say('error', `${hook.command[0] ?? ''}: ${problem}`);
    Object.assign(hook, { isRunning: false, next: this.#machine.clock.now() + pause });
  }
}
