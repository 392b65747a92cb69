import assert from 'node:assert/strict';
import { after, afterEach, beforeEach, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { DaemonProcess } from '../cluster/daemon.js';
import { clientAddresses, realServerNames, realServers, vip, type RealServerName } from '../cluster/standard.js';
import { director } from '../cluster/topology.js';
import {
  quickCheck,
  WatchedCluster,
  watchedDocument,
  type Condition,
  type WatchedService,
} from '../cluster/watched.js';

// The states of servers as clients see them: who serves whom while servers are down, drained, in trouble, or rise.
const watched = await WatchedCluster.build();
const { cluster } = watched;
after(() => {
  watched.close();
});

const all = { '10.0.0.21:80': 10, '10.0.0.22:80': 10, '10.0.0.23:80': 10 } as const;

/** The kernel's name of a server, and its name without a port of the service. */
const at = (name: string, port = 80): string => `${realServers[name as RealServerName].back.inet}:${port}`;

/** Weights but for some. */
function but(weights: Readonly<Record<string, number | undefined>>): Record<string, number> {
  const merged: [string, number | undefined][] = Object.entries({ ...all, ...weights });
  return Object.fromEntries(merged.flatMap(([name, weight]) => (weight === undefined ? [] : [[name, weight]])));
}

// Connections outlive their services, so each test has clients of its own.
const clients = [...clientAddresses];
let client = '';
beforeEach(async () => {
  client = clients.pop() ?? '';
  assert.notEqual(client, '', 'too few client addresses');
  await watched.reset();
});

let daemon: DaemonProcess | undefined;
afterEach(async () => {
  await daemon?.end();
  daemon = undefined;
  await cluster.run(director, 'echo 0 >/proc/sys/net/ipv4/vs/expire_nodest_conn');
});

async function start(...services: readonly WatchedService[]): Promise<DaemonProcess> {
  daemon = await DaemonProcess.start('web', watchedDocument(...services));
  return daemon;
}

async function makeAll(condition: Condition): Promise<void> {
  await Promise.all(realServerNames.map((name) => watched.make(name, condition)));
}

/** Who answers, or how the client is refused. */
async function answer(from = client): Promise<string> {
  return cluster.fetch({ address: vip.inet, port: 80, from }).then(
    ([server = '']) => server,
    (error: unknown) => (error as Error).message,
  );
}

/** Who answers the clients of all addresses. */
async function answers(): Promise<string[]> {
  const found = new Set<string>();
  for (const from of clientAddresses) found.add(await answer(from));
  return [...found].sort();
}

describe('a persistent client', () => {
  const members = 'persistenceTimeout: 300';

  test('whose server fails gets another one, since that is removed', async () => {
    await start({ members });
    await watched.becomes(all);
    const server = await answer();
    await watched.make(server as RealServerName, 'refuses');
    await watched.becomes(but({ [at(server)]: undefined }));
    const next = await answer();
    assert.ok(next in realServers && next !== server, next);
    await watched.make(server as RealServerName, 'well');
    await watched.becomes(all);
    assert.equal(await answer(), next);
  });

  test('whose server is drained stays there, and others do not come', async () => {
    const { ask } = await started(members);
    const server = await answer();
    const servers = [`tcp:${vip.inet}:80/${at(server)}`];
    await ask({ do: 'drain', servers, by: 'root' });
    assert.deepEqual(await watched.weights(), but({ [at(server)]: 0 }));
    assert.equal(await answer(), server);
    const others = clientAddresses.slice(0, 8).filter((address) => address !== client);
    for (const from of others) assert.notEqual(await answer(from), server);
    // Drained and dead is dead: persistence must not lead there.
    await watched.make(server as RealServerName, 'refuses');
    await watched.becomes(but({ [at(server)]: undefined }));
    assert.notEqual(await answer(), server);
    await watched.make(server as RealServerName, 'well');
    await watched.becomes(but({ [at(server)]: 0 }));
    await ask({ do: 'undrain', servers });
    assert.deepEqual(await watched.weights(), all);
  });

  test('of a sorry server is free as soon as servers are back', async () => {
    const sorry = 'sorryServer: { address: 10.0.0.23, port: 80, forwarding: masquerading }';
    await start({ members: `${members}\n${sorry}`, weights: { real1: 10, real2: 10 } });
    await watched.make('real1', 'says no');
    await watched.make('real2', 'says no');
    await watched.becomes({ '10.0.0.23:80': 1 });
    assert.equal(await answer(), 'real3');
    await watched.make('real1', 'well');
    await watched.becomes({ '10.0.0.21:80': 10 });
    assert.equal(await answer(), 'real1');
  });

  async function started(more: string): Promise<{ ask: DaemonProcess['ask'] }> {
    const one = await start({ members: more });
    await watched.becomes(all);
    return { ask: one.ask.bind(one) };
  }
});

describe('a client of UDP that keeps its port', () => {
  const service: WatchedService = {
    protocol: 'udp',
    port: 53,
    check: quickCheck.replace('{', '{ port: 80,'),
  };
  const udp = `-u ${vip.inet}:53`;
  const allUdp = { '10.0.0.21:53': 10, '10.0.0.22:53': 10, '10.0.0.23:53': 10 } as const;
  let fromPort = 22_000;

  test('gets another server as soon as its own has failed, with expire_nodest_conn 1', async () => {
    await cluster.run(director, 'echo 1 >/proc/sys/net/ipv4/vs/expire_nodest_conn');
    await start(service);
    await watched.becomes(allUdp, udp);
    const where = { address: vip.inet, port: 53, from: client, fromPort: fromPort++ };
    const [server = ''] = await cluster.send(where);
    await watched.make(server as RealServerName, 'refuses');
    await watched.becomes(Object.fromEntries(Object.entries(allUdp).filter(([name]) => name !== at(server, 53))), udp);
    const [next = ''] = await cluster.send(where);
    assert.ok(next in realServers && next !== server, next);
    await watched.make(server as RealServerName, 'well');
    await watched.becomes(allUdp, udp);
    assert.deepEqual(await cluster.send(where), [next]);
  });
});

describe('every client is served while a server is down', () => {
  const cases: readonly (readonly [scheduler: string, members: string, weight: number | undefined])[] = [
    ['sh', '', undefined],
    ['sh', 'schedulerFlags: [sh-fallback]', 0],
    ['mh', '', undefined],
    ['mh', 'schedulerFlags: [mh-fallback]', 0],
    ['dh', '', undefined],
  ];
  for (const [scheduler, members, weight] of cases) {
    test(`with ${scheduler} ${members.replace(/.*\[(.*)\]/, 'and $1')}`.trimEnd(), async () => {
      await start({ scheduler, members });
      await watched.becomes(all);
      // With dh all clients of an address have one server.
      const server = await answer();
      await watched.make(server as RealServerName, 'refuses');
      await watched.becomes(but({ [at(server)]: weight }));
      const served = await answers();
      assert.deepEqual(
        served.filter((name) => name === server || !(name in realServers)),
        [],
      );
      if (scheduler !== 'dh') assert.equal(served.length, 2);
    });
  }
});

describe('all servers fail', () => {
  test('by not answering: all of them get connections again, and clients that they answer notice nothing', async () => {
    const { says } = await begun();
    const load = await watched.load();
    await makeAll('unheard');
    await says(/0 of 3 servers healthy: fails open/);
    await watched.becomes(all);
    await sleep(500);
    await makeAll('well');
    await says(/3 of 3 servers healthy|is up[^]*is up[^]*is up/);
    await watched.becomes(all);
    const { failed } = await load.end();
    assert.deepEqual(failed, []);
  });

  test('by saying no: nobody gets connections', async () => {
    const { says } = await begun();
    await makeAll('says no');
    await says(/0 of 3 servers healthy: nobody gets connections/);
    await watched.becomes(but({ '10.0.0.21:80': 0, '10.0.0.22:80': 0, '10.0.0.23:80': 0 }));
    assert.equal(await answer(), 'ECONNREFUSED');
  });

  test('and one of them says no: the others get connections', async () => {
    const { says } = await begun();
    await watched.make('real1', 'says no');
    await watched.make('real2', 'unheard');
    await watched.make('real3', 'unheard');
    await says(/fails open/);
    await watched.becomes(but({ '10.0.0.21:80': 0 }));
    assert.deepEqual(await answers(), ['real2', 'real3']);
  });

  test('with failOpen: never, nobody gets connections', async () => {
    const { says } = await begun('failOpen: never');
    await makeAll('unheard');
    await says(/nobody gets connections/);
    await watched.becomes(but({ '10.0.0.21:80': 0, '10.0.0.22:80': 0, '10.0.0.23:80': 0 }));
    assert.equal(await answer(), 'ECONNREFUSED');
  });

  test('with failOpen: all, those get connections, too, that said no', async () => {
    const { says } = await begun('failOpen: all');
    await makeAll('says no');
    await says(/fails open/);
    await watched.becomes(all);
    assert.deepEqual(await answers(), [...realServerNames]);
  });

  async function begun(members = ''): Promise<{ says: DaemonProcess['says'] }> {
    const one = await start({ members });
    await watched.becomes(all);
    return { says: one.says.bind(one) };
  }
});

test('a server that comes back rises to its weight in the time of slowStart', async () => {
  await start({ members: 'slowStart: 4' });
  await watched.becomes(all);
  await watched.make('real1', 'says no');
  await watched.becomes(but({ '10.0.0.21:80': 0 }));
  await watched.make('real1', 'well');
  const seen: number[] = [];
  let began = 0;
  while (seen.at(-1) !== 10) {
    const { '10.0.0.21:80': weight = NaN, ...others } = await watched.weights();
    assert.deepEqual(others, { '10.0.0.22:80': 10, '10.0.0.23:80': 10 });
    if (weight > 0 && began === 0) began = performance.now();
    if (weight !== (seen.at(-1) ?? 0)) seen.push(weight);
    await sleep(50);
  }
  const took = performance.now() - began;
  assert.ok(took > 2000 && took < 8000, `${took} ms`);
  assert.deepEqual(
    seen,
    [...seen].sort((one, other) => one - other),
  );
  assert.ok(seen.length >= 3, `weights ${seen.join(', ')}`);
});

test('the weight that a server wishes for is its share of connections within a twentieth, step by step', async () => {
  await start({ check: quickCheck.replace(' }', ', weightHeader: X-Weight }') });
  await watched.becomes(all);
  const load = await watched.load({ perSecond: 60, from: client });
  const phases: { readonly weight: number; readonly from: number; readonly until: number }[] = [];
  for (const weight of [20, 5, 10]) {
    await cluster.ask('real1', 'behave', { listens: true, hangs: false, health: 200, weight });
    const from = await watched.becomes(but({ '10.0.0.21:80': weight }));
    await sleep(3000);
    phases.push({ weight, from, until: Date.now() });
  }
  const report = await load.end();
  assert.deepEqual(report.failed, []);
  for (const { weight, from, until } of phases) {
    const served = report.requests.filter((request) => request.at >= from && request.at < until);
    const share = served.filter(({ server }) => server === 'real1').length / served.length;
    const wanted = weight / (weight + 20);
    assert.ok(Math.abs(share - wanted) <= 0.05, `weight ${weight}: ${share} of ${served.length}, wanted ${wanted}`);
  }
});

describe('a server that the director can not reach', () => {
  const address = realServers.real1.back.inet;
  const ways: readonly (readonly [what: string, break_: string, mend: string])[] = [
    ['for want of a route', `ip route add unreachable ${address}/32`, `ip route del unreachable ${address}/32`],
    [
      'because nobody answers for its address',
      `ip neigh replace ${address} lladdr 02:00:00:00:00:99 dev back nud permanent`,
      `ip neigh del ${address} dev back`,
    ],
  ];
  for (const [what, break_, mend] of ways) {
    test(`${what} is out, and back when it is reached again`, async () => {
      await start();
      await watched.becomes(all);
      await cluster.run(director, break_);
      try {
        await watched.becomes(but({ '10.0.0.21:80': 0 }));
      } finally {
        await cluster.run(director, mend);
      }
      await watched.becomes(all);
    });
  }
});

test('the director is cut off from all servers: they keep their weights, and somebody answers as soon as it is back', async () => {
  const one = await start();
  await watched.becomes(all);
  await cluster.run(director, 'ip link set back down');
  await one.says(/fails open/);
  await watched.becomes(all);
  one.forget();
  await cluster.run(director, 'ip link set back up');
  assert.ok((await answer()) in realServers);
  await one.says(/is up[^]*is up[^]*is up/);
  await watched.becomes(all);
});
