import assert from 'node:assert/strict';
import { after, afterEach, beforeEach, describe, test } from 'node:test';
import { Cluster, type Held } from '../cluster/cluster.js';
import type { Connecting } from '../cluster/protocol.js';
import { parseServers, parseTraffic, settled } from '../cluster/listings.js';
import { clientAddresses, realServerNames, realServers, standardTopology, vip } from '../cluster/standard.js';
import { director } from '../cluster/topology.js';

// Each scheduler in a situation in which its published definition leaves one choice, by NAT, with connections that stay open
// where their number matters.
const cluster = await Cluster.build(standardTopology, ['client', ...realServerNames]);
after(() => {
  cluster.close();
});
await cluster.serve(realServerNames, { http: [80], udp: [] });
await Promise.all(
  realServerNames.map((name) =>
    cluster.ask(name, 'serve', { name, http: [], udp: [{ address: realServers[name].back.inet, port: 53 }] }),
  ),
);
// A few destinations for the schedulers that look at them, all of one firewall mark.
const destinations = Array.from({ length: 8 }, (_, index) => `192.0.2.${200 + index}`);
await cluster.run(
  director,
  `${destinations.map((address) => `ip address add ${address}/32 dev lan`).join('\n')}
tc qdisc add dev lan clsact
tc filter add dev lan ingress protocol ip flower dst_ip 192.0.2.200/29 action skbedit mark 1`,
);

type Server = (typeof realServerNames)[number];
type Weights = Readonly<Partial<Record<Server, number>>>;

/**
 * Each test has a port of its own, which NAT translates: a server that is added again to the service that it has been taken
 * from still has its connections, and counters that are a second late.
 */
let where = { address: vip.inet, port: 1000 };
let web = '';
beforeEach(() => {
  where = { ...where, port: where.port + 1 };
  web = `${where.address}:${where.port}`;
});

let held: Held[] = [];
/** Opens a connection that stays until the end of the test. @returns who answered. */
async function hold(place: Connecting = where): Promise<string> {
  const connection = await cluster.hold(place);
  held.push(connection);
  return connection.server;
}

async function holdMany(count: number, place?: Connecting): Promise<string[]> {
  const answered: string[] = [];
  while (answered.length < count) answered.push(await hold(place));
  return answered;
}

afterEach(async () => {
  for (const connection of held) await connection.reset();
  held = [];
});

function count(answered: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const name of answered) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}

/** @param name such as `-t 192.0.2.100:1001`. @param port of the real servers; 0 for a firewall mark. */
async function service(name: string, settings: string, weights: Weights, port = 80): Promise<void> {
  await cluster.ipvsadm(
    '-C',
    `-A ${name} -s ${settings}`,
    ...Object.entries(weights).map(
      ([server, weight]) => `-a ${name} -r ${realServers[server as Server].back.inet}:${port} -m -w ${weight}`,
    ),
  );
}

/** As the listing has it: how often each server was chosen, by name. */
async function chosen(total: number): Promise<Record<string, number>> {
  const [, ...parts] = await settled(
    async () => parseTraffic(await cluster.ipvsadm('-Ln --stats --exact')),
    ([first]) => first?.connections === total,
  );
  return Object.fromEntries(
    parts.filter(({ connections }) => connections > 0).map(({ name, connections }) => [nameOf(name), connections]),
  );
}

function nameOf(address: string): string {
  return realServerNames.find((name) => address.startsWith(realServers[name].back.inet)) ?? address;
}

/** Changes the weight of a server and leaves the rest. */
async function weigh(server: Server, weight: number): Promise<void> {
  await cluster.ipvsadm(`-e -t ${web} -r ${realServers[server].back.inet}:80 -m -w ${weight}`);
}

const equal: Weights = { real1: 1, real2: 1, real3: 1 };

describe('rr', () => {
  test('goes round: each server in each round, always in the same order', async () => {
    await service(`-t ${web}`, 'rr', { real1: 5, real2: 1, real3: 1 });
    const answered = await cluster.fetch(where, 6);
    assert.deepEqual(answered.slice(3), answered.slice(0, 3));
    assert.deepEqual(count(answered), { real1: 2, real2: 2, real3: 2 });
    assert.deepEqual(await chosen(6), { real1: 2, real2: 2, real3: 2 });
  });

  test('gives a server of weight 0 nothing new, and leaves it what it has', async () => {
    await service(`-t ${web}`, 'rr', equal);
    const first = [await hold(), await hold(), await hold()];
    const kept = held[first.indexOf('real1')];
    await weigh('real1', 0);
    assert.deepEqual(count(await cluster.fetch(where, 6)), { real2: 3, real3: 3 });
    assert.equal(await kept?.again(), 'real1');
    const [listed] = parseServers(await cluster.ipvsadm('-Ln'));
    assert.deepEqual([listed?.weight, listed?.active], [0, 1]);
    await weigh('real1', 1);
    assert.deepEqual(count(await cluster.fetch(where, 6)), { real1: 2, real2: 2, real3: 2 });
  });
});

describe('wrr', () => {
  test('shares 3 to 1, to the connection, in every round', async () => {
    await service(`-t ${web}`, 'wrr', { real1: 3, real2: 1 });
    const answered = await cluster.fetch(where, 12);
    for (const start of [0, 4, 8]) {
      assert.deepEqual(count(answered.slice(start, start + 4)), { real1: 3, real2: 1 });
    }
    assert.deepEqual(await chosen(12), { real1: 9, real2: 3 });
  });
});

describe('lc', () => {
  test('takes the server with the fewest connections, whatever its weight', async () => {
    await service(`-t ${web}`, 'lc', { real1: 1, real2: 100, real3: 1 });
    assert.deepEqual(count(await holdMany(6)), { real1: 2, real2: 2, real3: 2 });
    const freed = held.findIndex(({ server }) => server === 'real3');
    await held.splice(freed, 1)[0]?.reset();
    await settled(
      async () => parseServers(await cluster.ipvsadm('-Ln')),
      (servers) => servers.some(({ name, active }) => nameOf(name) === 'real3' && active === 1),
    );
    assert.equal(await hold(), 'real3');
  });
});

describe('wlc', () => {
  test('takes the server with the fewest connections for its weight', async () => {
    await service(`-t ${web}`, 'wlc', { real1: 3, real2: 1 });
    assert.deepEqual(count(await holdMany(4)), { real1: 3, real2: 1 });
    assert.deepEqual(count(await holdMany(4)), { real1: 3, real2: 1 });
  });
});

describe('sed', () => {
  test('takes the server with the shortest expected delay, (connections + 1) / weight', async () => {
    await service(`-t ${web}`, 'sed', { real1: 4, real2: 1 });
    // 1/4, 2/4 and 3/4 are less than 1/1: three times the fast one, although the slow one is idle.
    assert.deepEqual(await holdMany(3), ['real1', 'real1', 'real1']);
  });
});

describe('nq', () => {
  test('leaves no server idle, and is like sed where none is', async () => {
    await service(`-t ${web}`, 'nq', { real1: 4, real2: 1 });
    assert.deepEqual(count(await holdMany(2)), { real1: 1, real2: 1 });
    // 2/4 and 3/4 are less than 2/1.
    assert.deepEqual(await holdMany(2), ['real1', 'real1']);
  });
});

describe('fo', () => {
  test('takes the server with the highest weight, and the next one when that is gone', async () => {
    await service(`-t ${web}`, 'fo', { real1: 1, real2: 3, real3: 2 });
    assert.deepEqual(count(await cluster.fetch(where, 3)), { real2: 3 });
    await weigh('real2', 0);
    assert.deepEqual(count(await cluster.fetch(where, 3)), { real3: 3 });
    await weigh('real2', 3);
    assert.deepEqual(count(await cluster.fetch(where, 3)), { real2: 3 });
  });
});

describe('ovf', () => {
  test('goes on to the next server when the connections exceed the weight', async () => {
    await service(`-t ${web}`, 'ovf', { real1: 1, real2: 2 });
    assert.deepEqual(await holdMany(5), ['real2', 'real2', 'real2', 'real1', 'real1']);
    await assert.rejects(hold(), /ECONNREFUSED/);
  });
});

/**
 * The place of an address (and port, added) in the hash tables of sh and dh, which have 256 places and are filled by the servers
 * in turns. Source: include/linux/hash.h, hash_32 with 8 bits.
 */
function place(address: string, port = 0): number {
  const number = address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
  return Math.imul(number + port, 0x61c88647) >>> 24;
}

/** Checks that of two servers of the same weight one has the even places and the other one the odd ones. */
function assertByPlace(places: readonly number[], answered: readonly string[]): void {
  const ofParity = [0, 1].map((parity) => new Set(answered.filter((_, index) => (places[index] ?? 0) % 2 === parity)));
  assert.deepEqual(
    ofParity.map(({ size }) => size),
    [1, 1],
    `${places.join()}: ${answered.join()}`,
  );
  assert.equal(new Set(answered).size, 2);
}

describe('sh', () => {
  test('keeps each client at one server, by the hash of its address', async () => {
    await service(`-t ${web}`, 'sh', { real1: 1, real2: 1 });
    const answered: string[] = [];
    const addresses = clientAddresses.slice(0, 8);
    for (const from of addresses) {
      const [first = '', ...more] = await cluster.fetch({ ...where, from }, 3);
      assert.deepEqual(more, [first, first], `${from} has one server`);
      answered.push(first);
    }
    assertByPlace(
      addresses.map((address) => place(address)),
      answered,
    );
  });

  test('gives the clients of a server of weight 0 nobody else', async () => {
    await service(`-t ${web}`, 'sh', { real1: 1, real2: 1 });
    const [server = ''] = await cluster.fetch(where);
    await weigh(server as Server, 0);
    await assert.rejects(cluster.fetch(where), /ECONNREFUSED/);
  });

  test('with sh-fallback they get another one', async () => {
    await service(`-t ${web}`, 'sh -b sh-fallback', { real1: 1, real2: 1 });
    const [server = ''] = await cluster.fetch(where);
    await weigh(server as Server, 0);
    const others = await cluster.fetch(where, 2);
    assert.deepEqual(
      others.map((other) => other === server),
      [false, false],
    );
  });

  test('with sh-port each port of a client counts', async () => {
    await service(`-t ${web}`, 'sh -b sh-port', { real1: 1, real2: 1 });
    const from = clientAddresses[0] ?? '';
    const ports = [20_000, 20_001, 20_002, 20_003, 20_004, 20_005];
    const answered: string[] = [];
    for (const fromPort of ports) answered.push(...(await cluster.fetch({ ...where, from, fromPort })));
    assertByPlace(
      ports.map((port) => place(from, port)),
      answered,
    );
  });
});

describe('mh', () => {
  /** Who serves which client. */
  async function assignment(addresses: readonly string[]): Promise<string[]> {
    const answered: string[] = [];
    for (const from of addresses) answered.push(...(await cluster.fetch({ ...where, from })));
    return answered;
  }

  test('keeps each client at one server, and moves few when another server goes', async () => {
    await service(`-t ${web}`, 'mh', equal);
    const atFirst = await assignment(clientAddresses);
    assert.deepEqual(Object.keys(count(atFirst)).sort(), ['real1', 'real2', 'real3']);
    assert.deepEqual(await assignment(clientAddresses.slice(0, 8)), atFirst.slice(0, 8));
    await cluster.ipvsadm(`-d -t ${web} -r ${realServers.real3.back.inet}:80`);
    const then = await assignment(clientAddresses);
    const moved = clientAddresses.filter((_, index) => atFirst[index] !== 'real3' && atFirst[index] !== then[index]);
    assert.ok(moved.length <= 3, `${moved.length} clients of servers that are still there moved`);
    assert.deepEqual(Object.keys(count(then)).sort(), ['real1', 'real2']);
  });

  test('gives the clients of a server of weight 0 nobody else, but with mh-fallback another one', async () => {
    await service(`-t ${web}`, 'mh', { real1: 1, real2: 1 });
    const [server = ''] = await cluster.fetch(where);
    await weigh(server as Server, 0);
    await assert.rejects(cluster.fetch(where), /ECONNREFUSED/);
    await service(`-t ${web}`, 'mh -b mh-fallback', { real1: 1, real2: 1 });
    const [again = ''] = await cluster.fetch(where);
    await weigh(again as Server, 0);
    assert.notEqual((await cluster.fetch(where))[0], again);
  });

  test('gives a server that is added with weight 0 no clients, so that none are refused', async () => {
    await service(`-t ${web}`, 'mh', { real1: 1, real2: 1, real3: 0 });
    assert.deepEqual(Object.keys(count(await assignment(clientAddresses))).sort(), ['real1', 'real2']);
  });

  test('with mh-port the ports of one client are spread', async () => {
    await service(`-t ${web}`, 'mh', { real1: 1, real2: 1 });
    const ports = Array.from({ length: 8 }, (_, index) => 21_000 + index);
    const answered = async (): Promise<string[]> => {
      const names: string[] = [];
      for (const fromPort of ports) names.push(...(await cluster.fetch({ ...where, fromPort })));
      return names;
    };
    assert.equal(new Set(await answered()).size, 1);
    await service(`-t ${web}`, 'mh -b mh-port', { real1: 1, real2: 1 });
    for (const index of ports.keys()) ports[index] = 22_000 + index;
    assert.equal(new Set(await answered()).size, 2);
  });
});

describe('dh', () => {
  test('keeps each destination at one server, by the hash of its address, whoever asks', async () => {
    await service('-f 1', 'dh', { real1: 1, real2: 1 }, 0);
    const answered: string[] = [];
    for (const address of destinations) {
      const [first = '', ...more] = [
        ...(await cluster.fetch({ address, port: 80, from: clientAddresses[0] })),
        ...(await cluster.fetch({ address, port: 80, from: clientAddresses[1] })),
      ];
      assert.deepEqual(more, [first], `${address} has one server`);
      answered.push(first);
    }
    assertByPlace(
      destinations.map((address) => place(address)),
      answered,
    );
  });

  test('refuses the destinations of a server of weight 0', async () => {
    await service('-f 1', 'dh', { real1: 1, real2: 0 }, 0);
    const answered: string[] = [];
    for (const address of destinations) {
      const refused = (error: unknown): string[] => [
        String(error).includes('ECONNREFUSED') ? 'refused' : String(error),
      ];
      answered.push(...(await cluster.fetch({ address, port: 80 }).catch(refused)));
    }
    assertByPlace(
      destinations.map((address) => place(address)),
      answered,
    );
    assert.deepEqual([...new Set(answered)].sort(), ['real1', 'refused']);
  });
});

describe('lblc', () => {
  const [first, second] = destinations.map((address) => ({ address, port: 80 }));

  test('keeps a destination at its server until that is overloaded and another one is not half loaded', async () => {
    await service('-f 1', 'lblc', { real1: 2, real2: 2 }, 0);
    const [home = ''] = await holdMany(1, first);
    // The other destination goes where there are fewer connections; the first one stays, although it now has more.
    assert.notEqual(await hold(second), home);
    await held.pop()?.reset();
    await settled(
      async () => parseServers(await cluster.ipvsadm('-Ln')),
      (servers) => servers.every(({ name, active }) => nameOf(name) === home || active === 0),
    );
    assert.deepEqual(await holdMany(2, first), [home, home]);
    // Three are more than the weight 2, and the other server has less than half of its weight.
    assert.notEqual(await hold(first), home);
  });
});

describe('lblcr', () => {
  const [first] = destinations.map((address) => ({ address, port: 80 }));

  test('adds a server to those of a destination when they are overloaded, and then uses all of them', async () => {
    await service('-f 1', 'lblcr', { real1: 2, real2: 2, real3: 2 }, 0);
    const [home = ''] = await holdMany(1, first);
    assert.deepEqual(await holdMany(2, first), [home, home]);
    const added = await hold(first);
    assert.notEqual(added, home);
    // The set has two members now, and takes the one with fewer connections: the third server is not needed.
    assert.deepEqual(await holdMany(2, first), [added, added]);
  });
});

describe('thresholds', () => {
  test('a full server gets nothing new, and something again below the lower threshold', async () => {
    // Connections of UDP end one second after their last datagram.
    await cluster.ipvsadm('--set 0 0 1');
    const dns = { address: vip.inet, port: 53 };
    await service(`-u ${vip.inet}:53`, 'rr', { real1: 1 }, 53);
    await cluster.ipvsadm(`-e -u ${vip.inet}:53 -r ${realServers.real1.back.inet}:53 -m -x 3 -y 2`);
    for (let number = 0; number < 3; number += 1) assert.deepEqual(await cluster.send(dns), ['real1']);
    assert.match(await cluster.ipvsadm('-Ln --thresholds'), /-> 10\.0\.0\.21:53 +3 +2 +\d+ +\d+ *$/m);
    await assert.rejects(cluster.send(dns), /ECONNREFUSED/);
    await settled(
      async () => parseServers(await cluster.ipvsadm('-Ln')),
      ([server]) => server?.active === 0 && server.inactive === 0,
    );
    assert.deepEqual(await cluster.send(dns), ['real1']);
    await cluster.ipvsadm('--set 0 0 300');
  });

  test('a full server is passed over while another one is there', async () => {
    await service(`-t ${web}`, 'rr', { real1: 1, real2: 1 });
    await cluster.ipvsadm(`-e -t ${web} -r ${realServers.real1.back.inet}:80 -m -x 2`);
    assert.deepEqual(count(await holdMany(6)), { real1: 2, real2: 4 });
  });
});
