import { constants } from 'node:os';
import type { EndSignal, Machine } from '../ports/io.js';

/** Signals that ask a command to end, heard from its making until `stop`. */
export class Ending {
  readonly #controller = new AbortController();
  readonly #unsubscribe: () => void;
  #received: EndSignal | undefined;

  constructor(machine: Pick<Machine, 'onSignal'>) {
    this.#unsubscribe = machine.onSignal((signal) => {
      this.#received ??= signal;
      this.#controller.abort();
    });
  }

  /** Aborted by the first of them. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** The exit status that it stands for, 128 plus its number; undefined where none came. */
  get status(): number | undefined {
    return this.#received === undefined ? undefined : 128 + constants.signals[this.#received];
  }

  /** Signals end the process again. */
  stop(): void {
    this.#unsubscribe();
  }
}
