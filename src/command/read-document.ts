import { systemErrorText } from '../text/errno-text.js';
import { readTable } from '../documents/parse-table.js';
import { largestText, tooLarge, unreadable } from '../documents/report.js';
import type { Io } from '../ports/io.js';
import type { Table } from '../model/table.js';

/** What stands for the standard input in place of a file's name. */
const standardInput = '-';

/** Room for the text of a large table; memory that is never touched costs nothing. */
const usualRoom = 1 << 20;

/** The bytes of a file, or of the standard input. @throws {DocumentError} where it can't be read. */
async function readText(io: Io, file: string, name: string): Promise<Uint8Array> {
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
  return room.subarray(0, length);
}

/**
 * Reads a table from a file, or from the standard input for `-`: a document in YAML or JSON, or a rule dump.
 * @throws {DocumentError} where it can't be read or used.
 */
export async function readDocument(io: Io, file: string): Promise<Table> {
  const name = file === standardInput ? 'standard input' : file;
  return readTable(await readText(io, file, name), name, io.names);
}
