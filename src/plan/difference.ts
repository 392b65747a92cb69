import { ValueError } from '../errors.js';
import { canonicalDaemon, canonicalTable } from '../model/canonical.js';
import { shortestBackupMessage, syncMessageLengths } from '../model/limits.js';
import { sameTunnel, serverId, type RealServer } from '../model/server.js';
import {
  describeEndpoint,
  describeService,
  serviceId,
  type ServiceKey,
  type VirtualService,
} from '../model/service.js';
import type { SyncDaemon, SyncRole, Timeouts } from '../model/state.js';
import type { ServiceWithServers, Table } from '../model/table.js';

/** Settings of a service that can differ, in the order in which they are shown. */
export const serviceFields = [
  'scheduler',
  'schedulerFlags',
  'onePacket',
  'persistenceTimeout',
  'persistenceNetmask',
  'persistenceEngine',
] as const satisfies readonly (keyof VirtualService)[];

/** Settings of a real server that can differ, in the order in which they are shown. */
export const serverFields = [
  'forwarding',
  'tunnel',
  'weight',
  'upperThreshold',
  'lowerThreshold',
] as const satisfies readonly (keyof RealServer)[];

/** Timeouts in the order in which they are shown. */
export const timeoutFields = ['tcp', 'tcpFin', 'udp'] as const satisfies readonly (keyof Timeouts)[];

/** An entry that is in one table only, or has other settings in the other. */
export type Difference<T, Field extends keyof T> =
  | { readonly kind: 'added'; readonly to: T }
  | { readonly kind: 'removed'; readonly from: T }
  /** `fields`: the settings that differ, at least one. */
  | { readonly kind: 'edited'; readonly from: T; readonly to: T; readonly fields: readonly Field[] };

/** A real server that differs. */
export type ServerDifference = Difference<RealServer, (typeof serverFields)[number]>;

/** A synchronisation daemon that differs; the kernel can only stop it and start it anew. */
export type DaemonDifference = Difference<SyncDaemon, Exclude<keyof SyncDaemon, 'role'>>;

/** A service that differs in itself, or whose servers do (`same`). */
export interface ServiceDifference {
  readonly key: ServiceKey;
  readonly service:
    | Difference<VirtualService, (typeof serviceFields)[number]>
    | { readonly kind: 'same'; readonly from: VirtualService };
  /** Those that differ; all servers of a service that is added or removed. */
  readonly servers: readonly ServerDifference[];
}

/** The differences between two tables. */
export interface TableDifference {
  readonly services: readonly ServiceDifference[];
  /** Undefined: they are the same, or not specified. */
  readonly timeouts?: Extract<Difference<Timeouts, keyof Timeouts>, { kind: 'edited' }> | undefined;
  readonly syncDaemons: readonly DaemonDifference[];
}

/** What counts as a difference. */
export interface DifferenceOptions {
  /** False: what only the first table has is no difference. Default: true. */
  readonly prune?: boolean | undefined;
  /**
   * Which services the wanted table covers: all others are left alone, neither removed nor edited. Default: all. It does
   * not apply to timeouts and sync daemons, which a table may leave undefined.
   */
  readonly owns?: ((key: ServiceKey) => boolean) | undefined;
  /** True: weights of servers that both tables have are no difference. Default: false. */
  readonly keepWeights?: boolean | undefined;
}

/** True where nothing differs. */
export function isSame({ services, timeouts, syncDaemons }: TableDifference): boolean {
  return services.length === 0 && timeouts === undefined && syncDaemons.length === 0;
}

/**
 * What has to change for the table `present` to become `wanted`, in the order of `wanted`; what only `present` has comes
 * after. Settings without an effect don't count, such as a netmask without persistence, nor do spellings of addresses.
 * @throws {ValueError} where a table has a service or server twice, or `wanted` has a service that is not owned.
 */
export function compareTables(present: Table, wanted: Table, options: DifferenceOptions = {}): TableDifference {
  const from = canonicalTable(present);
  const to = canonicalTable(wanted);
  const { prune = true, owns = () => true } = options;
  const services: ServiceDifference[] = [];
  const old = indexServices(from);
  for (const [id, service] of indexServices(to)) {
    const { key } = service.service;
    if (!owns(key)) throw new ValueError(`${describeService(key)} is in the wanted table but is not owned`);
    const difference = compareServices(old.get(id), service, options);
    old.delete(id);
    if (difference !== undefined) services.push(difference);
  }
  if (prune) {
    for (const gone of old.values()) if (owns(gone.service.key)) services.push(removedService(gone));
  }
  return {
    services,
    timeouts: from.timeouts && to.timeouts && compareTimeouts(from.timeouts, to.timeouts),
    syncDaemons: compareDaemons(from.syncDaemons ?? [], to.syncDaemons, prune),
  };
}

function indexServices({ services }: Table): Map<string, ServiceWithServers> {
  const index = new Map<string, ServiceWithServers>();
  for (const one of services) {
    index.set(serviceId(one.service.key), one);
  }
  if (index.size < services.length) throw twice(services.map(({ service }) => describeService(service.key)));
  return index;
}

function indexServers({ service, servers }: ServiceWithServers): Map<string, RealServer> {
  const index = new Map<string, RealServer>();
  servers.forEach((server) => index.set(serverId(server), server));
  if (index.size < servers.length) {
    throw twice(servers.map((server) => `${describeEndpoint(server)} of ${describeService(service.key)}`));
  }
  return index;
}

function twice(names: readonly string[]): ValueError {
  const name = names.find((one, index) => names.indexOf(one) < index);
  return new ValueError(`${name ?? 'an entry'} is in the table twice`);
}

/** Settings that two services have differently. */
export function serviceFieldsThatDiffer(from: VirtualService, to: VirtualService): (typeof serviceFields)[number][] {
  return serviceFields.filter((field) => String(from[field] ?? '') !== String(to[field] ?? ''));
}

/** Settings that two servers have differently. */
export function serverFieldsThatDiffer(from: RealServer, to: RealServer): (typeof serverFields)[number][] {
  return serverFields.filter((field) =>
    field === 'tunnel' ? !sameTunnel(from.tunnel, to.tunnel) : from[field] !== to[field],
  );
}

function compareServices(
  present: ServiceWithServers | undefined,
  wanted: ServiceWithServers,
  options: DifferenceOptions,
): ServiceDifference | undefined {
  const to = wanted.service;
  const { key } = to;
  const wantedServers = indexServers(wanted);
  if (present === undefined) {
    const servers = wanted.servers.map((server) => ({ kind: 'added' as const, to: server }));
    return { key, service: { kind: 'added', to }, servers };
  }
  const from = present.service;
  const fields = serviceFieldsThatDiffer(from, to);
  const servers = compareServers(indexServers(present), wantedServers, options);
  if (fields.length > 0) return { key, service: { kind: 'edited', from, to, fields }, servers };
  return servers.length === 0 ? undefined : { key, service: { kind: 'same', from }, servers };
}

function compareServers(
  present: Map<string, RealServer>,
  wanted: Map<string, RealServer>,
  { prune = true, keepWeights = false }: DifferenceOptions,
): ServerDifference[] {
  const differences: ServerDifference[] = [];
  for (const [id, server] of wanted) {
    const old = present.get(id);
    if (old === undefined) {
      differences.push({ kind: 'added', to: server });
      continue;
    }
    present.delete(id);
    const to = keepWeights ? { ...server, weight: old.weight } : server;
    const fields = serverFieldsThatDiffer(old, to);
    if (fields.length > 0) differences.push({ kind: 'edited', from: old, to, fields });
  }
  if (prune) {
    for (const server of present.values()) differences.push({ kind: 'removed', from: server });
  }
  return differences;
}

function removedService({ service, servers }: ServiceWithServers): ServiceDifference {
  return {
    key: service.key,
    service: { kind: 'removed', from: service },
    servers: servers.map((server) => ({ kind: 'removed', from: server })),
  };
}

/** A timeout of 0 is not specified: the kernel keeps its value. */
function compareTimeouts(from: Timeouts, to: Timeouts): TableDifference['timeouts'] {
  const fields = timeoutFields.filter((field) => to[field] !== 0 && to[field] !== from[field]);
  return fields.length === 0 ? undefined : { kind: 'edited', from, to, fields };
}

const daemonFields = ['syncId', 'interface', 'maxLength', 'group', 'port', 'ttl'] as const;

const roles: readonly SyncRole[] = ['master', 'backup'];

function compareDaemons(
  present: readonly SyncDaemon[],
  wanted: readonly SyncDaemon[] | undefined,
  prune: boolean,
): DaemonDifference[] {
  if (wanted === undefined) return [];
  if (new Set(wanted.map(({ role }) => role)).size < wanted.length) throw twice(wanted.map(({ role }) => role));
  return roles.flatMap((role): DaemonDifference[] => {
    const ofRole = (daemons: readonly SyncDaemon[]): SyncDaemon | undefined =>
      daemons.filter((daemon) => daemon.role === role).map(runningDaemon)[0];
    const from = ofRole(present);
    const to = ofRole(wanted);
    if (to === undefined) return from === undefined || !prune ? [] : [{ kind: 'removed', from }];
    if (from === undefined) return [{ kind: 'added', to }];
    const fields = daemonFields.filter(
      // The kernel's default length depends on the interface: where it is not specified, any will do.
      (field) => from[field] !== to[field] && !(field === 'maxLength' && to.maxLength === 0),
    );
    return fields.length === 0 ? [] : [{ kind: 'edited', from, to, fields }];
  });
}

/** The daemon as the kernel runs it: it brings lengths that it can't use into its range. */
function runningDaemon(daemon: SyncDaemon): SyncDaemon {
  const canonical = canonicalDaemon(daemon);
  const { role, maxLength, group } = canonical;
  if (maxLength === 0) return canonical;
  const { lowest, highest } = syncMessageLengths[group?.includes(':') === true ? 'inet6' : 'inet'];
  const shortest = role === 'backup' ? shortestBackupMessage : lowest;
  return { ...canonical, maxLength: Math.min(Math.max(maxLength, shortest), highest) };
}
