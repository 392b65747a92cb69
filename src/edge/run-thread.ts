import { Worker } from 'node:worker_threads';

/** Mebibytes of heap that a thread may take: more than the largest document needs. */
const largestHeap = 1024;

/**
 * Runs a program of ours in a thread until it has sent its one answer, and ends it.
 * @param file the program, which finds its input as `workerData`.
 * @returns undefined where the thread could not be started.
 * @throws what it fails with, and where it takes longer than that.
 */
export async function runThread(file: string, input: unknown, seconds: number): Promise<unknown> {
  let thread: Worker;
  try {
    thread = new Worker(file, {
      workerData: input,
      // What this process was started with, such as a debugger, is for this process.
      execArgv: [],
      // A small young generation: it takes memory beside that of this thread.
      resourceLimits: { maxOldGenerationSizeMb: largestHeap, maxYoungGenerationSizeMb: 4 },
    });
  } catch {
    return undefined;
  }
  let timer: NodeJS.Timeout | undefined;
  try {
    return await new Promise((resolve, reject) => {
      let isStarted = false;
      timer = setTimeout(() => {
        reject(new Error(`no end after ${seconds} s`));
      }, seconds * 1000);
      thread.once('online', () => {
        isStarted = true;
      });
      thread.once('message', resolve);
      thread.once('messageerror', reject);
      thread.once('error', (error: NodeJS.ErrnoException) => {
        // No memory for a thread, or no file of that name.
        if (isStarted && error.code !== 'MODULE_NOT_FOUND') reject(error);
        else resolve(undefined);
      });
      thread.once('exit', () => {
        reject(new Error('it ended without an answer'));
      });
    });
  } finally {
    clearTimeout(timer);
    await thread.terminate();
  }
}
