import { constants } from 'node:os';
import { InputError, UnavailableError } from '../errors.js';
import type { Connection } from '../format/connections.js';
import { connectionsOf, connectionTable, type ConnectionOptions } from '../table/connections.js';
import { readPieces } from './read-pieces.js';

const { ENOPROTOOPT } = constants.errno;

/** Where connections are read, and how. */
export interface ConnectionTableOptions extends ConnectionOptions {
  /** The text to read. Default: `/proc/net/ip_vs_conn`, the connections of this network namespace. */
  readonly file?: string | undefined;
}

/**
 * The connections that IPVS has now, persistence templates too, in the kernel's order: `for await (const connection of
 * connections())`. Memory does not grow with their number. The kernel does not hold the table still meanwhile: one that
 * comes or goes may be missing. A line that is no connection is left out, see `onUnreadable`.
 * @throws the reason of `signal`, when it is aborted between two connections.
 * @throws {UnavailableError} when the kernel has no IPVS (ENOPROTOOPT).
 * @throws {InputError} when the file can't be read.
 */
export async function* connections({ file = connectionTable, ...options }: ConnectionTableOptions = {}): AsyncGenerator<
  Connection,
  void,
  undefined
> {
  yield* connectionsOf(piecesOf(file), options);
}

/** The file in pieces, with its errors as ours. */
function* piecesOf(file: string): Generator<Uint8Array> {
  try {
    yield* readPieces(file);
  } catch (cause) {
    const isMissing = (cause as NodeJS.ErrnoException).code === 'ENOENT';
    if (isMissing && file === connectionTable) throw new UnavailableError(ENOPROTOOPT, { cause });
    throw new InputError(file, cause);
  }
}
