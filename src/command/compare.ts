import type { IpvsClient } from '../client/client.js';
import type { Io } from '../ports/io.js';
import type { Configuration } from '../documents/read-document.js';
import { connect } from './connect.js';
import { readTableFile, type TableFileOptions } from './read-table-file.js';

/**
 * Reads what a file describes, connects to the kernel and hands both to `run`. Errors in
 * the file are reported before those of the kernel.
 * @returns the result of `run`.
 * @throws {DocumentError} {UnavailableError}
 */
export async function withTableAndKernel<R>(
  io: Io,
  path: string,
  options: TableFileOptions,
  run: (client: IpvsClient, configuration: Configuration) => Promise<R>,
): Promise<R> {
  const configuration = await readTableFile(io, path, options);
  const client = await connect(io.machine);
  try {
    return await run(client, configuration);
  } finally {
    client.close();
  }
}
