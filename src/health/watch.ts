// All services of a document with their servers and checks: results, wishes and the clock in; tables and what changed out. No I/O.

import type { Health, ServiceHealth } from '../documents/health.js';
import type { Configuration } from '../documents/read-document.js';
import { serverName, serviceName } from '../model/entity-name.js';
import { canonicalServer, canonicalService } from '../model/canonical.js';
import { serverId, type RealServer } from '../model/server.js';
import { serviceId, type ServiceKey, type VirtualService } from '../model/service.js';
import type { ServerState as KernelServer } from '../model/state.js';
import type { ServiceWithServers, Table } from '../model/table.js';
import { serverFieldsThatDiffer, serviceFieldsThatDiffer } from '../plan/difference.js';
import { openConnections } from '../table/drain.js';
import type { CheckTarget, WeightWish } from './outcome.js';
import { afterResult, firstState, isFalling, type Assumption, type LastResult, type ProbeState } from './probe.js';
import { combine, type ServerHealth } from './server-health.js';
import { targetId, targetOf } from './target.js';
import {
  headcount,
  isEnough,
  servingAfter,
  wantedServers,
  type KernelSettings,
  type Leaving,
  type Member,
  type ServiceView,
  type Serving,
} from './wanted.js';
import type { Wish, Wishes } from './wish.js';

/** A service as the kernel has it, with the connections of its servers. */
export interface KernelService extends ServiceWithServers {
  readonly servers: readonly KernelServer[];
}

/** A check that is made of one host, for all servers that have it. */
export interface Probe {
  readonly id: string;
  /** The last reading of the document's: what a check has read from files is read again. */
  target: CheckTarget;
  state: ProbeState;
  readonly users: Set<WatchedServer>;
}

/** A server of the document. Times are milliseconds of the monotonic clock. */
export interface WatchedServer {
  /** Such as `tcp:192.0.2.10:80/10.0.1.2:8080`. */
  readonly name: string;
  readonly service: WatchedService;
  server: RealServer;
  probes: readonly Probe[];
  /** Whether it was in the table when it was first seen, or has been since. */
  isPresent: boolean;
  /** Whether it is of the document that the daemon began with. */
  readonly isOfStart: boolean;
  health: ServerHealth;
  /** Since when its state is what it is. */
  since: number;
  /** When it went down; undefined where it is not. */
  downAt: number | undefined;
  /** When its weight began to rise, and the seconds that this takes; undefined where it has all of it. */
  ramp: { readonly from: number; readonly seconds: number } | undefined;
  /** The weight that it wishes for, as far as it was heard. */
  wish: WeightWish | undefined;
}

/** A server that goes away, and until when it may have connections. */
interface LeavingServer extends Leaving {
  isOver: boolean;
  server: RealServer;
  readonly until: number;
}

/** A service of the document, or one that left it and still has servers. */
export interface WatchedService {
  readonly name: string;
  readonly key: ServiceKey;
  service: VirtualService;
  settings: ServiceHealth;
  /** False for one that left the document. */
  isWanted: boolean;
  readonly servers: Map<string, WatchedServer>;
  serving: Serving;
  since: number;
  /** Since when enough are healthy again while it fails open. */
  wellSince: number | undefined;
  readonly leaving: Map<string, LeavingServer>;
  /** As the kernel has it, as far as is known; undefined where it has not. */
  present: ServiceWithServers | undefined;
}

/** Something that changed, for logs and hooks. */
export type Change =
  | {
      readonly kind: 'server';
      readonly server: WatchedServer;
      readonly from: ServerHealth['state'];
      readonly to: ServerHealth['state'];
      readonly reason: string | undefined;
    }
  | {
      readonly kind: 'service';
      readonly service: WatchedService;
      readonly from: Serving;
      readonly to: Serving;
      readonly healthy: number;
      readonly of: number;
    };

/** Whether a change is more than one step on the way to another state. */
export function matters(change: Change): boolean {
  if (change.kind === 'service') return true;
  const { from, to } = change;
  if (to === 'down') return from !== 'recovering';
  if (to === 'up') return from !== 'failing';
  return to === 'unknown';
}

/** A service whose table has to be made. */
export interface Wanted {
  readonly service: WatchedService;
  /** Undefined: it goes away. */
  readonly wanted: ServiceWithServers | undefined;
}

/** Hosts of which so many fail at once that the director's own network may be what fails. */
const cliffHosts = 3;

/** A change of a wished weight below this part is ignored: each edit sets a scheduler back to the head of its list. */
const smallestStep = 0.1;

/** Steps of a ramp at most; none is shorter than a second. */
const rampSteps = 10;

const defaultDrainTime = 60;

/** Servers of a document that are taken in one step. */
const stepServers = 100;

/** Takes all steps of something. @returns its result. */
function atOnce<R>(steps: Generator<void, R>): R {
  for (;;) {
    const { done, value } = steps.next();
    if (done === true) return value;
  }
}

/** The services that one daemon keeps. */
export class Watch {
  readonly services = new Map<string, WatchedService>();
  readonly probes = new Map<string, Probe>();
  readonly #byServiceName = new Map<string, WatchedService>();
  readonly #byName = new Map<string, WatchedServer>();
  readonly #kernel: KernelSettings;
  readonly #dirty = new Set<WatchedService>();
  /** Services with other wished weights; they wait for the next second. */
  readonly #lazy = new Set<WatchedService>();
  /** Services whose table changes by time alone. */
  readonly #moving = new Set<WatchedService>();
  readonly #wishes = new Map<string, Wish>();
  /** Hosts that stopped answering, in the order of the time at which they did. */
  readonly #silent = new Map<string, number>();
  #hosts = 0;
  /** Longest time, in milliseconds, from the first failure to the last. */
  #window = 0;
  #isLoaded = false;
  #changes: Change[] = [];

  constructor(kernel: KernelSettings, wishes: Wishes = new Map()) {
    this.#kernel = kernel;
    for (const [name, wish] of wishes) this.#wishes.set(name, wish);
  }

  /** What operators wish, by the names of servers. */
  get wishes(): Wishes {
    return this.#wishes;
  }

  /**
   * Takes a document. What it has in common with the one before goes on: states, results in a row, ramps.
   * @param present the kernel's table. What it has of these services is trusted.
   * @param owned services that were kept before, by name: those that are in no document any more end.
   */
  load(
    configuration: Configuration,
    present: readonly KernelService[],
    now: number,
    owned: ReadonlySet<string> = new Set(),
  ): void {
    atOnce(this.loadInSteps(configuration, present, now, owned));
  }

  /** The same in steps, each of some servers: results may come in between, and nothing is to be settled. */
  *loadInSteps(
    { table, health }: Configuration,
    present: readonly KernelService[],
    now: number,
    owned: ReadonlySet<string>,
  ): Generator<void> {
    const inKernel = new Map(present.map((entry) => [serviceId(entry.service.key), entry]));
    const before = new Map(this.services);
    for (const [index, entry] of table.services.entries()) {
      const id = serviceId(entry.service.key);
      before.delete(id);
      yield* this.#loadService(id, entry, settingsOf(health, index, entry), inKernel.get(id), now);
    }
    for (const service of before.values()) this.#leave(service);
    for (const entry of present) {
      const id = serviceId(entry.service.key);
      if (this.services.has(id) || !owned.has(serviceName(entry.service.key))) continue;
      const service = newService(entry.service, settingsOf({ services: [] }, 0, entry), now);
      service.isWanted = false;
      this.services.set(id, service);
    }
    this.#byName.clear();
    this.#byServiceName.clear();
    for (const service of this.services.values()) {
      this.#byServiceName.set(service.name, service);
      for (const one of service.servers.values()) this.#byName.set(one.name, one);
    }
    yield;
    this.#dropUnused();
    yield* this.seenInSteps(present, now);
    this.#isLoaded = true;
  }

  *#loadService(
    id: string,
    { service, servers }: ServiceWithServers,
    settings: ServiceHealth,
    present: KernelService | undefined,
    now: number,
  ): Generator<void> {
    const weights = new Map(present?.servers.map((server) => [serverId(server), server.weight]));
    let watched = this.services.get(id);
    if (watched === undefined) {
      watched = newService(service, settings, now);
      // It keeps its connections until servers are well: there may be nobody else in the table.
      if (isSorryInCharge(settings, servers, weights)) watched.serving = 'sorry';
      this.services.set(id, watched);
    }
    Object.assign(watched, { service, settings, isWanted: true });
    const gone = new Map(watched.servers);
    // Whoever looks in between sees all of those before.
    const loaded = new Map<string, WatchedServer>();
    for (const [index, server] of servers.entries()) {
      if (index % stepServers === 0) yield;
      const place = serverId(server);
      const known = gone.get(place);
      gone.delete(place);
      const wasLeaving = watched.leaving.delete(place);
      const one = known ?? newServer(watched, server, weights.has(place), !this.#isLoaded, now);
      one.server = server;
      this.#forgetWeight(one);
      const assumption = known === undefined ? this.#assume(one, weights.get(place), wasLeaving) : undefined;
      this.#setChecks(one, settings.servers[index]?.checks ?? [], assumption, now);
      loaded.set(place, one);
    }
    watched.servers.clear();
    for (const [place, one] of loaded) watched.servers.set(place, one);
    for (const server of gone.values()) this.#setChecks(server, [], undefined, now);
    this.#dirty.add(watched);
  }

  /** What the kernel says about a server. @param weight undefined: it is not in the table. */
  #assume({ name, server }: WatchedServer, weight: number | undefined, wasLeaving: boolean): Assumption {
    if (weight === undefined || (weight === 0 && wasLeaving)) return 'new';
    // Weight 0 says something about health only where nobody wanted it.
    return weight > 0 || server.weight === 0 || this.#wishes.has(name) ? 'up' : 'down';
  }

  /** A weight that an operator gave lasts until the document has another one. */
  #forgetWeight({ name, server }: WatchedServer): void {
    const wish = this.#wishes.get(name);
    if (wish?.weight === undefined || wish.insteadOf === server.weight) return;
    if (wish.drain === undefined) this.#wishes.delete(name);
    else this.#wishes.set(name, { ...wish, weight: undefined, insteadOf: undefined });
  }

  /** @param assumption undefined: what is known about the server already. */
  #setChecks(
    one: WatchedServer,
    checks: ServiceHealth['servers'][number]['checks'],
    assumption: Assumption | undefined,
    now: number,
  ): void {
    const { service, server } = one;
    const old = one.probes;
    const { isPending, isUp } = one.health;
    // What is known of it outlives its checks.
    if (assumption === undefined && !isPending) one.isPresent = true;
    const assumed = assumption ?? (isPending ? 'new' : isUp ? 'up' : 'down');
    one.probes = checks.map((check) => {
      const target = targetOf(check, service.key, server);
      return this.#probe(targetId(target), target, check.type === 'agent' ? 'up' : assumed, now);
    });
    for (const probe of old) if (!one.probes.includes(probe)) probe.users.delete(one);
    for (const probe of one.probes) probe.users.add(one);
    one.health = combine(
      one.probes.map(({ state }) => state),
      one.isPresent,
    );
    if (one.health.isUp || one.health.isPending) one.downAt = undefined;
    else one.downAt ??= now;
  }

  #probe(id: string, target: CheckTarget, assumption: Assumption, now: number): Probe {
    const known = this.probes.get(id);
    if (known === undefined) {
      const probe = { id, target, state: firstState(assumption, now), users: new Set<WatchedServer>() };
      this.probes.set(id, probe);
      return probe;
    }
    known.target = target;
    // Of several servers with the same check one that gets connections says most.
    const { isKnown, isNew, verdict } = known.state;
    const isBetter = assumption === 'up' ? verdict === 'down' : assumption === 'down' && isNew;
    if (!isKnown && isBetter) known.state = firstState(assumption, now);
    return known;
  }

  #leave(service: WatchedService): void {
    service.isWanted = false;
    service.serving = 'normal';
    for (const server of service.servers.values()) for (const probe of server.probes) probe.users.delete(server);
    service.servers.clear();
    this.#dirty.add(service);
  }

  #dropUnused(): void {
    const hosts = new Set<string>();
    this.#window = 0;
    for (const { id, users, target } of this.probes.values()) {
      if (users.size === 0) {
        this.probes.delete(id);
        continue;
      }
      hosts.add(target.address);
      const { interval, fastInterval, timeout, fall } = target.check;
      this.#window = Math.max(this.#window, (interval + (timeout + fastInterval) * fall) * 1000);
    }
    this.#hosts = hosts.size;
  }

  /**
   * Takes the kernel's table. Servers of kept services that are not in the document begin to leave.
   * @returns services that are not as they were left: another program has changed them.
   */
  seen(table: readonly KernelService[], now: number): WatchedService[] {
    return atOnce(this.seenInSteps(table, now));
  }

  /** The same in steps, as `loadInSteps`. */
  *seenInSteps(table: readonly KernelService[], now: number): Generator<void, WatchedService[]> {
    const inKernel = new Map(table.map((entry) => [serviceId(entry.service.key), entry]));
    const foreign: WatchedService[] = [];
    for (const [id, service] of this.services) {
      const entry = inKernel.get(id);
      if (!isAsLeft(service.present, entry)) {
        foreign.push(service);
        service.present = entry;
        this.#dirty.add(service);
      }
      yield;
      this.#findLeaving(service, entry, now);
      if (!service.isWanted && entry === undefined) this.#forget(service);
      yield;
    }
    return foreign;
  }

  #findLeaving(service: WatchedService, entry: KernelService | undefined, now: number): void {
    const { servers, leaving, settings, key } = service;
    const sorry = settings.sorryServer && serverId(settings.sorryServer);
    const there = new Set<string>();
    for (const server of entry?.servers ?? []) {
      const place = serverId(server);
      if (servers.has(place) || (place === sorry && service.isWanted)) continue;
      there.add(place);
      const known = leaving.get(place);
      const until = known?.until ?? now + settings.drainTime * 1000;
      const isOver = now >= until || (server.weight === 0 && known !== undefined && openConnections(key, server) === 0);
      leaving.set(place, { server, until, isOver });
    }
    for (const place of leaving.keys()) if (!there.has(place)) leaving.delete(place);
    if (leaving.size > 0 || !service.isWanted) this.#dirty.add(service);
  }

  /** Takes the result of a check. */
  result(probe: Probe, result: LastResult): void {
    const { state, target } = probe;
    const { kind } = result.outcome;
    const extra = kind === 'unreachable' && this.#isCliff(probe, result.at) ? 1 : 0;
    if (kind === 'pass') this.#silent.delete(target.address);
    probe.state = afterResult(state, target.check, result, extra);
    for (const server of probe.users) this.#refresh(server, result.at);
  }

  /** Whether so many hosts stopped answering at the same time that this one waits for one more failure. */
  #isCliff({ state, target: { address, check } }: Probe, now: number): boolean {
    if (state.verdict === 'up' && state.against === 0) {
      this.#silent.delete(address);
      this.#silent.set(address, now);
    }
    if (!isFalling(state, check)) return false;
    for (const [host, at] of this.#silent) {
      if (now - at <= this.#window) break;
      this.#silent.delete(host);
    }
    return this.#silent.size >= cliffHosts && this.#silent.size > this.#hosts / 2;
  }

  #refresh(one: WatchedServer, now: number): void {
    const before = one.health;
    const health = combine(
      one.probes.map(({ state }) => state),
      one.isPresent,
    );
    one.health = health;
    if (isOtherWish(one.wish, health.wish)) {
      one.wish = health.wish;
      this.#lazy.add(one.service);
    }
    if (health.drains !== before.drains || health.failure !== before.failure) this.#dirty.add(one.service);
    if (health.state === before.state && health.isUp === before.isUp) return;
    one.since = now;
    this.#changes.push({ kind: 'server', server: one, from: before.state, to: health.state, reason: health.reason });
    if (health.isUp === before.isUp && health.isPending === before.isPending) return;
    this.#dirty.add(one.service);
    one.downAt = health.isUp || health.isPending ? undefined : now;
    // What comes in at the start comes in at once: nobody else is there.
    if (health.isUp && !(before.isPending && one.isOfStart)) this.#raise(one, now, one.service.settings.slowStart);
  }

  #raise(one: WatchedServer, now: number, seconds: number): void {
    const { serving, present } = one.service;
    const isAlone = serving !== 'normal' || present?.servers.every(({ weight }) => weight === 0) !== false;
    one.ramp = seconds > 0 && !isAlone ? { from: now, seconds } : undefined;
  }

  /** Sets what operators wish for a server; undefined: nothing any more. @param seconds in which its weight rises then. */
  wish(name: string, wish: Wish | undefined, now: number, seconds?: number): void {
    const wasOut = isOut(this.#wishes.get(name));
    if (wish === undefined) this.#wishes.delete(name);
    else this.#wishes.set(name, wish);
    const one = this.server(name);
    if (one === undefined) return;
    this.#dirty.add(one.service);
    if (wasOut && !isOut(wish)) this.#raise(one, now, seconds ?? one.service.settings.slowStart);
  }

  /** A server of the document by its name. */
  server(name: string): WatchedServer | undefined {
    return this.#byName.get(name);
  }

  /** Once a second: what changes by time alone. */
  tick(): void {
    for (const service of [...this.#lazy, ...this.#moving]) this.#dirty.add(service);
    this.#lazy.clear();
  }

  /** Whether there is something to be settled. */
  get isUnsettled(): boolean {
    return this.#dirty.size > 0 || this.#changes.length > 0;
  }

  /** What has to be looked at often: servers that leave, until they are empty. */
  get isLeaving(): boolean {
    return [...this.#moving].some(({ leaving }) => leaving.size > 0);
  }

  /** The tables of all services about which something changed, and what it was. */
  settle(now: number): { readonly wanted: readonly Wanted[]; readonly changes: readonly Change[] } {
    const wanted = [...this.#dirty].map((service) => ({ service, wanted: this.#wantedOf(service, now) }));
    this.#dirty.clear();
    const changes = this.#changes;
    this.#changes = [];
    return { wanted, changes };
  }

  #wantedOf(service: WatchedService, now: number): ServiceWithServers | undefined {
    const isWell = service.serving === 'open' && isEnough('open', this.view(service, now));
    service.wellSince = isWell ? (service.wellSince ?? now) : undefined;
    const view = this.view(service, now);
    const serving = service.isWanted ? servingAfter(service.serving, view) : service.serving;
    if (serving !== service.serving) {
      const { healthy, counting } = headcount(view);
      this.#changes.push({ kind: 'service', service, from: service.serving, to: serving, healthy, of: counting });
      service.serving = serving;
      service.since = now;
    }
    const removeAfter = service.settings.removeAfter ?? 0;
    const isMoving =
      service.leaving.size > 0 ||
      serving === 'open' ||
      view.members.some(
        ({ part, isUp, isPending, downFor }) => part < 1 || (!isUp && !isPending && downFor < removeAfter),
      );
    if (isMoving) this.#moving.add(service);
    else this.#moving.delete(service);
    const servers = wantedServers(view, serving, this.#kernel);
    return service.isWanted || servers.length > 0 ? { service: service.service, servers } : undefined;
  }

  /** A service with all that its servers' weights depend on. */
  view({ service, settings, servers, leaving, wellSince }: WatchedService, now: number): ServiceView {
    return {
      service,
      settings,
      wellSince,
      members: [...servers.values()].map((one) => this.member(one, now)),
      leaving: [...leaving.values()],
    };
  }

  /** A server with all that its weight depends on. */
  member(one: WatchedServer, now: number): Member {
    const { server, health, wish, downAt, name, isPresent } = one;
    const { isUp, isPending, failure, drains } = health;
    const wished = this.#wishes.get(name);
    return {
      server,
      isUp,
      isPending,
      isPresent,
      failure,
      failedAt: failedAt(one),
      wish,
      drains,
      drained: wished?.drain,
      weight: wished?.weight,
      part: rampPart(one, now),
      downFor: downAt === undefined ? 0 : (now - downAt) / 1000,
    };
  }

  /** Notes that a service's table was made. */
  made({ service, wanted }: Wanted): void {
    service.present = wanted;
    if (wanted === undefined) this.#forget(service);
  }

  #forget(service: WatchedService): void {
    const id = serviceId(service.key);
    // A reload may have put another one in its place.
    if (this.services.get(id) !== service) return;
    this.services.delete(id);
    this.#byServiceName.delete(service.name);
    for (const set of [this.#dirty, this.#lazy, this.#moving]) set.delete(service);
  }

  /** Notes that a service's table could not be made: it is settled again. */
  failed(service: WatchedService): void {
    this.#dirty.add(service);
  }

  /** Leaves a service as it is until something about it changes, or `failed` is called. */
  hold(service: WatchedService): void {
    this.#dirty.delete(service);
  }

  /** A service by its name, such as `tcp:192.0.2.10:80`. */
  named(name: string): WatchedService | undefined {
    return this.#byServiceName.get(name);
  }

  /** Names of services that have a server of weight above 0 now and would have none with these wishes. */
  leftWithout(wishes: ReadonlyMap<string, Wish | undefined>, now: number): string[] {
    const touched = new Set([...wishes.keys()].flatMap((name) => this.server(name)?.service ?? []));
    const before = new Map(this.#wishes);
    const hasServer = (service: WatchedService): boolean => {
      const view = this.view(service, now);
      const serving = servingAfter(service.serving, view);
      return wantedServers(view, serving, this.#kernel).some(({ weight }) => weight > 0);
    };
    const served = [...touched].filter(hasServer);
    for (const [name, wish] of wishes) {
      if (wish === undefined) this.#wishes.delete(name);
      else this.#wishes.set(name, wish);
    }
    const left = served.filter((service) => !hasServer(service)).map(({ name }) => name);
    this.#wishes.clear();
    for (const [name, wish] of before) this.#wishes.set(name, wish);
    return left;
  }

  /** The document's services, as they are wanted now. */
  table(now: number): Table {
    return {
      services: [...this.services.values()].flatMap((service) => {
        const view = this.view(service, now);
        const servers = wantedServers(view, service.serving, this.#kernel);
        return service.isWanted ? [{ service: service.service, servers }] : [];
      }),
    };
  }
}

function newService(service: VirtualService, settings: ServiceHealth, now: number): WatchedService {
  return {
    name: serviceName(service.key),
    key: service.key,
    service,
    settings,
    isWanted: true,
    servers: new Map(),
    serving: 'normal',
    since: now,
    wellSince: undefined,
    leaving: new Map(),
    present: undefined,
  };
}

function newServer(
  service: WatchedService,
  server: RealServer,
  isPresent: boolean,
  isOfStart: boolean,
  now: number,
): WatchedServer {
  return {
    name: serverName(service.key, server),
    service,
    server,
    probes: [],
    isPresent,
    isOfStart,
    health: combine([], isPresent),
    since: now,
    downAt: undefined,
    ramp: undefined,
    wish: undefined,
  };
}

/** Whether of all that a service has in the kernel only its sorry server gets connections. */
function isSorryInCharge(
  { sorryServer }: ServiceHealth,
  servers: readonly RealServer[],
  weights: ReadonlyMap<string, number>,
): boolean {
  const sorry = sorryServer && serverId(sorryServer);
  if (sorry === undefined || (weights.get(sorry) ?? 0) === 0) return false;
  return servers.every((server) => serverId(server) === sorry || (weights.get(serverId(server)) ?? 0) === 0);
}

/** What the document says about the health of a service; the defaults where it says nothing. */
function settingsOf({ services }: Health, index: number, { service }: ServiceWithServers): ServiceHealth {
  return (
    services[index] ?? {
      key: service.key,
      onDown: 'auto',
      removeAfter: undefined,
      minimumHealthy: 1,
      failOpen: 'unreachable',
      slowStart: 0,
      drainTime: defaultDrainTime,
      onChange: undefined,
      sorryServer: undefined,
      servers: [],
    }
  );
}

/** The part of its weight that a server has by now. */
function rampPart(one: WatchedServer, now: number): number {
  if (one.ramp === undefined) return 1;
  const { from, seconds } = one.ramp;
  const steps = Math.max(1, Math.min(rampSteps, Math.floor(seconds)));
  const part = Math.min(1, (Math.floor(((now - from) / (seconds * 1000)) * steps) + 1) / steps);
  if (now - from >= seconds * 1000) one.ramp = undefined;
  return part;
}

/** Whether a service and its servers are as they were left. */
function isAsLeft(left: ServiceWithServers | undefined, found: ServiceWithServers | undefined): boolean {
  if (left === undefined || found === undefined) return left === found;
  if (left.servers.length !== found.servers.length) return false;
  if (serviceFieldsThatDiffer(canonicalService(left.service), canonicalService(found.service)).length > 0) return false;
  let places: Map<string, RealServer> | undefined;
  return left.servers.every((server, index) => {
    const place = serverId(server);
    let other: RealServer | undefined = found.servers[index];
    if (other === undefined || serverId(other) !== place) {
      // The kernel has an order of its own.
      places ??= new Map(found.servers.map((one) => [serverId(one), one]));
      other = places.get(place);
    }
    return other !== undefined && serverFieldsThatDiffer(canonicalServer(server), canonicalServer(other)).length === 0;
  });
}

/** When the last result of one of its checks was a failure; undefined where none was. */
function failedAt({ probes }: WatchedServer): number | undefined {
  let at: number | undefined;
  for (const { state } of probes) {
    if (state.last !== undefined && state.last.outcome.kind !== 'pass') at = Math.max(at ?? 0, state.last.at);
  }
  return at;
}

/** Whether a wish keeps connections away. */
function isOut(wish: Wish | undefined): boolean {
  return wish?.drain !== undefined || wish?.weight === 0;
}

function isOtherWish(before: WeightWish | undefined, after: WeightWish | undefined): boolean {
  const from = numberOf(before);
  const to = numberOf(after);
  if (from === to) return false;
  if (from === undefined || to === undefined || from === 0 || to === 0) return true;
  return Math.abs(to - from) >= from * smallestStep || to === 100;
}

function numberOf(wish: WeightWish | undefined): number | undefined {
  return wish === undefined ? undefined : 'percent' in wish ? wish.percent : wish.weight;
}
