// What a daemon knows, as other programs get it: names and words are stable.

import type { JsonObject } from '../format/json.js';
import { risesNeeded, type ProbeState } from '../health/probe.js';
import type { ServerState } from '../health/server-health.js';
import { describeCheck } from '../health/target.js';
import type { Probe, Watch, WatchedServer, WatchedService } from '../health/watch.js';
import { headcount, type Serving } from '../health/wanted.js';
import { serverId } from '../model/server.js';
import { describeEndpoint } from '../model/service.js';
import { Turns } from '../table/turns.js';
import type { Checking } from './checking.js';

/** A check of a server. */
export interface CheckView extends JsonObject {
  /** Such as `http /healthz`. */
  readonly check: string;
  /** Whom it asks, such as `10.0.1.2:8080`. */
  readonly asks: string;
  readonly state: 'up' | 'down';
  /** Results in a row that speak against the state, and how many change it. */
  readonly against: number;
  readonly needed: number;
  readonly result: 'pass' | 'unreachable' | 'said-no' | 'unknown' | null;
  readonly reason: string | null;
  /** When the last result was there, and how long it took. */
  readonly at: string | null;
  readonly milliseconds: number | null;
  /** When it is made next; null: it is being made. */
  readonly next: string | null;
  /** When the certificate that it was shown ends; null: it was shown none. */
  readonly certificateEnds: string | null;
}

/** Who took a server out, when and why. */
export interface DrainView extends JsonObject {
  readonly reason: string | null;
  readonly by: string;
  readonly at: string;
}

/** A server of a service. */
export interface ServerView extends JsonObject {
  readonly server: string;
  readonly state: ServerState;
  readonly flapping: boolean;
  readonly since: string;
  readonly reason: string | null;
  /** Weight in the document, and in the kernel; null: it is not in the table. */
  readonly weight: number;
  readonly kernelWeight: number | null;
  /** By an operator. */
  readonly drained: DrainView | null;
  /** An operator's weight in place of the document's. */
  readonly ownWeight: number | null;
  readonly rising: boolean;
  readonly checks: readonly CheckView[];
}

/** A service that a daemon keeps. */
export interface ServiceView extends JsonObject {
  readonly service: string;
  readonly serving: Serving;
  readonly since: string;
  readonly healthy: number;
  readonly counting: number;
  readonly needed: number;
  /** False: it left the document and ends. */
  readonly wanted: boolean;
  /** Servers that go away, such as `10.0.1.2:8080`. */
  readonly leaving: readonly string[];
  /** The sorry server, while it is in charge. */
  readonly sorry: string | null;
  readonly servers: readonly ServerView[];
}

/** All that a daemon knows. */
export interface Snapshot extends JsonObject {
  readonly instance: string;
  readonly document: string;
  readonly pid: number;
  readonly since: string;
  /** When its document was read last, and what was wrong with a later one. */
  readonly loaded: string;
  readonly problem: string | null;
  /** Checks that are made of different hosts or in different ways, and those that are being made. */
  readonly checks: number;
  readonly running: number;
  readonly services: readonly ServiceView[];
}

/** What a snapshot is made of. */
export interface SnapshotSources {
  readonly watch: Watch;
  readonly checking: Pick<Checking, 'nextOf'>;
  /** Milliseconds of the monotonic clock, and the date at that time. */
  readonly now: number;
  readonly date: number;
}

/** The services and servers of a daemon, without holding up the event loop. */
export async function servicesView(sources: SnapshotSources): Promise<ServiceView[]> {
  const turns = new Turns();
  const views: ServiceView[] = [];
  for (const service of [...sources.watch.services.values()]) views.push(await serviceView(service, sources, turns));
  return views;
}

function dateOf(at: number, { now, date }: SnapshotSources): string {
  return new Date(date - now + at).toISOString();
}

async function serviceView(service: WatchedService, sources: SnapshotSources, turns: Turns): Promise<ServiceView> {
  const { watch, now } = sources;
  const { healthy, counting, needed } = headcount(watch.view(service, now));
  const weights = new Map(service.present?.servers.map((server) => [serverId(server), server.weight]));
  const servers: ServerView[] = [];
  for (const [id, server] of [...service.servers]) {
    servers.push(serverView(server, weights.get(id), sources));
    await turns.take();
  }
  return {
    service: service.name,
    serving: service.serving,
    since: dateOf(service.since, sources),
    healthy,
    counting,
    needed,
    wanted: service.isWanted,
    leaving: [...service.leaving.values()].map(({ server }) => describeEndpoint(server)),
    sorry:
      service.serving === 'sorry' && service.settings.sorryServer !== undefined
        ? describeEndpoint(service.settings.sorryServer)
        : null,
    servers,
  };
}

function serverView(one: WatchedServer, kernelWeight: number | undefined, sources: SnapshotSources): ServerView {
  const { name, health, since, server, probes, ramp } = one;
  const wish = sources.watch.wishes.get(name);
  return {
    server: name,
    state: health.state,
    flapping: health.isFlapping,
    since: dateOf(since, sources),
    reason: health.reason ?? null,
    weight: server.weight,
    kernelWeight: kernelWeight ?? null,
    drained: wish?.drain === undefined ? null : { reason: wish.reason ?? null, by: wish.by, at: wish.at },
    ownWeight: wish?.weight ?? null,
    rising: ramp !== undefined,
    checks: probes.map((probe) => checkView(probe, sources)),
  };
}

function checkView(probe: Probe, sources: SnapshotSources): CheckView {
  const { state, target } = probe;
  const { check, family, address, port } = target;
  const next = sources.checking.nextOf(probe);
  const { outcome, at, took } = state.last ?? {};
  return {
    check: describeCheck(check),
    asks: port === 0 ? address : describeEndpoint({ family, address, port }),
    state: state.verdict,
    against: state.against,
    needed: neededOf(state, probe),
    result: outcome?.kind ?? null,
    reason: outcome?.reason ?? null,
    at: at === undefined ? null : dateOf(at, sources),
    milliseconds: took === undefined ? null : Math.round(took * 10) / 10,
    next: next === undefined ? null : dateOf(next, sources),
    certificateEnds:
      outcome?.kind === 'pass' && outcome.certificateEnds !== undefined
        ? new Date(outcome.certificateEnds).toISOString()
        : null,
  };
}

function neededOf(state: ProbeState, { target: { check } }: Probe): number {
  return state.verdict === 'up' ? check.fall : risesNeeded(state, check);
}
