import { constants } from 'node:os';
import { InputError, UnavailableError } from '../errors.js';
import { ConnectionLine, type Connection } from '../format/connections.js';
import { readLineBlocks, type LineBlock } from '../text/lines.js';
import { lineTest, type ConnectionFilter } from './connection-filter.js';
import { Turns } from './turns.js';

const { ENOPROTOOPT } = constants.errno;

/** The kernel's connection table. */
export const connectionTable = '/proc/net/ip_vs_conn';

/** The kernel writes about a hundred bytes a line; persistence data makes them longer. */
export const longestLine = 1 << 20;

/** A line of the connection table that is no connection. */
export interface UnreadableLine {
  /** Its number, from 1. */
  readonly number: number;
  /** As it is: it may have control characters, and data of persistence engines comes from packets. */
  readonly text: string;
}

const newline = 10;

/** Goes through the lines of a block but the first line of all, which names the columns. */
function forEachLine({ bytes, number }: LineBlock, take: (number: number, start: number, end: number) => void): void {
  for (let line = number, start = 0, end; start < bytes.length; start = end + 1, line++) {
    end = bytes.indexOf(newline, start);
    if (end < 0) end = bytes.length;
    if (line > 1) take(line, start, end);
  }
}

/** Hands on the connections of a block of `/proc/net/ip_vs_conn`. @returns the lines that are none. */
export function readConnections(block: LineBlock, take: (line: ConnectionLine) => void): UnreadableLine[] {
  const line = new ConnectionLine();
  const faults: UnreadableLine[] = [];
  forEachLine(block, (number, start, end) => {
    if (!block.cut && line.read(block.bytes, start, end)) take(line);
    else faults.push({ number, text: Buffer.from(block.bytes.subarray(start, end)).toString() });
  });
  return faults;
}

/** How connections are read. */
export interface ConnectionOptions {
  /** Ends the reading when it is aborted: the iteration throws the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** Called with each line that is no connection. It is left out of the iteration: such lines end nothing. */
  readonly onUnreadable?: ((line: UnreadableLine) => void) | undefined;
}

/** The text of the connection table in blocks of lines; the event loop turns every few milliseconds. */
export async function* connectionBlocks(
  pieces: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  signal?: AbortSignal,
): AsyncGenerator<LineBlock, void, undefined> {
  const turns = new Turns();
  for await (const block of readLineBlocks(pieces, longestLine)) {
    await turns.take();
    signal?.throwIfAborted();
    yield block;
  }
}

/**
 * The pieces of the connection table, with the file system's errors as ours.
 * @throws {UnavailableError} when the kernel has no IPVS (ENOPROTOOPT).
 * @throws {InputError} when the file can't be read.
 */
export async function* connectionPieces(
  readFile: (path: string) => Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
  file = connectionTable,
): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    yield* readFile(file);
  } catch (cause) {
    const isMissing = (cause as NodeJS.ErrnoException).code === 'ENOENT';
    if (isMissing && file === connectionTable) throw new UnavailableError(ENOPROTOOPT, { cause });
    throw new InputError(file, cause);
  }
}

/** Which connections, and how they are read. */
export interface FilteredOptions extends ConnectionOptions {
  /** Which are wanted. Default: all. */
  readonly filter?: ConnectionFilter | undefined;
}

/**
 * The connections of the text of `/proc/net/ip_vs_conn`, in its order, as it is read: a piece at a time is kept. The event
 * loop turns every few milliseconds.
 */
export async function* connectionsOf(
  pieces: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  { signal, onUnreadable, filter = {} }: FilteredOptions = {},
): AsyncGenerator<Connection, void, undefined> {
  const isWanted = lineTest(filter);
  for await (const block of connectionBlocks(pieces)) {
    const connections: Connection[] = [];
    const unreadable = readConnections(block, (line) => {
      if (isWanted === undefined || isWanted(line)) connections.push(line.connection());
    });
    for (const line of unreadable) onUnreadable?.(line);
    for (const connection of connections) {
      signal?.throwIfAborted();
      yield connection;
    }
  }
}
