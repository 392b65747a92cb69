import * as v from 'valibot';
import { pathText, type Path, type TableProblem } from '../model/problem.js';
import type { Table } from '../model/table.js';
import { describeValue } from './describe-value.js';
import { expandPorts, rangesOf, type PortRange } from './port-ranges.js';
import { tableOf } from './document-table.js';
import { healthOf, noHealth, type Health } from './health.js';
import { daemonSchema, documentSchema, serviceSchema } from './schema.js';
import { isMapping } from './schema-parts.js';

type Issue = v.BaseIssue<unknown>;

/** A problem of a document's shape. */
export interface ShapeProblem extends TableProblem {
  /** Whether the name of a member is wrong, or its value. */
  readonly of: 'name' | 'value';
}

/** The table of a document, as far as its shape is right. */
export interface CheckedShape {
  readonly problems: readonly ShapeProblem[];
  /** Services and daemons with problems are left out. */
  readonly table: Table;
  /** Looked at once the shape of the whole document is right. */
  readonly health: Health;
  /** Of the right shape, too. */
  readonly ranges: readonly PortRange[];
  /** The path in the document of a path in the table. */
  readonly original: (path: Path) => Path;
}

function pathOf(issue: Issue): (string | number)[] {
  return (issue.path ?? []).map(({ key }) => (typeof key === 'number' ? key : String(key)));
}

function problemOf(issue: Issue): ShapeProblem {
  const path = pathOf(issue);
  // The messages of checks of a mapping are complete.
  if (issue.type === 'raw_check') return { path, of: 'name', message: issue.message };
  // No value in a text is undefined: the member is missing.
  if (issue.received === 'undefined' && path.length > 0) {
    return { path: path.slice(0, -1), of: 'value', message: `${String(path.at(-1))} is missing` };
  }
  const { input } = issue;
  const hint =
    typeof input === 'string' && /^\d+$/.test(input) && /from \d+ to/.test(issue.message) ? ' in quotes' : '';
  const of = issue.path?.at(-1)?.origin === 'key' ? 'name' : 'value';
  return { path, of, message: `expected ${issue.message}, found ${describeValue(input)}${hint}` };
}

/** Problems by the path and the message: one number can break several rules with the same message. */
function distinct(problems: readonly ShapeProblem[]): ShapeProblem[] {
  return [...new Map(problems.map((problem) => [`${pathText(problem.path)} ${problem.message}`, problem])).values()];
}

function entriesOf(document: unknown, list: string): readonly unknown[] {
  const entries = isMapping(document) ? document[list] : undefined;
  return Array.isArray(entries) ? entries : [];
}

/** The entries of a list that have the right shape, and their places in it. */
function goodEntries<S extends v.GenericSchema>(document: unknown, list: string, schema: S) {
  return entriesOf(document, list).flatMap((item, index) => {
    const read = v.safeParse(schema, item);
    return read.success ? [{ index, entry: read.output }] : [];
  });
}

/** Checks the shape of a document: every name, type, enumerated value and number in it. */
export function checkShape(document: unknown): CheckedShape {
  const parsed = v.safeParse(documentSchema, document);
  if (parsed.success) {
    const { document: expanded, places } = expandPorts(parsed.output);
    const table = tableOf(expanded);
    const { health, problems } = healthOf(expanded, table);
    const original = placeOf((list, index) => (list === 'services' ? places[index] : index));
    // What is wrong with a service of many ports is wrong with each.
    const reported = distinct(problems.map((problem) => ({ ...problem, path: original(problem.path) })));
    return { health, problems: reported, table, original, ranges: rangesOf(parsed.output, table, places) };
  }
  const kept = {
    services: goodEntries(document, 'services', serviceSchema),
    syncDaemons: goodEntries(document, 'syncDaemons', daemonSchema),
  };
  return {
    problems: distinct(parsed.issues.map(problemOf)),
    health: noHealth,
    ranges: [],
    table: tableOf({
      services: kept.services.map(({ entry }) => entry),
      syncDaemons: kept.syncDaemons.map(({ entry }) => entry),
    }),
    original: placeOf((list, index) => kept[list][index]?.index),
  };
}

/** Paths in the document of paths in the table, by the places of entries. */
function placeOf(place: (list: 'services' | 'syncDaemons', index: number) => number | undefined): (path: Path) => Path {
  return (path) => {
    const [list, index, ...rest] = path;
    if ((list !== 'services' && list !== 'syncDaemons') || typeof index !== 'number') return path;
    return [list, place(list, index) ?? index, ...rest];
  };
}
