import fc from 'fast-check';
import { formatTable, tableFormats } from '../../src/documents/format-table.js';
import { table } from '../unit/support/tables.js';

const parts = {
  schedulers: ['rr', 'wlc', 'sh', 'mh', 'maglev'],
  engines: ['sip'],
  interfaces: ['eth0', 'bond0.7'],
  unsayable: false,
};

/** Tables that a person can have entered. */
const tables = fc.sample(table(parts), { numRuns: 100, seed: 1 });

/** The same tables in each format. */
export const goodTexts: readonly string[] = tables.flatMap((each) => {
  return tableFormats.map((format) => formatTable(each, format, 'table'));
});

/** Lines of rules, as dumps have them. */
export const goodRules: readonly string[] = tables
  .flatMap((each) => formatTable(each, 'rules', 'table').split('\n'))
  .filter((line) => line !== '');
