import { largestText, readTable as readTableText, tooLarge } from '../documents/read-table.js';
import type { Io } from '../io.js';
import type { Table } from '../model/table.js';
import { InputError } from './input-error.js';

/** What stands for the standard input. */
export const standardInputPath = '/dev/stdin';

/**
 * Reads the table that a file describes, a document or a rule dump.
 * @throws {InputError} when it can't be read.
 * @throws {DocumentError} when it is no table; all that is wrong is told.
 */
export async function readWantedTable(io: Io, file: string): Promise<Table> {
  const fromStdin = file === standardInputPath;
  const name = fromStdin ? 'standard input' : file;
  const text = await readAll(fromStdin ? io.stdin : io.machine.readFile(file), name);
  return readTableText(text, name, io.names);
}

async function readAll(pieces: AsyncIterable<Uint8Array> | Iterable<Uint8Array>, name: string): Promise<Uint8Array> {
  const gathered: Uint8Array[] = [];
  let length = 0;
  try {
    for await (const piece of pieces) {
      gathered.push(piece);
      length += piece.length;
      // What is too large is not read to its end, which it may not have.
      if (length > largestText) break;
    }
  } catch (cause) {
    throw new InputError(name, cause);
  }
  if (length > largestText) throw tooLarge(name);
  return Buffer.concat(gathered);
}
