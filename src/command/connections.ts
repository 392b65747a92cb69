import { InputError } from '../errors.js';
import { numericNaming } from '../names/naming.js';
import type { ClassicCommand } from '../grammar/command.js';
import { formatConnectionTitles } from '../format/connections.js';
import { printable } from '../text/printable.js';
import type { Io } from '../ports/io.js';
import { ListingNames } from '../names/listing-names.js';
import { readLineBlocks, type LineBlock } from '../text/lines.js';
import { connectionTable, longestLine, readConnections } from '../table/connections.js';
import { connectionLine } from './list-json.js';
import { writeBlocks } from './write-all.js';

/**
 * Shows the connections, as they are read. A line that can't be parsed is reported.
 * @returns the exit status: 1 where the listing is not available or has gaps.
 */
export async function listConnections(
  io: Io,
  { json, numeric: asNumbers, persistence }: Extract<ClassicCommand, { kind: 'list-connections' }>,
): Promise<number> {
  const blocks = readLineBlocks(io.machine.readFile(connectionTable), longestLine);
  let first: IteratorResult<LineBlock, unknown>;
  try {
    first = await blocks.next();
  } catch {
    await io.stderr.write(`cannot open file ${connectionTable}\n`);
    return 1;
  }
  const numeric = asNumbers || json;
  const names = new ListingNames(io.names);
  const naming = numeric ? numericNaming : names;
  let status = 0;

  async function nextBlock(): Promise<IteratorResult<LineBlock, unknown>> {
    try {
      return await blocks.next();
    } catch (cause) {
      throw new InputError(connectionTable, cause);
    }
  }

  await writeBlocks(io.stdout, async function* (out) {
    if (!json) out.text(formatConnectionTitles(persistence));
    for (let block = first; block.done !== true; block = await nextBlock()) {
      if (!numeric) await names.resolve(addressesOf(block.value));
      const faults = readConnections(block.value, (line) => {
        if (json) out.text(connectionLine(line.connection()));
        else line.write(out, persistence, naming);
      });
      for (const { number, text } of faults) {
        status = 1;
        await io.stderr.write(
          `${connectionTable}: line ${number} is no connection: ${printable(text).slice(0, 200)}\n`,
        );
      }
      yield;
    }
  });
  return status;
}

function addressesOf(block: LineBlock): string[] {
  const addresses: string[] = [];
  readConnections(block, (line) => addresses.push(...line.addresses()));
  return addresses;
}
