// The words of a command line that is being typed in, names of the table that is there out, as the shell needs them.

import { IpvsClient } from '../client/client.js';
import { IpvsError } from '../errors.js';
import { serverName, serviceName } from '../model/entity-name.js';
import type { Io } from '../ports/io.js';
import type { DefinedVerb } from './verb.js';

/**
 * The words as they were typed: bash splits them at colons, which are then words of their own.
 * @param words after the program's name; the last one is to be completed.
 */
export function joinAtColons(words: readonly string[]): string[] {
  const joined: string[] = [];
  let goesOn = false;
  for (const word of words) {
    const isColon = /^:+$/.test(word);
    if (joined.length > 0 && (isColon || goesOn)) joined.push(`${joined.pop() ?? ''}${word}`);
    else joined.push(word);
    goesOn = isColon;
  }
  return joined;
}

/** Options that take names, by their words: what they name, and the option that a verb declares then. */
const namingOptions: Readonly<Record<string, { readonly option: string; readonly takes: 'services' | 'servers' }>> = {
  '--service': { option: 'service', takes: 'services' },
  '--virtual': { option: 'virtual', takes: 'services' },
  '-d': { option: 'virtual', takes: 'services' },
  '--server': { option: 'server', takes: 'servers' },
  '-r': { option: 'server', takes: 'servers' },
};

/** What a word is completed to, of the names that a verb takes; undefined where it takes none there. */
export async function completeNames(
  io: Io,
  { operands, options }: DefinedVerb,
  words: readonly string[],
): Promise<string[] | undefined> {
  const current = words.at(-1) ?? '';
  const before = words.at(-2) ?? '';
  const naming = Object.hasOwn(namingOptions, before) ? namingOptions[before] : undefined;
  const takes =
    naming !== undefined && Object.hasOwn(options, naming.option)
      ? naming.takes
      : current.startsWith('-')
        ? undefined
        : operands?.completes;
  if (takes === undefined) return undefined;
  const names = await tableNames(io, takes);
  return names.filter((name) => name.startsWith(current)).map((name) => forShell(io, name, current));
}

/** zsh takes a colon for the start of a description; bash completes what comes after the last one. */
function forShell({ env }: Io, name: string, current: string): string {
  const isZsh = (env['SHELL'] ?? '').includes('zsh') || (env['ZSH_NAME'] ?? '') !== '';
  return isZsh ? name.replaceAll(':', '\\:') : name.slice(current.lastIndexOf(':') + 1);
}

/** Names in the kernel's table; none where it can't be read. Loads no module. */
async function tableNames(io: Io, which: 'services' | 'servers' | 'both'): Promise<string[]> {
  const names: string[] = [];
  const hosts = new Set<string>();
  try {
    const client = await IpvsClient.connect(await io.machine.openSocket());
    try {
      for (const { key } of await client.services()) {
        if (which !== 'servers') names.push(serviceName(key));
        if (which === 'services') continue;
        for (const server of await client.serverStates(key)) {
          names.push(serverName(key, server));
          hosts.add(server.address);
        }
      }
    } finally {
      client.close();
    }
  } catch (error) {
    if (!(error instanceof IpvsError)) throw error;
  }
  return [...hosts, ...names].sort();
}
