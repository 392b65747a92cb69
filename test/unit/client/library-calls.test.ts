import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { IpvsClient } from '../../../src/client/client.js';
import { realServer, serviceAt, serviceMarked, syncDaemon, virtualService } from '../../../src/model/build.js';
import type { Change } from '../../../src/model/change.js';
import type { RealServer } from '../../../src/model/server.js';
import { readTable } from '../../../src/table/read.js';
import { FakeKernel } from '../../../src/testing/index.js';

const web = serviceAt('10.0.0.1', 80);
const one = realServer({ address: '10.0.0.2', port: 80, weight: 3, upperThreshold: 100 });
const six = realServer({
  address: '2001:db8::2',
  port: 80,
  forwarding: 'tunneling',
  tunnel: { type: 'gue', port: 6080 },
});

async function connected(...servers: readonly RealServer[]) {
  const kernel = new FakeKernel({ services: [{ service: virtualService(web, { persistenceTimeout: 60 }), servers }] });
  return { kernel, client: await IpvsClient.connect(kernel) };
}

describe('an update', () => {
  test('of a server keeps the settings that it does not name, and tells what was there', async () => {
    const { client, kernel } = await connected(one);
    const before = await client.updateServer(web, one, { weight: 0, lowerThreshold: 7 });
    assert.deepEqual([before.weight, before.upperThreshold], [3, 100]);
    assert.deepEqual(kernel.changes, [
      { kind: 'edit-server', key: web, server: { ...one, weight: 0, lowerThreshold: 7 } },
    ]);
  });

  test('of a server keeps the parts of its tunnel that it does not name, and takes any spelling of its address', async () => {
    const { client, kernel } = await connected(six);
    await client.updateServer(web, { family: 'inet6', address: '2001:DB8:0::2', port: 80 }, { tunnel: { port: 6081 } });
    assert.deepEqual(kernel.table.services[0]?.servers[0]?.tunnel, { type: 'gue', port: 6081, checksum: 'nocsum' });
  });

  test('of a weight to what it is already writes nothing', async () => {
    const { client, kernel } = await connected(one);
    assert.equal((await client.setWeight(web, one, 3)).weight, 3);
    assert.deepEqual(kernel.changes, []);
  });

  test('of a service can end its persistence', async () => {
    const { client, kernel } = await connected();
    assert.equal((await client.updateService(web, { persistenceTimeout: undefined })).persistenceTimeout, 60);
    await client.updateService(web, { scheduler: 'wlc' });
    assert.deepEqual(
      kernel.changes.map((change) => change.kind === 'edit-service' && change.service.persistenceTimeout),
      [undefined],
    );
  });

  test('and another of the same server, made at the same time, both last', async () => {
    const { client, kernel } = await connected(one);
    await Promise.all([
      client.updateServer(web, one, { lowerThreshold: 7 }),
      client.setWeight(web, one, 9),
      client.updateServer(web, one, { upperThreshold: 8 }),
    ]);
    const [server] = kernel.table.services[0]?.servers ?? [];
    assert.deepEqual([server?.weight, server?.upperThreshold, server?.lowerThreshold], [9, 8, 7]);
  });

  const missing: readonly (readonly [what: string, make: (client: IpvsClient) => Promise<unknown>, name: string])[] = [
    ['a server', (client) => client.setWeight(web, { ...one, port: 81 }, 1), 'ENOENT'],
    ['the service of a server', (client) => client.setWeight(serviceMarked(1), one, 1), 'ESRCH'],
    ['a service', (client) => client.updateService(serviceMarked(1), {}), 'ESRCH'],
  ];
  for (const [what, make, errnoName] of missing) {
    test(`says so where ${what} is not there: ${errnoName}`, async () => {
      const { client, kernel } = await connected(one);
      await assert.rejects(make(client), { name: 'KernelError', errnoName });
      assert.deepEqual(kernel.changes, []);
    });
  }
});

describe('idempotent changes', () => {
  const daemon = syncDaemon('master', 'eth0');
  const gone: readonly Change[] = [
    { kind: 'delete-server', key: web, server: { ...one, port: 81 } },
    { kind: 'delete-server', key: serviceMarked(1), server: one },
    { kind: 'delete-service', key: serviceMarked(1) },
    { kind: 'stop-daemon', role: 'backup' },
  ];
  const there: readonly Change[] = [
    { kind: 'add-service', service: virtualService(web, { persistenceTimeout: 60 }) },
    { kind: 'add-server', key: web, server: one },
    { kind: 'start-daemon', daemon },
  ];
  const different: readonly Change[] = [
    { kind: 'add-service', service: virtualService(web) },
    { kind: 'add-server', key: web, server: { ...one, weight: 4 } },
    { kind: 'start-daemon', daemon: { ...daemon, syncId: 4 } },
    { kind: 'edit-server', key: web, server: { ...one, port: 81 } },
  ];

  const outcomes: readonly (readonly [what: string, changes: readonly Change[], refusal: readonly unknown[]])[] = [
    ['removals of what is gone are done', gone, gone.map(() => undefined)],
    ['additions of what is there and equal are done', there, there.map(() => undefined)],
    ['what is there and different is refused', different, ['EEXIST', 'EEXIST', 'EEXIST', 'ENOENT']],
  ];
  for (const [what, changes, refusals] of outcomes) {
    test(what, async () => {
      const { client, kernel } = await connected(one);
      kernel.change({ kind: 'start-daemon', daemon });
      const results = await client.changeAll(changes, { idempotent: true });
      assert.deepEqual(
        results.map((refusal) => refusal?.errnoName),
        refusals,
      );
      assert.ok((await client.changeAll(changes)).every((refusal) => refusal !== undefined));
    });
  }

  test('of thousands that are there each is compared without reading the list for each', async () => {
    const servers = Array.from({ length: 3000 }, (_, index) => ({ ...one, port: index + 1 }));
    const { client } = await connected(...servers);
    const changes = servers.map((server): Change => ({ kind: 'add-server', key: web, server }));
    const results = await client.changeAll(changes, { idempotent: true });
    assert.ok(results.every((refusal) => refusal === undefined));
  });
});

describe('a signal', () => {
  const reason = new Error('enough');
  const calls: readonly (readonly [
    name: string,
    call: (client: IpvsClient, signal: AbortSignal) => Promise<unknown>,
  ])[] = [
    ['services', (client, signal) => client.services({ signal })],
    ['service', (client, signal) => client.service(web, { signal })],
    ['servers', (client, signal) => client.servers(web, { signal })],
    ['serverStates', (client, signal) => client.serverStates(web, { signal })],
    ['timeouts', (client, signal) => client.timeouts({ signal })],
    ['syncDaemons', (client, signal) => client.syncDaemons({ signal })],
    ['setWeight', (client, signal) => client.setWeight(web, one, 1, { signal })],
    ['addServer', (client, signal) => client.addServer(web, one, { signal })],
    ['readTable', (client, signal) => readTable(client, { signal })],
    ['readTable with counters', (client, signal) => readTable(client, { signal, counters: true })],
  ];
  for (const [name, call] of calls) {
    test(`that is aborted already rejects ${name} with its reason, and the client goes on`, async () => {
      const { client, kernel } = await connected(one);
      await assert.rejects(call(client, AbortSignal.abort(reason)), reason);
      assert.deepEqual(kernel.changes, []);
      assert.equal((await client.services()).length, 1);
    });
  }

  test('ends changes between two datagrams: what was sent is made, the rest is not', async () => {
    const { client, kernel } = await connected();
    const controller = new AbortController();
    kernel.onChange = () => {
      controller.abort(reason);
      return undefined;
    };
    const changes = Array.from({ length: 1000 }, (_, index): Change => {
      return { kind: 'add-server', key: web, server: { ...one, port: index + 1 } };
    });
    await assert.rejects(client.changeAll(changes, { signal: controller.signal }), reason);
    const made = kernel.changes.length;
    assert.ok(made > 0 && made < 1000, `${made} were made`);
    assert.equal((await client.servers(web)).length, made);
  });

  test('ends the reading of a list, whose rest is dropped', async () => {
    const { client, kernel } = await connected(one);
    const controller = new AbortController();
    const receive = kernel.receive.bind(kernel);
    kernel.receive = () => {
      controller.abort(reason);
      return receive();
    };
    await assert.rejects(client.servers(web, { signal: controller.signal }), reason);
    assert.deepEqual((await client.timeouts()).tcp, 900);
  });
});

describe('counters', () => {
  test('are strings in JSON, exact up to the largest number of 64 bits', async () => {
    const { client, kernel } = await connected(one);
    const largest = 2n ** 64n - 1n;
    kernel.report(web, one, { statistics: { incomingBytes: largest, connections: 3n } });
    const [server] = await client.servers(web);
    const read = JSON.parse(JSON.stringify(server)) as { statistics: Record<string, string> };
    assert.equal(read.statistics['incomingBytes'], '18446744073709551615');
    assert.equal(BigInt(read.statistics['incomingBytes']), largest);
    assert.deepEqual(Object.keys(read.statistics), Object.keys(server?.statistics ?? {}));
    assert.equal(read.statistics['connections'], '3');
  });

  test('come with the whole table where they are asked for, in natural order', async () => {
    const { client, kernel } = await connected({ ...one, address: '10.0.0.10' }, one);
    kernel.report(web, one, { activeConnections: 4, statistics: { connections: 5n } });
    const { services, timeouts, syncDaemons } = await readTable(client, { counters: true });
    assert.deepEqual(
      services[0]?.servers.map((server) => [server.address, server.activeConnections, server.statistics.connections]),
      [
        ['10.0.0.2', 4, 5n],
        ['10.0.0.10', 0, 0n],
      ],
    );
    assert.deepEqual([timeouts.udp, syncDaemons], [300, []]);
    assert.ok(!('statistics' in ((await readTable(client)).services[0]?.servers[0] ?? {})));
  });
});
