import { printable } from '../../text/printable.js';
import { flow } from '../format-document.js';
import type { JsonObject, JsonValue } from '../../format/json.js';
import { longestComment, noteText, originText, type ImportNote } from './draft.js';
import type { Imported } from './finish.js';

/** Members on a line each; their names are those of fields and of checks, which need no quotes. */
function* memberLines(members: JsonObject, first: string, rest: string): Generator<string> {
  let start = first;
  for (const [name, value] of Object.entries(members)) {
    if (value === undefined) continue;
    yield `${start}${name}: ${flow(value)}\n`;
    start = rest;
  }
}

/** Notes in the order of files and lines. */
function inOrder(notes: readonly ImportNote[]): ImportNote[] {
  const byFile = (a: string, b: string): number => (a < b ? -1 : Number(a > b));
  return [...notes].sort(({ origin: a }, { origin: b }) => byFile(a.file, b.file) || a.line - b.line);
}

/** The document as YAML, with what could not be carried over in comments above it. */
export function* formatImport({ document, origins, notes }: Imported, source: string): Generator<string> {
  yield `# Made of ${printable(source)} by ipvsadm import.\n`;
  if (notes.length > 0) {
    yield '#\n# What is different, or could not be carried over:\n';
    for (const note of inOrder(notes)) yield `# ${noteText(note)}\n`;
  }
  const { timeouts, checks, services } = document as unknown as {
    timeouts?: JsonValue;
    checks?: JsonObject;
    services: readonly (JsonObject & { servers?: readonly JsonObject[] })[];
  };
  if (timeouts !== undefined) yield `timeouts: ${flow(timeouts)}\n`;
  if (checks !== undefined) {
    yield 'checks:\n';
    yield* memberLines(checks, '  ', '  ');
  }
  yield services.length === 0 ? 'services: []\n' : 'services:\n';
  for (const [index, { servers = [], ...settings }] of services.entries()) {
    const from = origins[index];
    if (from !== undefined) {
      const title = from.title === undefined ? '' : `, ${from.title}`;
      yield `  # ${printable(`${originText(from.origin).replace(/: $/, '')}${title}`).slice(0, longestComment)}\n`;
    }
    yield* memberLines(settings, '  - ', '    ');
    yield servers.length === 0 ? '    servers: []\n' : '    servers:\n';
    for (const server of servers) yield `      - ${flow(server)}\n`;
  }
}
