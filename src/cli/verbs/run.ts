import yargs, { type Argv, type FallbackCompletionFunction } from 'yargs';
import { tellingFailures } from '../../command/session.js';
import type { Io } from '../../io.js';
import { apply } from './apply.js';
import { completion } from './completion.js';
import { standardInputPath } from './comparison.js';
import { diff } from './diff.js';
import { doctor } from './doctor.js';
import { exportVerb } from './export.js';
import { completionWord } from './names.js';
import { status } from './status.js';
import { textWidth, type ChosenVerb, type DefinedVerb } from './verb.js';

/** Exit status for a wrong command line. */
const usageFailure = 2;

/** In the order of the help. */
const verbs: readonly DefinedVerb[] = [status, exportVerb, diff, apply, doctor, completion];

/**
 * Runs a verb; the first word is its name.
 * @returns the exit status: 2 where the words or values make no sense or IPVS can't be reached.
 */
export async function runVerb(argv: readonly string[], io: Io): Promise<number> {
  let chosen: ChosenVerb | undefined;
  const parser = yargs()
    .scriptName(io.programName)
    .usage('$0 VERB [options]')
    .locale('en')
    .wrap(textWidth(io))
    .version(false)
    .help()
    .alias('help', 'h')
    .strict()
    .exitProcess(false);
  for (const verb of verbs) {
    verb.register(parser, (choice) => {
      chosen = choice;
    });
  }
  if (argv[0] === completionWord) return complete(io, await completions(parser, argv));
  const { failure, output } = await new Promise<{ failure: Error | undefined; output: string }>((resolve) => {
    void parser.parse(argv.map(readable), (error: Error | undefined, _: unknown, text: string) => {
      resolve({ failure: error ?? undefined, output: text });
    });
  });
  if (failure !== undefined) {
    await io.stderr.write(
      `${io.programName}: ${failure.message}\n(${io.programName} ${String(argv[0])} --help tells more)\n`,
    );
    return usageFailure;
  }
  if (chosen !== undefined) return chosen(io);
  return tellingFailures(io, false, async () => {
    await io.stdout.write(`${output}\n`);
    return 0;
  });
}

/** Yargs makes an empty word of a `-` that stands alone. */
function readable(word: string): string {
  return word === '-' ? standardInputPath : word;
}

/**
 * The words that a command line can go on with; none where it is for the shell to complete the name of a file.
 * @param argv the completion word, the program's name, and the words so far, of which the last is to be completed.
 */
async function completions(parser: Argv, argv: readonly string[]): Promise<readonly string[]> {
  const current = argv.at(-1) ?? '';
  if (argv.length > 3 && !current.startsWith('-')) return [];
  // Of a verb's words yargs tells only a function of this kind; what it tells everybody else comes too early.
  return new Promise((resolve, reject) => {
    const tell: FallbackCompletionFunction = (_current, _values, byDefault, done) => {
      byDefault((error, words) => {
        if (error !== null) reject(error);
        resolve(words ?? []);
        done(words ?? []);
      });
    };
    parser.completion(completion.name, false, tell);
    void parser.parse([...argv], () => undefined);
  });
}

/** Tells the words that a command line can go on with, one a line: what the completion script reads. */
async function complete(io: Io, words: readonly string[]): Promise<number> {
  return tellingFailures(io, false, async () => {
    await io.stdout.write(words.map((word) => `${word}\n`).join(''));
    return 0;
  });
}
