// A word to whoever changes by hand what a daemon of `run` keeps: the change will not last.

import { StateError } from '../errors.js';
import type { Change } from '../model/change.js';
import { serviceName } from '../model/entity-name.js';
import type { ServiceKey } from '../model/service.js';
import type { Io } from '../ports/io.js';

/** The service that a change is about; undefined: all of them, or none. */
function keyOf(change: Change): ServiceKey | undefined {
  switch (change.kind) {
    case 'add-service':
    case 'edit-service':
      return change.service.key;
    case 'delete-service':
    case 'add-server':
    case 'edit-server':
    case 'delete-server':
      return change.key;
    default:
      return undefined;
  }
}

/**
 * Warns of daemons that will undo a change. Costs a look into a directory where none runs.
 * @param change undefined: the whole table was replaced.
 */
export async function warnOfKeepers({ machine, stderr, programName }: Io, change: Change | undefined): Promise<void> {
  if (change !== undefined && keyOf(change) === undefined && change.kind !== 'flush') return;
  if (machine.control.list().length === 0) return;
  const { Keepers, daemonsOf } = await import('./keepers.js');
  try {
    const daemons = await daemonsOf(machine);
    const key = change && keyOf(change);
    const keeper = key === undefined ? daemons[0] : new Keepers(daemons).ownerOf(key);
    if (keeper === undefined) return;
    const what = key === undefined ? `the services of ${keeper.document} are` : `${serviceName(key)} is`;
    await stderr.write(
      `${programName}: ${what} kept by ipvsadm run (${keeper.instance}), which puts that right: use drain, undrain ` +
        `and set, or change ${keeper.document} and run ipvsadm reload\n`,
    );
  } catch (error) {
    // The change was made: that somebody does not answer is no failure of it.
    if (!(error instanceof StateError)) throw error;
  }
}
