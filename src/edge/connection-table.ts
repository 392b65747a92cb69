import type { Connection } from '../format/connections.js';
import { countConnectionsOf, type CountedConnections, type CountOptions } from '../table/connection-groups.js';
import { connectionPieces, connectionsOf, type FilteredOptions } from '../table/connections.js';
import { readPieces } from './read-pieces.js';

/** Where connections are read. */
export interface ConnectionFile {
  /** The text to read. Default: `/proc/net/ip_vs_conn`, the connections of this network namespace. */
  readonly file?: string | undefined;
}

/** Where connections are read, and how. */
export interface ConnectionTableOptions extends FilteredOptions, ConnectionFile {}

/** Where connections are read, and how they are counted. */
export interface CountTableOptions extends CountOptions, ConnectionFile {}

/**
 * The connections that IPVS has now, persistence templates too, in the kernel's order: `for await (const connection of
 * connections())`. Memory does not grow with their number. The kernel does not hold the table still meanwhile: one that
 * comes or goes may be missing. A line that is no connection is left out, see `onUnreadable`.
 * @throws the reason of `signal`, when it is aborted between two connections.
 * @throws {UnavailableError} when the kernel has no IPVS (ENOPROTOOPT).
 * @throws {InputError} when the file can't be read.
 */
export async function* connections({ file, ...options }: ConnectionTableOptions = {}): AsyncGenerator<
  Connection,
  void,
  undefined
> {
  yield* connectionsOf(connectionPieces(readPieces, file), options);
}

/**
 * Counts the connections that IPVS has now, by what they have in common: `await countConnections({ by: ['client'] })`.
 * They are counted as they are read, so memory grows with the number of groups only.
 * @throws as `connections` does.
 */
export async function countConnections({ file, ...options }: CountTableOptions = {}): Promise<CountedConnections> {
  return countConnectionsOf(connectionPieces(readPieces, file), options);
}
