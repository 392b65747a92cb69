import type { ChalkInstance } from 'chalk';
import Table from 'cli-table3';
import { wrapAnsi } from 'fast-wrap-ansi';
import { textColumns } from '../text/columns.js';

/** A column of a table. */
export interface Column {
  readonly title: string;
  readonly align: 'left' | 'right';
  /** Columns of the terminal for its text, which is wrapped; undefined: as many as the widest cell needs. */
  readonly width?: number;
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
  const widths = columns.map(
    ({ title, width }, index) =>
      width ?? rows.reduce((most, { cells }) => Math.max(most, textColumns(cells[index] ?? '')), textColumns(title)),
  );
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
  return [top, head, rule, ...rows.flatMap((row) => drawRow(row, columns, widths)), bottom].join('\n');
}

/** The lines of a row. */
function drawRow({ cells, colours }: Row, columns: readonly Column[], widths: readonly number[]): string[] {
  const wrapped = widths.map((width, index) => wrapText(cells[index] ?? '', width));
  const height = Math.max(...wrapped.map(({ length }) => length));
  return Array.from({ length: height }, (_, line) => {
    const drawn = columns.map(({ align }, index) => {
      const text = wrapped[index]?.[line] ?? '';
      const blanks = ' '.repeat(Math.max(0, (widths[index] ?? 0) - textColumns(text)));
      const coloured = colours?.[index]?.(text) ?? text;
      return align === 'right' ? blanks + coloured : coloured + blanks;
    });
    return `│ ${drawn.join(' │ ')} │`;
  });
}

/** Text in lines of at most so many columns of a terminal: between words, and inside one that is longer. */
export function wrapText(text: string, width: number): string[] {
  return textColumns(text) <= width ? [text] : wrapAnsi(text, width, { hard: true }).split('\n');
}
