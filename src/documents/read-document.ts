import type { DocumentProblem } from '../errors.js';
import { canonicalTable } from '../model/canonical.js';
import { pathText } from '../model/problem.js';
import type { Table } from '../model/table.js';
import { checkShape, type ShapeProblem } from './check-shape.js';
import { checkTable } from './check-table.js';
import { readDocumentText } from './document-text.js';
import type { Health } from './health.js';
import type { PortRange } from './port-ranges.js';
import { documentError, keptProblems } from './report.js';
import { SourceText } from './source-text.js';

/** All that a document says. */
export interface Configuration {
  readonly table: Table;
  /** For `ipvsadm run`; whoever changes the table once has no use for it. */
  readonly health: Health;
  /** The services that ranges of ports have become. */
  readonly ranges: readonly PortRange[];
}

/** How a document is read. */
export interface DocumentOptions {
  /** Whether bytes that are not UTF-8 were replaced in the text. */
  readonly replaced?: boolean | undefined;
  /** True for what a kernel had, whoever had set it: settings are taken together as they are. */
  readonly asFound?: boolean | undefined;
}

/**
 * Reads a document in YAML or JSON.
 * @throws {DocumentError}
 */
export function readDocument(
  text: string,
  source: string,
  { replaced = false, asFound = false }: DocumentOptions = {},
): Configuration {
  const { value, faults, locate } = readDocumentText(text, replaced);
  const found: ShapeProblem[] = [];
  if (value !== undefined || faults.length === 0) {
    const { problems, table, health, ranges, original } = checkShape(value);
    const combinations = asFound ? [] : checkTable(table, (path) => pathText(original(path)));
    if (faults.length + problems.length + combinations.length === 0) {
      return { table: canonicalTable(table), health, ranges };
    }
    found.push(
      ...problems,
      ...combinations.map(({ path, message }) => ({ path: original(path), message, of: 'value' }) as const),
    );
  }
  const lines = new SourceText(text);
  const kept = found.slice(0, keptProblems);
  const located: DocumentProblem[] = [
    ...faults.map(({ offset, message }) => ({ ...lines.place(offset), path: '', message })),
    ...kept.map((problem) => ({
      ...lines.place(locate(problem)),
      path: pathText(problem.path),
      message: problem.message,
    })),
  ];
  throw documentError(source, located, lines, found.length - kept.length);
}
