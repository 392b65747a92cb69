// The name of a verb and its words in; runs the verb, or shows its help. The exit status out.

import { basename } from 'node:path';
import { UsageError } from '../errors.js';
import { completionWord } from '../grammar/verbs.js';
import type { Io } from '../ports/io.js';
import { apply } from './apply.js';
import { checks } from './checks.js';
import { connections } from './connections.js';
import { diff } from './diff.js';
import { doctor } from './doctor.js';
import { drain } from './drain.js';
import { absent, ensure } from './ensure.js';
import { set } from './set.js';
import { undo } from './undo.js';
import { undrain } from './undrain.js';
import { exportVerb } from './export.js';
import { importVerb } from './import.js';
import { metrics } from './metrics.js';
import { readWords } from './read-words.js';
import { run } from './run.js';
import { reload } from './reload.js';
import { status } from './status.js';
import { top } from './top.js';
import { web } from './web.js';
import { defineVerb, type DefinedVerb, type OptionValues } from './verb.js';

/** Exit status for wrong usage. */
const usageFailure = 2;

/** `ipvsadm completion`: a script for the shell. */
const completion = defineVerb({
  name: 'completion',
  options: {},
  examples: [['$0 completion >>~/.bashrc', 'verbs, options and files are completed from now on']],
  run: async (io) => (await import('./yargs-help.js')).showCompletionScript(verbs, io),
});

/** All verbs, in the order of the help. */
export const verbs: readonly DefinedVerb[] = [
  status,
  top,
  connections,
  exportVerb,
  importVerb,
  diff,
  apply,
  run,
  checks,
  reload,
  set,
  drain,
  undrain,
  ensure,
  absent,
  undo,
  doctor,
  web,
  metrics,
  completion,
];

/**
 * Runs a verb, or completes a command line.
 * @param argv the name of a verb, or the completion word, and what follows it.
 * @returns the exit status: 2 for wrong usage and where IPVS is not available.
 */
export async function runVerb(argv: readonly string[], given: Io): Promise<number> {
  // Classic messages repeat the path, as the original's do; examples with a path are hard to read.
  const io = Object.create(given, { programName: { get: () => basename(given.programName) } }) as Io;
  const [first = '', ...words] = argv;
  if (first === completionWord) return (await import('./yargs-help.js')).showCompletions(verbs, argv, io);
  const verb = verbs.find(({ name }) => name === first);
  if (verb === undefined) throw new RangeError(`no verb is called ${first}`);
  let values: OptionValues | 'help';
  try {
    values = readWords(verb, words);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    const { programName: program } = io;
    await io.stderr.write(`${program}: ${error.message}\nTry '${program} ${first} --help' for more information.\n`);
    return usageFailure;
  }
  if (values === 'help') return (await import('./yargs-help.js')).showHelp(verbs, verb, io);
  return verb.run(io, values);
}
