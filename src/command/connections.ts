import type { ClassicCommand } from '../cli/classic/command.js';
import { formatConnection, formatConnectionTitles, parseConnection, type Connection } from '../format/connections.js';
import { numericNaming } from '../format/labels.js';
import { printable } from '../format/printable.js';
import { ListingNames } from '../names/naming.js';
import type { Io } from '../io.js';
import { InputError } from './input-error.js';
import { readLines, type NumberedLine } from './lines.js';
import { writeAll } from './write-all.js';

/** The kernel writes about a hundred bytes a line; persistence data makes them longer. */
const longestLine = 1 << 20;

/** The kernel's connection table. */
const source = '/proc/net/ip_vs_conn';

/**
 * Shows the connections, as they are read. A line that can't be understood is reported, not guessed at.
 * @returns the exit status: 1 where the listing can't be had or has gaps.
 */
export async function listConnections(
  io: Io,
  { numeric, persistence }: Extract<ClassicCommand, { kind: 'list-connections' }>,
): Promise<number> {
  const blocks = readLines(io.machine.readFile(source), longestLine)[Symbol.asyncIterator]();
  let first: IteratorResult<NumberedLine[]>;
  try {
    first = await blocks.next();
  } catch {
    await io.stderr.write(`cannot open file ${source}\n`);
    return 1;
  }
  const names = new ListingNames(io.names);
  const naming = numeric ? numericNaming : names;
  let status = 0;

  async function nextBlock(): Promise<IteratorResult<NumberedLine[]>> {
    try {
      return await blocks.next();
    } catch (cause) {
      throw new InputError(source, cause);
    }
  }

  async function* lines(): AsyncGenerator<string> {
    yield formatConnectionTitles(persistence);
    for (let block = first; block.done !== true; block = await nextBlock()) {
      const { connections, faults } = parseBlock(block.value);
      for (const { number, text } of faults) {
        status = 1;
        await io.stderr.write(`${source}: line ${number} is no connection: ${printable(text).slice(0, 200)}\n`);
      }
      if (!numeric) {
        await names.resolve(connections.flatMap((c) => [c.client.address, c.virtual.address, c.server.address]));
      }
      yield connections.map((connection) => formatConnection(connection, persistence, naming)).join('');
    }
  }

  await writeAll(io.stdout, lines());
  return status;
}

/** Reads the lines of a block, and keeps those apart that are no connections. */
function parseBlock(lines: readonly NumberedLine[]): { connections: Connection[]; faults: NumberedLine[] } {
  const connections: Connection[] = [];
  const faults: NumberedLine[] = [];
  for (const line of lines) {
    // The first line names the columns.
    if (line.number === 1) continue;
    const connection = line.cut ? undefined : parseConnection(line.text);
    if (connection === undefined) faults.push(line);
    else connections.push(connection);
  }
  return { connections, faults };
}
