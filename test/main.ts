import { runVerb } from '../src/cli/run-verb.js';
import { isVerb } from '../src/grammar/verbs.js';
import { classic } from '../src/main.js';
import type { Io } from '../src/ports/io.js';

/** What `bin/ipvsadm.ts` does, in this process. */
export async function main(argv: readonly string[], io: Io): Promise<number> {
  return isVerb(argv[0]) ? runVerb(argv, io) : classic(argv, io);
}
