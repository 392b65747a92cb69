import { systemErrorText } from '../cli/classic/errno-text.js';
import { readTable } from '../documents/read-table.js';
import { largestText, tooLarge, unreadable } from '../documents/report.js';
import type { Io } from '../io.js';
import type { Table } from '../model/table.js';

/** A text of so many bytes takes long enough for optimised code to pay off. */
const longText = 1 << 17;

/** What stands for the standard input in place of a file's name. */
const standardInput = '-';

async function readBytes(io: Io, file: string, name: string): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  let length = 0;
  let failure: unknown;
  try {
    for await (const piece of file === standardInput ? io.stdin : io.machine.readFile(file)) {
      length += piece.length;
      // What is too large is not read to its end, which may never come.
      if (length > largestText) break;
      // Its memory is used again for the next one.
      pieces.push(new Uint8Array(piece));
    }
  } catch (error) {
    failure = error;
  }
  if (failure !== undefined) throw unreadable(name, `can't be read: ${systemErrorText(failure)}`);
  if (length > largestText) throw tooLarge(name);
  if (length >= longText) io.machine.expectLongRun();
  return Buffer.concat(pieces, length);
}

/**
 * Reads the table in a file, or in the standard input for `-`: a document in YAML or JSON, or a rule dump.
 * @throws {DocumentError} where it can't be read or used.
 */
export async function readDocument(io: Io, file: string): Promise<Table> {
  const name = file === standardInput ? 'standard input' : file;
  return readTable(await readBytes(io, file, name), name, io.names);
}
