import type { Table } from '../../model/table.js';
import { noNames, type NameResolver } from '../../ports/resolver.js';
import { unreadable } from '../report.js';
import type { ImportNote } from './draft.js';
import type { ForeignFiles } from './files.js';
import { foreignKindOf, type ForeignKind } from './kinds.js';

/** How another program's file is read. */
export interface ImportOptions {
  /** The program that it is for. Default: what its text shows. */
  readonly kind?: ForeignKind | undefined;
  /** Reads the files that it includes. Default: they are missing. */
  readonly files?: ForeignFiles | undefined;
  /** Looks up the names of hosts and ports. Default: a name is one that nobody knows. */
  readonly names?: NameResolver | undefined;
}

/** What another program's file asks for. */
export interface ImportedTable {
  readonly table: Table;
  /** The same as a document in YAML, with its health checks, and the notes in comments. */
  readonly document: string;
  /** What could not be carried over, or is different. */
  readonly notes: readonly ImportNote[];
}

/** What includes other files where none are read. */
const noFiles: ForeignFiles = {
  read: () => Promise.reject(new Error('no files are read')),
  list: () => Promise.reject(new Error('no files are read')),
};

/**
 * Reads the configuration of another program: keepalived.conf, ldirectord.cf, or lvs.cf of Piranha.
 * @param source the name of the text in messages, and what includes are relative to.
 * @throws {DocumentError} where it is none of them, or nothing can be made of it.
 */
export async function importTable(
  text: string,
  source: string,
  { kind = foreignKindOf(text), files = noFiles, names = noNames }: ImportOptions = {},
): Promise<ImportedTable> {
  if (kind === undefined) throw unreadable(source, 'is not a keepalived.conf, ldirectord.cf or lvs.cf');
  // Who has no such file does not load what reads them.
  const [{ readForeign }, { formatImport }] = await Promise.all([
    import('./read-foreign.js'),
    import('./format-import.js'),
  ]);
  const imported = await readForeign(kind, text, source, { files, names });
  return { table: imported.table, document: [...formatImport(imported, source)].join(''), notes: imported.notes };
}
