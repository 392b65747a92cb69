// The table before a change that removes much, kept for `undo`.

import { IpvsError, StateError } from '../errors.js';
import { formatYaml } from '../documents/format-document.js';
import { hasKnownProtocol } from '../model/service.js';
import type { Table } from '../model/table.js';
import type { Io } from '../ports/io.js';
import { readTable } from '../table/read.js';
import type { Session } from './session.js';

/** Tables that are kept; the oldest goes. */
const mostKept = 5;

/** Names of their files begin so; the time that follows sorts them. */
export const previousPrefix = 'previous-';

/** True where nothing is to be kept. */
function keepsNothing({ env }: Io): boolean {
  return (env['IPVSADM_NO_UNDO'] ?? '') !== '' && env['IPVSADM_NO_UNDO'] !== '0';
}

/**
 * Keeps a table that is about to be changed, as a document, which has words for all that rules can't say. What can't be
 * written is no reason not to carry out what was asked.
 * @param reason the command that changes it, such as `-C`.
 */
export function keepPrevious(io: Io, table: Table, reason: string): void {
  if (keepsNothing(io) || (table.services.length === 0 && (table.syncDaemons ?? []).length === 0)) return;
  const { state } = io.machine;
  try {
    const time = new Date(io.machine.date()).toISOString();
    // Those of a protocol that only a newer kernel knows: `undo` leaves them as they are.
    const services = table.services.filter(({ service }) => hasKnownProtocol(service.key));
    const text = `# before ipvsadm ${reason} by ${io.machine.user}, ${time}\n${formatYaml({ ...table, services })}`;
    state.write(`${previousPrefix}${time.replaceAll(/[^0-9TZ]/g, '')}.yaml`, text, 0o600);
    for (const name of state.list(previousPrefix).slice(0, -mostKept)) state.remove(name);
  } catch (error) {
    if (!(error instanceof StateError)) throw error;
  }
}

/**
 * The same, of the kernel's present table: before a command of the classic grammar that removes all services. A table that
 * can't be read can be removed all the same.
 */
export async function keepPresent({ io, client }: Session, reason: string): Promise<void> {
  if (keepsNothing(io)) return;
  try {
    keepPrevious(io, await readTable(client), reason);
  } catch (error) {
    if (!(error instanceof IpvsError)) throw error;
  }
}
