import type { ArgumentsCamelCase, Argv } from 'yargs';
import type { Io } from '../../io.js';
import { verbSummaries, type VerbName } from './names.js';

/** A verb: what it takes, and what it does. */
export interface Verb<T> {
  readonly name: VerbName;
  /** Words that it takes, as yargs writes them, such as `<file>`. */
  readonly words?: string;
  /** Declares options, words and examples. */
  readonly options: (parser: Argv) => Argv<T>;
  /**
   * Carries it out.
   * @returns the exit status. Failures that a person can understand are told on `io.stderr`.
   */
  readonly run: (io: Io, options: ArgumentsCamelCase<T>) => Promise<number>;
}

/** A verb that was chosen, with its options. */
export type ChosenVerb = (io: Io) => Promise<number>;

/** A verb whose options concern nobody else. */
export interface DefinedVerb {
  readonly name: VerbName;
  /** Adds the verb to a parser, which tells when it is chosen. */
  readonly register: (parser: Argv, choose: (verb: ChosenVerb) => void) => Argv;
}

/** Makes a verb of its definition. */
export function defineVerb<T>({ name, words = '', options, run }: Verb<T>): DefinedVerb {
  return {
    name,
    register: (parser, choose) =>
      parser.command(`${name} ${words}`.trimEnd(), verbSummaries[name], options, (values) => {
        choose((io) => run(io, values));
      }),
  };
}

/** Columns of text for people: those of the screen, but no line is longer than can be read with ease. */
export function textWidth({ stdout }: Io): number {
  return Math.min(stdout.columns ?? 100, 100);
}
