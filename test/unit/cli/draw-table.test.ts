import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Chalk } from 'chalk';
import Table from 'cli-table3';
import fc from 'fast-check';
import { drawTable, type Column, type Row } from '../../../src/cli/draw-table.js';

const columns: readonly Column[] = [
  { title: 'Name', align: 'left' },
  { title: 'Weight', align: 'right' },
  { title: '', align: 'left' },
];

/** The same table, drawn by cli-table3 alone. */
function drawnByLibrary(rows: readonly Row[], colour: InstanceType<typeof Chalk>): string {
  const table = new Table({
    head: columns.map(({ title }) => colour.bold(title)),
    colAligns: columns.map(({ align }) => align),
    style: { head: [], border: [], compact: true },
  });
  for (const { cells, colours } of rows) {
    table.push(cells.map((cell, index) => colours?.[index]?.(cell) ?? cell));
  }
  return table.toString();
}

const text = fc.stringMatching(/^(?:[ -~]|[éüß]|[日本語]){0,12}$/);

describe('drawTable', () => {
  for (const level of [0, 1] as const) {
    const colour = new Chalk({ level });
    test(`draws small tables as cli-table3 does, ${level === 0 ? 'plain' : 'coloured'}`, () => {
      const row = fc.record({
        cells: fc.tuple(text, text, text),
        colours: fc.constantFrom(undefined, [colour.red, undefined, colour.cyan]),
      });
      fc.assert(
        fc.property(fc.array(row, { minLength: 1, maxLength: 12 }), (rows) => {
          assert.equal(
            drawTable(
              columns,
              rows.map(({ cells, colours }) => (colours === undefined ? { cells } : { cells, colours })),
              colour,
            ),
            drawnByLibrary(
              rows.map(({ cells, colours }) => (colours === undefined ? { cells } : { cells, colours })),
              colour,
            ),
          );
        }),
        { numRuns: 200 },
      );
    });
  }

  test('draws a hundred thousand rows', () => {
    const rows = Array.from({ length: 100_000 }, (_, index) => ({ cells: [`server ${index}`, '1', ''] }));
    const lines = drawTable(columns, rows, new Chalk({ level: 0 })).split('\n');
    assert.equal(lines.length, rows.length + 4);
    assert.equal(lines.at(-2), '│ server 99999 │      1 │  │');
    assert.deepEqual([...new Set(lines.map(({ length }) => length))], ['│ server 99999 │      1 │  │'.length]);
  });
});
