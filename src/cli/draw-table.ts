import type { ChalkInstance } from 'chalk';
import Table from 'cli-table3';
import { textColumns } from '../text/columns.js';

/** A column of a table. */
export interface Column {
  readonly title: string;
  readonly align: 'left' | 'right';
}

/** A row of a table. */
export interface Row {
  /** Text of each column, without control characters. */
  readonly cells: readonly string[];
  /** Colour of each cell; undefined: as it is. */
  readonly colours?: readonly (ChalkInstance | undefined)[];
}

/**
 * Draws a table of any number of rows. cli-table3 draws the frame and the head; the rows are filled in here, because its
 * layout compares each cell with all cells above it.
 */
export function drawTable(columns: readonly Column[], rows: readonly Row[], colour: ChalkInstance): string {
  const widths = columns.map(({ title }) => textColumns(title));
  for (const { cells } of rows) {
    for (const [index, cell] of cells.entries()) widths[index] = Math.max(widths[index] ?? 0, textColumns(cell));
  }
  const frame = new Table({
    head: columns.map(({ title }) => colour.bold(title)),
    colAligns: columns.map(({ align }) => align),
    // A blank on either side.
    colWidths: widths.map((width) => width + 2),
    style: { head: [], border: [], compact: true },
  });
  // One row, so that there is a line below the head.
  frame.push(columns.map(() => ''));
  const [top, head, rule, , bottom] = frame.toString().split('\n');
  return [top, head, rule, ...rows.map((row) => drawRow(row, columns, widths)), bottom].join('\n');
}

function drawRow({ cells, colours }: Row, columns: readonly Column[], widths: readonly number[]): string {
  const drawn = cells.map((cell, index) => {
    const blanks = ' '.repeat(Math.max(0, (widths[index] ?? 0) - textColumns(cell)));
    const text = colours?.[index]?.(cell) ?? cell;
    return columns[index]?.align === 'right' ? blanks + text : text + blanks;
  });
  return `│ ${drawn.join(' │ ')} │`;
}
