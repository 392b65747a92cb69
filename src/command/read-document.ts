import { systemErrorText } from '../text/errno-text.js';
import { readTable } from '../documents/parse-table.js';
import { largestText, tooLarge, unreadable } from '../documents/report.js';
import type { Io } from '../ports/io.js';
import type { Table } from '../model/table.js';

/** What stands for the standard input in place of a file's name. */
const standardInput = '-';

/** A text that a table is to be read from. */
export interface TableText {
  readonly bytes: Uint8Array;
  /** What messages call it. */
  readonly name: string;
}

/** Room for the text of a large table; memory that is never touched costs nothing. */
const usualRoom = 1 << 20;

/**
 * Reads a file, or the standard input for `-`.
 * @throws {DocumentError} where it can't be read.
 */
export async function readText(io: Io, file: string): Promise<TableText> {
  const name = file === standardInput ? 'standard input' : file;
  let room = Buffer.allocUnsafeSlow(usualRoom);
  let length = 0;
  try {
    for await (const piece of file === standardInput ? io.stdin : io.machine.readFile(file)) {
      if (length + piece.length > room.length) {
        const larger = Buffer.allocUnsafeSlow(2 * (length + piece.length));
        larger.set(room.subarray(0, length));
        room = larger;
      }
      room.set(piece, length);
      length += piece.length;
      // What is too large is not read to its end, which may never come.
      if (length > largestText) break;
    }
  } catch (error) {
    throw unreadable(name, `can't be read: ${systemErrorText(error)}`);
  }
  if (length > largestText) throw tooLarge(name);
  return { bytes: room.subarray(0, length), name };
}

/**
 * The table that a text says: a document in YAML or JSON, or a rule dump.
 * @throws {DocumentError} where it can't be used.
 */
export async function readDocument(io: Io, { bytes, name }: TableText): Promise<Table> {
  return readTable(bytes, name, io.names);
}
