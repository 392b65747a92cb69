// The words of a command line in, a command of plain data out, or a UsageError. Names to look up are yielded.

import { UsageError } from '../errors.js';
import type { NameResolver } from '../ports/resolver.js';
import type { ClassicCommand } from './command.js';
import { finish, Given, readRole } from './finish.js';
import { usageText } from './usage-text.js';
import { Scanner } from './scan.js';
import {
  initialSettings,
  lookupReaders,
  readers,
  readTimeout,
  usage,
  type Lookup,
  type LookupResult,
  type Steps,
} from './settings.js';

/** Seconds of persistence where `-p` has no value. The original's manual says 300. */
const defaultPersistence = 360;

/** What parsing depends on beside the words. */
export interface ParseContext {
  /** The program's name in messages. */
  readonly programName: string;
  /** POSIXLY_CORRECT is set in the environment. */
  readonly posixlyCorrect: boolean;
  /** The line is part of a restore, which can't contain another one. */
  readonly restoring: boolean;
}

/**
 * Parses a command line (or a line of a rule dump) without side effects: names that need a look-up are yielded, and the
 * results expected back.
 * @throws {UsageError}
 */
export function* parseWords(words: readonly string[], context: ParseContext): Steps<ClassicCommand> {
  const scanner = new Scanner(words, context.posixlyCorrect);
  const command = readCommand(scanner, context);
  if (command.spelling.command === 'help' || command.spelling.command === 'version') {
    return { kind: command.spelling.command };
  }
  const settings = initialSettings();
  if (command.spelling.command === 'start-daemon') {
    settings.role = readRole(command.value, usageText.startDaemonRole());
    settings.interface = 'eth0';
  } else if (command.spelling.command === 'stop-daemon') {
    settings.role = readRole(command.value, usageText.stopDaemonRole());
  }
  const given = new Given();
  for (let token = scanner.next(); token !== undefined; token = scanner.next()) {
    const { spelling, value } = token;
    if ('command' in spelling) throw usage(usageText.secondCommand(scanner.word));
    given.add(spelling);
    if (spelling.option === 'persistent') {
      settings.persistenceTimeout = value === undefined ? defaultPersistence : readTimeout(value, 1);
    } else {
      readers[spelling.long]?.(settings, value ?? '');
      const steps = lookupReaders[spelling.long]?.(settings, value ?? '');
      if (steps !== undefined) yield* steps;
    }
  }
  return finish(command.spelling.command, settings, given, scanner.leftOver);
}

function readCommand(scanner: Scanner, context: ParseContext) {
  const tryHelp = (): UsageError => new UsageError('try', usageText.tryHelp(context.programName));
  try {
    const token = scanner.next();
    if (token === undefined || !('command' in token.spelling)) throw tryHelp();
    if (token.spelling.command === 'restore' && context.restoring) throw tryHelp();
    return { spelling: token.spelling, value: token.value ?? '' };
  } catch (error) {
    if (error instanceof UsageError) throw tryHelp();
    throw error;
  }
}

/**
 * Parses a command line and looks its names up.
 * @throws {UsageError}
 */
export async function parseCommand(
  words: readonly string[],
  context: ParseContext,
  names: NameResolver,
): Promise<ClassicCommand> {
  const steps = parseWords(words, context);
  let step = steps.next();
  while (step.done !== true) step = steps.next(await lookUp(step.value, names));
  return step.value;
}

/** Carries out a look-up; a host name stands for the first of its addresses, as with the C library. */
export async function lookUp(lookup: Lookup, names: NameResolver): Promise<LookupResult> {
  if (lookup.kind === 'port') return names.servicePort(lookup.name, lookup.protocol);
  const [first] = await names.hostAddresses(lookup.name);
  return first;
}
