import { basename } from 'node:path';
import type { Io } from '../io.js';
import { createNameResolver } from '../names/system-resolver.js';
import { createMachine } from './machine.js';
import { standardError, standardInput, standardOutput } from './standard-streams.js';

/** Exit status for a fault of this program: EX_SOFTWARE of sysexits.h. */
const internalFault = 70;

/**
 * Runs a program on the real machine and ends the process with its exit status.
 * IPVSADM_DEBUG in the environment shows where a fault of the program itself happened.
 */
export async function runProgram(main: (argv: readonly string[], io: Io) => Promise<number>): Promise<never> {
  const [, script = 'ipvsadm', ...argv] = process.argv;
  const io: Io = {
    programName: basename(script, '.cjs'),
    env: process.env,
    stdin: standardInput(),
    stdout: standardOutput,
    stderr: standardError,
    names: createNameResolver(),
    machine: createMachine(),
  };
  let status = internalFault;
  try {
    status = await main(argv, io);
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    const trace = io.env['IPVSADM_DEBUG'] !== undefined && error instanceof Error ? `${error.stack ?? ''}\n` : '';
    await standardError.write(`${io.programName}: internal error: ${text}\n${trace}`);
  }
  // Look-ups that nobody waits for any more must not hold the process.
  process.exit(status);
}
