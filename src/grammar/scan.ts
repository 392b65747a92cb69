import { UsageError } from '../errors.js';
import {
  commandSpellings,
  optionSpellings,
  type CommandSpelling,
  type OptionSpelling,
  type Spelling,
} from './options.js';
import { usageText } from './usage-text.js';

/** A command or an option as it was written, with its value. */
export interface Token {
  readonly spelling: CommandSpelling | OptionSpelling;
  readonly value: string | undefined;
}

const byLong = new Map<string, CommandSpelling | OptionSpelling>();
const byShort = new Map<string, CommandSpelling | OptionSpelling>();
for (const spelling of [...commandSpellings, ...optionSpellings]) {
  byLong.set(spelling.long, spelling);
  for (const short of spelling.short) byShort.set(short, spelling);
}

/**
 * Splits words into options by the rules of popt, the scanner of the original: bundles, attached values, values that
 * start with a dash, `--`. Returns one at a time, because values are checked in between and the first error counts.
 */
export class Scanner {
  readonly #words: readonly string[];
  readonly #stopsAtOperand: boolean;
  #next = 0;
  /** Letters of a bundle that are still to be read. */
  #bundle = '';
  #optionsEnded = false;
  readonly #leftOver: string[] = [];

  /** @param stopsAtOperand POSIXLY_CORRECT is set: no options after the first operand. */
  constructor(words: readonly string[], stopsAtOperand: boolean) {
    this.#words = words;
    this.#stopsAtOperand = stopsAtOperand;
  }

  /** Operands so far: words that are no options. */
  get leftOver(): readonly string[] {
    return this.#leftOver;
  }

  /** The word that was read last, for messages. */
  get word(): string {
    return this.#words[this.#next - 1] ?? '';
  }

  /**
   * The next command or option; undefined where there is none.
   * @throws {UsageError} kind `scan`.
   */
  next(): Token | undefined {
    while (this.#bundle === '') {
      const word = this.#words[this.#next];
      if (word === undefined) return undefined;
      this.#next++;
      if (this.#optionsEnded || !word.startsWith('-') || word === '-') {
        this.#leftOver.push(word);
        if (this.#stopsAtOperand) this.#optionsEnded = true;
      } else if (word === '--') {
        this.#optionsEnded = true;
      } else if (word.startsWith('--')) {
        return this.#long(word.slice(2));
      } else {
        this.#bundle = word.slice(1);
      }
    }
    return this.#short();
  }

  #long(text: string): Token {
    const equals = text.indexOf('=');
    const spelling = byLong.get(equals < 0 ? text : text.slice(0, equals));
    if (spelling === undefined) throw new UsageError('scan', usageText.unknownOption(this.word));
    return this.#withValue(spelling, equals < 0 ? undefined : text.slice(equals + 1));
  }

  #short(): Token {
    // Letters, not code units: a message never cuts a character.
    const letter = this.#bundle.length === 1 ? this.#bundle : String.fromCodePoint(this.#bundle.codePointAt(0) ?? 0);
    const spelling = byShort.get(letter);
    if (spelling === undefined) throw new UsageError('scan', usageText.unknownOption(this.word));
    let rest = this.#bundle.slice(letter.length);
    this.#bundle = '';
    if (rest === '') return this.#withValue(spelling, undefined);
    const attached = rest.startsWith('=');
    if (attached) rest = rest.slice(1);
    if (spelling.argument !== 'none' || attached) return this.#withValue(spelling, rest);
    this.#bundle = rest;
    return { spelling, value: undefined };
  }

  #withValue(spelling: CommandSpelling | OptionSpelling, attached: string | undefined): Token {
    if (spelling.argument === 'none') {
      if (attached !== undefined) throw new UsageError('scan', usageText.unwantedArgument(this.word));
      return { spelling, value: undefined };
    }
    return { spelling, value: attached ?? this.#valueFromNextWord(spelling) };
  }

  #valueFromNextWord(spelling: Spelling): string | undefined {
    const word = this.#words[this.#next];
    if (spelling.argument === 'optional' && (word === undefined || word.startsWith('-'))) return undefined;
    if (word === undefined) throw new UsageError('scan', usageText.missingArgument(this.word));
    this.#next++;
    return word;
  }
}
