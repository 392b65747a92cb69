import { printable } from '../../text/printable.js';
import type { CheckInput } from '../health-schema.js';
import type { Document } from '../schema.js';

// What the readers of other programs' files make: services and servers that remember where they come from, and notes about
// what has no place in a document.

/** A line of a file. */
export interface Origin {
  readonly file: string;
  readonly line: number;
}

/** Something that a document can't have, or has differently. */
export interface ImportNote {
  readonly origin: Origin;
  readonly message: string;
  /** Whether a service, a server or a whole file is missing because of it. */
  readonly isLoss: boolean;
}

/** Longest comment; what is quoted in it may be of any length. */
export const longestComment = 300;

/** The place of a line, before a message. */
export function originText({ file, line }: Origin): string {
  return line === 0 ? '' : `${file}:${line}: `;
}

/** A note on a line, for a comment or a message. */
export function noteText({ origin, message }: ImportNote): string {
  const text = printable(`${originText(origin)}${message}`);
  return text.length > longestComment ? `${text.slice(0, longestComment)}...` : text;
}
type DocumentService = Document['services'][number];
type DocumentServer = NonNullable<DocumentService['servers']>[number];

/** Settings of a service, without those of its servers and their checks. */
export type ServiceSettings = {
  -readonly [K in keyof Omit<DocumentService, 'servers' | 'check' | 'sorryServer'>]: DocumentService[K];
};
/** Settings of a server, without its checks. */
export type ServerSettings = { -readonly [K in keyof Omit<DocumentServer, 'check'>]: DocumentServer[K] };

/** A server that was read. */
export interface DraftServer {
  readonly origin: Origin;
  readonly settings: ServerSettings;
  checks: readonly CheckInput[];
}

/** A service that was read. */
export interface DraftService {
  readonly origin: Origin;
  /** What its file calls it, for a comment. */
  readonly title: string | undefined;
  settings: ServiceSettings;
  servers: DraftServer[];
  sorryServer: DraftServer | undefined;
}

/** Notes that are kept; the rest is counted. */
const mostNotes = 1000;

/** Services and servers that are read in all, as many as a document has room for: a short file can have ranges of more. */
export const mostEntries = 100_000;

/** All that was read of a file and those that it includes. */
export class Draft {
  readonly services: DraftService[] = [];
  timeouts: Document['timeouts'];
  readonly #notes: ImportNote[] = [];
  readonly #known = new Set<string>();
  #more = 0;
  #losesMore = false;
  #entries = 0;

  /** Notes what can't be carried over; the same twice is one note. */
  note(origin: Origin, message: string, isLoss = false): void {
    if (this.#notes.length >= mostNotes) {
      this.#more++;
      this.#losesMore ||= isLoss;
      return;
    }
    const id = `${origin.file}:${origin.line}:${message}`;
    if (this.#known.has(id)) return;
    this.#known.add(id);
    this.#notes.push({ origin, message, isLoss });
  }

  /** Notes that a service, a server or a file is missing. */
  lose(origin: Origin, message: string): void {
    this.note(origin, message, true);
  }

  /** Makes room for another service or server. @returns false where there are too many, which is noted. */
  hasRoom(origin: Origin): boolean {
    if (this.#entries++ < mostEntries) return true;
    this.lose(origin, `more than ${mostEntries} services and servers: the rest is left out`);
    return false;
  }

  /** What was noted. */
  get notes(): readonly ImportNote[] {
    const last = this.#notes.at(-1);
    if (this.#more === 0 || last === undefined) return this.#notes;
    const { origin } = last;
    return [...this.#notes, { origin, message: `${this.#more} more notes are left out`, isLoss: this.#losesMore }];
  }
}

/** Longest line that is read, in characters. */
export const longestLine = 1 << 16;

/** The lines of a text with their places; what is too long to be one is noted and left out. */
export function* linesOf(
  draft: Draft,
  text: string,
  file: string,
): Generator<{ readonly origin: Origin; readonly line: string }> {
  for (let start = 0, end, line = 1; start < text.length; start = end + 1, line++) {
    end = text.indexOf('\n', start);
    if (end < 0) end = text.length;
    const origin = { file, line };
    if (end - start > longestLine) draft.lose(origin, 'the line is too long');
    else yield { origin, line: text.slice(start, end) };
  }
}

/** A whole number that a word is; undefined for every other word. */
export function wholeNumber(word: string | undefined): number | undefined {
  return word !== undefined && /^\d{1,10}$/.test(word) ? Number(word) : undefined;
}

/** A number of seconds, decimals allowed. */
export function seconds(word: string | undefined): number | undefined {
  return word !== undefined && /^\d{1,7}(?:\.\d{1,6})?$/.test(word) ? Number(word) : undefined;
}

/** Most addresses that a range is taken for: those of a /22. */
export const longestRange = 1024;

/** A text as a regular expression that matches itself. */
export function literal(text: string): string {
  return text.startsWith('/') && text.endsWith('/') ? `/${text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')}/` : text;
}

/** Splits a command into words as a shell would, where it needs no shell: blanks, quotes and backslashes only. */
export function commandWords(text: string): string[] {
  const words: string[] = [];
  for (const [, double, single, plain] of text.matchAll(/"((?:\\.|[^"\\])*)"|'([^']*)'|((?:\\.|[^\s"'])+)/g)) {
    words.push(double?.replace(/\\(.)/g, '$1') ?? single ?? (plain ?? '').replace(/\\(.)/g, '$1'));
  }
  return words;
}

/** How a number of seconds became those of a check. */
export interface CheckTiming {
  readonly interval: number;
  readonly fastInterval?: number;
  readonly timeout: number;
  readonly fall: number;
  readonly rise: number;
}

function within(value: number, lowest: number, highest: number): number {
  return Math.min(Math.max(value, lowest), highest);
}

/**
 * Timing in the ranges that checks have. A check that may take longer than its interval is rather made less often than
 * given less time: what is slow is not down.
 * @param report told where a number had to be changed.
 */
export function checkTiming(
  { interval, fastInterval, timeout, fall, rise }: CheckTiming,
  report: (message: string) => void,
): Required<CheckTiming> {
  const limit = within(timeout, 0.05, 600);
  const every = within(Math.max(interval, limit), 0.1, 3600);
  if (every > interval) report(`checks are made every ${every} seconds instead of ${interval}: that is their timeout`);
  return {
    interval: every,
    fastInterval: within(fastInterval ?? every, 0.1, every),
    timeout: limit,
    fall: within(fall, 1, 100),
    rise: within(rise, 1, 100),
  };
}
