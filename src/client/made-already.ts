import { constants } from 'node:os';
import { KernelError } from '../errors.js';
import { inCanonicalForm } from '../model/address-kind.js';
import type { Change } from '../model/change.js';
import { serverId, type ServerKey } from '../model/server.js';
import { serviceId, type ServiceKey, type VirtualService } from '../model/service.js';
import type { ServerState, SyncDaemon } from '../model/state.js';
import type { Table } from '../model/table.js';
import { compareTables, isSame } from '../plan/difference.js';

const { EEXIST, ENOENT, ESRCH } = constants.errno;

/** Refusals of removals that mean: it is gone. ESRCH for a server: its service is. */
const gone: Partial<Record<Change['kind'], readonly number[]>> = {
  'delete-service': [ESRCH],
  'delete-server': [ENOENT, ESRCH],
  'stop-daemon': [ESRCH],
};

/** What reads the table. */
export interface TableReader {
  service(key: ServiceKey): Promise<VirtualService>;
  serverStates(key: ServiceKey): Promise<readonly ServerState[]>;
  syncDaemons(): Promise<readonly SyncDaemon[]>;
}

/** The table as it is, each part read once: of thousands of refused changes many are about the same service. */
export class PresentTable {
  readonly #reader: TableReader;
  readonly #services = new Map<string, Promise<VirtualService>>();
  readonly #servers = new Map<string, Promise<ReadonlyMap<string, ServerState>>>();

  constructor(reader: TableReader) {
    this.#reader = reader;
  }

  /** @throws {KernelError} ESRCH where there is no such service. */
  async service(key: ServiceKey): Promise<VirtualService> {
    const id = serviceId(key);
    const service = this.#services.get(id) ?? this.#reader.service(key);
    this.#services.set(id, service);
    return service;
  }

  /** @returns undefined where there is no such server. */
  async server(key: ServiceKey, server: ServerKey): Promise<ServerState | undefined> {
    const id = serviceId(key);
    const servers = this.#servers.get(id) ?? this.#readServers(key);
    this.#servers.set(id, servers);
    return (await servers).get(serverId({ ...server, address: inCanonicalForm(server.address) }));
  }

  async #readServers(key: ServiceKey): Promise<ReadonlyMap<string, ServerState>> {
    return new Map((await this.#reader.serverStates(key)).map((server) => [serverId(server), server]));
  }

  /** The daemons that run. */
  async syncDaemons(): Promise<readonly SyncDaemon[]> {
    return this.#reader.syncDaemons();
  }
}

/**
 * Whether a refused change is made already, by another process: what was to be removed is gone, what was to be added is
 * there and equal.
 * @param alsoLike kinds of removals whose refusals mean the same for this change.
 * @throws {TransportError} when replies were lost.
 */
export async function isMadeAlready(
  present: PresentTable,
  change: Change,
  { errno }: KernelError,
  alsoLike: readonly Change['kind'][] = [],
): Promise<boolean> {
  if ([change.kind, ...alsoLike].some((kind) => gone[kind]?.includes(errno) === true)) return true;
  if (errno !== EEXIST) return false;
  try {
    const tables = await bothTables(present, change);
    return tables !== undefined && isSame(compareTables(...tables));
  } catch (error) {
    // Removed again meanwhile.
    if (error instanceof KernelError) return false;
    throw error;
  }
}

/** What is there of the object of an addition, and what was to be; each a table of nothing else. */
async function bothTables(present: PresentTable, change: Change): Promise<[Table, Table] | undefined> {
  switch (change.kind) {
    case 'add-service': {
      const { service } = change;
      const alone = (one: typeof service): Table => ({ services: [{ service: one, servers: [] }] });
      return [alone(await present.service(service.key)), alone(service)];
    }
    case 'add-server': {
      const { key, server } = change;
      const service = await present.service(key);
      const found = await present.server(key, server);
      const servers = found === undefined ? [] : [found];
      return [{ services: [{ service, servers }] }, { services: [{ service, servers: [server] }] }];
    }
    case 'start-daemon': {
      const running = (await present.syncDaemons()).filter(({ role }) => role === change.daemon.role);
      return [
        { services: [], syncDaemons: running },
        { services: [], syncDaemons: [change.daemon] },
      ];
    }
    default:
      return undefined;
  }
}
