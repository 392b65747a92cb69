import { systemErrorText } from '../text/errno-text.js';
import { parseTable } from '../documents/parse-table.js';
import { DocumentError } from '../errors.js';
import { largestText, tooLarge, unreadable } from '../documents/report.js';
import type { Io } from '../ports/io.js';
import type { Table } from '../model/table.js';

/** The file name that stands for the standard input. */
const standardInputName = '-';

/** The bytes of a file, or of the standard input. @throws {DocumentError} where it can't be read. */
async function readBytes(io: Io, file: string, name: string): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  let length = 0;
  try {
    for await (const piece of file === standardInputName ? io.stdin : io.machine.readFile(file)) {
      // A piece is valid only until the next one is requested.
      pieces.push(Uint8Array.from(piece));
      length += piece.length;
      // Input that is too large is not read to its end, which may never come.
      if (length > largestText) throw tooLarge(name);
    }
  } catch (error) {
    if (error instanceof DocumentError) throw error;
    throw unreadable(name, `can't be read: ${systemErrorText(error)}`);
  }
  return Buffer.concat(pieces);
}

/**
 * Reads a table from a file, or from the standard input for `-`: a document in YAML or JSON, or a rule dump.
 * @throws {DocumentError} where it can't be read or used.
 */
export async function readTableFile(io: Io, file: string): Promise<Table> {
  const name = file === standardInputName ? 'standard input' : file;
  return parseTable(await readBytes(io, file, name), name, { names: io.names });
}
