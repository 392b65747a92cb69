import { Keepers, keptText, type KeptServers } from '../command/keepers.js';
import { reportFailures } from '../command/failure.js';
import { withSession } from '../command/session.js';
import { checkTable } from '../documents/check-table.js';
import { StateError, ValueError } from '../errors.js';
import { schedulerFlagOf } from '../model/scheduler-flags.js';
import { parseServiceName, serverName, serviceName, startsWithService } from '../model/entity-name.js';
import { isNetmask } from '../model/address-kind.js';
import { prefixLengths, thresholds, timeoutSeconds, weights, type Range } from '../model/limits.js';
import { pathText } from '../model/problem.js';
import { forwardingOf, forwardingSpellings, isForwardingSpelling, type RealServer } from '../model/server.js';
import {
  fullNetmask,
  serviceId,
  type PersistenceNetmask,
  type ServiceKey,
  type VirtualService,
} from '../model/service.js';
import type { Table } from '../model/table.js';
import { selectServers, withServers, type ServerPattern } from '../plan/selection.js';
import { changedWeight, parseWeightChange, type WeightChange } from '../plan/weight-change.js';
import { refuseOutage } from '../table/drained-servers.js';
import { readTable } from '../table/read.js';
import { askKeepers, selectedOf, showAsked } from './kept-servers.js';
import { makeTable, waitOption, withLock } from './make-table.js';
import { readNames, readPatterns } from './named-servers.js';
import { defineVerb } from './verb.js';

/** Settings of real servers; undefined: left as they are. */
interface ServerChanges {
  weight: WeightChange | undefined;
  upper: number | undefined;
  lower: number | undefined;
  forwarding: RealServer['forwarding'] | undefined;
}

/** Settings of services; undefined: left as they are. */
interface ServiceChanges {
  scheduler: string | undefined;
  schedulerFlags: readonly string[] | undefined;
  persistence: number | 'off' | undefined;
  netmask: PersistenceNetmask | undefined;
  engine: string | undefined;
}

interface SetOptions extends ServerChanges, ServiceChanges {
  words: readonly string[];
  force: boolean;
  dryRun: boolean;
  json: boolean;
  wait: number;
}

const serverSettings = ['weight', 'upper', 'lower', 'forwarding'] as const satisfies readonly (keyof ServerChanges)[];
const serviceSettings = [
  'scheduler',
  'schedulerFlags',
  'persistence',
  'netmask',
  'engine',
] as const satisfies readonly (keyof ServiceChanges)[];

function readInteger(name: string, { lowest, highest }: Range): (word: unknown) => number {
  return (word) => {
    if (typeof word === 'number' && Number.isInteger(word) && word >= lowest && word <= highest) return word;
    throw new Error(`--${name} takes a number from ${lowest} to ${highest}`);
  };
}

/** Reads `off`, or seconds. */
function readPersistence(word: unknown): number | 'off' {
  return word === 'off' ? word : readInteger('persistence', timeoutSeconds)(Number(word));
}

function readNetmask(word: unknown): PersistenceNetmask {
  const text = String(word);
  return isNetmask(text) ? text : readInteger('netmask', prefixLengths)(Number(text));
}

function readForwarding(word: unknown): RealServer['forwarding'] {
  if (typeof word === 'string' && isForwardingSpelling(word)) return forwardingOf(word);
  throw new Error(`--forwarding takes one of ${forwardingSpellings.slice(0, 4).join(', ')}, not ${String(word)}`);
}

/** `ipvsadm set`: changes some settings of services and servers, and leaves the others. */
export const set = defineVerb<SetOptions>({
  name: 'set',
  operands: {
    name: 'name',
    completes: 'both',
    describe:
      'services such as tcp:192.0.2.10:80 or fwmark:7; servers such as 10.0.1.2, 10.0.1.2:8080 or 10.0.1.0/25 in all ' +
      'services, tcp:192.0.2.10:80/10.0.1.2:8080 in one; - reads them from the standard input',
  },
  options: {
    weight: {
      type: 'string',
      requiresArg: true,
      coerce: (word: unknown) => parseWeightChange(String(word)),
      describe: `of servers: ${weights.lowest} to ${weights.highest}, or by percent: +10%, -50%`,
    },
    upper: {
      type: 'number',
      requiresArg: true,
      coerce: readInteger('upper', thresholds),
      describe: 'upper threshold of servers: no new connections from this many on; 0: no limit',
    },
    lower: {
      type: 'number',
      requiresArg: true,
      coerce: readInteger('lower', thresholds),
      describe: 'lower threshold of servers: new connections again below this many',
    },
    forwarding: {
      type: 'string',
      requiresArg: true,
      coerce: readForwarding,
      describe: 'forwarding method of servers: masquerading (nat), direct-routing (dr), tunneling (tun)',
    },
    scheduler: { type: 'string', requiresArg: true, describe: 'of services, such as wlc' },
    'scheduler-flags': {
      type: 'string',
      requiresArg: true,
      coerce: (word: unknown) =>
        String(word)
          .split(',')
          .filter((flag) => flag !== ''),
      describe: 'of services, such as sh-fallback,sh-port; an empty text: none',
    },
    persistence: {
      type: 'string',
      requiresArg: true,
      coerce: readPersistence,
      describe: 'of services: seconds that a client stays with its server, or off',
    },
    netmask: {
      type: 'string',
      requiresArg: true,
      coerce: readNetmask,
      describe: 'of persistent services: an IPv4 mask or an IPv6 prefix length',
    },
    engine: {
      type: 'string',
      requiresArg: true,
      describe: 'persistence engine of services, such as sip; an empty text: none',
    },
    force: { type: 'boolean', default: false, describe: 'weight 0 even for the last server of a service' },
    'dry-run': { type: 'boolean', default: false, describe: 'show what would be changed' },
    json: { type: 'boolean', default: false, describe: 'for programs: JSON with stable names' },
    ...waitOption,
  },
  check: (values) => {
    const given = [
      'weight',
      'upper',
      'lower',
      'forwarding',
      'scheduler',
      'scheduler-flags',
      'persistence',
      'netmask',
      'engine',
    ];
    if (given.some((name) => values[name] !== undefined)) return true;
    throw new Error('nothing to set: give --weight, --scheduler or another setting');
  },
  examples: [
    ['$0 set 10.0.1.2 --weight 10', 'the weight of a host, in all services'],
    ['$0 set 10.0.1.0/25 --weight -50%', 'half the weight, for a network'],
    ['$0 set tcp:192.0.2.10:80 --scheduler wrr', 'another scheduler, all else as it is'],
  ],
  run: (io, options) =>
    reportFailures(io, 'apply', async () => {
      const names = await readNames(io, options.words);
      const isService = (name: string): boolean => startsWithService(name) && !name.includes('/');
      const services = names.filter(isService).map(parseServiceName);
      const patterns = await readPatterns(
        io,
        names.filter((name) => !isService(name)),
      );
      refuseMisplaced(services, patterns, options);
      return withSession(io, 'apply', ({ client }) => {
        const make = async (): Promise<number> => {
          const keepers = await Keepers.find(io.machine);
          const present = await readTable(client);
          const from = keepers.asWritten(present);
          const wanted = withSettings(from, services, patterns, options);
          const selected = patterns.length === 0 ? [] : selectServers(wanted, patterns);
          const { kept } = keepers.split(selected);
          refuseKept(keepers, services, kept, options);
          // What of kept services differs from their documents is the daemons' business.
          const own = keepers.leaveAlone(present, wanted);
          if (!options.force) refuseOutage(present, own, '; --force does it all the same');
          const weightOf = new Map(selected.map(({ key, server }) => [serverName(key, server), server.weight]));
          const weigh = (server: RealServer, key: ServiceKey): RealServer => ({
            ...server,
            weight: weightOf.get(serverName(key, server)) ?? server.weight,
          });
          const before = selectServers(from, patterns, { optional: true });
          await showAsked(io, kept, from, withServers(from, selectedOf(kept, before), weigh));
          const { json, dryRun, force } = options;
          const status = await makeTable(io, client, present, own, { verb: 'set', json, dryRun });
          if (status !== 0 || dryRun) return status;
          await askKeepers(io, kept, (servers) => ({
            do: 'weigh',
            weights: Object.fromEntries(servers.map((name) => [name, weightOf.get(name) ?? 0])),
            force,
            by: io.machine.user,
          }));
          return 0;
        };
        return options.dryRun ? make() : withLock(io, options.wait, `set ${names.join(' ')}`, make);
      });
    }),
});

/** @throws {StateError} where more than weights would be set of what daemons keep. */
function refuseKept(
  keepers: Keepers,
  services: readonly ServiceKey[],
  kept: KeptServers,
  options: ServerChanges & ServiceChanges,
): void {
  const [service] = services.filter((key) => keepers.ownerOf(key) !== undefined);
  const [[keeper, servers] = []] = kept;
  const hasMore = serverSettings.some((name) => name !== 'weight' && options[name] !== undefined);
  const owner = service === undefined ? keeper : keepers.ownerOf(service);
  if (owner === undefined || (service === undefined && !hasMore)) return;
  throw new StateError(keptText(service === undefined ? (servers?.[0] ?? '') : serviceName(service), owner));
}

/** @throws {ValueError} where a setting has nothing that it could be one of, or a name has no setting. */
function refuseMisplaced(
  services: readonly ServiceKey[],
  patterns: readonly ServerPattern[],
  options: ServerChanges & ServiceChanges,
): void {
  const ofServers = serverSettings.find((name) => options[name] !== undefined);
  const ofServices = serviceSettings.find((name) => options[name] !== undefined);
  const [pattern] = patterns;
  if (ofServers !== undefined && pattern === undefined)
    throw new ValueError(`${ofServers} is a setting of servers: name some, such as tcp:192.0.2.10:80/10.0.1.2:8080`);
  if (ofServices !== undefined && services.length === 0)
    throw new ValueError(`${ofServices} is a setting of services: name some, such as tcp:192.0.2.10:80`);
  if (ofServices === undefined && services.length > 0) throw new ValueError('no setting of services is given');
  if (ofServers === undefined && pattern !== undefined)
    throw new ValueError(`${pattern.word} is a server, and no setting of servers is given`);
}

/**
 * A table in which the named services and servers have other settings.
 * @throws {ValueError} for a name that matches nothing, and for settings that conflict.
 */
export function withSettings(
  table: Table,
  services: readonly ServiceKey[],
  patterns: readonly ServerPattern[],
  options: ServerChanges & ServiceChanges,
): Table {
  const selected = patterns.length === 0 ? [] : selectServers(table, patterns);
  selectServers(table, [], { services });
  refuseWithoutPersistence(table, services, options);
  const withServerSettings = withServers(table, selected, (server) => changedServer(server, options));
  const chosen = new Set(services.map(serviceId));
  const wanted = {
    ...withServerSettings,
    services: withServerSettings.services.map(({ service, servers }) => ({
      service: chosen.has(serviceId(service.key)) ? changedService(service, options) : service,
      servers,
    })),
  };
  const touched = new Set([...chosen, ...selected.map(({ key }) => serviceId(key))]);
  // What another program has set elsewhere is none of our business.
  const changed = wanted.services.filter(({ service }) => touched.has(serviceId(service.key)));
  const [problem] = checkTable({ services: changed }, pathText);
  if (problem !== undefined) throw new ValueError(problem.message);
  return wanted;
}

/** @throws {ValueError} for settings of persistence where there is none. */
function refuseWithoutPersistence(table: Table, services: readonly ServiceKey[], options: ServiceChanges): void {
  const { persistence, netmask, engine = '' } = options;
  if ((netmask === undefined && engine === '') || typeof persistence === 'number') return;
  const chosen = new Set(services.map(serviceId));
  const without = table.services.find(
    ({ service }) =>
      chosen.has(serviceId(service.key)) && (persistence === 'off' || service.persistenceTimeout === undefined),
  );
  if (without !== undefined)
    throw new ValueError(`${serviceName(without.service.key)} is not persistent: give --persistence, too`);
}

function changedServer(server: RealServer, { weight, upper, lower, forwarding }: ServerChanges): RealServer {
  return {
    ...server,
    weight: weight === undefined ? server.weight : changedWeight(server.weight, weight),
    upperThreshold: upper ?? server.upperThreshold,
    lowerThreshold: lower ?? server.lowerThreshold,
    forwarding: forwarding ?? server.forwarding,
  };
}

function changedService(
  service: VirtualService,
  { scheduler = service.scheduler, schedulerFlags, persistence, netmask, engine }: ServiceChanges,
): VirtualService {
  const timeout = persistence === 'off' ? undefined : (persistence ?? service.persistenceTimeout);
  return {
    ...service,
    scheduler,
    // Their meaning is that of the scheduler: those of the old one are none of the new one's.
    schedulerFlags:
      schedulerFlags?.map((name) => schedulerFlagOf(name, scheduler)) ??
      (scheduler === service.scheduler ? service.schedulerFlags : []),
    persistenceTimeout: timeout,
    persistenceNetmask:
      timeout === undefined ? fullNetmask(service.key.family) : (netmask ?? service.persistenceNetmask),
    persistenceEngine: timeout === undefined || engine === '' ? undefined : (engine ?? service.persistenceEngine),
  };
}
