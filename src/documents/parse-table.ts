import type { Table } from '../model/table.js';
import type { NameResolver } from '../ports/resolver.js';
import { largestText, SourceText, tooLarge, unreadable } from './report.js';

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
  // Neither loads what only the other needs.
  if (kind === 'rules') return (await import('./read-rules.js')).readRulesTable(plain, source, names);
  return (await import('./read-document.js')).readDocument(plain, source);
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

/** What a text is, by its first line that says something. */
function kindOf(text: string): 'document' | 'rules' | undefined {
  const [line] = /^[^\S\n]*[^\s#].*$/m.exec(text) ?? [];
  if (line === undefined) return undefined;
  return /^\s*(ipvsadm\s+)?-{1,2}[A-Za-z]/.test(line) ? 'rules' : 'document';
}
