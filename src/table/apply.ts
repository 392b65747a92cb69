import { setImmediate } from 'node:timers/promises';
import type { IpvsClient, PreparedChanges } from '../client/client.js';
import { ApplyError, InterruptedError, isUndone, IpvsError, type KernelError, type Undone } from '../errors.js';
import { changeSubject, type Change } from '../model/change.js';
import { leavingServers, quiescingSteps, type Plan, type Step } from '../plan/plan.js';
import { systemClock, type Clock } from '../ports/clock.js';
import { drain, type DrainProgress } from './drain.js';
import { isMadeAlready, PresentTable } from '../client/made-already.js';
import { serversThatMustStay } from './outage.js';

/** What carrying out a plan needs of a client. */
export type PlanClient = Pick<IpvsClient, 'prepare' | 'changeAll' | 'service' | 'serverStates' | 'syncDaemons'>;

/** How a plan is carried out. */
export interface ApplyOptions {
  /**
   * Seconds to wait for the active connections of servers that go away, after these were given weight 0. Default 0:
   * they are removed at once.
   */
  readonly drainSeconds?: number | undefined;
  /** Told how far a drain is: at its start and about twice a second. */
  readonly onDrain?: ((progress: DrainProgress) => Promise<void> | void) | undefined;
  /**
   * Ends the work early when it is aborted. Before a drain everything is undone; during a drain the servers that go
   * away stay, with weight 0; after that the rest is finished.
   */
  readonly signal?: AbortSignal | undefined;
  /** For tests; by default the machine's clock. */
  readonly clock?: Clock | undefined;
}

/** What applying a plan did. */
export interface Applied {
  /** How many changes were made; what another process had made already is not counted. */
  readonly changes: number;
  /** How the drain ended, where there was one. */
  readonly drained?: DrainProgress | undefined;
}

/**
 * Changes that are handed to the kernel at a time, a datagram full: those after a refused one are made and undone, and a
 * signal is heard only in between.
 */
const batchSize = 128;

/**
 * Carries out a plan: adds and edits, drains what goes away, removes it. When the kernel refuses a change, all that was
 * done is undone in reverse order. What another process has made already counts as made: the removal of what is gone, the
 * addition of what is there and equal. Everything is checked before the first change, what undoing takes too.
 * @throws {ValueError} when a change can't be put into a message; nothing has been done then.
 * @throws {ApplyError} when the kernel refused a change; it says how the others were undone.
 * @throws {InterruptedError} when `signal` was aborted and something is left that was not there before.
 * @throws the reason of `signal` when it was aborted and everything was undone.
 * @throws {TransportError} when replies were lost; how many changes were made is then unknown: read the table and plan
 * anew.
 */
export async function applyPlan(client: PlanClient, plan: Plan, options: ApplyOptions = {}): Promise<Applied> {
  const { drainSeconds = 0, onDrain, signal, clock = systemClock } = options;
  const leaving = drainSeconds > 0 ? leavingServers(plan.difference) : [];
  const quiescing = leaving.length > 0 ? quiescingSteps(plan) : [];
  const run = new Run(client, plan);
  const adding = run.prepare(plan.additions);
  const silencing = run.prepare(quiescing);
  const removing = run.prepare(plan.removals);
  await run.carryOut(adding, signal);
  // A server that is to go is gone as well where another process has removed it.
  await run.carryOut(silencing, signal, ['delete-server']);
  await setImmediate();
  if (signal?.aborted === true) throw await run.interruption(signal);
  const drained =
    leaving.length === 0
      ? undefined
      : await drain(client, leaving, { seconds: drainSeconds, clock, signal, onProgress: onDrain });
  if (isAborted(signal)) throw new InterruptedError(signal?.reason, undefined, leaving.length);
  await run.carryOut(removing);
  return { changes: run.changes, drained };
}

/** Whether it is aborted by now: the compiler would take an earlier reading for good. */
function isAborted(signal: AbortSignal | undefined): boolean {
  return signal?.aborted === true;
}

/** Steps that are handed to the kernel together. */
interface Batch {
  readonly steps: readonly Step[];
  readonly make: PreparedChanges;
}

/** Kinds of changes whose inverses have nothing in them but what the changes have themselves. */
const selfInverse: readonly Change['kind'][] = ['add-service', 'add-server', 'start-daemon'];

/** What has been done, so that it can be undone. */
class Run {
  readonly #client: PlanClient;
  readonly #plan: Plan;
  #done: Step[] = [];

  constructor(client: PlanClient, plan: Plan) {
    this.#client = client;
    this.#plan = plan;
  }

  get changes(): number {
    return this.#done.length;
  }

  /**
   * Puts changes into messages, and those that undo them, too: undoing must not fail for a value.
   * @throws {ValueError} for the first that can't be.
   */
  prepare(all: readonly Step[]): Batch[] {
    this.#client.prepare(all.flatMap(({ change, inverse }) => (selfInverse.includes(change.kind) ? [] : inverse)));
    const batches: Batch[] = [];
    for (let start = 0; start < all.length; start += batchSize) {
      const steps = all.slice(start, start + batchSize);
      batches.push({ steps, make: this.#client.prepare(steps.map(({ change }) => change)) });
    }
    return batches;
  }

  /**
   * Carries out batches in order until the signal is aborted.
   * @param alsoLike kinds of changes: what another process did to those counts as having made these, too.
   * @throws {ApplyError}
   */
  async carryOut(
    batches: readonly Batch[],
    signal?: AbortSignal,
    alsoLike: readonly Change['kind'][] = [],
  ): Promise<void> {
    for (const { steps, make } of batches) {
      // Signals and timers are heard in between.
      await setImmediate();
      if (signal?.aborted === true) return;
      const results = await make();
      let refusal: KernelError | undefined;
      const present = new PresentTable(this.#client);
      // A refused change does not stop those after it.
      for (const [index, step] of steps.entries()) {
        const error = results[index];
        if (error === undefined) this.#done.push(step);
        else if (refusal === undefined && !(await isMadeAlready(present, step.change, error, alsoLike)))
          refusal = error;
      }
      if (refusal !== undefined) throw new ApplyError(refusal, await this.#undo());
    }
  }

  /** Undoes everything. @returns what to throw. */
  async interruption(signal: AbortSignal): Promise<unknown> {
    const undone = await this.#undo();
    return isUndone(undone) ? signal.reason : new InterruptedError(signal.reason, undone, 0);
  }

  /** Undoes everything, the last first. Whatever happens is in what it returns: nothing takes the refusal's place. */
  async #undo(): Promise<Undone> {
    const steps = this.#done.reverse();
    this.#done = [];
    const failures: KernelError[] = [];
    const recreated: string[] = [];
    const kept: string[] = [];
    try {
      const inverses = steps.flatMap(({ change, inverse }) => inverse.map((one) => ({ change, one })));
      const staying = await serversThatMustStay(
        this.#client,
        this.#plan.from,
        inverses.map(({ one }) => one),
      );
      for (const { change, one } of inverses) {
        if (staying.has(one)) kept.push(`${change.kind} ${changeSubject(change)}`);
      }
      const undoing = inverses.filter(({ one }) => !staying.has(one));
      const results = await this.#client.changeAll(undoing.map(({ one }) => one));
      const present = new PresentTable(this.#client);
      for (const [index, { change, one }] of undoing.entries()) {
        const error = results[index];
        if (error !== undefined && !(await isMadeAlready(present, one, error))) failures.push(error);
        if (error === undefined && isRemoval(change) && sameSubject(change, one)) recreated.push(changeSubject(one));
      }
      return { failures, recreated, kept };
    } catch (error) {
      if (!(error instanceof IpvsError)) throw error;
      return { failures, recreated, kept, error };
    }
  }
}

function isRemoval({ kind }: Change): boolean {
  return kind === 'delete-server' || kind === 'delete-service';
}

/** Of the changes that bring a service back only its own, not those of its servers. */
function sameSubject(change: Change, inverse: Change): boolean {
  return changeSubject(change) === changeSubject(inverse);
}
