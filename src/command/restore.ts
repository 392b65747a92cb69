import { UsageError, InputError } from '../errors.js';
import { kernelText } from './kernel-text.js';
import { describeFailure, refusedStatus, type Failure } from './failure.js';
import { parseCommand, type ParseContext } from '../grammar/parse.js';
import { parseContext } from './parse-context.js';
import type { ClassicCommand } from '../grammar/command.js';
import type { Change } from '../model/change.js';
import type { Io } from '../ports/io.js';
import { ruleWords } from '../documents/rules/words.js';
import { show, showAbout } from './show.js';
import { readLines, type NumberedLine } from './lines.js';
import type { Session } from './session.js';

/** Longest line of a dump in bytes; a rule takes about a hundred. */
const longestLine = 1 << 16;

/** Changes that are handed to the kernel at a time: a datagram full. More would only live longer. */
const batchSize = 128;

/** What a line of a dump asks for. */
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

/** Reads a line; undefined where it is empty. Only names have to be waited for. */
function parseLine(
  line: NumberedLine,
  context: ParseContext,
  io: Io,
): Parsed | undefined | Promise<Parsed | undefined> {
  const { number } = line;
  const faulty = (fault: unknown): Parsed => {
    if (fault instanceof UsageError) return { number, fault };
    throw fault;
  };
  try {
    const words = splitLine(line);
    if (words.length === 0) return undefined;
    const command = parseCommand(words, context, io.names);
    if (!(command instanceof Promise)) return { number, command };
    return command.then((late) => ({ number, command: late }), faulty);
  } catch (fault) {
    return faulty(fault);
  }
}

async function* inputLines(io: Io): AsyncGenerator<Iterable<NumberedLine>> {
  try {
    yield* readLines(io.stdin, longestLine);
  } catch (cause) {
    throw new InputError('standard input', cause);
  }
}

/** Carries out the lines of a dump in order. Changes are gathered; what must come after them waits for them. */
class Restore {
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

  /** Takes a line. A promise only where something has to be waited for. @returns the exit status where it ends the run. */
  line(parsed: Parsed): undefined | Promise<number | undefined> {
    const { number } = parsed;
    if ('fault' in parsed || parsed.command.kind !== 'change') return this.#other(parsed);
    this.#pending.push({ number, change: parsed.command.change });
    return this.#pending.length < batchSize ? undefined : this.flush().then(() => undefined);
  }

  async #other(parsed: Parsed): Promise<number | undefined> {
    await this.flush();
    if ('fault' in parsed) return this.#fault(parsed.number, parsed.fault);
    return this.#show(parsed.number, parsed.command);
  }

  async #fault(number: number, fault: UsageError): Promise<number | undefined> {
    const failure = describeFailure(fault, this.#session.io.programName, true);
    await this.#tell(number, failure.text);
    if (fault.kind !== 'scan') return failure.status;
    this.#refused = true;
    return undefined;
  }

  async #show(number: number, command: ClassicCommand): Promise<number | undefined> {
    if (command.kind === 'restore' || command.kind === 'change') return undefined;
    if (command.kind === 'help' || command.kind === 'version') {
      await showAbout(this.#session.io, command.kind);
      return this.status;
    }
    let failure: Failure;
    try {
      const status = await show(this.#session, command);
      return status === 0 ? undefined : status;
    } catch (error) {
      failure = describeFailure(error, this.#session.io.programName, false);
    }
    await this.#tell(number, failure.text);
    return failure.status;
  }

  /** Hands the gathered changes to the kernel and tells what it refused, in order. */
  async flush(): Promise<void> {
    const pending = this.#pending;
    this.#pending = [];
    if (pending.length === 0) return;
    const results = await this.#session.client.changeAll(pending.map(({ change }) => change));
    for (const [index, error] of results.entries()) {
      const number = pending[index]?.number ?? 0;
      if (error === undefined) continue;
      this.#refused = true;
      await this.#tell(number, kernelText(error.errno, error.operation));
    }
  }

  async #tell(number: number, text: string): Promise<void> {
    await this.#session.io.stderr.write(`line ${number}: ${text}\n`);
  }
}

/**
 * Carries out the rules on standard input as they come. What the kernel refuses is told with its line and does not
 * stop the rest; a line that makes no sense does.
 * @returns the exit status.
 */
export async function restore(session: Session): Promise<number> {
  const run = new Restore(session);
  const context = parseContext(session.io, true);
  for await (const lines of inputLines(session.io)) {
    for (const line of lines) {
      const step = parseLine(line, context, session.io);
      const parsed = step instanceof Promise ? await step : step;
      const ended = parsed === undefined ? undefined : run.line(parsed);
      const status = ended === undefined ? undefined : await ended;
      if (status !== undefined) return status;
    }
    // More may be long in coming: what is known is done, and told, by then.
    await run.flush();
  }
  return run.status;
}

/**
 * Replaces the table by the rules on standard input. All of them are read and checked first: a line that makes no
 * sense leaves the table as it is.
 * @returns the exit status: 2 where a line made no sense.
 */
export async function replaceTable(session: Session): Promise<number> {
  const rules: Parsed[] = [];
  const context = parseContext(session.io, true);
  let faults = 0;
  for await (const lines of inputLines(session.io)) {
    for (const line of lines) {
      const parsed = await parseLine(line, context, session.io);
      if (parsed === undefined) continue;
      rules.push(parsed);
      if (!('fault' in parsed)) continue;
      faults++;
      await session.io.stderr.write(`line ${parsed.number}: ${parsed.fault.message}\n`);
    }
  }
  if (faults > 0) return 2;
  await session.client.flush();
  const run = new Restore(session);
  for (const parsed of rules) {
    const status = await run.line(parsed);
    if (status !== undefined) return status;
  }
  await run.flush();
  return run.status;
}
