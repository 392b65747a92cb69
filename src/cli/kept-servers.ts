// What is asked of daemons for the servers that they keep.

import { socketOf, type KeptServers } from '../command/keepers.js';
import type { RequestInput } from '../director/requests.js';
import { StateError } from '../errors.js';
import { formatDifference } from '../format/format-difference.js';
import { serverName } from '../model/entity-name.js';
import type { Table } from '../model/table.js';
import type { Selected } from '../plan/selection.js';
import { compareTables } from '../plan/difference.js';
import type { Io } from '../ports/io.js';
import { writeAll } from '../command/write-all.js';

/**
 * Asks each daemon for its servers.
 * @throws {StateError} where one refuses, or has ended.
 */
export async function askKeepers(
  { machine }: Pick<Io, 'machine'>,
  kept: KeptServers,
  request: (servers: readonly string[]) => RequestInput,
): Promise<void> {
  for (const [{ instance }, servers] of kept) {
    const answer = await machine.control.ask(socketOf(instance), request(servers));
    if (answer === undefined) throw new StateError(`the daemon ${instance} has just ended: try again`);
  }
}

/** Of a selection those that daemons keep. */
export function selectedOf(kept: KeptServers, selected: readonly Selected[]): Selected[] {
  const names = new Set([...kept.values()].flat());
  return selected.filter(({ key, server }) => names.has(serverName(key, server)));
}

/** Shows what is asked of daemons, as `makeTable` shows what it changes itself. */
export async function showAsked(io: Io, kept: KeptServers, from: Table, wanted: Table): Promise<void> {
  if (kept.size === 0) return;
  await writeAll(io.stdout, formatDifference(compareTables(from, wanted)));
  for (const { instance, document } of kept.keys())
    await io.stdout.write(`by the daemon ${instance}, which keeps ${document}\n`);
}
