import { connectionLine } from '../command/list-json.js';
import { writeBlocks } from '../command/write-all.js';
import { connectionTitles, writeConnectionRow } from '../format/connection-row.js';
import type { ConnectionLine } from '../format/connections.js';
import type { Io } from '../ports/io.js';
import { lineTest, type ConnectionFilter } from '../table/connection-filter.js';
import {
  countConnectionsOf,
  ConnectionGroups,
  type ConnectionGroup,
  type GroupCounts,
  type GroupOrder,
} from '../table/connection-groups.js';
import type { ClientPrefix, ConnectionKey } from '../table/connection-keys.js';
import {
  connectionBlocks,
  connectionPieces,
  connectionTable,
  readConnections,
  type UnreadableLine,
} from '../table/connections.js';
import { KeptLines, type LineOrder } from '../table/kept-lines.js';
import { textColumns } from '../text/columns.js';
import { counted } from '../text/counted.js';
import { printable, printableJson } from '../text/printable.js';
import type { TextWriter } from '../text/text-writer.js';

/** What is shown, and how. */
export interface Shown {
  readonly filter: ConnectionFilter;
  readonly json: boolean;
  /** How many lines or groups at most. */
  readonly limit: number;
  /** Templates are what is counted, as nothing else is let through. */
  readonly onlyTemplates: boolean;
  /** Groups in JSON go on one line, as more will follow. */
  readonly isOneLine: boolean;
}

/** Exit status of a listing with gaps. */
const gaps = 1;

/** Reports lines that are no connections; the exit status. */
class Complaints {
  readonly #io: Io;
  #reports: Promise<void>[] = [];
  #status = 0;

  constructor(io: Io) {
    this.#io = io;
  }

  readonly add = ({ number, text }: UnreadableLine): void => {
    this.#status = gaps;
    const start = printable(text).slice(0, 200);
    this.#reports.push(this.#io.stderr.write(`${connectionTable}: line ${number} is no connection: ${start}\n`));
  };

  /** The exit status, when all is written. */
  async status(): Promise<number> {
    await Promise.all(this.#reports.splice(0));
    return this.#status;
  }
}

function piecesOf(io: Io): AsyncGenerator<Uint8Array, void, undefined> {
  return connectionPieces((path) => io.machine.readFile(path));
}

function summaryText(totals: GroupCounts): string {
  const { connections, activeConnections, inactiveConnections, persistentConnections } = totals;
  const split = connections === 0 ? '' : ` (${activeConnections} active, ${inactiveConnections} inactive)`;
  return `${counted(connections, 'connection')}${split}, ${counted(persistentConnections, 'template')}`;
}

/** Shows how many there are. @returns the exit status. */
export async function showCount(io: Io, { filter, json, onlyTemplates }: Shown): Promise<number> {
  const complaints = new Complaints(io);
  const groups = await countConnectionsOf(piecesOf(io), { filter, onUnreadable: complaints.add });
  const counts = groups.totals;
  const text = json
    ? JSON.stringify(counts)
    : String(onlyTemplates ? counts.persistentConnections : counts.connections);
  await io.stdout.write(`${text}\n`);
  return complaints.status();
}

function writeLine(out: TextWriter, line: ConnectionLine, json: boolean): void {
  if (!json) {
    writeConnectionRow(out, line);
    return;
  }
  out.text(connectionLine(line.connection(), line.isTemplate ? { template: true } : {}));
}

/** Shows the entries one by one: as they are read, unless they are to be sorted. @returns the exit status. */
export async function showList(
  io: Io,
  { filter, json, limit, order }: Shown & { readonly order: LineOrder | undefined },
): Promise<number> {
  const complaints = new Complaints(io);
  const totals = new ConnectionGroups();
  const isWanted = lineTest(filter);
  const kept = order === undefined ? undefined : new KeptLines(order);
  let count = 0;
  await writeBlocks(io.stdout, async function* (out) {
    if (!json) out.text(connectionTitles());
    for await (const block of connectionBlocks(piecesOf(io))) {
      const unreadable = readConnections(block, (line) => {
        if (isWanted !== undefined && !isWanted(line)) return;
        totals.add(line);
        if (kept !== undefined) kept.add(line);
        else if (count++ < limit) writeLine(out, line, json);
      });
      for (const line of unreadable) complaints.add(line);
      await complaints.status();
      yield;
      // Programs get no totals, so nothing more is needed.
      if (json && kept === undefined && count >= limit) return;
    }
    for await (const line of kept?.sorted(limit) ?? []) {
      writeLine(out, line, json);
      yield;
    }
    if (!json) out.text(`${summaryText(totals.totals)}\n`);
  });
  return complaints.status();
}

/** How groups are made and sorted. */
export interface Grouping {
  readonly by: readonly ConnectionKey[];
  readonly clientPrefix: ClientPrefix | undefined;
  readonly order: GroupOrder;
}

/** Shows counts by what connections have in common. @returns the exit status. */
export async function showGroups(io: Io, shown: Shown & Grouping): Promise<number> {
  const { filter, json, by, clientPrefix, order, limit } = shown;
  const complaints = new Complaints(io);
  const groups = await countConnectionsOf(piecesOf(io), { filter, by, clientPrefix, onUnreadable: complaints.add });
  const sorted = await groups.sorted(order, limit);
  await writeBlocks(io.stdout, json ? jsonGroups(groups, sorted, shown) : textGroups(groups, sorted, shown));
  return complaints.status();
}

/** Share of a group in all that is counted: of connections, or of templates where there is nothing else. */
function shareOf(group: GroupCounts, totals: GroupCounts, onlyTemplates: boolean): number {
  const measure = onlyTemplates ? 'persistentConnections' : 'connections';
  return totals[measure] === 0 ? 0 : group[measure] / totals[measure];
}

function jsonGroups(
  groups: ConnectionGroups,
  sorted: AsyncIterable<ConnectionGroup>,
  { onlyTemplates, isOneLine }: Shown,
): (out: TextWriter) => AsyncGenerator<void> {
  return async function* (out) {
    const start = JSON.stringify({ ...groups.totals, groupCount: groups.size, groups: [] });
    out.text(start.slice(0, -2));
    const newline = isOneLine ? '' : '\n';
    let separator = newline;
    for await (const { key, ...counts } of sorted) {
      const share = Number(shareOf(counts, groups.totals, onlyTemplates).toFixed(6));
      out.text(`${separator}${printableJson(JSON.stringify({ ...key, ...counts, share }))}`);
      separator = `,${newline}`;
      yield;
    }
    out.text(`${newline}]}\n`);
  };
}

/** Groups whose widths decide about those of the columns; the rest is written as it comes. */
const measuredGroups = 1000;

const countTitles = ['Connections', 'Share', 'Active', 'Inactive', 'Templates'];

function textGroups(
  groups: ConnectionGroups,
  sorted: AsyncIterable<ConnectionGroup>,
  { by, onlyTemplates }: Shown & Grouping,
): (out: TextWriter) => AsyncGenerator<void> {
  const { totals } = groups;
  const cellsOf = (names: readonly string[], group: GroupCounts): string[] => [
    ...names,
    String(group.connections),
    `${(100 * shareOf(group, totals, onlyTemplates)).toFixed(1)}%`,
    String(group.activeConnections),
    String(group.inactiveConnections),
    String(group.persistentConnections),
  ];
  const names = (first: string): string[] => by.map((_, index) => (index === 0 ? first : ''));
  return async function* (out) {
    const titles = [...by.map((key) => `${key.charAt(0).toUpperCase()}${key.slice(1)}`), ...countTitles];
    let rows: string[][] = [titles];
    let widths: number[] | undefined;
    const write = (): void => {
      const measured = [...rows, cellsOf(names('total'), totals)];
      widths ??= titles.map((_, index) =>
        measured.reduce((most, row) => Math.max(most, textColumns(row[index] ?? '')), 0),
      );
      for (const row of rows) out.text(`${rowText(row, widths, by.length)}\n`);
      rows = [];
    };
    const left = { connections: 0, activeConnections: 0, inactiveConnections: 0, persistentConnections: 0 };
    let count = 0;
    for await (const group of sorted) {
      count++;
      for (const name of Object.keys(left) as (keyof typeof left)[]) left[name] += group[name];
      rows.push(
        cellsOf(
          by.map((key) => printable(group.key[key] ?? '')),
          group,
        ),
      );
      if (widths !== undefined || rows.length > measuredGroups) write();
      yield;
    }
    if (count < groups.size) {
      const others = Object.fromEntries(
        (Object.keys(left) as (keyof typeof left)[]).map((name) => [name, totals[name] - left[name]]),
      ) as typeof left;
      rows.push(cellsOf(names(counted(groups.size - count, 'other')), others));
    }
    rows.push(cellsOf(names('total'), totals));
    write();
  };
}

/** Keys to the left, numbers to the right. */
function rowText(row: readonly string[], widths: readonly number[], keys: number): string {
  return row
    .map((cell, index) => {
      const blanks = ' '.repeat(Math.max(0, (widths[index] ?? 0) - textColumns(cell)));
      return index < keys ? cell + blanks : blanks + cell;
    })
    .join('  ')
    .trimEnd();
}
