import type { Argv, FallbackCompletionFunction } from 'yargs';
import { reportFailures } from '../command/failure.js';
import { verbSummaries } from '../grammar/verbs.js';
import type { Io } from '../ports/io.js';
import { completeNames, joinAtColons } from './complete-names.js';
import { textWidth, type DefinedVerb } from './verb.js';

// yargs takes longer to load than Node to start, so it only writes help and completes words; src/cli/read-words.ts reads.

/** A yargs that knows the verbs and their options. */
async function yargsOf(verbs: readonly DefinedVerb[], io: Io): Promise<Argv> {
  const { default: yargs } = await import('yargs');
  const parser = yargs()
    .scriptName(io.programName)
    .usage('$0 VERB [options]')
    .locale('en')
    .wrap(textWidth(io))
    .version(false)
    .help()
    .alias('help', 'h')
    .exitProcess(false);
  for (const { name, file, operands, options, examples } of verbs) {
    parser.command(
      usageOf({ name, file, operands }),
      verbSummaries[name],
      (command) => {
        if (file !== undefined) command.positional('file', { type: 'string', demandOption: true, describe: file });
        if (operands !== undefined) command.positional(operands.name, { type: 'string', describe: operands.describe });
        command.options({ ...options });
        for (const [text, what] of examples) command.example(text, what);
        return command;
      },
      () => {
        // Reached for `completion` only: within a command the script goes to where help goes.
        parser.showCompletionScript();
      },
    );
  }
  return parser;
}

/** A verb and its arguments, as yargs declares them. */
function usageOf({ name, file, operands }: Pick<DefinedVerb, 'name' | 'file' | 'operands'>): string {
  if (file !== undefined) return `${name} <file>`;
  if (operands === undefined) return name;
  return `${name} ${(operands.required ?? true) ? `<${operands.name}..>` : `[${operands.name}..]`}`;
}

/** What yargs prints for a command line. */
async function outputOf(parser: Argv, words: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    void parser.parse([...words], (error: Error | undefined, _: unknown, text: string) => {
      if (error) reject(error);
      else resolve(text);
    });
  });
}

async function print(io: Io, text: string): Promise<number> {
  return reportFailures(io, 'listing', async () => {
    await io.stdout.write(text);
    return 0;
  });
}

/** Prints the help of a verb. @returns the exit status. */
export async function showHelp(verbs: readonly DefinedVerb[], { name }: DefinedVerb, io: Io): Promise<number> {
  return print(io, `${await outputOf(await yargsOf(verbs, io), [name, '--help'])}\n`);
}

/** Prints the script that completes words, for bash or zsh by SHELL. @returns the exit status. */
export async function showCompletionScript(verbs: readonly DefinedVerb[], io: Io): Promise<number> {
  const script = await outputOf(await yargsOf(verbs, io), ['completion']);
  // Right behind a colon, at which bash splits words, the word to complete is empty.
  const current = 'cur_word="${COMP_WORDS[COMP_CWORD]}"';
  return print(io, `${script.replace(current, `${current}\n    [ "$cur_word" = : ] && cur_word=`)}\n`);
}

/**
 * Prints the words that a command line can go on with, one a line, as the completion script reads them.
 * @param argv the completion word, the program's name, and the words so far, of which the last is to be completed.
 * @returns the exit status.
 */
export async function showCompletions(verbs: readonly DefinedVerb[], argv: readonly string[], io: Io): Promise<number> {
  const [word = '', program = '', ...typed] = argv;
  const joined = joinAtColons(typed);
  const verb = verbs.find(({ name }) => name === joined[0]);
  const names = verb === undefined || joined.length < 2 ? undefined : await completeNames(io, verb, joined);
  const words = names ?? (await completions(await yargsOf(verbs, io), [word, program, ...joined]));
  return print(io, words.map((word) => `${word}\n`).join(''));
}

/** None where the shell has to complete the name of a file. */
async function completions(parser: Argv, argv: readonly string[]): Promise<readonly string[]> {
  const current = argv.at(-1) ?? '';
  if (argv.length > 3 && !current.startsWith('-')) return [];
  // yargs passes a verb's words only to a function with this signature; others are called before the verb is known.
  return new Promise((resolve, reject) => {
    const complete: FallbackCompletionFunction = (_current, _values, byDefault, done) => {
      byDefault((error, words) => {
        if (error !== null) reject(error);
        resolve(words ?? []);
        done(words ?? []);
      });
    };
    parser.completion('completion', false, complete);
    void parser.parse([...argv], () => undefined);
  });
}
