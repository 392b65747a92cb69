import { spawn, type ChildProcess } from 'node:child_process';
import type { Readable } from 'node:stream';
import type { Outcome } from '../health/outcome.js';
import type { Account } from './accounts.js';
import type { Attempt } from './attempt.js';

/** Bytes of a program's output that are kept; the rest is read and dropped, so that it need not wait. */
const longestOutput = 4096;

/** Milliseconds for output that is still on its way when a program has ended. */
const patience = 200;

/** What a program gets: nothing of our own environment. */
const environment = { PATH: '/usr/bin:/bin:/usr/sbin:/sbin', LC_ALL: 'C' };

/** How a program ended. */
export interface Ending {
  /** Null where a signal ended it. */
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

function kill({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // Nobody of the group is left.
  }
}

/** Keeps the beginning of what a program writes. @returns it as text */
function keep(output: Readable): () => string {
  const pieces: Buffer[] = [];
  let length = 0;
  output.on('data', (chunk: Buffer) => {
    if (length < longestOutput) pieces.push(chunk.subarray(0, longestOutput - length));
    length += chunk.length;
  });
  output.on('error', () => undefined);
  return () => Buffer.concat(pieces).toString('utf8');
}

/**
 * Runs a program in a process group of its own, which is killed whole when the attempt ends, and when the program has ended: it
 * leaves nobody behind but who has left the group.
 * @param command its whole path and its arguments; no shell reads them.
 * @param judge what its end says.
 */
export function runProgram(
  attempt: Attempt,
  [path = '', ...args]: readonly string[],
  account: Account | undefined,
  judge: (ending: Ending) => Outcome,
): void {
  const child = spawn(path, args, {
    cwd: '/',
    env: environment,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    ...account,
  });
  child.on('error', (cause) => {
    attempt.fail(cause);
  });
  // Some of what fails has no streams.
  if (child.pid === undefined) return;
  let hasEnded = false;
  attempt.onEnd(() => {
    // Its number may be another's by then.
    if (!hasEnded) kill(child);
    child.stdout.destroy();
    child.stderr.destroy();
  });
  const stdout = keep(child.stdout);
  const stderr = keep(child.stderr);
  child.on('exit', (status, signal) => {
    hasEnded = true;
    kill(child);
    attempt.settle(() => judge({ status, signal, stdout: stdout(), stderr: stderr() }), patience);
  });
  child.on('close', () => {
    attempt.conclude();
  });
}
