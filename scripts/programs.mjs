import { spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

/**
 * Why a program could not be started. Node names the program where it is the working directory that is missing.
 * @param {NodeJS.ErrnoException} error
 * @param {string} program
 * @param {string | URL | undefined} cwd
 */
function startFailure(error, program, cwd) {
  if (error.code !== 'ENOENT') return error;
  const why =
    cwd !== undefined && !existsSync(cwd)
      ? `its working directory ${String(cwd)} is missing`
      : 'no such program in PATH';
  return new Error(`can't start ${program}: ${why}`, { cause: error });
}

/**
 * Starts a program.
 * @param {string} program
 * @param {readonly string[]} args
 * @param {import('node:child_process').SpawnOptions} [options]
 * @returns {{ child: import('node:child_process').ChildProcess, ended: Promise<number | null> }} `ended` has the exit
 *   status, null after a signal, and is rejected if the program could not be started.
 */
export function start(program, args, options = {}) {
  const child = spawn(program, args, options);
  /** @type {Promise<number | null>} */
  const ended = new Promise((resolve, reject) => {
    child.once('close', resolve).once('error', (error) => {
      reject(startFailure(error, program, options.cwd));
    });
  });
  return { child, ended };
}

/**
 * Runs a program to its end.
 * @param {string} program
 * @param {readonly string[]} args
 * @param {{ cwd?: string, signal?: AbortSignal | undefined }} [options]
 * @returns {Promise<{ status: number | null, output: string }>} the exit status, null after a signal; what it printed
 */
export async function runToEnd(program, args, options = {}) {
  const { child, ended } = start(program, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (/** @type {string} */ text) => (output += text));
  }
  return { status: await ended, output };
}

/**
 * Runs a program while everything else waits.
 * @param {string} program
 * @param {readonly string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv }} [options]
 * @returns {string} its standard output
 * @throws {Error} with what it printed, unless it ended with status 0
 */
export function runNow(program, args, options = {}) {
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    ...options,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  if (error) throw startFailure(error, program, options.cwd);
  if (status === 0) return stdout;
  throw new Error(`${program} failed\n${stdout}${stderr}`.trimEnd());
}
