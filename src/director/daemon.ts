// Keeps the services of a document: checks their servers, makes their tables, hears what operators say. Runs for months.

import { setImmediate } from 'node:timers/promises';
import type { IpvsClient } from '../client/client.js';
import { connect } from '../command/connect.js';
import { daemonsOf, socketOf, type Keeper } from '../command/keepers.js';
import { readText } from '../command/read-text.js';
import type { Configuration } from '../documents/read-document.js';
import { IpvsError, StateError, ValueError } from '../errors.js';
import type { Outcome, StartCheck } from '../health/outcome.js';
import { Watch, type KernelService, type Probe, type Wanted, type WatchedService } from '../health/watch.js';
import type { Wish } from '../health/wish.js';
import { serviceName } from '../model/entity-name.js';
import type { ServiceKey } from '../model/service.js';
import type { Table } from '../model/table.js';
import type { ControlServer } from '../ports/control.js';
import type { Machine } from '../ports/io.js';
import { inTurns } from '../table/turns.js';
import { counted } from '../text/counted.js';
import { advice, adviceSettings, loadAdvice } from './advice.js';
import { Checking } from './checking.js';
import { Hooks } from './hooks.js';
import type { Journal } from './journal.js';
import { makeServices } from './make-services.js';
import { readServicesOf } from './read-services.js';
import { readRequest, type Request } from './requests.js';
import { readSaved, tellDrains, withDrainsOf, writeSaved } from './saved.js';
import { servicesView, type Snapshot } from './snapshot.js';

/** What a daemon runs with. */
export interface DaemonOptions {
  /** Its name among those of this machine: letters, digits, dots and dashes. */
  readonly instance: string;
  /** The name of the document. */
  readonly document: string;
  /** Reads the document. @throws {DocumentError} */
  readonly read: () => Promise<Configuration>;
  readonly start: StartCheck;
  readonly machine: Machine;
  readonly journal: Journal;
  /** What spreads its checks differently from those of another director. */
  readonly salt: string;
  /** File for keepalived's `vrrp_track_file`; undefined: none. */
  readonly trackFile?: string | undefined;
  /** Checks at a time. */
  readonly mostChecks: number;
}

/** Results that come together are acted on together, after this many milliseconds. */
const settleDelay = 10;

/** The part of the time that making tables may take: one over it. */
const restFactor = 4;

/** Longest rest after that, in milliseconds: what follows from a verdict does not wait for longer. */
const longestRest = 500;

/** The kernel's table is compared with what it is to be this often, in milliseconds. */
const lookEvery = 15_000;

/** The service manager hears that checks are made, this often, in milliseconds. */
const watchdogEvery = 10_000;

/** Longest time to wait for first results before the daemon is ready, in milliseconds, beyond the timeouts of checks. */
const readyGrace = 1500;

/** Pauses after which what failed is tried again, in milliseconds: the last one again and again. */
const retryPauses = [1000, 2000, 5000, 10_000, 30_000] as const;

/** Refusals that are reported at a time. */
const mostRefusals = 10;

/** A document that would end more than this part of the services is refused unless it is forced. */
const mostEnding = 0.5;

/** The daemon of `ipvsadm run`. */
export class Daemon {
  readonly #options: DaemonOptions;
  readonly #checking: Checking;
  readonly #hooks: Hooks;
  readonly #ending = new AbortController();
  readonly #retries = new Map<WatchedService, { readonly at: number; readonly tries: number; readonly why: string }>();
  readonly #startedAt: number;
  #watch: Watch;
  #client: IpvsClient | undefined;
  #control: ControlServer | undefined;
  /** What changes the table comes one after the other. */
  #turn: Promise<unknown> = Promise.resolve();
  #isSettling = false;
  #isReady = false;
  #lastLook = 0;
  #lastWatchdog = 0;
  #lastStarts = 0;
  #loadedAt: number;
  #problem: string | undefined;
  #saved = '';
  /** Why it could not be saved last. */
  #unsaved: string | undefined;
  /** Services that it is about to keep: nobody else may take them meanwhile. */
  #claims: ReadonlySet<string> = new Set();
  #reloads: Promise<unknown> = Promise.resolve();
  #tracked: string | undefined;
  /** Tries in a row in which the kernel could not be asked at all. */
  #outages = 0;
  #nextTry = 0;

  constructor(options: DaemonOptions) {
    const { machine, start, salt, mostChecks, journal, instance } = options;
    this.#options = options;
    this.#hooks = new Hooks(machine, journal, instance);
    this.#watch = new Watch({ expiresTemplates: false });
    this.#startedAt = machine.clock.now();
    this.#loadedAt = this.#startedAt;
    this.#checking = new Checking({
      start,
      clock: machine.clock,
      salt,
      most: mostChecks,
      onResult: (probe, startedAt, outcome) => {
        this.#heard(probe, startedAt, outcome);
      },
    });
  }

  /**
   * Begins: reads the document, trusts the kernel, answers at its socket.
   * @throws {DocumentError} {UnavailableError} {StateError}
   */
  async begin(): Promise<void> {
    const { machine, instance, read, journal } = this.#options;
    const configuration = await read();
    refuseUnsupported(configuration);
    this.#client = await connect(machine);
    this.#claims = namesOf(configuration);
    try {
      // Whoever asks for something has to wait for the end of this.
      await this.#inTurn(async () => {
        const respond = (request: unknown): Promise<unknown> => this.#respond(readRequest(request));
        this.#control = await machine.control.serve(socketOf(instance), respond);
        await this.#takeFirst(configuration);
      });
    } catch (error) {
      await this.end();
      throw error;
    }
    const { services } = configuration.table;
    const servers = services.reduce((sum, one) => sum + one.servers.length, 0);
    const checks = counted(this.#watch.probes.size, 'check');
    await this.#advise(configuration);
    journal.say('notice', `keeps ${counted(services.length, 'service')} with ${counted(servers, 'server')}, ${checks}`);
  }

  async #takeFirst(configuration: Configuration): Promise<void> {
    const { machine, instance } = this.#options;
    const others = await this.#refuseShared(configuration);
    const saved = readSaved(machine.state, instance);
    const present = await this.#readServices(configuration, saved.owned);
    const owned = this.#ownedStill(configuration, saved.owned, present, others);
    const drained = withDrainsOf(saved.wishes, machine.state, present, configuration);
    this.#watch = new Watch(await this.#kernelSettings(), drained);
    await this.#load(configuration, present, owned);
    this.#claims = new Set();
    await this.#settle();
  }

  /** What it kept before and still has to end: not what others keep by now, and not most of it. */
  #ownedStill(
    configuration: Configuration,
    owned: ReadonlySet<string>,
    present: readonly KernelService[],
    others: ReadonlySet<string>,
  ): ReadonlySet<string> {
    const here = present.map(({ service }) => serviceName(service.key)).filter((name) => owned.has(name));
    const staying = namesOf(configuration);
    const ending = here.filter((name) => !staying.has(name) && !others.has(name));
    if (ending.length <= here.length * mostEnding) return new Set(ending);
    this.#options.journal.say(
      'error',
      `the document has ${here.length - ending.length} of ${here.length} services that were kept: the others are left alone, ` +
        `ipvsadm -D removes them: ${ending.slice(0, mostRefusals).join(', ')}`,
    );
    return new Set();
  }

  /** Runs until `stop`. */
  async run(): Promise<void> {
    const { clock } = this.#options.machine;
    const checking = this.#checking.run();
    while (!this.#ending.signal.aborted) {
      await clock.sleep(1000, this.#ending.signal);
      if (!this.#isEnding()) await this.#tick();
    }
    await checking;
  }

  #isEnding(): boolean {
    return this.#ending.signal.aborted;
  }

  /** How late its last checks were started, in milliseconds, in no order. */
  get lateness(): readonly number[] {
    return this.#checking.lateness;
  }

  /** The services of its document, as they are to be now. */
  get wanted(): Table {
    return this.#watch.table(this.#options.machine.clock.now());
  }

  /** How much there is of what comes and goes: none of it may grow for as long as the daemon runs. */
  get sizes(): Readonly<Record<'probes' | 'due' | 'retries' | 'told' | 'logged', number>> {
    return {
      probes: this.#watch.probes.size,
      due: this.#checking.due,
      retries: this.#retries.size,
      told: this.#hooks.waiting,
      logged: this.#options.journal.remembered,
    };
  }

  /** Asks it to end. The table stays as it is. */
  stop(): void {
    this.#ending.abort();
    this.#checking.end();
  }

  /** Ends: what is under way is finished, the socket is gone. */
  async end(): Promise<void> {
    this.stop();
    await this.#turn.catch(() => undefined);
    await this.#control?.close();
    this.#control = undefined;
    this.#track(undefined);
    this.#client?.close();
    this.#client = undefined;
    await this.#options.journal.flush();
  }

  /** Takes the document anew, or keeps the old one. @returns what was wrong; undefined: nothing. */
  async reload(force = false): Promise<string | undefined> {
    const { journal, machine } = this.#options;
    await machine.notify(`RELOADING=1\nMONOTONIC_USEC=${Math.round(machine.clock.now() * 1000)}`);
    try {
      // One after the other, so that what was read last is what is taken last.
      const reload = this.#reloads.then(() => this.#reload(force));
      this.#reloads = reload.catch(() => undefined);
      await reload;
      this.#problem = undefined;
    } catch (error) {
      if (!(error instanceof IpvsError)) throw error;
      this.#problem = error.message;
      journal.say('error', `the document is not taken, the one before stays: ${error.message}`);
    }
    await machine.notify(
      this.#problem === undefined ? 'READY=1\nSTATUS=' : `READY=1\nSTATUS=document refused: ${oneLine(this.#problem)}`,
    );
    return this.#problem;
  }

  async #reload(force: boolean): Promise<void> {
    const { read, machine, journal } = this.#options;
    // Reading and asking others takes time, in which tables are made.
    const configuration = await read();
    refuseUnsupported(configuration);
    this.#claims = namesOf(configuration);
    try {
      await this.#refuseShared(configuration);
      await this.#inTurn(async () => {
        this.#refuseEnding(configuration, force);
        const present = await this.#readServices(configuration, new Set());
        await this.#load(configuration, present, new Set());
        await this.#settle();
      });
    } finally {
      this.#claims = new Set();
    }
    this.#loadedAt = machine.clock.now();
    await this.#advise(configuration);
    journal.say('notice', `took the document: ${counted(configuration.table.services.length, 'service')}`);
  }

  /** A truncated document is one, too. */
  #refuseEnding({ table }: Pick<Configuration, 'table'>, force: boolean): void {
    const staying = namesOf({ table });
    const before = [...this.#watch.services.values()].filter(({ isWanted }) => isWanted);
    const ending = before.filter(({ name }) => !staying.has(name)).length;
    if (force || ending <= before.length * mostEnding) return;
    throw new ValueError(
      `it would end ${ending} of ${before.length} services; if that is meant: ipvsadm reload --force`,
    );
  }

  async #load(
    configuration: Configuration,
    present: readonly KernelService[],
    owned: ReadonlySet<string>,
  ): Promise<void> {
    const now = this.#options.machine.clock.now();
    await inTurns(this.#watch.loadInSteps(configuration, present, now, owned));
    this.#options.journal.keep((name) => this.#watch.server(name) !== undefined);
    this.#checking.keep(this.#watch.probes);
    this.#lastLook = now;
  }

  async #readServices(configuration: Configuration, owned: ReadonlySet<string>): Promise<KernelService[]> {
    const ours = namesOf(configuration);
    return this.#read((name) => ours.has(name) || owned.has(name) || this.#owns(name));
  }

  async #read(isOurs: (name: string) => boolean): Promise<KernelService[]> {
    if (this.#client === undefined) throw new StateError('the daemon ends');
    return readServicesOf(this.#client, (key: ServiceKey) => isOurs(serviceName(key)));
  }

  #owns(name: string): boolean {
    return this.#watch.named(name) !== undefined;
  }

  async #kernelSettings(): Promise<{ expiresTemplates: boolean }> {
    // Not to be read: as the kernel has it by default.
    return { expiresTemplates: (await readSetting(this.#options.machine, 'expire_quiescent_template')) === 1 };
  }

  /** Says what works against it. */
  async #advise(configuration: Configuration): Promise<void> {
    const { machine, journal, mostChecks } = this.#options;
    const values = new Map<string, number | undefined>();
    for (const name of adviceSettings) values.set(name, await readSetting(machine, name));
    const limits = await readText(machine, '/proc/self/limits').catch(() => '');
    const [, digits] = /^Max open files\s+(\d+)/m.exec(limits) ?? [];
    const surroundings = {
      sysctl: (name: string) => values.get(name),
      descriptors: digits === undefined ? undefined : Number(digits),
    };
    for (const line of advice(configuration, surroundings, mostChecks)) journal.say('warning', line);
    const load = loadAdvice(this.#watch.probes);
    if (load !== undefined) journal.say('warning', load);
  }

  /**
   * Looks what other daemons keep.
   * @returns the names of their services.
   * @throws {StateError} where another one keeps one of these.
   */
  async #refuseShared(configuration: Configuration): Promise<ReadonlySet<string>> {
    const { machine, instance } = this.#options;
    const ours = namesOf(configuration);
    const theirs = new Set<string>();
    for (const other of await daemonsOf(machine, instance)) {
      for (const { service } of other.services) theirs.add(service);
      // Of two that begin at the same time one has to give way.
      const claims = other.instance < instance ? other.claims : [];
      const shared = [...other.services.map(({ service }) => service), ...claims].find((name) => ours.has(name));
      if (shared === undefined) continue;
      throw new StateError(
        `${shared} is kept by another daemon, ${other.instance} (process ${other.pid}, ${other.document})`,
      );
    }
    return theirs;
  }

  #heard(probe: Probe, startedAt: number, outcome: Outcome): void {
    const at = this.#options.machine.clock.now();
    this.#watch.result(probe, { outcome, at, took: at - startedAt });
    this.#settleSoon();
  }

  #settleSoon(): void {
    if (this.#isSettling || !this.#watch.isUnsettled || this.#isEnding()) return;
    this.#isSettling = true;
    void this.#settleAll();
  }

  async #settleAll(): Promise<void> {
    const { clock } = this.#options.machine;
    let rest = settleDelay;
    try {
      while (this.#watch.isUnsettled && !this.#isEnding() && clock.now() >= this.#nextTry) {
        await clock.sleep(rest, this.#ending.signal);
        const took = await this.#inTurn(async () => {
          const began = clock.now();
          await this.#settle();
          return clock.now() - began;
        });
        rest = Math.min(longestRest, Math.max(settleDelay, took * restFactor));
      }
    } finally {
      this.#isSettling = false;
    }
  }

  async #inTurn<R>(action: () => Promise<R>): Promise<R> {
    const turn = this.#turn.then(action, action);
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  /** Makes what is to be made. Whatever goes wrong is tried again. */
  async #settle(): Promise<void> {
    const { machine, journal } = this.#options;
    const { wanted, changes } = this.#watch.settle(machine.clock.now());
    journal.changes(changes, machine.clock.now());
    this.#hooks.add(changes);
    try {
      if (this.#client === undefined) throw new StateError('the daemon ends');
      const { made, failed } = await makeServices(this.#client, wanted);
      for (const one of made) this.#made(one);
      if (failed.size > 0) await this.#retryLater(failed);
      this.#outages = 0;
    } catch (error) {
      if (!(error instanceof IpvsError)) throw error;
      for (const { service } of wanted) this.#watch.failed(service);
      await this.#reconnect(error);
    }
    this.#afterChange();
  }

  #made(one: Wanted): void {
    this.#watch.made(one);
    this.#retries.delete(one.service);
  }

  async #retryLater(failed: ReadonlyMap<WatchedService, IpvsError>): Promise<void> {
    const { machine, journal } = this.#options;
    const now = machine.clock.now();
    let said = 0;
    for (const [service, error] of failed) {
      const tries = this.#retries.get(service)?.tries ?? 0;
      const pause = retryPauses[Math.min(tries, retryPauses.length - 1)] ?? 0;
      this.#retries.set(service, { at: now + pause, tries: tries + 1, why: error.message });
      if (said++ < mostRefusals) journal.say('error', `${error.message}; tried again in ${pause / 1000} s`);
    }
    // Somebody else has been there: what is planned next starts from what there is.
    await this.#look(false);
    for (const service of failed.keys()) this.#watch.hold(service);
  }

  async #reconnect(error: IpvsError): Promise<void> {
    const { machine, journal } = this.#options;
    const pause = retryPauses[Math.min(this.#outages, retryPauses.length - 1)] ?? 0;
    if (this.#outages++ < 3) journal.say('error', `${error.message}; tried again in ${pause / 1000} s`);
    this.#nextTry = machine.clock.now() + pause;
    if (this.#isEnding()) return;
    try {
      const client = await connect(machine);
      this.#client?.close();
      this.#client = client;
      await this.#look(false);
    } catch (again) {
      if (!(again instanceof IpvsError)) throw again;
    }
  }

  /** Looks whether the kernel has what it is to have. */
  async #look(tells: boolean): Promise<void> {
    const { machine, journal } = this.#options;
    const present = await this.#read((name) => this.#owns(name));
    const now = machine.clock.now();
    this.#lastLook = now;
    const foreign = await inTurns(this.#watch.seenInSteps(present, now));
    if (!tells || foreign.length === 0) return;
    const names = foreign.slice(0, mostRefusals).map(({ name }) => name);
    const more = foreign.length > names.length ? ` and ${foreign.length - names.length} more` : '';
    journal.say('warning', `another program has changed ${names.join(', ')}${more}: put right`);
  }

  async #tick(): Promise<void> {
    const { clock } = this.#options.machine;
    const now = clock.now();
    this.#watch.tick();
    for (const [service, { at }] of this.#retries) if (now >= at) this.#watch.failed(service);
    if (now >= this.#nextTry && (this.#watch.isLeaving || now - this.#lastLook >= lookEvery)) {
      await this.#inTurn(() => this.#lookSafely());
    }
    this.#settleSoon();
    this.#hooks.run();
    await this.#tellManager(now);
  }

  async #lookSafely(): Promise<void> {
    try {
      await this.#look(true);
    } catch (error) {
      if (!(error instanceof IpvsError)) throw error;
      await this.#reconnect(error);
    }
  }

  /** Ready, once the first checks are over; alive, as long as checks are made. */
  async #tellManager(now: number): Promise<void> {
    const { machine, journal } = this.#options;
    if (!this.#isReady && this.#isSettledFirst(now)) {
      this.#isReady = true;
      journal.say('info', 'ready');
      await machine.notify('READY=1');
    }
    if (now - this.#lastWatchdog < watchdogEvery) return;
    const isAlive = this.#checking.starts > this.#lastStarts || !this.#checking.isLate(now);
    this.#lastWatchdog = now;
    this.#lastStarts = this.#checking.starts;
    if (isAlive) await machine.notify('WATCHDOG=1');
  }

  #isSettledFirst(now: number): boolean {
    const probes = [...this.#watch.probes.values()];
    if (probes.every(({ state }) => state.isKnown || !state.isNew || state.unknowns > 0)) return true;
    const longest = Math.max(...probes.map(({ target }) => target.check.timeout));
    return now - this.#startedAt > longest * 1000 + readyGrace;
  }

  /** What others can see of it. */
  #afterChange(): void {
    this.#track(String(-this.#troubled()));
    try {
      this.#save();
      this.#unsaved = undefined;
    } catch (error) {
      if (!(error instanceof IpvsError)) throw error;
      // Once: it is tried again at every change.
      if (this.#unsaved !== error.message) this.#options.journal.say('error', error.message);
      this.#unsaved = error.message;
    }
  }

  #save(): void {
    const { machine, instance } = this.#options;
    const owned = new Set([...this.#watch.services.values()].map(({ name }) => name));
    const { wishes } = this.#watch;
    const text = JSON.stringify([[...owned], [...wishes]]);
    if (text === this.#saved) return;
    writeSaved(machine.state, instance, { owned, wishes });
    tellDrains(machine.state, wishes, (name) => this.#watch.server(name)?.server.weight);
    this.#saved = text;
  }

  #troubled(): number {
    let count = 0;
    for (const { isWanted, serving } of this.#watch.services.values()) if (isWanted && serving !== 'normal') count++;
    return count;
  }

  #track(text: string | undefined): void {
    const { trackFile, machine, journal } = this.#options;
    if (trackFile === undefined || text === this.#tracked) return;
    this.#tracked = text;
    try {
      machine.replaceFile(trackFile, text === undefined ? undefined : `${text}\n`);
    } catch (error) {
      journal.say('error', `${trackFile}: ${(error as Error).message}`);
    }
  }

  async #respond(request: Request): Promise<unknown> {
    // Before the document is taken there is nothing to be said or done.
    if (request.do !== 'owns' && this.#claims.size > 0) await this.#turn;
    switch (request.do) {
      case 'owns':
        return this.#ownsAnswer();
      case 'checks':
        return this.#snapshot();
      case 'check':
        await this.#checkNow(request.servers);
        return this.#snapshot();
      case 'reload': {
        const problem = await this.reload(request.force);
        if (problem !== undefined) throw new StateError(problem);
        return {};
      }
      case 'drain':
        return this.#inTurn(() => this.#drain(request));
      case 'undrain':
        return this.#inTurn(() => this.#undrain(request));
      case 'weigh':
        return this.#inTurn(() => this.#weigh(request));
    }
  }

  #ownsAnswer(): Keeper {
    const { instance, document } = this.#options;
    const services = [...this.#watch.services.values()].map(({ name, servers }) => ({
      service: name,
      servers: Object.fromEntries([...servers.values()].map((one) => [one.name, one.server.weight])),
    }));
    const drained = [...this.#watch.wishes].flatMap(([name, { drain }]) => (drain === undefined ? [] : [name]));
    return { instance, document, pid: process.pid, services, claims: [...this.#claims], drained };
  }

  async #snapshot(): Promise<Snapshot> {
    const { instance, document, machine } = this.#options;
    const now = machine.clock.now();
    const date = machine.date();
    const dateOf = (at: number): string => new Date(date - now + at).toISOString();
    return {
      instance,
      document,
      pid: process.pid,
      since: dateOf(this.#startedAt),
      loaded: dateOf(this.#loadedAt),
      problem: this.#problem ?? null,
      checks: this.#watch.probes.size,
      running: this.#checking.running,
      services: await servicesView({ watch: this.#watch, checking: this.#checking, now, date }),
    };
  }

  async #checkNow(servers: readonly string[]): Promise<void> {
    const probes = new Set(
      servers.length === 0 ? this.#watch.probes.values() : servers.flatMap((name) => this.#serverOf(name).probes),
    );
    await Promise.all([...probes].map((probe) => this.#checking.now(probe)));
    // Until what follows from it is made.
    await setImmediate();
    await this.#inTurn(() => this.#settle());
  }

  #serverOf(name: string): { readonly probes: readonly Probe[]; readonly server: { readonly weight: number } } {
    const one = this.#watch.server(name);
    if (one === undefined) throw new StateError(`${name} is not in the document of ${this.#options.instance}`);
    return one;
  }

  async #drain({ servers, remove, force, dryRun, reason, by }: Extract<Request, { do: 'drain' }>): Promise<object> {
    const at = new Date(this.#options.machine.date()).toISOString();
    const drain = remove ? 'removed' : 'quiesced';
    const wishes = new Map(
      servers.map((name): [string, Wish] => {
        this.#serverOf(name);
        const known = this.#watch.wishes.get(name);
        // Who took it out first stays the one who did, unless there is another reason.
        const note = known?.drain !== undefined && reason === undefined ? known : { reason, by, at };
        return [name, { ...known, drain, reason: note.reason, by: note.by, at: note.at }];
      }),
    );
    return this.#wish(wishes, { force, dryRun });
  }

  async #undrain({ servers, ramp }: Extract<Request, { do: 'undrain' }>): Promise<object> {
    const wishes = new Map<string, Wish | undefined>();
    for (const name of servers) {
      const known = this.#watch.wishes.get(name);
      // Servers that left the document may be drained still.
      if (known === undefined) this.#serverOf(name);
      if (known?.drain === undefined) continue;
      wishes.set(name, known.weight === undefined ? undefined : { ...known, drain: undefined });
    }
    return this.#wish(wishes, { force: true, dryRun: false, ramp });
  }

  async #weigh({ weights, force, by }: Extract<Request, { do: 'weigh' }>): Promise<object> {
    const at = new Date(this.#options.machine.date()).toISOString();
    const wishes = new Map<string, Wish | undefined>();
    for (const [name, weight] of Object.entries(weights)) {
      const insteadOf = this.#serverOf(name).server.weight;
      const known = this.#watch.wishes.get(name);
      const isWished = weight !== insteadOf || known?.drain !== undefined;
      wishes.set(
        name,
        isWished ? { ...known, weight, insteadOf, by: known?.by ?? by, at: known?.at ?? at } : undefined,
      );
    }
    return this.#wish(wishes, { force, dryRun: false });
  }

  /** @throws {StateError} where the kernel has not taken what follows from wishes: whoever asked must not believe it done. */
  #refuseUndone(wishes: ReadonlyMap<string, unknown>): void {
    if (this.#outages > 0) throw new StateError('it is noted, but the kernel can not be asked now; it is tried again');
    for (const name of wishes.keys()) {
      const service = this.#watch.server(name)?.service;
      const why = service === undefined ? undefined : this.#retries.get(service)?.why;
      if (why !== undefined) throw new StateError(`it is noted, but the kernel refused it, and is asked again: ${why}`);
    }
  }

  /** Takes wishes, unless a service would be left without a server. @returns how many servers it is about. */
  async #wish(
    wishes: ReadonlyMap<string, Wish | undefined>,
    { force, dryRun, ramp }: { force: boolean; dryRun: boolean; ramp?: number | undefined },
  ): Promise<object> {
    const now = this.#options.machine.clock.now();
    if (!force) {
      const left = this.#watch.leftWithout(wishes, now);
      if (left.length > 0) {
        const shown = left.slice(0, mostRefusals).join(', ');
        throw new StateError(`no server of weight above 0 would be left in ${shown}; --force does it all the same`);
      }
    }
    if (!dryRun) {
      for (const [name, wish] of wishes) this.#watch.wish(name, wish, now, ramp);
      await this.#settle();
      this.#refuseUndone(wishes);
    }
    return { servers: wishes.size };
  }
}

/** A setting below net.ipv4.vs; undefined: not to be read. */
async function readSetting(machine: Machine, name: string): Promise<number | undefined> {
  const text = await readText(machine, `/proc/sys/net/ipv4/vs/${name}`).catch(() => '');
  return /^\d+\s*$/.test(text) ? Number(text) : undefined;
}

/** The names of a document's services. */
function namesOf({ table }: Pick<Configuration, 'table'>): ReadonlySet<string> {
  return new Set(table.services.map(({ service }) => serviceName(service.key)));
}

/** What `run` can't do yet, of what a document may ask for. @throws {ValueError} */
function refuseUnsupported({ health }: Configuration): void {
  for (const { servers } of health.services) {
    if (!servers.some(({ checks }) => checks.some(({ through }) => through === 'vip'))) continue;
    throw new ValueError(
      'checks with `through: vip` can not be made: Node.js can not mark packets; leave `through` out, and give the check an address of the server',
    );
  }
}

function oneLine(text: string): string {
  return text.split('\n', 1)[0] ?? '';
}
