// Large documents are parsed in a thread of their own: bytes in, plain data out, and whatever was wrong with them.

import { parseConfiguration } from '../documents/parse-table.js';
import type { Configuration } from '../documents/read-document.js';
import { unreadable } from '../documents/report.js';
import { DocumentError, type DocumentProblem } from '../errors.js';
import { canonicalTable } from '../model/canonical.js';
import type { Machine } from '../ports/io.js';
import { version } from '../version.js';

/** Bytes beyond which a document takes longer to parse than everything else may wait: some milliseconds. */
const largeDocument = 1 << 16;

/** Longest time to parse, in seconds: the largest document takes one tenth of it on a slow machine. */
const longestParse = 60;

/** What the thread is asked. */
interface Request {
  readonly version: string;
  readonly bytes: Uint8Array;
  readonly name: string;
}

/** What it answers. */
type Answer =
  | { readonly configuration: Configuration }
  | { readonly message: string; readonly source: string; readonly problems: readonly DocumentProblem[] };

/**
 * What the thread does.
 * @param request as `parseApart` makes it.
 * @returns plain data; undefined where another version of this program asks, as after an upgrade that it has outlived.
 */
export async function answerRequest(request: unknown): Promise<unknown> {
  const { version: asking, bytes, name } = request as Request;
  if (asking !== version) return undefined;
  try {
    return { configuration: await parseConfiguration(bytes, name) } satisfies Answer;
  } catch (error) {
    if (!(error instanceof DocumentError)) throw error;
    const { message, source, problems } = error;
    return { message, source, problems } satisfies Answer;
  }
}

/**
 * Parses a document with what it says about health, or a rule dump; a large one without holding up the event loop.
 * @throws {DocumentError}
 */
export async function parseApart(
  machine: Pick<Machine, 'parseApart'>,
  bytes: Uint8Array,
  name: string,
): Promise<Configuration> {
  if (bytes.length < largeDocument) return parseConfiguration(bytes, name);
  const answer = await askThread(machine, { version, bytes, name });
  if (answer === undefined) return parseConfiguration(bytes, name);
  if (!('configuration' in answer)) throw new DocumentError(answer.message, answer.source, answer.problems);
  const { table, ...rest } = answer.configuration;
  // Its servers share what all servers of this process share.
  return { table: canonicalTable(table), ...rest };
}

async function askThread(machine: Pick<Machine, 'parseApart'>, request: Request): Promise<Answer | undefined> {
  try {
    return (await machine.parseApart(request, longestParse)) as Answer | undefined;
  } catch (error) {
    throw unreadable(request.name, `can't be parsed: ${error instanceof Error ? error.message : String(error)}`);
  }
}
