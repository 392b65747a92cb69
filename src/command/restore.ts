import { constants } from 'node:os';
import { UsageError, InputError, type KernelError } from '../errors.js';
import { kernelText } from './kernel-text.js';
import { describeFailure, refusedStatus } from './failure.js';
import { lookUp, parseWords, type ParseContext } from '../grammar/parse.js';
import type { Lookup, LookupResult } from '../grammar/settings.js';
import { parseContext } from './parse-context.js';
import type { ClassicCommand } from '../grammar/command.js';
import type { Change } from '../model/change.js';
import type { Io } from '../ports/io.js';
import { ruleWords } from '../documents/rules/words.js';
import { show, showAbout } from './show.js';
import { readLines, type NumberedLine } from '../text/lines.js';
import { keepPresent } from './previous.js';
import type { Session } from './session.js';

const { ENOENT, ESRCH } = constants.errno;

/** Longest line of a dump in bytes; a rule has about a hundred. */
const longestLine = 1 << 16;

/** Changes that are sent to the kernel at a time: as many as fill a datagram. */
const batchSize = 128;

/** A line of a dump that is not empty: its command, or the error in it. */
type Parsed =
  | { readonly number: number; readonly command: ClassicCommand }
  | { readonly number: number; readonly fault: UsageError };

/**
 * Splits a line at blanks; the program's own name is dropped wherever it stands, and so is a comment.
 * @throws {UsageError} where the line can't be a rule.
 */
function splitLine({ text, cut }: NumberedLine): string[] {
  if (cut) throw new UsageError('usage', `longer than ${longestLine} bytes`);
  if (text.includes('\0')) throw new UsageError('usage', 'a NUL byte in a rule');
  return ruleWords(text);
}

/** Reads lines one after the other; look-ups are yielded, and their results expected back. */
function* parseLines(
  lines: Iterable<NumberedLine>,
  context: ParseContext,
): Generator<Parsed | Lookup, undefined, LookupResult> {
  for (const line of lines) {
    const { number } = line;
    let parsed: Parsed;
    try {
      const words = splitLine(line);
      if (words.length === 0) continue;
      parsed = { number, command: yield* parseWords(words, context) };
    } catch (fault) {
      if (!(fault instanceof UsageError)) throw fault;
      parsed = { number, fault };
    }
    yield parsed;
  }
}

async function* inputLines(io: Io): AsyncGenerator<Iterable<NumberedLine>> {
  try {
    yield* readLines(io.stdin, longestLine);
  } catch (cause) {
    throw new InputError('standard input', cause);
  }
}

/** Handles the lines of the input. Most of them need no waiting: the fast path is a call without a promise. */
interface LineHandler {
  /** Handles a line that needs no waiting. @returns false where it needs some; it was not handled. */
  accept(parsed: Parsed): boolean;
  /** Handles any line. @returns the exit status where it ends the run. */
  handle(parsed: Parsed): Promise<number | undefined>;
  /** Called when all lines that have arrived are handled. */
  flush(): Promise<void>;
}

/** Reads the lines of the input as they come. @returns the exit status where one of them ended the run. */
async function readInput(io: Io, handler: LineHandler): Promise<number | undefined> {
  const context = parseContext(io, true);
  for await (const lines of inputLines(io)) {
    const reading = parseLines(lines, context);
    let found: LookupResult;
    for (let step = reading.next(); step.done !== true; step = reading.next(found)) {
      found = undefined;
      if ('kind' in step.value) {
        found = await lookUp(step.value, io.names);
      } else if (!handler.accept(step.value)) {
        const status = await handler.handle(step.value);
        if (status !== undefined) return status;
      }
    }
    // More input may take long: what has arrived is done and reported before.
    await handler.flush();
  }
  return undefined;
}

/** True where a removal failed because there is nothing to remove: the table is as the line requests. */
function isGoneAlready({ operation, errno }: KernelError): boolean {
  return (operation === 'delete-service' || operation === 'delete-server') && (errno === ESRCH || errno === ENOENT);
}

/** Carries out the lines of a dump in order. Changes are gathered; other lines flush them first. */
class Restore implements LineHandler {
  readonly #session: Session;
  #pending: { readonly number: number; readonly change: Change }[] = [];
  #refused = false;

  constructor(session: Session) {
    this.#session = session;
  }

  /** Exit status so far. */
  get status(): number {
    return this.#refused ? refusedStatus : 0;
  }

  /** Gathers a change, as long as there is room. */
  accept(parsed: Parsed): boolean {
    if ('fault' in parsed || parsed.command.kind !== 'change' || this.#pending.length === batchSize) return false;
    this.#pending.push({ number: parsed.number, change: parsed.command.change });
    return true;
  }

  async handle(parsed: Parsed): Promise<number | undefined> {
    await this.flush();
    if (this.accept(parsed)) return undefined;
    return 'fault' in parsed ? this.#fault(parsed.number, parsed.fault) : this.#show(parsed.number, parsed.command);
  }

  async #fault(number: number, fault: UsageError): Promise<number | undefined> {
    const { text, status } = describeFailure(fault, this.#session.io, 'change');
    await this.#report(number, text);
    if (fault.kind !== 'scan') return status;
    this.#refused = true;
    return undefined;
  }

  async #show(number: number, command: ClassicCommand): Promise<number | undefined> {
    if (command.kind === 'restore' || command.kind === 'change') return undefined;
    if (command.kind === 'help' || command.kind === 'version') {
      await showAbout(this.#session.io, command.kind);
      return this.status;
    }
    try {
      const status = await show(this.#session, command);
      return status === 0 ? undefined : status;
    } catch (error) {
      const { text, status } = describeFailure(error, this.#session.io, 'listing');
      await this.#report(number, text);
      return status;
    }
  }

  /** Sends the gathered changes to the kernel and reports what it refused, in order. */
  async flush(): Promise<void> {
    const pending = this.#pending;
    this.#pending = [];
    if (pending.length === 0) return;
    if (pending.some(({ change }) => change.kind === 'flush')) await keepPresent(this.#session, '-R');
    const results = await this.#session.client.changeAll(pending.map(({ change }) => change));
    for (const [index, error] of results.entries()) {
      const number = pending[index]?.number ?? 0;
      if (error === undefined) continue;
      if (!isGoneAlready(error)) this.#refused = true;
      await this.#report(number, kernelText(error.errno, error.operation));
    }
  }

  async #report(number: number, text: string): Promise<void> {
    await this.#session.io.stderr.write(`line ${number}: ${text}\n`);
  }
}

/**
 * Carries out the rules on standard input as they arrive. What the kernel refuses is reported with its line and does not
 * stop the rest; a line that is not valid does.
 * @returns the exit status.
 */
export async function restore(session: Session): Promise<number> {
  const run = new Restore(session);
  return (await readInput(session.io, run)) ?? run.status;
}

/** Keeps the rules, and reports the lines that are not valid. */
class RuleCheck implements LineHandler {
  readonly rules: Parsed[] = [];
  faults = 0;
  readonly #io: Io;

  constructor(io: Io) {
    this.#io = io;
  }

  accept(parsed: Parsed): boolean {
    if ('fault' in parsed) return false;
    this.rules.push(parsed);
    return true;
  }

  async handle(parsed: Parsed): Promise<undefined> {
    if (!('fault' in parsed)) return;
    this.faults++;
    await this.#io.stderr.write(`line ${parsed.number}: ${parsed.fault.message}\n`);
  }

  flush(): Promise<void> {
    return Promise.resolve();
  }
}

/**
 * Replaces the table by the rules on standard input. All of them are read and checked first: with a line that is
 * not valid the table stays as it is.
 * @returns the exit status: 2 where a line is not valid.
 */
export async function replaceTable(session: Session): Promise<number> {
  const check = new RuleCheck(session.io);
  await readInput(session.io, check);
  if (check.faults > 0) return 2;
  await keepPresent(session, 'restore');
  await session.client.flush();
  const run = new Restore(session);
  for (const rule of check.rules) {
    const status = run.accept(rule) ? undefined : await run.handle(rule);
    if (status !== undefined) return status;
  }
  await run.flush();
  return run.status;
}
