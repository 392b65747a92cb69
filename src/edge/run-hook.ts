import { spawn, type ChildProcess } from 'node:child_process';
import { systemErrorText } from '../text/errno-text.js';

/** What a hook finds its programs by; the environment of this process is its own. */
const environment = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C' };

/**
 * Runs a program with some input, and kills it and all that it has started after a time. Never rejects.
 * @returns what was wrong; undefined: nothing.
 */
export async function runHook(
  [program = '', ...args]: readonly string[],
  input: string,
  seconds: number,
): Promise<string | undefined> {
  try {
    const child = spawn(program, args, { env: environment, stdio: ['pipe', 'ignore', 'ignore'], detached: true });
    return await ended(child, input, seconds);
  } catch (error) {
    // Some failures are thrown, others are emitted.
    return systemErrorText(error);
  }
}

async function ended(child: ChildProcess, input: string, seconds: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      try {
        if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
      } catch {
        // It ended just now.
      }
    }, seconds * 1000);
    const end = (problem: string | undefined): void => {
      clearTimeout(timer);
      resolve(problem);
    };
    child.once('error', (error) => {
      end(systemErrorText(error));
    });
    child.once('close', (status, signal) => {
      if (isLate) end(`killed after ${seconds} s`);
      else
        end(status === 0 ? undefined : status === null ? `ended by ${signal ?? 'a signal'}` : `exit status ${status}`);
    });
    // One that was not started for want of descriptors has none; one that does not read its input is no failure.
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(input);
  });
}
