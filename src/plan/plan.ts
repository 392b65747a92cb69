// Two tables in, the changes that lead from one to the other out, each with the changes that undo it.

import { ValueError } from '../errors.js';
import type { Change } from '../model/change.js';
import type { RealServer } from '../model/server.js';
import { describeEndpoint, describeService, type ServiceKey } from '../model/service.js';
import type { SyncRole, Timeouts } from '../model/state.js';
import type { Table } from '../model/table.js';
import {
  compareTables,
  isSame,
  timeoutFields,
  type DifferenceOptions,
  type ServerDifference,
  type ServiceDifference,
  type TableDifference,
} from './difference.js';

/** A change, and the changes that undo it, in order. */
export interface Step {
  readonly change: Change;
  readonly inverse: readonly Change[];
}

/** The changes that make one table another. */
export interface Plan {
  /** The table that it starts from. */
  readonly from: Table;
  readonly difference: TableDifference;
  /** Steps that add and edit. All of them have to succeed before anything is removed. */
  readonly additions: readonly Step[];
  /** Steps that remove, and those that the kernel allows only after that. */
  readonly removals: readonly Step[];
}

/** Options of a plan. */
export type PlanOptions = DifferenceOptions;

/**
 * The smallest set of changes that makes the table `to` of the table `from`. What is the same is not touched, and at no
 * step is a service without the servers that it has before and after.
 * @throws {ValueError} where a table has a service or server twice, `to` a service that is not owned, or the kernel would refuse what the two tables are
 * together: a sync daemon that goes on beside servers of another family than their service.
 */
export function planChanges(from: Table, to: Table, options: PlanOptions = {}): Plan {
  const difference = compareTables(from, to, options);
  const { services } = difference;
  const stops = daemonStops(difference);
  const starts = daemonStarts(difference);
  // The kernel runs no sync daemon beside servers of another family than their service.
  const daemonsMatter = starts.length > 0 || (from.syncDaemons ?? []).length > 0;
  const mixedComes =
    daemonsMatter &&
    services.some(({ key, servers }) => servers.some((one) => one.kind === 'added' && isMixed(key, one.to)));
  const mixedGoes =
    daemonsMatter &&
    services.some(({ key, servers }) => servers.some((one) => one.kind === 'removed' && isMixed(key, one.from)));
  if (mixedComes || starts.length > 0) refuseMixed(from, to, difference, options);
  const stopFirst = mixedComes ? stops : [];
  const restart = mixedComes ? starts : [...stops, ...starts];
  const additions = [...stopFirst];
  for (const service of services) pushAdditions(additions, service);
  additions.push(...timeoutSteps(difference), ...(mixedGoes ? [] : restart));
  return {
    from,
    difference,
    additions,
    removals: [...services.flatMap(serviceRemovals), ...(mixedGoes ? restart : [])],
  };
}

function refuseMixed(from: Table, to: Table, { syncDaemons }: TableDifference, options: PlanOptions): void {
  const { prune = true, owns = () => true } = options;
  const stopped = new Set(syncDaemons.flatMap((one) => (one.kind === 'removed' ? [one.from.role] : [])));
  const started = syncDaemons.flatMap((one) => (one.kind === 'added' ? [one.to] : []));
  const running = [...(from.syncDaemons ?? []).filter(({ role }) => !stopped.has(role)), ...started][0];
  if (running === undefined) return;
  const staying = from.services.filter(({ service }) => !prune || !owns(service.key));
  for (const { service, servers } of [...to.services, ...staying]) {
    const server = servers.find((one) => isMixed(service.key, one));
    if (server === undefined) continue;
    throw new ValueError(
      `the kernel runs no sync daemon beside a server of another family than its service: the ${running.role} would ` +
        `run beside ${describeEndpoint(server)} of ${describeService(service.key)}; one of them has to go`,
    );
  }
}

/** True where nothing is to be done. */
export function isEmpty({ difference }: Plan): boolean {
  return isSame(difference);
}

function isMixed(key: ServiceKey, server: RealServer): boolean {
  return server.family !== key.family;
}

/** Appends the steps that add and edit: there may be thousands, which are not copied from list to list. */
function pushAdditions(steps: Step[], { key, service, servers }: ServiceDifference): void {
  if (service.kind === 'added') {
    steps.push({ change: { kind: 'add-service', service: service.to }, inverse: [{ kind: 'delete-service', key }] });
  } else if (service.kind === 'edited') {
    const { from, to } = service;
    steps.push({
      change: { kind: 'edit-service', service: to },
      inverse: [{ kind: 'edit-service', service: from }],
    });
  }
  servers.forEach((one) => {
    if (one.kind === 'added') steps.push(additionStep(key, one.to));
  });
  if (service.kind !== 'added') for (const edit of serverEdits(key, servers)) steps.push(edit);
}

/** Servers that get connections come before those that lose them: at every moment some server accepts connections. */
function serverEdits(key: ServiceKey, servers: readonly ServerDifference[]): Step[] {
  const edits = servers.filter((one) => one.kind === 'edited');
  const quiesced = edits.filter(({ to }) => to.weight === 0);
  const others = edits.filter(({ to }) => to.weight !== 0);
  return [...others, ...quiesced].map(({ from, to }) => editStep(key, from, to));
}

function serviceRemovals(difference: ServiceDifference): Step[] {
  const { key, service } = difference;
  if (service.kind === 'added') return [];
  const removed = difference.servers.flatMap((one) => (one.kind === 'removed' ? [one.from] : []));
  if (service.kind !== 'removed') return removed.map((server) => removalStep(key, server));
  return [
    {
      change: { kind: 'delete-service', key },
      inverse: [
        { kind: 'add-service', service: service.from },
        ...removed.map((server): Change => ({ kind: 'add-server', key, server })),
      ],
    },
  ];
}

function additionStep(key: ServiceKey, server: RealServer): Step {
  return { change: { kind: 'add-server', key, server }, inverse: [{ kind: 'delete-server', key, server }] };
}

function removalStep(key: ServiceKey, server: RealServer): Step {
  return { change: { kind: 'delete-server', key, server }, inverse: [{ kind: 'add-server', key, server }] };
}

function editStep(key: ServiceKey, from: RealServer, to: RealServer): Step {
  return {
    change: { kind: 'edit-server', key, server: to },
    inverse: [{ kind: 'edit-server', key, server: from }],
  };
}

function timeoutSteps({ timeouts }: TableDifference): Step[] {
  if (timeouts === undefined) return [];
  const { fields, from, to } = timeouts;
  // 0 keeps the current value.
  const only = (values: Timeouts): Timeouts => {
    const kept = { tcp: 0, tcpFin: 0, udp: 0 };
    for (const field of timeoutFields) if (fields.includes(field)) kept[field] = values[field];
    return kept;
  };
  return [
    {
      change: { kind: 'set-timeouts', timeouts: only(to) },
      inverse: [{ kind: 'set-timeouts', timeouts: only(from) }],
    },
  ];
}

function daemonStops({ syncDaemons }: TableDifference): Step[] {
  return syncDaemons.flatMap((one): Step[] => {
    if (one.kind === 'added') return [];
    const role: SyncRole = one.from.role;
    return [{ change: { kind: 'stop-daemon', role }, inverse: [{ kind: 'start-daemon', daemon: one.from }] }];
  });
}

function daemonStarts({ syncDaemons }: TableDifference): Step[] {
  return syncDaemons.flatMap((one): Step[] => {
    if (one.kind === 'removed') return [];
    const { to } = one;
    return [{ change: { kind: 'start-daemon', daemon: to }, inverse: [{ kind: 'stop-daemon', role: to.role }] }];
  });
}

/**
 * The steps that quiesce the servers which a plan removes: weight 0, so that they get no new connections.
 * Those that have it already need none.
 */
export function quiescingSteps({ difference }: Plan): Step[] {
  return leavingServers(difference)
    .filter(({ server }) => server.weight !== 0)
    .map(({ key, server }) => editStep(key, server, { ...server, weight: 0 }));
}

/** The servers that a plan removes, those of removed services too. */
export function leavingServers({ services }: TableDifference): { key: ServiceKey; server: RealServer }[] {
  return services.flatMap(({ key, servers }) =>
    servers.flatMap((one) => (one.kind === 'removed' ? [{ key, server: one.from }] : [])),
  );
}
