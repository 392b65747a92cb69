import type { IpvsClient } from '../client/client.js';
import type { Io } from '../ports/io.js';
import type { Table } from '../model/table.js';
import { connect } from './connect.js';
import { readDocument } from './read-document.js';

/** A file that the kernel's table is compared with. */
export class ComparedFile {
  readonly #table: Table;

  private constructor(table: Table) {
    this.#table = table;
  }

  /**
   * Reads a file, connects to the kernel and hands both to `run`. What is wrong with the file is reported before what is
   * wrong with the kernel.
   * @throws {DocumentError} {UnavailableError}
   */
  static async withKernel<R>(
    io: Io,
    path: string,
    run: (client: IpvsClient, file: ComparedFile) => Promise<R>,
  ): Promise<R> {
    const file = new ComparedFile(await readDocument(io, path));
    const client = await connect(io.machine);
    try {
      return await run(client, file);
    } finally {
      client.close();
    }
  }

  /** The table that the file describes. */
  async table(): Promise<Table> {
    return Promise.resolve(this.#table);
  }
}
