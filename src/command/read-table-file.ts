import { systemErrorText } from '../text/errno-text.js';
import { parseConfiguration } from '../documents/parse-table.js';
import type { ImportNote } from '../documents/foreign/draft.js';
import type { Imported } from '../documents/foreign/finish.js';
import type { ForeignKind } from '../documents/foreign/kinds.js';
import { DocumentError } from '../errors.js';
import { documentError, largestText, tooLarge, unreadable } from '../documents/report.js';
import type { Io } from '../ports/io.js';
import type { Configuration } from '../documents/read-document.js';
import { parseApart } from './parse-apart.js';

/** The file name that stands for the standard input. */
const standardInputName = '-';

/** The name of a file in messages. */
export function nameOfFile(file: string): string {
  return file === standardInputName ? 'standard input' : file;
}

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

/** Bytes as text; in files of other programs what is not UTF-8 is mostly a comment. */
function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

/** A text whose first line with a word in it is one of another program's, and not of a document or a rule dump. */
async function kindOfOther(text: string): Promise<ForeignKind | undefined> {
  const [, first = ''] = /(?:^|\n)[^\S\n]*([^\s#!][^\n]*)/.exec(text) ?? [];
  if (/^(?:ipvsadm\s+)?-{1,2}[A-Za-z]|^\{/.test(first) || /^["']?services["']?\s*:/m.test(text)) return undefined;
  return (await import('../documents/foreign/kinds.js')).foreignKindOf(text);
}

async function readOther(io: Io, text: string, name: string, kind: ForeignKind): Promise<Imported> {
  const { readForeign } = await import('../documents/foreign/read-foreign.js');
  return readForeign(kind, text, name, {
    names: io.names,
    files: {
      read: async (path) => textOf(await readBytes(io, path, path)),
      list: (directory) => Promise.resolve(io.machine.listDirectory(directory)),
    },
  });
}

/**
 * Reads a document with what it says about health, or a rule dump.
 * @throws {DocumentError} where it can't be read or used, and for a file of another program.
 */
export async function readConfigurationFile(io: Io, file: string): Promise<Configuration> {
  const name = nameOfFile(file);
  const bytes = await readBytes(io, file, name);
  const kind = await kindOfOther(textOf(bytes));
  if (kind !== undefined) throw unreadable(name, `is for ${kind}: make a document of it with ipvsadm import ${name}`);
  return parseApart(io.machine, bytes, name);
}

/**
 * Reads a file of another program.
 * @param from its kind; undefined: what its text shows.
 * @throws {DocumentError} where it can't be read, or nothing can be made of it.
 */
export async function readForeignFile(io: Io, file: string, from: ForeignKind | undefined): Promise<Imported> {
  const name = nameOfFile(file);
  const text = textOf(await readBytes(io, file, name));
  const kind = from ?? (await kindOfOther(text));
  if (kind === undefined) {
    throw unreadable(name, 'is not a keepalived.conf, ldirectord.cf or lvs.cf; --from says which it is');
  }
  return readOther(io, text, name, kind);
}

/** How a table is read from a file. */
export interface TableFileOptions {
  /** The program that the file is for; undefined: what its text shows. */
  readonly from?: ForeignKind | undefined;
  /** Told what of the file of another program no table can have, such as services and servers that are missing therefore. */
  readonly onNote?: ((note: ImportNote) => Promise<void>) | undefined;
  /** Refuses such a file where a service or a server is missing because of it. */
  readonly whole?: boolean | undefined;
}

/**
 * Reads a table, and what else a document says, from a file, or from the standard input for `-`: a document in YAML or JSON, a rule dump, or a file of
 * keepalived, ldirectord or Piranha.
 * @throws {DocumentError} where it can't be read or used.
 */
export async function readTableFile(io: Io, file: string, options: TableFileOptions = {}): Promise<Configuration> {
  const name = nameOfFile(file);
  const bytes = await readBytes(io, file, name);
  const kind = options.from ?? (await kindOfOther(textOf(bytes)));
  if (kind === undefined) return parseConfiguration(bytes, name, { names: io.names });
  const { notes, ...configuration } = await readOther(io, textOf(bytes), name, kind);
  const losses = notes.filter(({ isLoss }) => isLoss);
  if (options.whole === true && losses.length > 0) {
    throw documentError(
      name,
      losses.map(({ origin: { line, file: source }, message }) => ({
        // The line of an included file is not one of this.
        line: source === name ? line : undefined,
        column: undefined,
        path: '',
        message: source === name ? message : `${source}:${line}: ${message}`,
      })),
    );
  }
  for (const note of notes) await options.onNote?.(note);
  return configuration;
}
