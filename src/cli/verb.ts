import type { Options } from 'yargs';
import type { Io } from '../ports/io.js';
import type { VerbName } from '../grammar/verbs.js';

/** An option's name on the command line from its name in the program: `keep-weights` from `keepWeights`. */
type KebabCase<Name extends string> = Name extends `${infer First}${infer Rest}`
  ? `${First extends Lowercase<First> ? First : `-${Lowercase<First>}`}${KebabCase<Rest>}`
  : '';

/** Options by their names on the command line, as yargs declares them: these make values of type `T`. */
export type OptionTable<T> = { readonly [Name in keyof T & string as KebabCase<Name>]: Options };

/** The argument of a verb that takes a file. */
interface FileWord {
  /** Name of a file; `-` is the standard input. */
  readonly file: string;
}

/** The arguments of a verb that takes any number of them. */
interface WordList {
  readonly words: readonly string[];
}

/** The arguments of a verb that takes any number of them, for help and messages. */
export interface Operands {
  /** What each is, such as `SERVER`. */
  readonly name: string;
  readonly describe: string;
  /** Whether there must be one. Default: true. */
  readonly required?: boolean;
  /** Names of what the shell completes them from. Default: nothing. */
  readonly completes?: 'services' | 'servers' | 'both';
  /** They are words of ipvsadm's own command line: options end where they begin. Default: false. */
  readonly areRule?: boolean;
}

/** An example of use, and what it does. */
export type Example = readonly [command: string, what: string];

/** A verb: its options, and what it does. */
export interface Verb<T> {
  readonly name: VerbName;
  /** Description of its file; undefined: it takes none. */
  readonly file?: T extends FileWord ? string : undefined;
  /** Its other arguments, if it takes any. */
  readonly operands?: T extends WordList ? Operands : undefined;
  readonly options: OptionTable<Omit<T, keyof FileWord | keyof WordList>>;
  /** Checks options that conflict or depend on each other; throws an error whose message is for the user. */
  readonly check?: (values: Readonly<Record<string, unknown>>) => true;
  readonly examples: readonly Example[];
  /**
   * Runs the verb.
   * @returns the exit status. Failures that a user can understand are reported on `io.stderr`.
   */
  readonly run: (io: Io, options: T) => Promise<number>;
}

/** Values of options by their names in the program, as the verb's table declares them. */
export type OptionValues = Readonly<Record<string, unknown>>;

/** A verb without the type of its options, for lists of verbs. */
export interface DefinedVerb {
  readonly name: VerbName;
  readonly file: string | undefined;
  readonly operands: Operands | undefined;
  readonly options: Readonly<Record<string, Options>>;
  readonly check: ((values: OptionValues) => true) | undefined;
  readonly examples: readonly Example[];
  readonly run: (io: Io, values: OptionValues) => Promise<number>;
}

/** Makes a verb of its definition. */
export function defineVerb<T>({ name, file, operands, options, check, examples, run }: Verb<T>): DefinedVerb {
  return {
    name,
    file,
    operands,
    options,
    check,
    examples,
    // Values that were read by the table have the types that the table declares.
    run: (io, values) => run(io, values as T),
  };
}

/** Columns of text for people: those of the terminal, at most 100, so that lines are easy to read. */
export function textWidth({ stdout }: Io): number {
  return Math.min(stdout.columns ?? 100, 100);
}
