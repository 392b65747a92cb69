// The words of a verb that name servers in, patterns to select them by out.

import { InputError, ValueError } from '../errors.js';
import { parseServerPattern, withAddresses, type ServerPattern } from '../plan/selection.js';
import type { Io } from '../ports/io.js';

/** The arguments of verbs that take servers. */
export const serverOperands = {
  name: 'server',
  completes: 'servers',
  describe:
    'an address, ADDRESS:PORT, a network or the name of a host: in all services; SERVICE/ADDRESS[:PORT]: in one, such as ' +
    'tcp:192.0.2.10:80/10.0.1.2:8080; - reads them from the standard input',
} as const;

/** Largest list that is read from the standard input, in bytes. */
const longestInput = 1 << 24;

/** Words, with those of the standard input in place of `-`. @throws {InputError} */
export async function readNames(io: Io, words: readonly string[]): Promise<string[]> {
  const names: string[] = [];
  for (const word of words) names.push(...(word === '-' ? await namesOfInput(io) : [word]));
  return names;
}

async function namesOfInput(io: Io): Promise<string[]> {
  return (await linesOfInput(io)).flatMap((line) => line.split(/\s+/)).filter((word) => word !== '');
}

/** The lines of the standard input. @throws {InputError} */
export async function linesOfInput(io: Io): Promise<string[]> {
  // Pieces are valid until the next one: copied.
  const pieces: Buffer[] = [];
  let length = 0;
  try {
    for await (const piece of io.stdin) {
      length += piece.length;
      if (length > longestInput) throw new Error(`more than ${longestInput >> 20} MiB`);
      pieces.push(Buffer.from(piece));
    }
  } catch (cause) {
    throw new InputError('standard input', cause);
  }
  return Buffer.concat(pieces).toString().split('\n');
}

/**
 * The names that words stand for, and their patterns.
 * @throws {ValueError} where the standard input, which was to have some, has none.
 * @throws as `readNames` and `readPatterns` do.
 */
export async function readServers(
  io: Io,
  words: readonly string[],
): Promise<{ readonly names: readonly string[]; readonly patterns: readonly ServerPattern[] }> {
  const names = await readNames(io, words);
  if (words.length > 0 && names.length === 0) throw new ValueError('no servers are named');
  return { names, patterns: await readPatterns(io, names) };
}

/**
 * The patterns of words. Names of hosts are looked up.
 * @throws {ValueError} for a word that is none, and for a name without an address.
 */
export async function readPatterns(io: Io, words: readonly string[]): Promise<ServerPattern[]> {
  const patterns = words.map(parseServerPattern);
  return Promise.all(
    patterns.map(async (pattern) =>
      'name' in pattern.hosts ? withAddresses(pattern, await io.names.hostAddresses(pattern.hosts.name)) : pattern,
    ),
  );
}
