import { join } from 'node:path';
import { runVerb } from '../src/cli/run-verb.js';
import { runInNamespace } from '../src/edge/namespace.js';
import { runProgram } from '../src/edge/program.js';

/** Runs the verb that is the first argument of this process, and ends it with the exit status. */
export async function run(): Promise<never> {
  return runProgram(runVerb, join(__dirname, 'parse.cjs'));
}

/** Runs the command of this process in the network namespace that it asks for. */
export const enter = runInNamespace;
