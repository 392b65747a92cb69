import { InputError } from '../errors.js';
import type { Machine } from '../ports/io.js';

/** The text of a small file of /proc and the like, one character a byte. @throws {InputError} where it can't be read. */
export async function readText(machine: Pick<Machine, 'readFile'>, path: string): Promise<string> {
  const pieces: Uint8Array[] = [];
  try {
    // A piece is valid only until the next one is requested.
    for await (const piece of machine.readFile(path)) pieces.push(Uint8Array.from(piece));
  } catch (cause) {
    throw new InputError(path, cause);
  }
  return Buffer.concat(pieces).toString('latin1');
}
