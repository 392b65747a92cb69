import type { DocumentProblem } from '../errors.js';
import { canonicalTable } from '../model/canonical.js';
import { pathText } from '../model/problem.js';
import type { Table } from '../model/table.js';
import { checkShape, readPlainTable, type ShapeProblem } from './check-shape.js';
import { checkTable } from './check-table.js';
import { readDocumentText } from './document-text.js';
import { documentError, keptProblems, SourceText } from './report.js';
import type { YamlFault } from './yaml-text.js';

function faultsOf(faults: readonly YamlFault[], text: SourceText): DocumentProblem[] {
  return faults.map(({ offset, message }) => ({ ...text.place(offset), path: '', message }));
}

/**
 * Reads a document in YAML or JSON.
 * @throws {DocumentError}
 */
export async function readDocument(text: string, source: string): Promise<Table> {
  const plain = readPlainTable(text);
  if (plain !== undefined && checkTable(plain, () => '').length === 0) return canonicalTable(plain);
  const read = await readDocumentText(text);
  if (!('value' in read)) {
    const lines = new SourceText(text);
    throw documentError(source, faultsOf(read, lines), lines);
  }
  const { problems, table, original } = checkShape(read.value);
  const found: ShapeProblem[] = [...problems];
  if (table !== undefined) {
    const combinations = checkTable(table, (path) => pathText(original(path)));
    if (found.length === 0 && combinations.length === 0 && read.faults.length === 0) return canonicalTable(table);
    for (const { path, message } of combinations) found.push({ path: original(path), message, of: 'value' });
  }
  const kept = found.slice(0, keptProblems);
  const offsets = await read.locate(kept);
  const lines = new SourceText(text);
  const located = kept.map(({ path, message }, index) => ({
    ...lines.place(offsets[index] ?? 0),
    path: pathText(path),
    message,
  }));
  throw documentError(source, [...faultsOf(read.faults, lines), ...located], lines, found.length - kept.length);
}
