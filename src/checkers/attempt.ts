import type { NotPassed, Outcome } from '../health/outcome.js';
import { busyHost, outcomeOf } from './failures.js';
import { stalledSince, unwatchStalls, watchStalls } from './stalls.js';

/** Told what a check found out. */
export type Done = (outcome: Outcome) => void;

/**
 * One check from its start to its outcome, within one deadline: whatever ends it first ends it, and what was opened for it is
 * closed then.
 */
export class Attempt {
  /** One function for all timers. */
  static readonly #expire = (attempt: Attempt): void => {
    attempt.#timeIsUp();
  };

  /** Seconds for the whole of it. */
  readonly seconds: number;
  /** What silence until the deadline says. */
  silence: Outcome;
  /** Whether it is this host's trouble where nobody answers: nothing is known about the server then. */
  unreachableSaysNothing = false;

  readonly #began = performance.now();
  #due: number;
  #timer: NodeJS.Timeout;
  #turn: NodeJS.Immediate | undefined;
  #done: Done | undefined;
  #isOver = false;
  #settled: (() => Outcome) | undefined;
  readonly #opened: (() => void)[] = [];

  constructor(seconds: number, done: Done) {
    this.seconds = seconds;
    this.silence = { kind: 'unreachable', reason: `no answer within ${seconds} s` };
    this.#done = done;
    this.#due = this.#began + 1000 * seconds;
    this.#timer = setTimeout(Attempt.#expire, Math.ceil(1000 * seconds), this);
    watchStalls();
  }

  /** Whether its outcome is known, or nobody wants to know it any more. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** Whether only the closing is left. */
  get isSettled(): boolean {
    return this.#isOver || this.#settled !== undefined;
  }

  /** Has that called when this ends, however it does; what was opened last is closed first. */
  onEnd(close: () => void): void {
    this.#opened.push(close);
  }

  /** Ends it. Only the first end counts. */
  end(outcome: Outcome): void {
    if (this.#isOver) return;
    const judged = this.#judged(outcome);
    this.#close();
    process.nextTick(() => {
      this.#done?.(judged);
    });
  }

  /** Ends it for an error, unless the outcome is settled. */
  fail(cause: unknown, securing = false): void {
    const outcome = outcomeOf(cause, securing);
    // A client that is not welcome learns so only after the handshake of TLS 1.3, with the first answer.
    this.end(outcome.kind === 'said-no' ? outcome : this.#verdict(outcome));
  }

  /** Ends it because the server sends no more, unless the outcome is settled. */
  lost(outcome: NotPassed): void {
    this.end(this.#verdict(outcome));
  }

  /** Leaves so many milliseconds for closing, at most what is left until the deadline. Then the verdict is the outcome. */
  settle(verdict: () => Outcome, milliseconds: number): void {
    if (this.isSettled) return;
    this.#settled = verdict;
    this.#due = Math.min(this.#due, performance.now() + milliseconds);
    clearTimeout(this.#timer);
    clearImmediate(this.#turn);
    this.#wait();
  }

  /** Ends it with what was settled, before the time for that is up. */
  conclude(): void {
    if (this.#settled !== undefined) this.end(this.#settled());
  }

  /** Ends it without an outcome. */
  stop(): void {
    this.#done = undefined;
    if (!this.#isOver) this.#close();
  }

  #timeIsUp(): void {
    if (this.#due - performance.now() > 1) {
      // Timers count from the beginning of a turn of the event loop, which may have been long ago.
      this.#wait();
    } else if (this.#settled !== undefined) this.conclude();
    else {
      // Timers run before what has arrived is read: an answer that is there already has to win.
      this.#turn = setImmediate(() => {
        this.#turn = setImmediate(() => {
          this.end(stalledSince(this.#began) ? busyHost : this.silence);
        });
      });
    }
  }

  #wait(): void {
    this.#timer = setTimeout(Attempt.#expire, Math.max(1, Math.ceil(this.#due - performance.now())), this);
  }

  #verdict(otherwise: NotPassed): Outcome {
    return this.#settled === undefined ? otherwise : this.#settled();
  }

  #judged(outcome: Outcome): Outcome {
    if (outcome.kind !== 'unreachable') return outcome;
    // Whoever is too slow to ask is hung up on.
    if (stalledSince(this.#began)) return busyHost;
    return this.unreachableSaysNothing ? { kind: 'unknown', reason: outcome.reason } : outcome;
  }

  #close(): void {
    this.#isOver = true;
    clearTimeout(this.#timer);
    clearImmediate(this.#turn);
    unwatchStalls();
    for (let index = this.#opened.length - 1; index >= 0; index--) {
      try {
        this.#opened[index]?.();
      } catch {
        // It is closed already.
      }
    }
  }
}
