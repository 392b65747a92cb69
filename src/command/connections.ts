import { InputError } from '../errors.js';
import { numericNaming } from '../names/naming.js';
import type { ClassicCommand } from '../grammar/command.js';
import { ConnectionLine, formatConnectionTitles } from '../format/connections.js';
import { printable } from '../text/printable.js';
import type { Io } from '../ports/io.js';
import { ListingNames } from '../names/listing-names.js';
import { readLineBlocks, type LineBlock } from './lines.js';
import { connectionLine } from './list-json.js';
import { writeBlocks } from './write-all.js';

/** The kernel writes about a hundred bytes a line; persistence data makes them longer. */
const longestLine = 1 << 20;

/** The kernel's connection table. */
const source = '/proc/net/ip_vs_conn';

/**
 * Shows the connections, as they are read. A line that can't be parsed is reported.
 * @returns the exit status: 1 where the listing is not available or has gaps.
 */
export async function listConnections(
  io: Io,
  { json, numeric: asNumbers, persistence }: Extract<ClassicCommand, { kind: 'list-connections' }>,
): Promise<number> {
  const blocks = readLineBlocks(io.machine.readFile(source), longestLine);
  let first: IteratorResult<LineBlock, unknown>;
  try {
    first = await blocks.next();
  } catch {
    await io.stderr.write(`cannot open file ${source}\n`);
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
      throw new InputError(source, cause);
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
        await io.stderr.write(`${source}: line ${number} is no connection: ${printable(text).slice(0, 200)}\n`);
      }
      yield;
    }
  });
  return status;
}

const newline = 10;

/** Visits the lines of a block, except the first line of the file, which has the titles. */
function forEachLine({ bytes, number }: LineBlock, visit: (number: number, start: number, end: number) => void): void {
  for (let line = number, start = 0, end; start < bytes.length; start = end + 1, line++) {
    end = bytes.indexOf(newline, start);
    if (end < 0) end = bytes.length;
    if (line > 1) visit(line, start, end);
  }
}

function addressesOf(block: LineBlock): string[] {
  const addresses: string[] = [];
  readConnections(block, (line) => addresses.push(...line.addresses()));
  return addresses;
}

/** Parses the connections of a block of `/proc/net/ip_vs_conn`. @returns the lines that are no connections. */
export function readConnections(
  block: LineBlock,
  onConnection: (line: ConnectionLine) => void,
): { readonly number: number; readonly text: string }[] {
  const line = new ConnectionLine();
  const faults: { number: number; text: string }[] = [];
  forEachLine(block, (number, start, end) => {
    if (!block.cut && line.read(block.bytes, start, end)) onConnection(line);
    else faults.push({ number, text: Buffer.from(block.bytes.subarray(start, end)).toString() });
  });
  return faults;
}
