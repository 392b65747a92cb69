import type { IpvsClient, PreparedChanges } from '../client/client.js';
import { ApplyError, type KernelError } from '../errors.js';
import { changeSubject, type Change } from '../model/change.js';
import { leavingServers, quiescingSteps, type Plan, type Step } from '../plan/plan.js';
import { systemClock, type Clock } from '../ports/clock.js';
import { drain, type DrainProgress } from './drain.js';

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

/** How applying a plan ended. */
export interface Applied {
  /** False: it was interrupted. */
  readonly complete: boolean;
  /** How many changes were made and not undone. */
  readonly changes: number;
  /** How the drain ended, where there was one. */
  readonly drained?: DrainProgress | undefined;
}

/** Changes that are handed to the kernel at a time: what comes after a refused one and has to be undone stays small. */
const batchSize = 1024;

/**
 * Carries out a plan: adds and edits, drains what goes away, removes it. When the kernel refuses a change, all that was
 * done is undone in reverse order. Everything is checked before the first change.
 * @throws {ValueError} when a change can't be put into a message; nothing has been done then.
 * @throws {ApplyError} when the kernel refused a change.
 * @throws {TransportError} when answers were lost; how many changes were made is then unknown: read the table and plan
 * anew.
 */
export async function applyPlan(client: IpvsClient, plan: Plan, options: ApplyOptions = {}): Promise<Applied> {
  const { drainSeconds = 0, onDrain, signal, clock = systemClock } = options;
  const leaving = drainSeconds > 0 ? leavingServers(plan.difference) : [];
  const quiescing = leaving.length > 0 ? quiescingSteps(plan) : [];
  const adding = prepareSteps(client, plan.additions);
  const silencing = prepareSteps(client, quiescing);
  const removing = prepareSteps(client, plan.removals);
  const run = new Run(client);
  await run.carryOut(adding, signal);
  await run.carryOut(silencing, signal);
  if (isAborted(signal)) {
    await run.undo();
    return { complete: false, changes: 0 };
  }
  const drained =
    leaving.length === 0
      ? undefined
      : await drain(client, leaving, { seconds: drainSeconds, clock, signal, onProgress: onDrain });
  if (isAborted(signal)) return { complete: false, changes: run.changes, drained };
  await run.carryOut(removing);
  return { complete: true, changes: run.changes, drained };
}

/** Whether it is aborted by now: the compiler would take an earlier answer for good. */
function isAborted(signal: AbortSignal | undefined): boolean {
  return signal?.aborted === true;
}

/** Steps that are handed to the kernel together. */
interface Batch {
  readonly steps: readonly Step[];
  readonly make: PreparedChanges;
}

/** Puts all changes into messages. @throws {ValueError} for the first that can't be. */
function prepareSteps(client: IpvsClient, all: readonly Step[]): Batch[] {
  const batches: Batch[] = [];
  for (let start = 0; start < all.length; start += batchSize) {
    const steps = all.slice(start, start + batchSize);
    batches.push({ steps, make: client.prepare(steps.map(({ change }) => change)) });
  }
  return batches;
}

/** What has been done, so that it can be undone. */
class Run {
  readonly #client: IpvsClient;
  #done: Step[] = [];

  constructor(client: IpvsClient) {
    this.#client = client;
  }

  get changes(): number {
    return this.#done.length;
  }

  /** Carries out batches in order until the signal is aborted. @throws {ApplyError} */
  async carryOut(batches: readonly Batch[], signal?: AbortSignal): Promise<void> {
    for (const { steps, make } of batches) {
      if (isAborted(signal)) return;
      const results = await make();
      // A refused change does not stop those after it.
      for (const [index, step] of steps.entries()) if (results[index] === undefined) this.#done.push(step);
      const refusal = results.find((result) => result !== undefined);
      if (refusal === undefined) continue;
      const recreated = this.#done.map(({ change }) => change).filter(isRemoval);
      throw new ApplyError(refusal, await this.undo(), recreated.map(changeSubject));
    }
  }

  /** Undoes everything, the last first. @returns what the kernel refused to undo. */
  async undo(): Promise<KernelError[]> {
    const inverses = this.#done.reverse().flatMap(({ inverse }) => inverse);
    this.#done = [];
    const failures = await this.#client.changeAll(inverses);
    return failures.filter((failure) => failure !== undefined);
  }
}

function isRemoval({ kind }: Change): boolean {
  return kind === 'delete-server' || kind === 'delete-service';
}
