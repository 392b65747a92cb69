// The real streams, files and clock in, for a `main`; its exit status ends the process.

import { accessSync, constants, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import type { Io } from '../ports/io.js';
import { createNameResolver } from './system-resolver.js';
import { createMachine } from './machine.js';
import { standardError, standardInput, standardOutput } from './standard-streams.js';

/** Exit status for a fault of this program: EX_SOFTWARE of sysexits.h. */
const internalFault = 70;

/**
 * The program's name as it was typed. The shell passes a name that it found in PATH with its directory, so a path is
 * reduced to its basename where PATH leads to it.
 */
function programName(): string {
  // Node makes its own copy of the path absolute; the kernel's is as typed. Options for Node come before it.
  const script = ownCommandLine()[1 + process.execArgv.length] ?? process.argv[1] ?? 'ipvsadm';
  const name = basename(script);
  return firstInPath(name) === script ? name : script;
}

/** The command line of this process; empty where /proc is not mounted, as in a rescue system. */
function ownCommandLine(): string[] {
  try {
    return readFileSync('/proc/self/cmdline', 'utf8').split('\0');
  } catch {
    return [];
  }
}

function firstInPath(name: string): string | undefined {
  return (process.env['PATH'] ?? '')
    .split(':')
    .map((directory) => `${directory}/${name}`)
    .find(isExecutable);
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Threads cost memory and time to make; beyond this they gain little, and in small virtual machines lose. */
const mostThreads = 128;

/**
 * The C library's look-ups block a thread each, and the process can't end before they do. So: a thread for each as far
 * as that goes (libuv gives half of them to look-ups), and a short timeout for a name server without replies. What
 * the administrator has set stays. Both are read when the first look-up starts.
 */
function prepareLookups(lookups: number): void {
  process.env['UV_THREADPOOL_SIZE'] ??= String(Math.min(mostThreads, 2 * lookups + 2));
  process.env['RES_OPTIONS'] ??= 'timeout:1 attempts:1';
}

/**
 * Runs a program on the real machine and ends the process with its exit status.
 * IPVSADM_DEBUG in the environment shows where a fault of the program itself happened.
 * @param parser the program of the thread that parses documents.
 */
export async function runProgram(
  main: (argv: readonly string[], io: Io) => Promise<number>,
  parser?: string,
): Promise<never> {
  const argv = process.argv.slice(2);
  const io: Io = {
    get programName() {
      return programName();
    },
    env: process.env,
    stdin: standardInput(),
    stdout: standardOutput,
    stderr: standardError,
    names: { ...createNameResolver(), expect: prepareLookups },
    machine: createMachine(parser),
  };
  let status = internalFault;
  try {
    status = await main(argv, io);
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    const trace = (io.env['IPVSADM_DEBUG'] ?? '') !== '' && error instanceof Error ? `${error.stack ?? ''}\n` : '';
    await standardError.write(`${io.programName}: internal error: ${text}\n${trace}`);
  }
  // Ends timers and sockets that are no longer needed; only look-ups under way delay the exit.
  process.exit(status);
}
