import type { IpvsClient } from '../client/client.js';
import { hasSaidTable } from '../command/compare-text.js';
import { connect } from '../command/connect.js';
import { readDocument, readText, type TableText } from '../command/read-document.js';
import { writeAll } from '../command/write-all.js';
import { SaidTable } from '../documents/said-table.js';
import { formatJson } from '../format/json.js';
import type { Io } from '../ports/io.js';
import type { Table } from '../model/table.js';
import type { TableDifference } from '../plan/difference.js';
import { differenceJson } from '../format/difference-json.js';
import { formatDifference, plainPaint, type Paint } from '../format/format-difference.js';
import type { OptionTable } from './verb.js';
import { wantsColour } from './wants-colour.js';

/** Options that decide what is compared, and how it is shown. */
export interface ComparisonOptions {
  file: string;
  json: boolean;
  prune: boolean;
  keepWeights: boolean;
}

/** The file of a comparison. */
export const comparedFile = 'a document (YAML or JSON) or a rule dump; - is the standard input';

/** Declares the options of a comparison. */
export const comparisonOptions: OptionTable<Omit<ComparisonOptions, 'file'>> = {
  json: { type: 'boolean', default: false, describe: 'for programs: JSON with stable names' },
  prune: {
    type: 'boolean',
    default: true,
    describe: 'what the file does not have is to go; --no-prune leaves it alone',
  },
  'keep-weights': {
    type: 'boolean',
    default: false,
    describe: 'leave the weights of servers alone that are there already',
  },
};

/** Writes a difference: text for people, or JSON. */
export async function writeDifference(io: Io, difference: TableDifference, json: boolean): Promise<void> {
  if (json) {
    await writeAll(io.stdout, [formatJson(differenceJson(difference)), '\n']);
    return;
  }
  await writeAll(io.stdout, formatDifference(difference, wantsColour(io) ? await differencePaint(io) : plainPaint));
}

async function differencePaint(io: Io): Promise<Paint> {
  const { colours } = await import('./colours.js');
  const { green, red, yellow } = colours(io);
  return { ...plainPaint, added: green, removed: red, edited: yellow };
}

/** A file that the kernel's table is compared with. */
export class ComparedFile {
  readonly #io: Io;
  readonly #text: TableText;
  /** What it says in the words of `export`; undefined where it is in others. */
  readonly #said: SaidTable | undefined;
  #table: Promise<Table> | undefined;

  private constructor(io: Io, text: TableText) {
    this.#io = io;
    this.#text = text;
    this.#said = SaidTable.of(text.bytes);
  }

  /**
   * Reads a file, opens the conversation with the kernel and hands both on. What is wrong with the file is told before
   * what is wrong with the kernel.
   * @throws {DocumentError} {UnavailableError}
   */
  static async withKernel<R>(
    io: Io,
    path: string,
    run: (client: IpvsClient, file: ComparedFile) => Promise<R>,
  ): Promise<R> {
    const file = new ComparedFile(io, await readText(io, path));
    if (file.#said === undefined) await file.table();
    const client = await connect(io.machine).catch(async (error: unknown) => {
      await file.table();
      throw error;
    });
    try {
      return await run(client, file);
    } finally {
      client.close();
    }
  }

  /** The table that it says. @throws {DocumentError} */
  async table(): Promise<Table> {
    this.#table ??= readDocument(this.#io, this.#text);
    return this.#table;
  }

  /**
   * Whether it is in every word what `export` would write: the quick way to find out that nothing differs.
   * @throws {KernelError}
   */
  async isExported(client: IpvsClient): Promise<boolean> {
    return this.#said !== undefined && (await hasSaidTable(client, this.#said));
  }
}
