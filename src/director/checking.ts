// Makes checks when they are due, and hands their results over. Bounded: so many at a time, one of each at a time.

import type { Outcome, StartCheck } from '../health/outcome.js';
import { isUndecided, nextCheck } from '../health/probe.js';
import { spread } from '../health/target.js';
import type { Probe } from '../health/watch.js';
import type { Clock } from '../ports/clock.js';
import { printable } from '../text/printable.js';
import { DueList } from './due-list.js';

/** What checking needs. */
export interface CheckingOptions {
  readonly start: StartCheck;
  readonly clock: Clock;
  /** Told of each result; the state of the check has to have it then. */
  readonly onResult: (probe: Probe, startedAt: number, outcome: Outcome) => void;
  /** What spreads checks differently from another director. */
  readonly salt: string;
  /** Checks at a time. */
  readonly most: number;
}

/** A check in the list of what is due. */
interface Planned {
  readonly probe: Probe;
  /** When it is due, in milliseconds of the monotonic clock. */
  due: number;
  /** When it was started last. */
  started: number;
  /** Ends the check that is being made. */
  stop: (() => void) | undefined;
  /** Those who wait for its next result. */
  waiting: (() => void)[];
}

/** First checks come within this time, in milliseconds. */
const firstSpread = 1000;

/** Checks start in groups, this many milliseconds apart: a turn of the event loop for each costs as much as the check. */
const grain = 40;

/** Milliseconds after which a check is late, and one that is being made is stuck. */
const lateAfter = 10_000;

/** Starts whose lateness is remembered. */
const rememberedStarts = 1024;

/** Makes the checks of probes. */
export class Checking {
  readonly #options: CheckingOptions;
  readonly #planned = new Map<string, Planned>();
  readonly #due = new DueList<Planned>();
  readonly #lateness: number[] = [];
  #starts = 0;
  #running = 0;
  #wake = new AbortController();
  #ended = false;

  constructor(options: CheckingOptions) {
    this.#options = options;
  }

  /** Checks that are being made. */
  get running(): number {
    return this.#running;
  }

  /** How many are in the list of what is due, with those that were planned anew or given up since. */
  get due(): number {
    return this.#due.size;
  }

  /** How many have been started. */
  get starts(): number {
    return this.#starts;
  }

  /** How late the last checks were started, in milliseconds, in no order. */
  get lateness(): readonly number[] {
    return this.#lateness;
  }

  /**
   * Whether a check is due for long that could have been made, or should have ended long ago: this process does not get on.
   * Where all that may be made at a time take long, within their deadlines, others are late without its fault.
   */
  isLate(now: number): boolean {
    const isDue = this.#running < this.#options.most && now - (this.#due.next ?? now) > lateAfter;
    return isDue || this.#hasStuck(now);
  }

  /** Whether a check is being made long after its deadline. */
  #hasStuck(now: number): boolean {
    for (const { stop, started, probe } of this.#planned.values()) {
      if (stop !== undefined && now - started > probe.target.check.timeout * 1000 + lateAfter) return true;
    }
    return false;
  }

  /** When a check is made next, in milliseconds of the monotonic clock; undefined: it is being made. */
  nextOf({ id }: Probe): number | undefined {
    const planned = this.#planned.get(id);
    return planned?.stop === undefined ? planned?.due : undefined;
  }

  /** Makes the checks of these probes from now on, and of no others. What is being made of them goes on. */
  keep(probes: ReadonlyMap<string, Probe>): void {
    const { clock, salt } = this.#options;
    for (const [id, planned] of this.#planned) {
      if (probes.get(id) === planned.probe) continue;
      this.#planned.delete(id);
      this.#stop(planned);
    }
    const now = clock.now();
    for (const [id, probe] of probes) {
      if (this.#planned.has(id)) continue;
      const due = now + spread(salt + id) * Math.min(firstSpread, probe.target.check.fastInterval * 1000);
      const planned = { probe, due, started: 0, stop: undefined, waiting: [] };
      this.#planned.set(id, planned);
      this.#plan(planned, due);
    }
    this.#wakeUp();
  }

  /** Makes a check at once, and resolves when its result is there, or it is given up. */
  async now({ id }: Probe): Promise<void> {
    const planned = this.#planned.get(id);
    if (planned === undefined) return;
    const result = new Promise<void>((resolve) => planned.waiting.push(resolve));
    if (planned.stop === undefined) this.#plan(planned, this.#options.clock.now());
    this.#wakeUp();
    await result;
  }

  /** Makes checks until `end`. */
  async run(): Promise<void> {
    const { clock, most } = this.#options;
    while (!this.#ended) {
      const next = this.#running < most ? this.#due.next : undefined;
      const wait = next === undefined ? 3_600_000 : Math.ceil(next / grain) * grain - clock.now();
      if (wait > 0) await clock.sleep(wait, this.#wake.signal);
      if (this.#wake.signal.aborted) this.#wake = new AbortController();
      this.#startDue(clock.now());
    }
  }

  #startDue(now: number): void {
    while (this.#running < this.#options.most && !this.#ended) {
      const entry = this.#due.take(now);
      if (entry === undefined) return;
      const { item, due } = entry;
      // What was planned anew since is in the list a second time, and what was given up still.
      if (item.due !== due || item.stop !== undefined || this.#planned.get(item.probe.id) !== item) continue;
      this.#lateness[this.#starts % rememberedStarts] = now - due;
      this.#starts++;
      this.#start(item, now);
    }
  }

  #start(planned: Planned, now: number): void {
    const { start, onResult, clock } = this.#options;
    const { probe } = planned;
    this.#running++;
    planned.started = now;
    const done = (outcome: Outcome): void => {
      planned.stop = undefined;
      this.#running--;
      const isFirst = !probe.state.isKnown;
      onResult(probe, now, outcome);
      this.#plan(planned, this.#nextOf(probe, now, clock.now(), isFirst));
      this.#answer(planned);
      if (this.#running === this.#options.most - 1) this.#wakeUp();
    };
    try {
      planned.stop = start(probe.target, done);
    } catch (error) {
      // A fault of one check is not the end of all.
      done({ kind: 'unknown', reason: printable(String(error)) });
    }
  }

  /** Those that began together are spread over their interval. */
  #nextOf({ state, target: { check }, id }: Probe, started: number, ended: number, isFirst: boolean): number {
    if (!isFirst || isUndecided(state)) return nextCheck(state, check, started, ended);
    return ended + (0.1 + 0.9 * spread(`${this.#options.salt}${id} `)) * check.interval * 1000;
  }

  #plan(planned: Planned, due: number): void {
    planned.due = due;
    const first = this.#due.next;
    this.#due.add(planned, due);
    if (first === undefined || due < first) this.#wakeUp();
  }

  #stop(planned: Planned): void {
    if (planned.stop !== undefined) {
      planned.stop();
      planned.stop = undefined;
      this.#running--;
    }
    this.#answer(planned);
  }

  #answer(planned: Planned): void {
    const waiting = planned.waiting;
    planned.waiting = [];
    for (const resolve of waiting) resolve();
  }

  #wakeUp(): void {
    this.#wake.abort();
  }

  /** Ends all checks that are being made, and makes no more. */
  end(): void {
    this.#ended = true;
    for (const planned of this.#planned.values()) this.#stop(planned);
    this.#planned.clear();
    this.#wakeUp();
  }
}
