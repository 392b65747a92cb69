import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { makeServices, type MadeServices } from '../../../src/director/make-services.js';
import type { Configuration } from '../../../src/documents/read-document.js';
import { parseConfiguration } from '../../../src/documents/parse-table.js';
import type { Outcome } from '../../../src/health/outcome.js';
import { Watch, type KernelService, type WatchedService } from '../../../src/health/watch.js';
import type { Change } from '../../../src/model/change.js';
import { realServer, serviceAt, virtualService } from '../../../src/model/build.js';
import { serviceName } from '../../../src/model/entity-name.js';
import { FakeKernel } from '../../../src/testing/index.js';

// Whatever happens, in whatever order: documents, results, wishes, other programs and the end of the process.

const hosts = ['10.0.1.1', '10.0.1.2', '10.0.1.3', '10.0.1.4'] as const;
const stranger = serviceAt('192.0.2.99', 25);

interface ServiceWords {
  readonly port: number;
  /** Another one is another check. */
  readonly interval: number;
  readonly settings: string;
  readonly servers: readonly (readonly [host: string, weight: number])[];
}

/** A document with a service for each port at most. */
function textOf(services: readonly ServiceWords[]): string {
  if (services.length === 0) return 'services: []\n';
  const lines = services.map(
    ({ port, interval, settings, servers }) =>
      `  - { address: 192.0.2.10, port: ${port}, check: { type: tcp, port: 80, fall: 2, interval: ${interval} }${settings}, servers: [${servers
        .map(([host, weight]) => `{ address: ${host}, port: 80, forwarding: masquerading, weight: ${weight} }`)
        .join(', ')}] }\n`,
  );
  return `services:\n${lines.join('')}`;
}

const settings = fc.constantFrom(
  '',
  ', persistenceTimeout: 300',
  ', scheduler: sh',
  ', failOpen: never',
  ', failOpen: all',
  ', minimumHealthy: 2',
  ', minimumHealthy: 50%',
  ', onDown: remove',
  ', removeAfter: 3',
  ', drainTime: 2',
  ', sorryServer: { address: 10.0.1.9, port: 80, forwarding: masquerading }',
  ', sorryServer: { address: 10.0.1.1, port: 80, forwarding: masquerading }, minimumHealthy: 2',
  ', protocol: udp, scheduler: rr',
);

const servers = fc
  .uniqueArray(fc.constantFrom(...hosts), { maxLength: 4 })
  .chain((chosen) => fc.tuple(...chosen.map((host) => fc.tuple(fc.constant(host), fc.constantFrom(0, 1, 5)))));

const documents = fc
  .uniqueArray(
    fc.record({ port: fc.constantFrom(80, 443, 8080), interval: fc.constantFrom(5, 6), settings, servers }),
    {
      maxLength: 3,
      selector: ({ port }) => port,
    },
  )
  // More servers than there are can't be healthy: refused.
  .map((services) =>
    services.map((one) =>
      one.servers.length < 2 && one.settings.includes('minimumHealthy: 2') ? { ...one, settings: '' } : one,
    ),
  );

const outcomes = fc.constantFrom<Outcome>(
  { kind: 'pass', reason: '' },
  { kind: 'unreachable', reason: '' },
  { kind: 'said-no', reason: '' },
  { kind: 'unknown', reason: '' },
);

const events = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({ do: fc.constant('result' as const), host: fc.constantFrom(...hosts), outcome: outcomes }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('load' as const), services: documents }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('crash' as const), after: fc.nat({ max: 5 }) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('pass' as const), seconds: fc.constantFrom(1, 2, 5) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('wish' as const),
      host: fc.constantFrom(...hosts),
      drain: fc.constantFrom('quiesced' as const, 'removed' as const, undefined),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('foreign' as const),
      host: fc.constantFrom(...hosts, '10.0.1.7'),
      port: fc.constantFrom(80, 443, 25),
      weight: fc.constantFrom(undefined, 0, 7),
    }),
  },
);

type Event = typeof events extends fc.Arbitrary<infer E> ? E : never;

/** A kernel, what keeps it, and what must always hold. */
class World {
  readonly kernel = new FakeKernel({
    services: [{ service: virtualService(stranger), servers: [realServer({ address: '10.0.9.9', port: 25 })] }],
  });
  #watch = new Watch({ expiresTemplates: false });
  #configuration: Configuration;
  #now = 0;
  #owned = new Set<string>();
  #wereUp: ReadonlySet<string> = new Set();

  constructor(configuration: Configuration) {
    this.#configuration = configuration;
  }

  /** The kernel's services with the connections that they have: none. */
  #present(): KernelService[] {
    const none = { activeConnections: 0, inactiveConnections: 0, persistentConnections: 0 };
    return this.kernel.table.services.map(({ service, servers }) => ({
      service,
      servers: servers.map((server) => ({ ...server, ...none })),
    }));
  }

  load(configuration: Configuration): void {
    this.#configuration = configuration;
    this.#watch.load(configuration, this.#present(), this.#now, this.#owned);
    for (const service of this.#watch.services.values()) this.#owned.add(service.name);
  }

  async take(event: Event): Promise<void> {
    switch (event.do) {
      case 'result':
        for (const probe of this.#watch.probes.values()) {
          if (probe.target.address !== event.host) continue;
          this.#watch.result(probe, { outcome: event.outcome, at: this.#now, took: 1 });
        }
        break;
      case 'load':
        this.#wereUp = this.#upNow();
        this.load(await parseConfiguration(textOf(event.services), 'test'));
        break;
      case 'crash':
        // In the middle of a batch.
        await this.#make(event.after);
        this.#watch = new Watch({ expiresTemplates: false }, this.#watch.wishes);
        this.load(this.#configuration);
        break;
      case 'pass':
        this.#now += event.seconds * 1000;
        this.#watch.seen(this.#present(), this.#now);
        this.#watch.tick();
        break;
      case 'wish':
        for (const service of this.#watch.services.values()) {
          for (const server of service.servers.values()) {
            if (server.server.address !== event.host) continue;
            const wish = event.drain && { drain: event.drain, by: 'alice', at: '' };
            this.#watch.wish(server.name, wish, this.#now);
          }
        }
        break;
      case 'foreign':
        this.#disturb(event);
        this.#watch.seen(this.#present(), this.#now);
        break;
    }
  }

  /** What another program does. */
  #disturb({ host, port, weight }: Extract<Event, { do: 'foreign' }>): void {
    const key = serviceAt('192.0.2.10', port);
    const entry = this.kernel.table.services.find(({ service }) => serviceName(service.key) === serviceName(key));
    if (entry === undefined || port === 25) return;
    const found = entry.servers.find(({ address }) => address === host);
    const server = realServer({ address: host, port: 80, forwarding: 'masquerading', weight: weight ?? 1 });
    if (weight === undefined) {
      if (found !== undefined) this.kernel.change({ kind: 'delete-server', key, server });
    } else this.kernel.change({ kind: found === undefined ? 'add-server' : 'edit-server', key, server });
  }

  /** Makes what is wanted, change by change. */
  async settle(): Promise<void> {
    const { made, failed } = await this.#make(Infinity);
    assert.equal(failed.size, 0);
    for (const one of made) this.#watch.made(one);
    this.#check();
  }

  /** @param most changes; those after them are not made. */
  async #make(most: number): Promise<MadeServices> {
    const { wanted } = this.#watch.settle(this.#now);
    const goals = new Map(wanted.map((one) => [serviceName(one.service.key), one.wanted]));
    const hasOne = (list: readonly { weight: number }[] | undefined): boolean =>
      list?.some(({ weight }) => weight > 0) ?? false;
    const served = new Set(
      this.kernel.table.services
        .filter(({ service, servers: list }) => hasOne(list) && hasOne(goals.get(serviceName(service.key))?.servers))
        .map(({ service }) => serviceName(service.key)),
    );
    let done = 0;
    const changeAll = (changes: readonly Change[]): Promise<undefined[]> => {
      for (const change of changes) {
        if (done++ >= most) break;
        this.kernel.change(change);
        for (const { service, servers: list } of this.kernel.table.services) {
          const name = serviceName(service.key);
          assert.ok(!served.has(name) || hasOne(list), `${name} has no server after ${JSON.stringify(change)}`);
        }
      }
      return Promise.resolve(changes.map(() => undefined));
    };
    return makeServices({ changeAll }, wanted);
  }

  /** Servers that are well and have a weight, by name. */
  #upNow(): ReadonlySet<string> {
    return new Set(
      [...this.#watch.services.values()].flatMap(({ servers: list, present }) =>
        [...list.values()].flatMap(({ name, health, server }) => {
          const found = present?.servers.find(({ address, weight }) => address === server.address && weight > 0);
          return health.isUp && found !== undefined ? [name] : [];
        }),
      ),
    );
  }

  /** A server that was well before another document was taken is so after it, whatever its checks are now. */
  #checkStillUp(): void {
    const now = this.#upNow();
    for (const name of this.#wereUp) {
      const one = this.#watch.server(name);
      if (one === undefined || one.server.weight === 0 || this.#watch.wishes.has(name)) continue;
      if (['normal', 'open'].includes(one.service.serving)) assert.ok(now.has(name), `${name} was well`);
    }
    this.#wereUp = new Set();
  }

  #check(): void {
    this.#checkStillUp();
    assert.equal(this.#watch.isUnsettled, false);
    const { services } = this.kernel.table;
    assert.deepEqual(
      services
        .find(({ service }) => serviceName(service.key) === serviceName(stranger))
        ?.servers.map(({ weight }) => weight),
      [1],
      'what is not ours was touched',
    );
    for (const watched of this.#watch.services.values()) if (watched.isWanted) this.#checkService(watched);
    // What was seen is what was left.
    assert.deepEqual(this.#watch.seen(this.#present(), this.#now), []);
  }

  /** A service that could have a server has one. */
  #checkService(watched: WatchedService): void {
    const entry = this.kernel.table.services.find(({ service }) => serviceName(service.key) === watched.name);
    const { members } = this.#watch.view(watched, this.#now);
    const { failOpen, sorryServer } = watched.settings;
    const isPending = members.some((member) => member.isPending);
    const could = members.some(
      (one) =>
        one.server.weight > 0 &&
        one.drained === undefined &&
        !one.isPending &&
        // While first checks are made nobody else takes over.
        (one.isUp || (!isPending && (failOpen === 'all' || (failOpen === 'unreachable' && one.failure !== 'said-no')))),
    );
    const sorry = sorryServer !== undefined && !isPending;
    const has = entry?.servers.some(({ weight }) => weight > 0) ?? false;
    assert.ok(has || !(could || sorry), `${watched.name} could have a server: ${JSON.stringify([members, entry])}`);
    for (const member of members) {
      const found = entry?.servers.find(({ address }) => address === member.server.address);
      const isSorry = sorryServer?.address === member.server.address && watched.serving === 'sorry';
      if (member.drained !== undefined && !isSorry)
        assert.equal(found?.weight ?? 0, 0, 'a drained server has a weight');
    }
  }
}

test('no step leaves a service without a server that could have one, and nothing of others is touched', async () => {
  await fc.assert(
    fc.asyncProperty(documents, fc.array(events, { maxLength: 40 }), async (first, happenings) => {
      const world = new World(await parseConfiguration(textOf(first), 'test'));
      world.load(await parseConfiguration(textOf(first), 'test'));
      await world.settle();
      for (const event of happenings) {
        await world.take(event);
        await world.settle();
      }
    }),
    { numRuns: 500, includeErrorInReport: true },
  );
});
