import type { NameResolver } from '../../ports/resolver.js';
import { Draft } from './draft.js';
import type { ForeignFiles } from './files.js';
import { finish, type Imported } from './finish.js';
import { readKeepalived } from './keepalived.js';
import type { ForeignKind } from './kinds.js';
import { readLdirectord } from './ldirectord.js';
import { readPiranha } from './piranha.js';

/** What a reader needs beside the text. */
export interface ForeignSurroundings {
  readonly files: ForeignFiles;
  /** Looks up names of hosts and ports, which ldirectord.cf and lvs.cf may have. */
  readonly names: NameResolver;
}

type Reader = (draft: Draft, text: string, file: string, surroundings: ForeignSurroundings) => Promise<void>;

const readers: Readonly<Record<ForeignKind, Reader>> = {
  keepalived: (draft, text, file, { files }) => readKeepalived(draft, text, file, files),
  ldirectord: (draft, text, file, { names }) => readLdirectord(draft, text, file, names),
  'lvs.cf': (draft, text, file, { names }) => readPiranha(draft, text, file, names),
};

/**
 * Reads another program's file.
 * @param file its name, for messages and for what it includes.
 * @throws {DocumentError} where nothing can be made of it.
 */
export async function readForeign(
  kind: ForeignKind,
  text: string,
  file: string,
  surroundings: ForeignSurroundings,
): Promise<Imported> {
  const draft = new Draft();
  await readers[kind](draft, text, file, surroundings);
  return finish(draft, file);
}
