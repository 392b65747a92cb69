import type { Change } from '../model/change.js';
import { serverId, type RealServer } from '../model/server.js';
import { serviceId, type ServiceKey } from '../model/service.js';
import type { Table } from '../model/table.js';
import type { PlanClient } from './apply.js';

type ServerChange = Extract<Change, { kind: 'add-server' | 'edit-server' | 'delete-server' }>;

function isServerChange(change: Change): change is ServerChange {
  return change.kind === 'add-server' || change.kind === 'edit-server' || change.kind === 'delete-server';
}

function takesConnections({ weight }: Pick<RealServer, 'weight'>): boolean {
  return weight > 0;
}

/**
 * Which changes that undo a plan would leave a service without any server of weight above 0, although it had one before
 * the plan: another process has removed or quiesced it meanwhile, and undoing must not make an outage of that.
 * @param from the table before the plan.
 * @param inverses what is about to be done, in order.
 * @returns those of them that are not to be made.
 * @throws {KernelError} when the table can't be read.
 */
export async function serversThatMustStay(
  client: PlanClient,
  from: Table,
  inverses: readonly Change[],
): Promise<ReadonlySet<Change>> {
  const staying = new Set<Change>();
  const removed = new Set(inverses.flatMap((one) => (one.kind === 'delete-service' ? [serviceId(one.key)] : [])));
  const served = new Set(
    from.services.flatMap(({ service, servers }) => (servers.some(takesConnections) ? [serviceId(service.key)] : [])),
  );
  const services = new Map<string, { key: ServiceKey; changes: ServerChange[] }>();
  for (const change of inverses.filter(isServerChange)) {
    const id = serviceId(change.key);
    if (removed.has(id) || !served.has(id)) continue;
    const service = services.get(id) ?? { key: change.key, changes: [] };
    service.changes.push(change);
    services.set(id, service);
  }
  for (const { key, changes } of services.values()) {
    if (!changes.some(takesAway)) continue;
    const present = new Map((await client.serverStates(key)).map((server) => [serverId(server), server.weight]));
    const after = new Map(present);
    for (const change of changes) {
      const id = serverId(change.server);
      if (change.kind === 'delete-server') after.delete(id);
      else if (change.kind === 'add-server' || after.has(id)) after.set(id, change.server.weight);
    }
    if (hasUsable(after)) continue;
    for (const change of changes) {
      if (takesAway(change) && (present.get(serverId(change.server)) ?? 0) > 0) staying.add(change);
    }
  }
  return staying;
}

/** Whether a server gets no new connections any more after this change. */
function takesAway(change: ServerChange): boolean {
  return change.kind === 'delete-server' || change.server.weight === 0;
}

function hasUsable(weights: ReadonlyMap<string, number>): boolean {
  return [...weights.values()].some((weight) => weight > 0);
}
