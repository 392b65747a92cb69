import type { Argv, FallbackCompletionFunction } from 'yargs';
import { reportFailures } from '../command/failure.js';
import type { Io } from '../ports/io.js';
import { completionWord, verbSummaries } from '../grammar/verbs.js';
import { textWidth, type DefinedVerb } from './verb.js';

/** Exit status for a wrong command line. */
const usageFailure = 2;

/** A name of the standard input that yargs leaves as it is: of a `-` that stands alone it makes an empty word. */
const standardInputPath = '/dev/stdin';

/** A verb that was chosen, with its options. */
type Chosen = () => Promise<number>;

/** Declares a verb; `choose` is told when it is the one. */
function register(parser: Argv, verb: DefinedVerb, io: Io, choose: (chosen: Chosen) => void): void {
  const { name, file, options, check, examples } = verb;
  parser.command(
    file === undefined ? name : `${name} <file>`,
    verbSummaries[name],
    (command) => {
      if (file !== undefined) {
        command.positional('file', {
          type: 'string',
          demandOption: true,
          coerce: (word: string) => (word === standardInputPath ? '-' : word),
          describe: file,
        });
      }
      command.options({ ...options });
      if (check !== undefined) command.check(check);
      for (const [text, what] of examples) command.example(text, what);
      return command;
    },
    (values) => {
      choose(() => verb.run(io, values));
    },
  );
}

/** Of the verb `completion` yargs itself writes the script, for bash or zsh by SHELL. */
function registerCompletion(parser: Argv): void {
  parser.command(
    'completion',
    verbSummaries.completion,
    (options) => options.example('$0 completion >>~/.bashrc', 'verbs, options and files are completed from now on'),
    () => {
      // Within a command this goes to where help goes.
      parser.showCompletionScript();
    },
  );
}

/**
 * Reads a command line of verbs with yargs, and does what it says: runs a verb, shows help, writes or answers the
 * completion script, or tells what is wrong with the words.
 * @param verbs in the order of the help.
 * @returns the exit status.
 */
export async function runByYargs(verbs: readonly DefinedVerb[], argv: readonly string[], io: Io): Promise<number> {
  const { default: yargs } = await import('yargs');
  let chosen: Chosen | undefined;
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
    register(parser, verb, io, (choice) => {
      chosen = choice;
    });
  }
  registerCompletion(parser);
  if (argv[0] === completionWord) return complete(io, await completions(parser, argv));
  const { failure, output } = await new Promise<{ failure: Error | undefined; output: string }>((resolve) => {
    const words = argv.map((word) => (word === '-' ? standardInputPath : word));
    void parser.parse(words, (error: Error | undefined, _: unknown, text: string) => {
      resolve({ failure: error ?? undefined, output: text });
    });
  });
  if (failure !== undefined) {
    await io.stderr.write(
      `${io.programName}: ${failure.message}\n(${io.programName} ${String(argv[0])} --help tells more)\n`,
    );
    return usageFailure;
  }
  if (chosen !== undefined) return chosen();
  return reportFailures(io, 'listing', async () => {
    await io.stdout.write(`${output}\n`);
    return 0;
  });
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
    parser.completion('completion', false, tell);
    void parser.parse([...argv], () => undefined);
  });
}

/** Tells the words that a command line can go on with, one a line: what the completion script reads. */
async function complete(io: Io, words: readonly string[]): Promise<number> {
  return reportFailures(io, 'listing', async () => {
    await io.stdout.write(words.map((word) => `${word}\n`).join(''));
    return 0;
  });
}
