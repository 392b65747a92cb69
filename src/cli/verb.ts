import type { Options } from 'yargs';
import type { Io } from '../ports/io.js';
import type { VerbName } from '../grammar/verbs.js';

/** An option's name on the command line, of its name here: `keepWeights` is `keep-weights`. */
type OptionName<Name extends string> = Name extends `${infer First}${infer Rest}`
  ? `${First extends Lowercase<First> ? First : `-${Lowercase<First>}`}${OptionName<Rest>}`
  : '';

/** Options by their names on the command line, as yargs declares them: these make values of type `T`. */
export type OptionTable<T> = { readonly [Name in keyof T & string as OptionName<Name>]: Options };

/** What a verb is given as its file, where it takes one. */
interface FileWord {
  /** Name of a file; `-` is the standard input. */
  readonly file: string;
}

/** An example of use, and what it does. */
export type Example = readonly [command: string, what: string];

/** A verb: what it takes, and what it does. */
export interface Verb<T> {
  readonly name: VerbName;
  /** Says what its file is; undefined: it takes none. */
  readonly file?: T extends FileWord ? string : undefined;
  readonly options: OptionTable<Omit<T, keyof FileWord>>;
  /** Finds options that don't go together; throws what a person is told. */
  readonly check?: (values: Readonly<Record<string, unknown>>) => true;
  readonly examples: readonly Example[];
  /**
   * Carries it out.
   * @returns the exit status. Failures that a person can understand are told on `io.stderr`.
   */
  readonly run: (io: Io, options: T) => Promise<number>;
}

/** Values of options by their names in the program, as the verb's table declares them. */
export type OptionValues = Readonly<Record<string, unknown>>;

/** A verb whose options concern nobody else. */
export interface DefinedVerb {
  readonly name: VerbName;
  readonly file: string | undefined;
  readonly options: Readonly<Record<string, Options>>;
  readonly check: ((values: OptionValues) => true) | undefined;
  readonly examples: readonly Example[];
  readonly run: (io: Io, values: OptionValues) => Promise<number>;
}

/** Makes a verb of its definition. */
export function defineVerb<T>({ name, file, options, check, examples, run }: Verb<T>): DefinedVerb {
  return {
    name,
    file,
    options,
    check,
    examples,
    // What is read by the table has the types that the table makes.
    run: (io, values) => run(io, values as T),
  };
}

/** Columns of text for people: those of the screen, but no line is longer than can be read with ease. */
export function textWidth({ stdout }: Io): number {
  return Math.min(stdout.columns ?? 100, 100);
}
