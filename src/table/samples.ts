import { constants } from 'node:os';
import type { IpvsClient } from '../client/client.js';
import { KernelError } from '../errors.js';
import { naturalOrder } from '../format/order.js';
import { serverName, serviceName } from '../model/entity-name.js';
import { unknownStatistics, type ServerEntry, type ServiceEntry, type Statistics } from '../model/state.js';
import type { Clock } from '../ports/clock.js';
import { Turns } from './turns.js';

/** What of a client samples are read with. */
export type SampleClient = Pick<IpvsClient, 'services' | 'servers'>;

/** A table with its counters at a time. */
export interface Sample {
  /** Milliseconds of a monotonic clock, when reading began. */
  readonly at: number;
  /** Milliseconds that reading took. */
  readonly cost: number;
  readonly services: readonly { readonly service: ServiceEntry; readonly servers: readonly ServerEntry[] }[];
}

const { ESRCH } = constants.errno;

/** Reads a sample. A service that is removed meanwhile is left out. */
export async function readSample(client: SampleClient, clock: Clock): Promise<Sample> {
  const at = clock.now();
  const services: Sample['services'][number][] = [];
  for (const service of naturalOrder.services(await client.services())) {
    try {
      services.push({ service, servers: naturalOrder.servers(await client.servers(service.key)) });
    } catch (error) {
      if (!(error instanceof KernelError && error.errno === ESRCH)) throw error;
    }
  }
  return { at, cost: clock.now() - at, services };
}

/** Counters that rates are made of. */
export const ratedCounters = [
  'connections',
  'incomingPackets',
  'outgoingPackets',
  'incomingBytes',
  'outgoingBytes',
] as const satisfies readonly (keyof Statistics)[];

/** A rate of each counter, per second. */
export type Rates = Readonly<Record<(typeof ratedCounters)[number], number>>;

/**
 * What was counted in a time; undefined where that is not known, and where a counter fell, as when it was zeroed or the entry was
 * added again.
 */
function countedBetween(before: Statistics, after: Statistics): Rates | undefined {
  if (after === unknownStatistics) return undefined;
  const counts: Partial<Record<keyof Rates, number>> = {};
  for (const name of ratedCounters) {
    const count = after[name] - before[name];
    if (count < 0n) return undefined;
    counts[name] = Number(count);
  }
  return counts as Rates;
}

function perSecond(counts: Rates, seconds: number): Rates {
  const rates: Partial<Record<keyof Rates, number>> = {};
  for (const name of ratedCounters) rates[name] = counts[name] / seconds;
  return rates as Rates;
}

/** Seconds of the past that are kept where nothing else is said. */
export const historySeconds = 60;

/** What is known of a service or server over time. */
export interface Metered {
  /** Its name, see `parseServerName`. */
  readonly name: string;
  /** Undefined until there are two samples, and for one after a counter fell. */
  readonly rates: Rates | undefined;
  /** New connections a second in the time that is kept, one number for each sample, the oldest first. */
  readonly history: readonly number[];
  /** When each of these samples was taken. */
  readonly times: readonly number[];
}

/** A server over time. */
export interface MeteredServer extends Metered {
  readonly server: ServerEntry;
  /** New connections in the time that is kept. */
  readonly newConnections: number;
  /** Its part of the service's new connections in that time, 0..1; undefined where there are none. */
  readonly share: number | undefined;
  /** Its part of the service's weights, 0..1; undefined where all are 0. */
  readonly weightShare: number | undefined;
}

/** A service over time. */
export interface MeteredService extends Metered {
  readonly service: ServiceEntry;
  readonly servers: readonly MeteredServer[];
  readonly activeConnections: number;
  readonly inactiveConnections: number;
}

/** The whole table over time. */
export interface TableReading extends Omit<Metered, 'name' | 'times'> {
  /** Seconds between the last two samples; undefined: there is one only. */
  readonly seconds: number | undefined;
  readonly services: readonly MeteredService[];
  readonly servers: number;
  /** Servers of weight 0. */
  readonly quiesced: number;
  readonly activeConnections: number;
  readonly inactiveConnections: number;
}

/** What is remembered of a service or server: of each sample its time, its new connections and their rate. */
interface Memory {
  statistics: Statistics;
  readonly times: number[];
  readonly counts: number[];
  readonly rates: number[];
  /** Of the counts. */
  sum: number;
  /** The rates that were made last. */
  last: Rates | undefined;
}

/** What a sample is measured with. */
interface Round {
  readonly at: number;
  /** Since the one before; undefined where that is not known; 0: it is too near to tell anything. */
  readonly seconds: number | undefined;
  /** Milliseconds of the past that are kept. */
  readonly kept: number;
  readonly before: ReadonlyMap<string, Memory>;
}

/** What a meter keeps, in seconds. */
export interface MeterOptions {
  /** Of the past of services, and of servers. */
  readonly services?: number;
  readonly servers?: number;
  /** Samples that are further apart have no rate between them: an average of hours says nothing of now. */
  readonly longestGap?: number;
  /** Samples that are nearer to each other have the rates of before: few connections come in so short a time, or many. */
  readonly shortestGap?: number;
}

/**
 * Makes rates of samples, by differences of counters: the kernel's own are averages over several seconds, and can be
 * switched off. Memory is that of the time that is kept for each service and server that is in the table.
 */
export class Meter {
  readonly #kept: { readonly services: number; readonly servers: number };
  readonly #longestGap: number;
  readonly #shortestGap: number;
  #memories = new Map<string, Memory>();
  #lastAt: number | undefined;

  constructor({
    services = historySeconds,
    servers = historySeconds,
    longestGap = Infinity,
    shortestGap = 0,
  }: MeterOptions = {}) {
    this.#kept = { services: services * 1000, servers: servers * 1000 };
    this.#longestGap = longestGap * 1000;
    this.#shortestGap = shortestGap * 1000;
  }

  /** Takes the next sample. The event loop turns meanwhile. */
  async add({ at, services }: Sample): Promise<TableReading> {
    const turns = new Turns();
    const last = this.#lastAt;
    const isFirst = last === undefined || at <= last || at - last > this.#longestGap;
    const isNear = !isFirst && at - last < this.#shortestGap;
    const seconds = isFirst ? undefined : isNear ? 0 : (at - last) / 1000;
    const before = this.#memories;
    // Only what is still there is remembered.
    this.#memories = new Map();
    if (!isNear) this.#lastAt = at;
    const metered: MeteredService[] = [];
    for (const { service, servers } of services) {
      await turns.take();
      const own = this.#metered(serviceName(service.key), service.statistics, {
        at,
        seconds,
        kept: this.#kept.services,
        before,
      });
      const measured = servers.map((server) => {
        const name = serverName(service.key, server);
        return { server, ...this.#metered(name, server.statistics, { at, seconds, kept: this.#kept.servers, before }) };
      });
      metered.push({
        service,
        ...own,
        servers: withShares(measured),
        activeConnections: sum(servers, (server) => server.activeConnections),
        inactiveConnections: sum(servers, (server) => server.inactiveConnections),
      });
    }
    return {
      seconds,
      services: metered,
      rates: addedRates(metered.map(({ rates }) => rates)),
      history: addedHistory(metered.map(({ history }) => history)),
      servers: sum(metered, ({ servers }) => servers.length),
      quiesced: sum(metered, ({ servers }) => servers.filter(({ server }) => server.weight === 0).length),
      activeConnections: sum(metered, ({ activeConnections }) => activeConnections),
      inactiveConnections: sum(metered, ({ inactiveConnections }) => inactiveConnections),
    };
  }

  #metered(
    name: string,
    statistics: Statistics,
    { at, seconds, kept, before }: Round,
  ): Metered & { readonly newConnections: number } {
    const memory = before.get(name) ?? { statistics, times: [], counts: [], rates: [], sum: 0, last: undefined };
    if (seconds === 0) {
      this.#memories.set(name, memory);
      return reading(name, memory);
    }
    const counted =
      seconds === undefined || !before.has(name) ? undefined : countedBetween(memory.statistics, statistics);
    const rates = counted === undefined || seconds === undefined ? undefined : perSecond(counted, seconds);
    if (counted !== undefined && rates !== undefined) {
      memory.times.push(at);
      memory.counts.push(counted.connections);
      memory.rates.push(rates.connections);
      memory.sum += counted.connections;
    }
    while ((memory.times[0] ?? at) <= at - kept) {
      memory.sum -= memory.counts.shift() ?? 0;
      memory.times.shift();
      memory.rates.shift();
    }
    memory.statistics = statistics;
    memory.last = rates;
    this.#memories.set(name, memory);
    return reading(name, memory);
  }
}

function reading(
  name: string,
  { last, rates, times, sum: newConnections }: Memory,
): Metered & { readonly newConnections: number } {
  return { name, rates: last, history: rates.slice(), times: times.slice(), newConnections };
}

function sum<T>(items: readonly T[], value: (item: T) => number): number {
  return items.reduce((total, item) => total + value(item), 0);
}

function withShares(servers: readonly Omit<MeteredServer, 'share' | 'weightShare'>[]): MeteredServer[] {
  const connections = sum(servers, ({ newConnections }) => newConnections);
  const weights = sum(servers, ({ server }) => server.weight);
  return servers.map((one) => ({
    ...one,
    share: connections === 0 ? undefined : one.newConnections / connections,
    weightShare: weights === 0 ? undefined : one.server.weight / weights,
  }));
}

/** Rates that add up; undefined where none is known. */
export function addedRates(all: readonly (Rates | undefined)[]): Rates | undefined {
  const known = all.flatMap((rates) => rates ?? []);
  if (known.length === 0) return undefined;
  const total: Partial<Record<keyof Rates, number>> = {};
  for (const name of ratedCounters) total[name] = sum(known, (rates) => rates[name]);
  return total as Rates;
}

/** Histories that add up; they end at the same time. */
export function addedHistory(all: readonly (readonly number[])[]): number[] {
  const length = all.reduce((most, history) => Math.max(most, history.length), 0);
  return Array.from({ length }, (_, place) => sum(all, (history) => history[history.length - length + place] ?? 0));
}
