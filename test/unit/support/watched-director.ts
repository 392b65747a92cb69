import { Daemon, type DaemonOptions } from '../../../src/director/daemon.js';
import { Journal } from '../../../src/director/journal.js';
import type { RequestInput } from '../../../src/director/requests.js';
import type { ServerView, Snapshot } from '../../../src/director/snapshot.js';
import { parseConfiguration } from '../../../src/documents/parse-table.js';
import type { Outcome, StartCheck } from '../../../src/health/outcome.js';
import { serverName } from '../../../src/model/entity-name.js';
import { FakeKernel } from '../../../src/testing/index.js';
import type { Table } from '../../../src/model/table.js';
import { kernelSocket } from './kernel-socket.js';
import { FakeIo, MemoryControl, MemoryState } from './fake-io.js';
import { VirtualClock } from './virtual-clock.js';

/** How a host of the tests behaves: what it answers, and after how many milliseconds; never for `silent`. */
export type Behaviour = 'well' | 'refuses' | 'silent' | 'says no' | 'unknown' | Outcome;

const outcomes: Readonly<Record<Exclude<Behaviour, Outcome>, Outcome>> = {
  well: { kind: 'pass', reason: 'connected' },
  refuses: { kind: 'unreachable', reason: 'refused the connection' },
  silent: { kind: 'unreachable', reason: 'no answer' },
  'says no': { kind: 'said-no', reason: 'HTTP 503' },
  unknown: { kind: 'unknown', reason: 'too many open files' },
};

/** A daemon on a kernel in memory, with hosts that behave as they are told. The clock is moved by hand. */
export class WatchedDirector {
  readonly clock: VirtualClock;
  readonly kernel: FakeKernel;
  readonly state: MemoryState;
  readonly control: MemoryControl;
  readonly hosts = new Map<string, Behaviour>();
  /** Checks that were made, by address. */
  readonly checked = new Map<string, number>();
  document = '';
  io: FakeIo;
  #daemon: Daemon | undefined;
  #running: Promise<void> | undefined;

  /** @param beside another daemon on the same machine. */
  constructor(table: Table = { services: [] }, beside?: WatchedDirector) {
    this.clock = beside?.clock ?? new VirtualClock();
    this.kernel = beside?.kernel ?? new FakeKernel(table);
    this.state = beside?.state ?? new MemoryState();
    this.control = beside?.control ?? new MemoryControl();
    this.io = this.#newIo();
  }

  #newIo(): FakeIo {
    const { kernel } = this;
    const socket = kernelSocket(kernel);
    return new FakeIo({
      sockets: Array.from({ length: 100 }, () => socket),
      state: this.state,
      control: this.control,
      machine: { clock: this.clock },
    });
  }

  readonly start: StartCheck = ({ address, check }, done) => {
    this.checked.set(address, (this.checked.get(address) ?? 0) + 1);
    const behaviour = this.hosts.get(address) ?? 'well';
    const ended = new AbortController();
    const outcome = typeof behaviour === 'string' ? outcomes[behaviour] : behaviour;
    const milliseconds = behaviour === 'silent' ? check.timeout * 1000 : 1;
    void this.clock.sleep(milliseconds, ended.signal).then(() => {
      if (!ended.signal.aborted) done(outcome);
    });
    return () => {
      ended.abort();
    };
  };

  /** Begins to keep a document. */
  async begin(document: string, options: Partial<DaemonOptions> = {}): Promise<void> {
    this.document = document;
    this.io = this.#newIo();
    const daemon = new Daemon({
      instance: 'web',
      document: 'web.yaml',
      read: () => parseConfiguration(this.document, 'web.yaml'),
      start: this.start,
      machine: this.io.machine,
      journal: new Journal(this.io.stderr, false),
      salt: '',
      mostChecks: 1000,
      ...options,
    });
    const begun = daemon.begin();
    begun.catch(() => undefined);
    await this.clock.rest();
    await begun;
    this.#daemon = daemon;
    this.#running = daemon.run();
  }

  /** Moves on. */
  async seconds(seconds: number): Promise<void> {
    await this.clock.pass(seconds * 1000);
  }

  /** Ends as SIGTERM does. */
  async stop(): Promise<void> {
    this.#daemon?.stop();
    await this.clock.pass(1000);
    await this.#running;
    await this.#daemon?.end();
  }

  /** Ends as SIGKILL does: nothing is done any more. */
  kill(): void {
    this.#daemon?.stop();
    this.control.served.clear();
  }

  /** Takes another document. @returns what was wrong. */
  async reload(document: string, force = false): Promise<string | undefined> {
    this.document = document;
    const problem = this.#daemon?.reload(force);
    await this.clock.rest();
    return problem;
  }

  /** Asks at the daemon's socket. */
  async ask(request: RequestInput): Promise<unknown> {
    const answer = this.control.ask('run-web', request);
    answer.catch(() => undefined);
    await this.clock.pass(20);
    return answer;
  }

  /** What the daemon knows of a server. */
  async server(name: string): Promise<ServerView | undefined> {
    const { services } = (await this.ask({ do: 'checks' })) as Snapshot;
    return services.flatMap(({ servers }) => servers).find(({ server }) => server.endsWith(name));
  }

  get log(): string {
    return this.io.stderr.text;
  }

  /** Weights of the kernel by the names of servers, without the service where there is one only. */
  get weights(): Record<string, number> {
    const { services } = this.kernel.table;
    return Object.fromEntries(
      services.flatMap(({ service, servers }) =>
        servers.map((one) => {
          const name = serverName(service.key, one);
          return [services.length === 1 ? name.slice(name.indexOf('/') + 1) : name, one.weight];
        }),
      ),
    );
  }
}
