import { setImmediate } from 'node:timers/promises';
import type { Clock } from '../../../src/ports/clock.js';

interface Sleeper {
  readonly at: number;
  readonly number: number;
  readonly wake: () => void;
}

/** A clock that stands still until it is moved: what sleeps wakes in order, and has its turn before the next one does. */
export class VirtualClock implements Clock {
  #now = 0;
  #count = 0;
  readonly #sleepers = new Set<Sleeper>();

  now(): number {
    return this.#now;
  }

  sleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const sleeper: Sleeper = {
        at: this.#now + Math.max(0, milliseconds),
        number: this.#count++,
        wake: () => {
          this.#sleepers.delete(sleeper);
          signal?.removeEventListener('abort', sleeper.wake);
          resolve();
        },
      };
      if (signal?.aborted === true) {
        resolve();
        return;
      }
      signal?.addEventListener('abort', sleeper.wake, { once: true });
      this.#sleepers.add(sleeper);
    });
  }

  /** Lets everything run that can without time passing. */
  async rest(): Promise<void> {
    for (let turn = 0; turn < 12; turn++) await setImmediate();
  }

  /** Moves on. */
  async pass(milliseconds: number): Promise<void> {
    const end = this.#now + milliseconds;
    await this.rest();
    for (;;) {
      const [next] = [...this.#sleepers].sort((a, b) => a.at - b.at || a.number - b.number);
      if (next === undefined || next.at > end) break;
      this.#now = next.at;
      next.wake();
      await this.rest();
    }
    this.#now = end;
  }
}
