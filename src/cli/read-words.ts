import { parseArgs } from 'node:util';
import type { Options } from 'yargs';
import { UsageError } from '../errors.js';
import { printable } from '../text/printable.js';
import type { DefinedVerb, OptionValues } from './verb.js';

function fail(message: string): never {
  throw new UsageError('usage', printable(message));
}

/** An option's name in the program: `keepWeights` of `keep-weights`. */
function inProgram(name: string): string {
  return name.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

/** A decimal number; NaN for every other word, which the option has to refuse. */
function readNumber(word: string): number {
  return /^-?\d+(?:\.\d+)?$/.test(word) ? Number(word) : NaN;
}

/** The value of an option, converted and checked. @throws {UsageError} where it is not allowed. */
function readValue(name: string, { type, choices, coerce }: Options, given: unknown): unknown {
  if (given === undefined) return undefined;
  const value = coerced(type === 'number' && typeof given === 'string' ? readNumber(given) : given, coerce);
  if (choices !== undefined && !choices.some((choice) => choice === value)) {
    const word = typeof given === 'string' ? given : 'this';
    fail(`--${name} takes one of ${choices.join(', ')}, not ${word}`);
  }
  return value;
}

function coerced(value: unknown, coerce: Options['coerce']): unknown {
  try {
    return coerce === undefined ? value : (coerce(value) as unknown);
  } catch (error) {
    return fail((error as Error).message);
  }
}

/** Splits the words of a verb that takes a rule: its own options, and the rule. */
function splitAtRule({ options }: DefinedVerb, words: readonly string[]): readonly [own: string[], rule: string[]] {
  let index = 0;
  for (let word = words[0]; word !== undefined; word = words[index]) {
    if (word === '--help' || word === '-h') return [['--help'], []];
    const [name = '', value] = word.replace(/^--(?:no-)?/, '').split('=', 2);
    const option = word.startsWith('--') && Object.hasOwn(options, name) ? options[name] : undefined;
    if (option === undefined) break;
    index += option.type === 'boolean' || value !== undefined ? 1 : 2;
  }
  return [words.slice(0, index), words.slice(index)];
}

/**
 * The words of a command line as written, by the names of options, and the file's or the other arguments'.
 * @returns undefined where help is requested.
 * @throws {UsageError} for unknown or misplaced words.
 */
function parseTokens(
  { options, file, operands }: DefinedVerb,
  words: readonly string[],
): Map<string, unknown> | undefined {
  const declared = Object.entries(options).map(([name, { type, alias }]) => {
    const short = typeof alias === 'string' ? { short: alias } : {};
    return [name, { type: type === 'boolean' ? ('boolean' as const) : ('string' as const), ...short }] as const;
  });
  const { tokens } = parseArgs({
    args: [...words],
    options: { ...Object.fromEntries(declared), help: { type: 'boolean', short: 'h' } },
    // Not strict: errors are reported here, in the same words everywhere.
    strict: false,
    allowPositionals: true,
    allowNegative: true,
    tokens: true,
  });
  const read = new Map<string, unknown>();
  for (const token of tokens) {
    if (token.kind === 'option-terminator') continue;
    if (token.kind === 'positional') {
      if (operands !== undefined) {
        read.set('words', [...((read.get('words') as string[] | undefined) ?? []), token.value]);
        continue;
      }
      if (file === undefined || read.has('file')) fail(`unexpected argument ${token.value}`);
      read.set('file', token.value);
      continue;
    }
    const { rawName, value } = token;
    // `--no-wait` may be an option of its own beside `--wait`.
    const isOwn = Object.hasOwn(options, rawName.slice(2));
    const name = isOwn ? rawName.slice(2) : token.name;
    if (name === 'help') return undefined;
    const option = Object.hasOwn(options, name) ? options[name] : undefined;
    const negated = !isOwn && rawName === `--no-${name}`;
    if (option === undefined || (negated && option.type !== 'boolean')) return fail(`unknown option ${rawName}`);
    if (option.type === 'boolean' ? value !== undefined : value === undefined) {
      fail(`option ${rawName} takes ${option.type === 'boolean' ? 'no' : 'a'} value`);
    }
    if (option.array === true) {
      const before = read.get(name);
      read.set(name, [...(Array.isArray(before) ? (before as unknown[]) : []), value]);
      continue;
    }
    if (read.has(name)) fail(`option --${name} is given twice`);
    read.set(name, value ?? !negated);
  }
  return read;
}

/**
 * Reads the words after the name of a verb by the verb's table of options.
 * @returns the values of all options by their names in the program, or `help` where help is requested.
 * @throws {UsageError} whose message has the wrong word.
 */
export function readWords(verb: DefinedVerb, words: readonly string[]): OptionValues | 'help' {
  const [own, rule] = verb.operands?.areRule === true ? splitAtRule(verb, words) : [words, []];
  const read = parseTokens(verb, own);
  if (read === undefined) return 'help';
  if (rule.length > 0) read.set('words', rule);
  for (const [name, option] of Object.entries(verb.options)) {
    const value = readValue(name, option, read.get(name) ?? option.default);
    if (value !== undefined) read.set(name, value);
  }
  if (verb.file !== undefined && !read.has('file')) fail(`FILE is missing: ${verb.file}`);
  if (verb.operands !== undefined && !read.has('words')) {
    const { name, describe, required = true } = verb.operands;
    if (required) fail(`${name} is missing: ${describe}`);
    read.set('words', []);
  }
  try {
    verb.check?.(Object.fromEntries(read));
  } catch (error) {
    fail((error as Error).message);
  }
  return Object.fromEntries([...read].map(([name, value]) => [inProgram(name), value]));
}
