import { isUtf8 } from 'node:buffer';
import type { Table } from '../model/table.js';
import { noNames, type NameResolver } from '../ports/resolver.js';
import type { Configuration } from './read-document.js';
import { largestText, tooLarge, unreadable } from './report.js';
import { SourceText } from './source-text.js';

/** How a text is read. */
export interface ParseOptions {
  /** Looks up the names of hosts and ports, which rules may have. Default: a name is a problem as any other. */
  readonly names?: NameResolver | undefined;
}

/**
 * Reads a table from a text: a document in YAML or JSON, or a rule dump, whichever it is.
 * @param text bytes are UTF-8; in comments any encoding is allowed.
 * @param source the name of the text in messages, such as the file's name.
 * @throws {DocumentError} with all that is wrong.
 */
export async function parseTable(
  text: string | Uint8Array,
  source: string,
  options: ParseOptions = {},
): Promise<Table> {
  const { table } = await parseConfiguration(text, source, options);
  return table;
}

/**
 * The same, with what a document says about health; a rule dump says nothing about it.
 * @throws {DocumentError} with all that is wrong.
 */
export async function parseConfiguration(
  text: string | Uint8Array,
  source: string,
  { names = noNames }: ParseOptions = {},
): Promise<Configuration> {
  if (text.length > largestText) throw tooLarge(source);
  const replaced = typeof text !== 'string' && !isUtf8(text);
  const content = typeof text === 'string' ? text.replace(/^\ufeff/, '') : new TextDecoder().decode(text);
  const zero = content.indexOf('\0');
  if (zero >= 0)
    throw unreadable(source, `is not text: a NUL byte in line ${new SourceText(content).place(zero).line}`);
  const kind = kindOf(content);
  if (kind === undefined) throw unreadable(source, 'file is empty; write `services: []` for an empty table');
  // Neither loads what only the other needs.
  if (kind === 'rules') {
    const { readRules } = await import('./rules/read-rules.js');
    return { table: await readRules(content, replaced, source, names), health: { services: [] }, ranges: [] };
  }
  return (await import('./read-document.js')).readDocument(content, source, { replaced });
}

/** What a text is, by its first line that is neither empty nor a comment. */
function kindOf(text: string): 'document' | 'rules' | undefined {
  const [, line] = /(?:^|\n)[^\S\n]*([^\s#][^\n]*)/.exec(text) ?? [];
  if (line === undefined) return undefined;
  return /^(ipvsadm\s+)?-{1,2}[A-Za-z]/.test(line) ? 'rules' : 'document';
}
