import { setImmediate } from 'node:timers/promises';
import type { Clock } from '../../../src/ports/clock.js';

interface Sleeper {
  readonly at: number;
  readonly wake: () => void;
}

/** A clock that stands still until it is moved: what sleeps wakes in order, and has its turn before the next one does. */
export class VirtualClock implements Clock {
  readonly #turns: number;
  #now = 0;
  readonly #sleepers = new Set<Sleeper>();

  /** @param turns of the event loop that whoever wakes has until time goes on. */
  constructor(turns = 12) {
    this.#turns = turns;
  }

  now(): number {
    return this.#now;
  }

  sleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const sleeper: Sleeper = {
        at: this.#now + Math.max(0, milliseconds),
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
    for (let turn = 0; turn < this.#turns; turn++) await setImmediate();
  }

  /** Moves on. */
  async pass(milliseconds: number): Promise<void> {
    const end = this.#now + milliseconds;
    await this.rest();
    for (;;) {
      let next: Sleeper | undefined;
      // They are in the order in which they began to sleep.
      for (const sleeper of this.#sleepers) if (next === undefined || sleeper.at < next.at) next = sleeper;
      if (next === undefined || next.at > end) break;
      this.#now = next.at;
      next.wake();
      await this.rest();
    }
    this.#now = end;
  }
}
