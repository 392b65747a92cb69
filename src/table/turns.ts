import { setImmediate } from 'node:timers/promises';

/** Milliseconds that work may go on without a turn of the event loop. */
const longestBlock = 5;

/** Lets the event loop turn during long work. */
export class Turns {
  #turned = performance.now();

  /** To be called often: the loop turns only when it is time. */
  async take(): Promise<void> {
    if (performance.now() - this.#turned <= longestBlock) return;
    await setImmediate();
    this.#turned = performance.now();
  }
}

/** Takes all steps of something without holding up the event loop. @returns its result. */
export async function inTurns<R>(steps: Generator<void, R>): Promise<R> {
  const turns = new Turns();
  for (;;) {
    const { done, value } = steps.next();
    if (done === true) return value;
    await turns.take();
  }
}

/** Items that are sorted, and merged, between two looks at the clock. */
const runLength = 4096;

/**
 * Sorts without holding up the event loop.
 * @param limit only so many of the first are wanted.
 */
export async function sortedInTurns<T>(
  items: readonly T[],
  compare: (a: T, b: T) => number,
  limit = Infinity,
): Promise<readonly T[]> {
  const turns = new Turns();
  let runs: (readonly T[])[] = [];
  for (let at = 0; at < items.length; at += runLength) {
    runs.push(
      items
        .slice(at, at + runLength)
        .sort(compare)
        .slice(0, limit),
    );
    await turns.take();
  }
  while (runs.length > 1) {
    const merged: (readonly T[])[] = [];
    for (let at = 0; at < runs.length; at += 2) {
      merged.push(await merge(runs[at] ?? [], runs[at + 1] ?? [], compare, limit, turns));
    }
    runs = merged;
  }
  return runs[0] ?? [];
}

async function merge<T>(
  first: readonly T[],
  second: readonly T[],
  compare: (a: T, b: T) => number,
  limit: number,
  turns: Turns,
): Promise<readonly T[]> {
  const merged: T[] = [];
  const length = Math.min(limit, first.length + second.length);
  for (let a = 0, b = 0; merged.length < length;) {
    const left = first[a];
    const right = second[b];
    const takesLeft = left !== undefined && (right === undefined || compare(left, right) <= 0);
    const taken = takesLeft ? left : right;
    if (taken === undefined) break;
    merged.push(taken);
    if (takesLeft) a++;
    else b++;
    if (merged.length % runLength === 0) await turns.take();
  }
  return merged;
}
