// A director for a day, in fast motion: servers that come and go, documents, operators, other programs, a kernel that refuses,
// and crashes. After each minute of it, what has to hold.
import assert from 'node:assert/strict';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Daemon } from '../../src/director/daemon.js';
import { Journal } from '../../src/director/journal.js';
import { parseConfiguration } from '../../src/documents/parse-table.js';
import { TransportError } from '../../src/errors.js';
import type { Outcome, StartCheck } from '../../src/health/outcome.js';
import { realServer, serviceAt, virtualService } from '../../src/model/build.js';
import type { Change } from '../../src/model/change.js';
import { serverName, serviceName } from '../../src/model/entity-name.js';
import { serverId } from '../../src/model/server.js';
import type { Table } from '../../src/model/table.js';
import type { Machine, Output } from '../../src/ports/io.js';
import { FakeKernel } from '../../src/testing/index.js';
import { FakeIo, MemoryControl, MemoryState } from '../unit/support/fake-io.js';
import { VirtualClock } from '../unit/support/virtual-clock.js';
import type { Random } from './random.js';

/** How long it is, and how much there is of it. */
export interface ChurnOptions {
  readonly seconds: number;
  /** Real servers of all services together, about. */
  readonly servers: number;
}

/** A server of the document. */
interface Member {
  readonly address: string;
  weight: number;
}

/** A service of the document. */
interface Service {
  readonly port: number;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly members: Member[];
}

const well: Outcome = { kind: 'pass', reason: 'connected' };
const refuses: Outcome = { kind: 'unreachable', reason: 'refused the connection' };
const saysNo: Outcome = { kind: 'said-no', reason: 'HTTP 503' };
const silent: Outcome = { kind: 'unreachable', reason: 'no answer' };
const unknown: Outcome = { kind: 'unknown', reason: 'too many open files' };

/** Mostly they are well. */
const behaviours = [well, well, well, well, well, well, refuses, refuses, silent, saysNo, unknown] as const;

const sorryServer = { address: '10.9.9.9', port: 80, forwarding: 'masquerading' };

const settings: readonly Readonly<Record<string, unknown>>[] = [
  {},
  { persistenceTimeout: 300 },
  { scheduler: 'sh' },
  { failOpen: 'never' },
  { failOpen: 'all', onChange: ['/bin/tell'] },
  { minimumHealthy: '50%' },
  { onDown: 'remove', drainTime: 5 },
  { removeAfter: 20 },
  { slowStart: 10 },
  { sorryServer },
  { protocol: 'udp' },
];

/** Seconds of a minute in which something is done to the director; the rest is for putting it right. */
const disturbed = 15;

/** Seconds for which a server has to be well until it must have connections, whatever was before. */
const longestReturn = 150;

/** Bytes that the heap may grow from one hour to the next one, and all others. */
const mayGrow = 6 * 1024 * 1024;

const stranger = serviceAt('192.0.2.99', 25);

/** Output that is read by nobody. */
class LastLines implements Output {
  readonly isTerminal = false;
  readonly columns = undefined;
  readonly readerGone = false;
  lines: string[] = [];

  write(text: string): Promise<void> {
    this.lines = [...this.lines, text].slice(-20);
    return Promise.resolve();
  }
}

/** A day, or less. */
export class Churn {
  readonly #random: Random;
  readonly #seconds: number;
  readonly #services: Service[];
  readonly #hosts: readonly string[];
  /** What each host answers, and since when. */
  readonly #behaviours = new Map<string, { outcome: Outcome; since: number }>();
  readonly #clock = new VirtualClock(3);
  readonly #state = new MemoryState();
  readonly #control = new MemoryControl();
  readonly #output = new LastLines();
  readonly #drained = new Set<string>();
  #kernel = new FakeKernel({
    services: [{ service: virtualService(stranger), servers: [realServer({ address: '10.8.8.8', port: 25 })] }],
  });
  #isGone = false;
  #isDisturbed = false;
  #daemon: Daemon | undefined;
  #running: Promise<void> | undefined;
  #nextPort = 1000;

  constructor(random: Random, { seconds, servers }: ChurnOptions) {
    this.#random = random;
    this.#seconds = seconds;
    this.#hosts = Array.from({ length: Math.ceil(servers / 2) }, (_, index) => `10.0.${index >> 8}.${index & 255}`);
    for (const host of this.#hosts) this.#behaviours.set(host, { outcome: well, since: -longestReturn * 1000 });
    this.#services = Array.from({ length: Math.ceil(servers / 8) }, () => this.#newService());
  }

  /** Lives it. @throws what is wrong. */
  async run(): Promise<void> {
    const heaps: number[] = [];
    await this.#begin();
    for (let minute = 1; minute * 60 <= this.#seconds; minute++) {
      this.#isDisturbed = true;
      for (let second = 0; second < disturbed; second++) {
        await this.#disturb();
        await this.#clock.pass(1000);
      }
      this.#isDisturbed = false;
      this.#isGone = false;
      this.#kernel.onChange = undefined;
      await this.#clock.pass((60 - disturbed) * 1000);
      try {
        await this.#check();
      } catch (error) {
        throw new Error(`minute ${minute}\n${this.#output.lines.join('')}`, { cause: error });
      }
      if (minute % 60 === 0) heaps.push(this.#heap());
    }
    // The first hours fill what has a limit.
    const settled = heaps.slice(2);
    assert.ok(Math.max(...settled) - Math.min(...settled) < mayGrow || settled.length < 2, `heap: ${heaps.join(' ')}`);
    await this.#end();
  }

  #newService(): Service {
    const hosts = new Set(Array.from({ length: 3 + this.#random.below(10) }, () => this.#random.pick(this.#hosts)));
    return {
      port: this.#nextPort++,
      settings: this.#random.pick(settings),
      members: [...hosts].map((address) => ({ address, weight: 10 + this.#random.below(3) })),
    };
  }

  #document(): string {
    return JSON.stringify({
      checks: { web: { type: 'tcp', port: 80, interval: 10 } },
      services: this.#services.map(({ port, settings: more, members }) => ({
        address: '192.0.2.10',
        port,
        check: 'web',
        ...more,
        servers: members.map((member) => ({ ...member, port: 80, forwarding: 'masquerading' })),
      })),
    });
  }

  #machine(): Machine {
    const kernel = (): FakeKernel => {
      if (this.#isGone) throw new TransportError('replies were lost');
      return this.#kernel;
    };
    const socket = {
      send: (datagram: Uint8Array): void => {
        kernel().send(datagram);
      },
      receive: (): Uint8Array | undefined => kernel().receive(),
      close: (): void => undefined,
    };
    return {
      ...new FakeIo({ state: this.#state, control: this.#control, machine: { clock: this.#clock } }).machine,
      openSocket: () => Promise.resolve(socket),
      notify: () => Promise.resolve(),
      runHook: () => this.#clock.sleep(this.#random.below(3000)).then(() => undefined),
      date: () => this.#clock.now(),
    };
  }

  readonly #start: StartCheck = ({ address, check }, done) => {
    const ended = new AbortController();
    let outcome = this.#behaviours.get(address)?.outcome ?? well;
    if (this.#isDisturbed && this.#random.once(50)) outcome = this.#random.pick(behaviours);
    void this.#clock.sleep(outcome === silent ? check.timeout * 1000 : 1, ended.signal).then(() => {
      if (!ended.signal.aborted) done(outcome);
    });
    return () => {
      ended.abort();
    };
  };

  async #begin(): Promise<void> {
    const daemon = new Daemon({
      instance: 'churn',
      document: 'churn.json',
      read: () => parseConfiguration(this.#document(), 'churn.json'),
      start: this.#start,
      machine: this.#machine(),
      journal: new Journal(this.#output, false),
      salt: '',
      mostChecks: 20,
    });
    const begun = daemon.begin();
    begun.catch(() => undefined);
    await this.#clock.pass(100);
    await begun;
    this.#daemon = daemon;
    this.#running = daemon.run();
  }

  async #end(): Promise<void> {
    this.#daemon?.stop();
    await this.#clock.pass(1000);
    await this.#running;
    await this.#daemon?.end();
  }

  /** Ends as SIGKILL does, between two things that it does, and begins again. */
  async #crash(): Promise<void> {
    this.#daemon?.stop();
    this.#control.served.clear();
    await this.#clock.pass(1000 * this.#random.below(20));
    await this.#begin();
  }

  /** What a second has in store. */
  async #disturb(): Promise<void> {
    const random = this.#random;
    if (random.once(2)) this.#changeHost();
    if (random.once(200)) for (const host of this.#hosts) this.#behave(host, random.pick([refuses, silent, well]));
    if (random.once(10)) this.#changeTable();
    if (random.once(40)) this.#kernel.onChange = () => (random.once(3) ? 'ENOMEM' : undefined);
    this.#isGone = random.once(60);
    if (this.#isGone) return;
    if (random.once(15)) await this.#operate();
    if (random.once(20)) await this.#reload();
    if (random.once(200)) await this.#crash();
    if (random.once(400)) {
      await this.#end();
      await this.#begin();
    }
  }

  #changeHost(): void {
    this.#behave(this.#random.pick(this.#hosts), this.#random.pick(behaviours));
  }

  #behave(host: string, outcome: Outcome): void {
    if (this.#behaviours.get(host)?.outcome !== outcome)
      this.#behaviours.set(host, { outcome, since: this.#clock.now() });
  }

  /** As another program does. */
  #changeTable(): void {
    const { services } = this.#kernel.table;
    const { service, servers } = this.#random.pick(services);
    const { key } = service;
    if (serviceName(key) === serviceName(stranger)) return;
    const changes: readonly Change[] = [
      ...servers.flatMap((server): Change[] => [
        { kind: 'delete-server', key, server },
        { kind: 'edit-server', key, server: { ...realServer(server), weight: this.#random.below(3) } },
      ]),
      { kind: 'add-server', key, server: realServer({ address: '10.7.7.7', port: 80 }) },
      { kind: 'delete-service', key },
    ];
    this.#kernel.change(this.#random.pick(changes));
  }

  /** As people do. A refusal is an answer, too. */
  async #operate(): Promise<void> {
    const { port, settings: more, members } = this.#random.pick(this.#services);
    const { address, weight } = this.#random.pick(members);
    const protocol = more['protocol'] === 'udp' ? 'udp' : 'tcp';
    const name = serverName(serviceAt('192.0.2.10', port, protocol), realServer({ address, port: 80 }));
    const request = this.#random.pick([
      { do: 'drain', servers: [name], by: 'alice', remove: this.#random.once(2) },
      { do: 'undrain', servers: [...this.#drained] },
      { do: 'undrain', servers: [...this.#drained] },
      { do: 'weigh', weights: { [name]: weight + 5 }, by: 'alice' },
      { do: 'check', servers: [name] },
      { do: 'checks' },
    ]);
    const answer = this.#control.ask('run-churn', request).then(
      () => true,
      () => false,
    );
    await this.#clock.pass(3000);
    if (!(await answer)) return;
    if (request.do === 'drain') this.#drained.add(name);
    if (request.do === 'undrain') this.#drained.clear();
  }

  async #reload(): Promise<void> {
    const random = this.#random;
    const service = random.pick(this.#services);
    const place = random.below(service.members.length);
    const [member] = service.members.slice(place);
    switch (random.below(5)) {
      case 0:
        if (member !== undefined) member.weight = 10 + random.below(20);
        break;
      case 1:
        if (service.members.length > 2) service.members.splice(place, 1);
        break;
      case 2: {
        const address = random.pick(this.#hosts);
        if (!service.members.some((one) => one.address === address)) service.members.push({ address, weight: 10 });
        break;
      }
      case 3:
        this.#services.splice(this.#services.indexOf(service), 1, this.#newService());
        break;
      default:
      // The same again.
    }
    const done = this.#daemon?.reload();
    await this.#clock.pass(200);
    const problem = await done;
    assert.equal(problem, undefined);
    const there = new Set(this.#services.map(({ port }) => port));
    for (const name of this.#drained) {
      const { port = '', address = '' } = /:(?<port>\d+)\/(?<address>[\d.]+):/.exec(name)?.groups ?? {};
      const members = this.#services.find((one) => one.port === Number(port))?.members ?? [];
      if (!there.has(Number(port)) || !members.some((one) => one.address === address)) this.#drained.delete(name);
    }
  }

  async #check(): Promise<void> {
    const daemon = this.#daemon;
    assert.ok(daemon !== undefined);
    // A ramp may be between two of its steps, a drain at its end.
    for (let tries = 0; !this.#isAsWanted(daemon.wanted) && tries < 5; tries++) await this.#clock.pass(700);
    this.#checkTable(daemon.wanted);
    this.#checkService();
    const { probes, due, retries, told, logged } = daemon.sizes;
    assert.ok(due <= 4 * probes + 100, `${due} checks are due of ${probes}`);
    assert.ok(retries <= this.#services.length && told <= 2000 && logged <= 4 * this.#hosts.length, 'queues grow');
    // It keeps every change that was made.
    if (this.#kernel.changes.length > 2000) this.#kernel = new FakeKernel(this.#kernel.table);
  }

  /** Weights by the names of servers. */
  #weights({ services }: Table): Map<string, number> {
    return new Map(
      services.flatMap(({ service, servers }) =>
        servers.map((server): [string, number] => [`${serviceName(service.key)} ${serverId(server)}`, server.weight]),
      ),
    );
  }

  #ours(): Table {
    const { services } = this.#kernel.table;
    const wanted = new Set(this.#services.map(({ port }) => port));
    return { services: services.filter(({ service: { key } }) => 'port' in key && wanted.has(key.port)) };
  }

  #isAsWanted(wanted: Table): boolean {
    const weights = this.#weights(wanted);
    const found = this.#weights(this.#ours());
    return weights.size === found.size && [...weights].every(([name, weight]) => found.get(name) === weight);
  }

  #checkTable(wanted: Table): void {
    const sorted = (table: Table): [string, number][] => [...this.#weights(table)].sort(([a], [b]) => (a < b ? -1 : 1));
    assert.deepEqual(sorted(this.#ours()), sorted(wanted));
    const others = this.#kernel.table.services.find(
      ({ service: { key } }) => serviceName(key) === serviceName(stranger),
    );
    assert.deepEqual(
      others?.servers.map(({ weight }) => weight),
      [1],
      'what is not ours was touched',
    );
  }

  /** Whatever the director thinks: who has been well for long, and is not drained, makes its service have a server. */
  #checkService(): void {
    const now = this.#clock.now();
    for (const { port, members } of this.#services) {
      const entry = this.#kernel.table.services.find(({ service: { key } }) => 'port' in key && key.port === port);
      const could = members.filter(({ address }) => {
        const { outcome, since } = this.#behaviours.get(address) ?? { outcome: well, since: 0 };
        const isDrained = [...this.#drained].some((name) => name.includes(`:${port}/${address}:`));
        return outcome === well && now - since > longestReturn * 1000 && !isDrained;
      });
      if (could.length === 0) continue;
      assert.ok(
        entry?.servers.some(({ weight }) => weight > 0),
        `nobody serves ${port}: ${JSON.stringify([could, entry])}`,
      );
    }
  }

  /** Bytes that are in use after a collection of garbage. */
  #heap(): number {
    setFlagsFromString('--expose-gc');
    (runInNewContext('gc') as () => void)();
    return process.memoryUsage().heapUsed;
  }
}
