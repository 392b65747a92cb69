import { canonicalTable } from '../model/canonical.js';
import type { Path } from '../model/problem.js';
import type { Table } from '../model/table.js';
import type { NameResolver } from '../ports/resolver.js';
import { readRules } from './rules/read-rules.js';
import { checkTable } from './check-table.js';
import { documentError, keptProblems, SourceText } from './report.js';

/**
 * Reads a rule dump.
 * @throws {DocumentError}
 */
export async function readRulesTable(text: string, source: string, names: NameResolver): Promise<Table> {
  const { rules, problems } = await readRules(text, names);
  // Settings without effect are no mistake on the command line.
  const table = canonicalTable(rules.table);
  const lineOf = ([list, index, member, number]: Path): number | undefined =>
    (list === 'services' || list === 'syncDaemons') && typeof index === 'number'
      ? rules.lineOf(list, index, member === 'servers' && typeof number === 'number' ? number : undefined)
      : undefined;
  const combinations = checkTable(table, (path) => `in line ${lineOf(path) ?? ''}`);
  if (problems.length === 0 && combinations.length === 0) return table;
  const found = [...problems, ...combinations.map(({ path, message }) => ({ path, message }))];
  const kept = found.slice(0, keptProblems).map((problem) => ({
    line: 'line' in problem ? problem.line : lineOf(problem.path),
    column: undefined,
    path: '',
    message: problem.message,
  }));
  throw documentError(source, kept, new SourceText(text), found.length - kept.length);
}
