import type { Io } from '../ports/io.js';
import { apply } from './apply.js';
import { diff } from './diff.js';
import { doctor } from './doctor.js';
import { exportVerb } from './export.js';
import { status } from './status.js';
import type { DefinedVerb } from './verb.js';
import { runByYargs } from './yargs-words.js';

/** In the order of the help, but for `completion`, which is a matter of yargs. */
export const verbs: readonly DefinedVerb[] = [status, exportVerb, diff, apply, doctor];

/**
 * Runs a verb; the first word is its name.
 * @returns the exit status: 2 where the words or values make no sense or IPVS can't be reached.
 */
export async function runVerb(argv: readonly string[], io: Io): Promise<number> {
  return runByYargs(verbs, argv, io);
}
