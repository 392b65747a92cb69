import { parentPort, workerData } from 'node:worker_threads';
import { kindOf } from './kinds.js';
import { Random } from './random.js';

/** What a worker is started with. */
export interface Work {
  readonly kind: string;
  readonly seed: number;
  /** The first case, and that after the last. */
  readonly from: number;
  readonly to: number;
  /** Number of the case under way, as a 32-bit integer: it can be read while a case hangs. */
  readonly current: SharedArrayBuffer;
}

/** What it sends, in the order of the cases. */
export type Report =
  { readonly failed: number; readonly stack: string } | { readonly done: number; readonly peak: number };

/** The input of a case. */
export function inputOf(kind: string, seed: number, number: number): Uint8Array {
  return kindOf(kind).generate(new Random(seed, kind, number));
}

async function work({ kind: name, seed, from, to, current }: Work, report: (what: Report) => void): Promise<void> {
  const kind = kindOf(name);
  const place = new Int32Array(current);
  let peak = process.memoryUsage().heapUsed;
  for (let number = from; number < to; number++) {
    Atomics.store(place, 0, number);
    try {
      await kind.run(inputOf(name, seed, number));
    } catch (error) {
      report({ failed: number, stack: error instanceof Error ? (error.stack ?? error.message) : String(error) });
    }
    if (number % 100 === 99 || number === to - 1) peak = Math.max(peak, process.memoryUsage().heapUsed);
  }
  report({ done: to, peak });
}

if (parentPort !== null) {
  const port = parentPort;
  await work(workerData as Work, (what) => {
    port.postMessage(what);
  });
}
