import assert from 'node:assert/strict';
import { after, afterEach, beforeEach, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { clientAddresses, realServerNames, realServers, vip, type RealServerName } from '../cluster/standard.js';
import { director } from '../cluster/topology.js';
import { WatchedCluster } from '../cluster/watched.js';

// What the kernel does with clients of a server that gets weight 0 or is removed: what src/health/wanted.ts is built upon.
const watched = await WatchedCluster.build();
const { cluster } = watched;
after(() => {
  watched.close();
});

// Connections outlive their services, so each test has clients of its own.
const clients = [...clientAddresses];
let client = '';
beforeEach(async () => {
  client = clients.pop() ?? '';
  assert.notEqual(client, '', 'too few client addresses');
  await cluster.ipvsadm('-C');
});
afterEach(() => set({ expire_nodest_conn: 0, expire_quiescent_template: 0 }));

async function set(settings: Readonly<Record<string, number>>): Promise<void> {
  const lines = Object.entries(settings).map(([name, value]) => `echo ${value} >/proc/sys/net/ipv4/vs/${name}`);
  await cluster.run(director, lines.join('\n'));
}

/** Makes a service with all three real servers. */
async function serve(settings: string, protocol: 't' | 'u' = 't'): Promise<void> {
  const port = protocol === 't' ? 80 : 53;
  const name = `-${protocol} ${vip.inet}:${port}`;
  await cluster.ipvsadm(
    `-A ${name} ${settings}`,
    ...realServerNames.map((server) => `-a ${name} -r ${realServers[server].back.inet}:${port} -m`),
  );
}

/** The words for a real server of a service. */
function at(server: string, protocol: 't' | 'u' = 't'): string {
  const port = protocol === 't' ? 80 : 53;
  return `-${protocol} ${vip.inet}:${port} -r ${realServers[server as RealServerName].back.inet}:${port}`;
}

const quiesce = (server: string, protocol?: 't' | 'u'): Promise<string> =>
  cluster.ipvsadm(`-e ${at(server, protocol)} -m -w 0`);
const remove = (server: string, protocol?: 't' | 'u'): Promise<string> => cluster.ipvsadm(`-d ${at(server, protocol)}`);
const restore = (server: string, protocol?: 't' | 'u'): Promise<string> =>
  cluster.ipvsadm(`-a ${at(server, protocol)} -m`);

/** Who answers, or how the client is refused. */
async function answer(from: string, fromPort?: number): Promise<string> {
  return cluster.fetch({ address: vip.inet, port: 80, from, fromPort }).then(
    ([server = '']) => server,
    (error: unknown) => (error as Error).message,
  );
}

/** Who answers each of all clients. */
async function answers(): Promise<string[]> {
  const found: string[] = [];
  for (const from of clientAddresses) found.push(await answer(from));
  return found;
}

describe('weight 0 keeps new clients away, and nobody is refused,', () => {
  const schedulers = ['rr', 'wrr', 'lc', 'wlc', 'lblc', 'lblcr', 'sed', 'nq', 'fo', 'ovf'];
  for (const settings of [...schedulers.map((name) => `-s ${name}`), '-s sh -b sh-fallback', '-s mh -b mh-fallback']) {
    test(`with ${settings}`, async () => {
      await serve(settings);
      const served = await answer(client);
      await quiesce(served);
      const found = [...new Set(await answers())];
      assert.ok(!found.includes(served), 'it gets nobody');
      assert.deepEqual(
        found.filter((name) => !(name in realServers)),
        [],
        'the others get all',
      );
    });
  }
});

describe('weight 0 refuses clients', () => {
  for (const scheduler of ['sh', 'mh'])
    test(`with ${scheduler}: those of its buckets, although others would have them`, async () => {
      await serve(`-s ${scheduler}`);
      const before = await answers();
      assert.deepEqual([...new Set(before)].sort(), [...realServerNames], 'every server has clients');
      await quiesce('real1');
      assert.deepEqual(
        await answers(),
        before.map((server) => (server === 'real1' ? 'ECONNREFUSED' : server)),
      );
      await remove('real1');
      const served = [...new Set(await answers())].sort();
      assert.deepEqual(served, ['real2', 'real3'], 'removal gives them to others');
    });

  test('with dh: all of a virtual address, if it is the one that has it', async () => {
    await serve('-s dh');
    const [server = '', ...others] = [...new Set(await answers())];
    assert.deepEqual(others, [], 'one server has the address');
    await quiesce(server);
    assert.deepEqual([...new Set(await answers())], ['ECONNREFUSED']);
    await remove(server);
    const [next = '', ...more] = [...new Set(await answers())];
    assert.ok(next in realServers && next !== server && more.length === 0, 'removal gives it to another one');
  });
});

describe('a flow of UDP, from a client that keeps its port,', () => {
  const from = { address: vip.inet, port: 53 } as const;
  let fromPort = 20_000;
  beforeEach(() => {
    fromPort++;
  });

  async function send(patience?: number): Promise<string> {
    const where = { ...from, from: client, fromPort, texts: ['?'], ...(patience === undefined ? {} : { patience }) };
    return cluster.ask('client', 'send', where).then(
      ([reply]) => reply?.server ?? '',
      (error: unknown) => (error as Error).message,
    );
  }

  for (const nodest of [0, 1]) {
    test(`stays at a server of weight 0 with expire_nodest_conn ${nodest}`, async () => {
      await set({ expire_nodest_conn: nodest });
      await serve('-s rr', 'u');
      const server = await send();
      await quiesce(server, 'u');
      assert.deepEqual([await send(), await send(), await send()], [server, server, server]);
    });
  }

  test('goes elsewhere at once when the server is removed, with expire_nodest_conn 1', async () => {
    await set({ expire_nodest_conn: 1 });
    await serve('-s rr', 'u');
    const server = await send();
    await remove(server, 'u');
    const next = await send();
    assert.ok(next in realServers && next !== server, next);
  });

  test('gets no answer when the server is removed, until its time is over, with expire_nodest_conn 0', async () => {
    await cluster.ipvsadm('--set 0 0 4');
    await serve('-s rr', 'u');
    const server = await send();
    await remove(server, 'u');
    const began = performance.now();
    assert.equal(await send(500), 'ABORT_ERR');
    let next = '';
    // Datagrams that are lost do not make it last longer.
    while (!(next in realServers)) next = await send(200);
    assert.notEqual(next, server);
    assert.ok(performance.now() - began < 8000, 'its time was over');
    await cluster.ipvsadm('--set 0 0 300');
  });
});

describe('a client of TCP that keeps its port', () => {
  // A server that closes first leaves the connection in TIME_WAIT at the director for two minutes.
  for (const nodest of [0, 1]) {
    test(`gets another server than one of weight 0, with expire_nodest_conn ${nodest}`, async () => {
      await set({ expire_nodest_conn: nodest });
      await serve('-s rr');
      const port = 21_000 + nodest;
      const server = await answer(client, port);
      await quiesce(server);
      let next = 'EADDRNOTAVAIL';
      // Until the client's own end of the connection before is closed, too.
      for (let tries = 0; next === 'EADDRNOTAVAIL' && tries < 50; tries++) {
        if (tries > 0) await sleep(50);
        next = await answer(client, port);
      }
      assert.ok(next in realServers && next !== server, next);
    });
  }
});

describe('a persistent client', () => {
  beforeEach(() => serve('-s rr -p 60'));

  test('stays at a server of weight 0', async () => {
    const server = await answer(client);
    await quiesce(server);
    assert.deepEqual([await answer(client), await answer(client)], [server, server]);
  });

  test('goes elsewhere from a server of weight 0 with expire_quiescent_template 1', async () => {
    await set({ expire_quiescent_template: 1 });
    const server = await answer(client);
    await quiesce(server);
    const next = await answer(client);
    assert.ok(next in realServers && next !== server, next);
    assert.equal(await answer(client), next, 'and stays there');
  });

  for (const nodest of [0, 1]) {
    test(`goes elsewhere when its server is removed, with expire_nodest_conn ${nodest}`, async () => {
      await set({ expire_nodest_conn: nodest });
      const server = await answer(client);
      await remove(server);
      const next = await answer(client);
      assert.ok(next in realServers && next !== server, next);
      await restore(server);
      assert.equal(await answer(client), next, 'and stays there when that is back');
    });
  }

  test('of a sorry server is free when that is removed, and not when it has weight 0', async () => {
    // real3 is the sorry server: all others have no weight.
    await quiesce('real1');
    await quiesce('real2');
    assert.equal(await answer(client), 'real3');
    for (const name of ['real1', 'real2']) await cluster.ipvsadm(`-e ${at(name)} -m -w 1`);
    await quiesce('real3');
    assert.equal(await answer(client), 'real3');
    await remove('real3');
    const next = await answer(client);
    assert.ok(['real1', 'real2'].includes(next), next);
    await restore('real3');
    assert.equal(await answer(client), next, 'what it was bound to is forgotten');
  });
});

describe('a connection that is open when its server is removed', () => {
  beforeEach(() => serve('-s rr'));

  test('is silent with expire_nodest_conn 0, and goes on when the server is back', async () => {
    const connection = await cluster.hold({ address: vip.inet, port: 80, from: client });
    await remove(connection.server);
    let isAnswered = false;
    const again = connection.again().finally(() => (isAnswered = true));
    await sleep(1500);
    assert.equal(isAnswered, false);
    await restore(connection.server);
    assert.equal(await again, connection.server);
    await connection.close();
  });

  test('is reset at its next packet with expire_nodest_conn 1', async () => {
    await set({ expire_nodest_conn: 1 });
    const connection = await cluster.hold({ address: vip.inet, port: 80, from: client });
    await remove(connection.server);
    await assert.rejects(connection.again(), /ECONNRESET/);
  });

  test('goes on at weight 0', async () => {
    for (const nodest of [0, 1]) {
      await set({ expire_nodest_conn: nodest });
      const connection = await cluster.hold({ address: vip.inet, port: 80, from: client });
      await quiesce(connection.server);
      assert.equal(await connection.again(), connection.server);
      await connection.close();
    }
  });
});
