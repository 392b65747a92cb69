import { ValueError } from '../errors.js';
import { canonicalDaemon, canonicalServer, canonicalService } from '../model/canonical.js';
import { serverId, type RealServer, type Tunnel } from '../model/server.js';
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

/** What is in one table only, or has other settings in the other. */
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
  /** All servers of a service that is added or removed. Those of an added one are made at every access: take them once. */
  readonly servers: readonly ServerDifference[];
}

/** What tells two tables apart. */
export interface TableDifference {
  readonly services: readonly ServiceDifference[];
  /** Undefined: they are the same, or nothing was said about them. */
  readonly timeouts?: Extract<Difference<Timeouts, keyof Timeouts>, { kind: 'edited' }> | undefined;
  readonly syncDaemons: readonly DaemonDifference[];
}

/** What counts as a difference. */
export interface DifferenceOptions {
  /** False: what only the first table has is no difference. Default: true. */
  readonly prune?: boolean | undefined;
  /** True: weights of servers that both tables have are no difference. Default: false. */
  readonly keepWeights?: boolean | undefined;
}

/** True where nothing differs. */
export function isSame({ services, timeouts, syncDaemons }: TableDifference): boolean {
  return services.length === 0 && timeouts === undefined && syncDaemons.length === 0;
}

/**
 * What has to change for the table `from` to become `to`, in the order of `to`; what only `from` has comes after.
 * Settings without an effect don't count, such as a netmask without persistence.
 * @throws {ValueError} where a table has a service or server twice.
 */
export function compareTables(from: Table, to: Table, options: DifferenceOptions = {}): TableDifference {
  const { prune = true } = options;
  const services: ServiceDifference[] = [];
  const old = indexServices(from);
  for (const [id, wanted] of indexServices(to)) {
    const present = old.get(id);
    old.delete(id);
    const difference = compareServices(present, wanted, options);
    if (difference !== undefined) services.push(difference);
  }
  if (prune) for (const gone of old.values()) services.push(removedService(gone));
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

function compareServices(
  present: ServiceWithServers | undefined,
  wanted: ServiceWithServers,
  options: DifferenceOptions,
): ServiceDifference | undefined {
  const { key } = wanted.service;
  const to = canonicalService(wanted.service);
  const wantedServers = indexServers(wanted);
  if (present === undefined) {
    const { servers } = wanted;
    return {
      key,
      service: { kind: 'added', to },
      // There may be thousands: whoever asks gets them, and nobody keeps them.
      get servers() {
        return servers.map((server) => ({ kind: 'added' as const, to: canonicalServer(server) }));
      },
    };
  }
  const from = canonicalService(present.service);
  const fields = serviceFields.filter((field) => String(from[field] ?? '') !== String(to[field] ?? ''));
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
      differences.push({ kind: 'added', to: canonicalServer(server) });
      continue;
    }
    present.delete(id);
    const from = canonicalServer(old);
    const to = canonicalServer(keepWeights ? { ...server, weight: old.weight } : server);
    const fields = serverFields.filter((field) =>
      field === 'tunnel' ? !sameTunnel(from.tunnel, to.tunnel) : from[field] !== to[field],
    );
    if (fields.length > 0) differences.push({ kind: 'edited', from, to, fields });
  }
  if (prune) {
    for (const server of present.values()) differences.push({ kind: 'removed', from: canonicalServer(server) });
  }
  return differences;
}

function sameTunnel(a: Tunnel, b: Tunnel): boolean {
  return a === b || (a.type === b.type && a.port === b.port && a.checksum === b.checksum);
}

function removedService({ service, servers }: ServiceWithServers): ServiceDifference {
  return {
    key: service.key,
    service: { kind: 'removed', from: canonicalService(service) },
    servers: servers.map((server) => ({ kind: 'removed', from: canonicalServer(server) })),
  };
}

/** A timeout of 0 says nothing: the kernel keeps what it has. */
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
      // The kernel's default length depends on the interface: whoever leaves it open is content with any.
      (field) => from[field] !== to[field] && !(field === 'maxLength' && to.maxLength === 0),
    );
    return fields.length === 0 ? [] : [{ kind: 'edited', from, to, fields }];
  });
}

/** Shortest message of a backup, and room for the headers of UDP and IP. Source: net/netfilter/ipvs/ip_vs_sync.c. */
const shortestBackupMessage = 1024;
const longestMessage = { inet: 65507, inet6: 65487 } as const;

/** The daemon as the kernel runs it: it brings lengths that it can't use into its range. */
function runningDaemon(daemon: SyncDaemon): SyncDaemon {
  const canonical = canonicalDaemon(daemon);
  const { role, maxLength, group } = canonical;
  if (maxLength === 0) return canonical;
  const longest = longestMessage[group?.includes(':') === true ? 'inet6' : 'inet'];
  const shortest = role === 'backup' ? shortestBackupMessage : 1;
  return { ...canonical, maxLength: Math.min(Math.max(maxLength, shortest), longest) };
}
