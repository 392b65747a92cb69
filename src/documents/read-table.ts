import { canonicalTable } from '../model/canonical.js';
import type { Table } from '../model/table.js';
import type { NameResolver } from '../names/resolver.js';
import { readRules } from '../rules/read-rules.js';
import { checkShape, type ShapeProblem } from './check-shape.js';
import { checkTable } from './check-table.js';
import { documentTable } from './document-table.js';
import { readDocumentText } from './document-text.js';
import { pathText, type Path } from './problem.js';
import { documentError, SourceText, unreadable } from './report.js';
import type { YamlFault } from './yaml-text.js';
import type { DocumentError, DocumentProblem } from '../errors.js';

/** Largest text that is read, in bytes: some 100,000 real servers as formatted JSON. */
export const largestText = 1 << 24;

/** Problems that are looked up in the text and kept. */
const keptProblems = 1000;

/**
 * Reads a table from a text: a document in YAML or JSON, or a rule dump, whichever it is.
 * @param text bytes are UTF-8.
 * @param source what messages call the text, such as the file's name.
 * @param names looks up the names of hosts and ports, which rules may have.
 * @throws {DocumentError} with all that is wrong.
 */
export async function readTable(text: string | Uint8Array, source: string, names: NameResolver): Promise<Table> {
  const plain = plainText(text, source);
  const kind = kindOf(plain);
  if (kind === undefined) {
    throw unreadable(source, 'there is nothing in it; a table without services is written services: []');
  }
  return kind === 'rules' ? readRulesTable(plain, source, names) : readDocument(plain, source);
}

/** The characters of a text. @throws {DocumentError} where it is too large or no text. */
function plainText(text: string | Uint8Array, source: string): string {
  if (text.length > largestText) throw tooLarge(source);
  let plain: string;
  try {
    plain = typeof text === 'string' ? text : new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(text);
  } catch {
    throw unreadable(source, 'is not text: it has bytes that are no UTF-8');
  }
  if (plain.startsWith('\ufeff')) plain = plain.slice(1);
  const zero = plain.indexOf('\0');
  if (zero >= 0) throw unreadable(source, `is not text: a NUL byte in line ${new SourceText(plain).place(zero).line}`);
  return plain;
}

/** The error for a text that is larger than `largestText`. */
export function tooLarge(source: string): DocumentError {
  return unreadable(source, `is larger than ${largestText >> 20} MiB, which no table is`);
}

/** What a text is, by its first line that says something. */
function kindOf(text: string): 'document' | 'rules' | undefined {
  const [line] = /^[^\S\n]*[^\s#].*$/m.exec(text) ?? [];
  if (line === undefined) return undefined;
  return /^\s*(ipvsadm\s+)?-{1,2}[A-Za-z]/.test(line) ? 'rules' : 'document';
}

function faultsOf(faults: readonly YamlFault[], text: SourceText): DocumentProblem[] {
  return faults.map(({ offset, message }) => ({ ...text.place(offset), path: '', message }));
}

/** @throws {DocumentError} */
function readDocument(text: string, source: string): Table {
  const read = readDocumentText(text);
  if (!('value' in read)) {
    const lines = new SourceText(text);
    throw documentError(source, faultsOf(read, lines), lines);
  }
  const { problems, document, original } = checkShape(read.value);
  const found: ShapeProblem[] = [...problems];
  if (document !== undefined) {
    const table = documentTable(document);
    const combinations = checkTable(table, (path) => pathText(original(path)));
    if (found.length === 0 && combinations.length === 0 && read.faults.length === 0) return canonicalTable(table);
    for (const { path, message } of combinations) found.push({ path: original(path), message, of: 'value' });
  }
  const kept = found.slice(0, keptProblems);
  const offsets = read.locate(kept);
  const lines = new SourceText(text);
  const located = kept.map(({ path, message }, index) => ({
    ...lines.place(offsets[index] ?? 0),
    path: pathText(path),
    message,
  }));
  throw documentError(source, [...faultsOf(read.faults, lines), ...located], lines, found.length - kept.length);
}

/** @throws {DocumentError} */
async function readRulesTable(text: string, source: string, names: NameResolver): Promise<Table> {
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
