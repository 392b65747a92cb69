import { connectionsKind } from './connections.js';
import { daysKind } from './days.js';
import { documentsKind } from './documents.js';
import type { Kind } from './kind.js';
import { linesKind } from './lines.js';
import { repliesKind } from './replies.js';
import { webKind } from './web.js';

/** All that is fed, in the order of a run. */
export const kinds: readonly Kind[] = [repliesKind, linesKind, documentsKind, connectionsKind, daysKind, webKind];

/** @throws where there is none of that name. */
export function kindOf(name: string): Kind {
  const kind = kinds.find((one) => one.name === name);
  if (kind === undefined) throw new Error(`${name} is none of ${kinds.map((one) => one.name).join(', ')}`);
  return kind;
}
