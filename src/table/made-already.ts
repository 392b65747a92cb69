import { constants } from 'node:os';
import { KernelError } from '../errors.js';
import type { Change } from '../model/change.js';
import { serverId } from '../model/server.js';
import type { Table } from '../model/table.js';
import { compareTables, isSame } from '../plan/difference.js';
import type { PlanClient } from './apply.js';

const { EEXIST, ENOENT, ESRCH } = constants.errno;

/** Refusals of removals that mean: it is gone. ESRCH for a server: its service is. */
const gone: Partial<Record<Change['kind'], readonly number[]>> = {
  'delete-service': [ESRCH],
  'delete-server': [ENOENT, ESRCH],
  'stop-daemon': [ESRCH],
};

/**
 * Whether a refused change is made already, by another process: what was to be removed is gone, what was to be added is
 * there and equal.
 * @param alsoLike kinds of removals whose refusals mean the same for this change.
 * @throws {TransportError} when replies were lost.
 */
export async function isMadeAlready(
  client: PlanClient,
  change: Change,
  { errno }: KernelError,
  alsoLike: readonly Change['kind'][] = [],
): Promise<boolean> {
  if ([change.kind, ...alsoLike].some((kind) => gone[kind]?.includes(errno) === true)) return true;
  if (errno !== EEXIST) return false;
  try {
    const tables = await bothTables(client, change);
    return tables !== undefined && isSame(compareTables(...tables));
  } catch (error) {
    // Removed again meanwhile.
    if (error instanceof KernelError) return false;
    throw error;
  }
}

/** What is there of the object of an addition, and what was to be; each a table of nothing else. */
async function bothTables(client: PlanClient, change: Change): Promise<[Table, Table] | undefined> {
  switch (change.kind) {
    case 'add-service': {
      const { service } = change;
      const alone = (one: typeof service): Table => ({ services: [{ service: one, servers: [] }] });
      return [alone(await client.service(service.key)), alone(service)];
    }
    case 'add-server': {
      const { key, server } = change;
      const service = await client.service(key);
      const present = (await client.serverStates(key)).filter((one) => serverId(one) === serverId(server));
      return [{ services: [{ service, servers: present }] }, { services: [{ service, servers: [server] }] }];
    }
    case 'start-daemon': {
      const running = (await client.syncDaemons()).filter(({ role }) => role === change.daemon.role);
      return [
        { services: [], syncDaemons: running },
        { services: [], syncDaemons: [change.daemon] },
      ];
    }
    default:
      return undefined;
  }
}
