// The results of one check of one host, and the clock, to its state; pure.

import type { Check } from '../documents/health-schema.js';
import type { NotPassed, Outcome, WeightWish } from './outcome.js';

/** What was known of a host before its first check. */
export type Assumption =
  /** It gets connections: it is taken for well until checks say otherwise. */
  | 'up'
  /** It is in the table without weight: it has to pass as often as one that was down. */
  | 'down'
  /** It is new: its first check decides. */
  | 'new';

/** The last result of a check. */
export interface LastResult {
  readonly outcome: Outcome;
  /** When it was there, in milliseconds of the monotonic clock. */
  readonly at: number;
  /** How long it took, in milliseconds. */
  readonly took: number;
}

/** State of one check of one host. Times are milliseconds of the monotonic clock. */
export interface ProbeState {
  readonly verdict: 'up' | 'down';
  /** Whether a result has counted: before that the verdict is an assumption. */
  readonly isKnown: boolean;
  /** Whether nothing was assumed, and nothing is known yet. */
  readonly isNew: boolean;
  /** Results in a row against the verdict. */
  readonly against: number;
  /** Results in a row that said nothing. */
  readonly unknowns: number;
  /** What the last failure was; undefined while it is up, since its last success. */
  readonly failure: Exclude<NotPassed['kind'], 'unknown'> | undefined;
  /** Since when the verdict is what it is. */
  readonly since: number;
  /** When it went down within the last ten minutes, the oldest first. */
  readonly falls: readonly number[];
  readonly last?: LastResult | undefined;
  /** What the server wished for when it said something last. */
  readonly wish?: WeightWish | undefined;
  /** Whether it wanted no new connections then. */
  readonly drains: boolean;
}

/** How long a fall makes the next return harder, in milliseconds. */
const fallMemory = 600_000;

/** Falls beyond this many make it no harder: `rise` is at most 16 times what it is. */
const mostFalls = 5;

/** Checks without a result after which nothing is known about a server. */
export const unknownAfter = 3;

/** The state before the first check. */
export function firstState(assumption: Assumption, now: number): ProbeState {
  return {
    verdict: assumption === 'up' ? 'up' : 'down',
    isKnown: false,
    isNew: assumption === 'new',
    against: 0,
    unknowns: 0,
    failure: undefined,
    since: now,
    falls: [],
    drains: false,
  };
}

/** How many successes in a row bring it back: more for one that fell again and again. */
export function risesNeeded({ isNew, falls }: ProbeState, { rise }: Pick<Check, 'rise'>): number {
  return isNew ? 1 : rise * 2 ** Math.max(0, falls.length - 1);
}

/** Whether it fell more than once in ten minutes. */
export function isFlapping({ falls }: ProbeState): boolean {
  return falls.length > 1;
}

/** Whether a failure of its kind would take it down, if it counts. */
export function isFalling({ verdict, against }: ProbeState, { fall }: Pick<Check, 'fall'>, extra = 0): boolean {
  return verdict === 'up' && against + 1 >= fall + extra;
}

/**
 * The state after a result.
 * @param extra failures that it takes beyond `fall`: while much fails at once, one more.
 */
export function afterResult(state: ProbeState, check: Check, result: LastResult, extra = 0): ProbeState {
  const { outcome, at } = result;
  if (outcome.kind === 'unknown') {
    const unknowns = state.unknowns + 1;
    // A wish is worth as much as what it was based on.
    return { ...state, last: result, unknowns, wish: unknowns < unknownAfter ? state.wish : undefined };
  }
  const falls = state.falls.filter((fall) => at - fall < fallMemory);
  const common = { ...state, falls, last: result, unknowns: 0, isKnown: true };
  if (outcome.kind === 'pass') {
    const passed = { ...common, failure: undefined, wish: outcome.wish, drains: outcome.drains === true };
    if (state.verdict === 'up') return { ...passed, isNew: false, against: 0 };
    const against = state.against + 1;
    // Until it is up it is what made it go down that counts.
    if (against < risesNeeded({ ...state, falls }, check)) return { ...passed, against, failure: state.failure };
    return { ...passed, isNew: false, verdict: 'up', against: 0, since: at };
  }
  const failed = { ...common, isNew: false, failure: outcome.kind };
  if (state.verdict === 'down') return { ...failed, against: 0 };
  if (!isFalling(state, check, extra)) return { ...failed, against: state.against + 1 };
  return { ...failed, verdict: 'down', against: 0, since: at, falls: [...falls, at].slice(-mostFalls) };
}

/** Whether the next result may change the verdict: it is asked for soon. */
export function isUndecided({ isKnown, against, unknowns }: ProbeState): boolean {
  return !isKnown || against > 0 || unknowns > 0;
}

/**
 * When to check again, in milliseconds of the monotonic clock.
 * @param started when the last check began.
 * @param ended when its result was there.
 */
export function nextCheck(state: ProbeState, check: Check, started: number, ended: number): number {
  const { interval, fastInterval, downInterval = interval } = check;
  // A check that takes its whole timeout leaves time before the next one.
  if (isUndecided(state)) return ended + Math.min(fastInterval, interval) * 1000;
  return started + (state.verdict === 'up' ? interval : downInterval) * 1000;
}
