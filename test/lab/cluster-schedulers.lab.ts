import assert from 'node:assert/strict';
import { after, afterEach, describe, test } from 'node:test';
import { Cluster, type Held } from '../cluster/cluster.js';
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
iptables-legacy -t mangle -A PREROUTING -d 192.0.2.200/29 -j MARK --set-mark 1`,
);

type Server = (typeof realServerNames)[number];
type Weights = Readonly<Partial<Record<Server, number>>>;

const web = `${vip.inet}:80`;
const where = { address: vip.inet, port: 80 };

let held: Held[] = [];
/** Opens a connection that stays until the end of the test. @returns who answered. */
async function hold(from?: string, address: string = vip.inet): Promise<string> {
  const connection = await cluster.hold({ address, port: 80, from });
  held.push(connection);
  return connection.server;
}

async function holdMany(count: number, from?: string, address?: string): Promise<string[]> {
  const answered: string[] = [];
  while (answered.length < count) answered.push(await hold(from, address));
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

async function service(name: string, settings: string, weights: Weights, option = ''): Promise<void> {
  const port = name.startsWith('-f') ? '' : `:${name.replace(/.*:/, '')}`;
  await cluster.ipvsadm(
    '-C',
    `-A ${name} ${settings}`,
    ...Object.entries(weights).map(
      ([server, weight]) => `-a ${name} -r ${realServers[server as Server].back.inet}${port} -m -w ${weight}${option}`,
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
    await service(`-t ${web}`, '-s rr', { real1: 5, real2: 1, real3: 1 });
    const answered = await cluster.fetch(where, 6);
    assert.deepEqual(answered.slice(3), answered.slice(0, 3));
    assert.deepEqual(count(answered), { real1: 2, real2: 2, real3: 2 });
    assert.deepEqual(await chosen(6), { real1: 2, real2: 2, real3: 2 });
  });

  test('gives a server of weight 0 nothing new, and leaves it what it has', async () => {
    await service(`-t ${web}`, '-s rr', equal);
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
    await service(`-t ${web}`, '-s wrr', { real1: 3, real2: 1 });
    const answered = await cluster.fetch(where, 12);
    for (const start of [0, 4, 8]) {
      assert.deepEqual(count(answered.slice(start, start + 4)), { real1: 3, real2: 1 });
    }
    assert.deepEqual(await chosen(12), { real1: 9, real2: 3 });
  });
});

describe('lc', () => {
  test('takes the server with the fewest connections, whatever its weight', async () => {
    await service(`-t ${web}`, '-s lc', { real1: 1, real2: 100, real3: 1 });
    assert.deepEqual(count(await holdMany(3)), { real1: 1, real2: 1, real3: 1 });
    assert.deepEqual(count(await holdMany(3)), { real1: 2, real2: 2, real3: 2 });
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
    await service(`-t ${web}`, '-s wlc', { real1: 3, real2: 1 });
    assert.deepEqual(count(await holdMany(4)), { real1: 3, real2: 1 });
    assert.deepEqual(count(await holdMany(4)), { real1: 3, real2: 1 });
  });
});

describe('sed', () => {
  test('takes the server with the shortest expected delay, (connections + 1) / weight', async () => {
    await service(`-t ${web}`, '-s sed', { real1: 4, real2: 1 });
    // 1/4, 2/4 and 3/4 are less than 1/1: three times the fast one, although the slow one is idle.
    assert.deepEqual(await holdMany(3), ['real1', 'real1', 'real1']);
  });
});

describe('nq', () => {
  test('leaves no server idle, and is like sed where none is', async () => {
    await service(`-t ${web}`, '-s nq', { real1: 4, real2: 1 });
    assert.deepEqual(count(await holdMany(2)), { real1: 1, real2: 1 });
    // 2/4 and 3/4 are less than 2/1.
    assert.deepEqual(await holdMany(2), ['real1', 'real1']);
  });
});

describe('fo', () => {
  test('takes the server with the highest weight, and the next one when that is gone', async () => {
    await service(`-t ${web}`, '-s fo', { real1: 1, real2: 3, real3: 2 });
    assert.deepEqual(count(await cluster.fetch(where, 3)), { real2: 3 });
    await weigh('real2', 0);
    assert.deepEqual(count(await cluster.fetch(where, 3)), { real3: 3 });
    await weigh('real2', 3);
    assert.deepEqual(count(await cluster.fetch(where, 3)), { real2: 3 });
  });
});

describe('ovf', () => {
  test('goes on to the next server when the connections exceed the weight', async () => {
    await service(`-t ${web}`, '-s ovf', { real1: 1, real2: 2 });
    assert.deepEqual(await holdMany(5), ['real2', 'real2', 'real2', 'real1', 'real1']);
    await assert.rejects(hold(), /ECONNREFUSED/);
  });
});

describe('sh', () => {
  test('keeps each client at one server, neighbours at different ones', async () => {
    await service(`-t ${web}`, '-s sh', { real1: 1, real2: 1 });
    const answered: string[] = [];
    for (const from of clientAddresses.slice(0, 6)) {
      const [first = '', ...more] = await cluster.fetch({ ...where, from }, 3);
      assert.deepEqual(more, [first, first], `${from} has one server`);
      answered.push(first);
    }
    // The table of 256 places is filled in turns, and the hash of an address keeps odd and even apart.
    const [even = '', odd = ''] = answered;
    assert.notEqual(even, odd);
    assert.deepEqual(answered, [even, odd, even, odd, even, odd]);
  });

  test('gives the clients of a server of weight 0 nobody else', async () => {
    await service(`-t ${web}`, '-s sh', { real1: 1, real2: 1 });
    const [server = ''] = await cluster.fetch(where);
    await weigh(server as Server, 0);
    await assert.rejects(cluster.fetch(where), /ECONNREFUSED/);
  });

  test('with sh-fallback they get another one', async () => {
    await service(`-t ${web}`, '-s sh -b sh-fallback', { real1: 1, real2: 1 });
    const [server = ''] = await cluster.fetch(where);
    await weigh(server as Server, 0);
    const others = await cluster.fetch(where, 2);
    assert.deepEqual(
      others.map((other) => other === server),
      [false, false],
    );
  });

  test('with sh-port each port of a client counts', async () => {
    await service(`-t ${web}`, '-s sh -b sh-port', { real1: 1, real2: 1 });
    const answered: string[] = [];
    for (const fromPort of [20_000, 20_001, 20_002, 20_003]) {
      answered.push(...(await cluster.fetch({ ...where, fromPort })));
    }
    const [even = '', odd = ''] = answered;
    assert.notEqual(even, odd);
    assert.deepEqual(answered, [even, odd, even, odd]);
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
    await service(`-t ${web}`, '-s mh', equal);
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
    await service(`-t ${web}`, '-s mh', { real1: 1, real2: 1 });
    const [server = ''] = await cluster.fetch(where);
    await weigh(server as Server, 0);
    const refusedOrMoved = await cluster.fetch(where).catch((error: unknown) => [String(error)]);
    assert.notDeepEqual(refusedOrMoved, [server]);
    await service(`-t ${web}`, '-s mh -b mh-fallback', { real1: 1, real2: 1 });
    const [again = ''] = await cluster.fetch(where);
    await weigh(again as Server, 0);
    assert.notEqual((await cluster.fetch(where))[0], again);
  });

  test('with mh-port the ports of one client are spread', async () => {
    await service(`-t ${web}`, '-s mh', { real1: 1, real2: 1 });
    const ports = Array.from({ length: 8 }, (_, index) => 21_000 + index);
    const answered = async (): Promise<string[]> => {
      const names: string[] = [];
      for (const fromPort of ports) names.push(...(await cluster.fetch({ ...where, fromPort })));
      return names;
    };
    assert.equal(new Set(await answered()).size, 1);
    await service(`-t ${web}`, '-s mh -b mh-port', { real1: 1, real2: 1 });
    for (const index of ports.keys()) ports[index] = 22_000 + index;
    assert.equal(new Set(await answered()).size, 2);
  });
});

describe('dh', () => {
  test('keeps each destination at one server, whoever asks', async () => {
    await service('-f 1', '-s dh', { real1: 1, real2: 1 });
    const answered: string[] = [];
    for (const address of destinations.slice(0, 4)) {
      const names: string[] = [];
      for (const from of clientAddresses.slice(0, 3)) {
        names.push(...(await cluster.fetch({ address, port: 80, from })));
      }
      assert.equal(new Set(names).size, 1, `${address} has one server`);
      answered.push(names[0] ?? '');
    }
    const [even = '', odd = ''] = answered;
    assert.notEqual(even, odd);
    assert.deepEqual(answered, [even, odd, even, odd]);
  });
});

describe('lblc', () => {
  const [first = '', second = ''] = destinations;

  test('keeps a destination at its server until that is overloaded and another one is not half loaded', async () => {
    await service('-f 1', '-s lblc', { real1: 2, real2: 2 });
    const [home = ''] = await holdMany(1, undefined, first);
    // The other destination goes where there are fewer connections; the first one stays, although it now has more.
    assert.notEqual(await hold(undefined, second), home);
    await held.pop()?.reset();
    await settled(
      async () => parseServers(await cluster.ipvsadm('-Ln')),
      (servers) => servers.every(({ name, active }) => nameOf(name) === home || active === 0),
    );
    assert.deepEqual(await holdMany(2, undefined, first), [home, home]);
    // Three are more than the weight 2, and the other server has less than half of its weight.
    assert.notEqual(await hold(undefined, first), home);
  });
});

describe('lblcr', () => {
  const [first = ''] = destinations;

  test('adds a server to those of a destination when they are overloaded, and then uses all of them', async () => {
    await service('-f 1', '-s lblcr', { real1: 2, real2: 2, real3: 2 });
    const [home = ''] = await holdMany(1, undefined, first);
    assert.deepEqual(await holdMany(2, undefined, first), [home, home]);
    const added = await hold(undefined, first);
    assert.notEqual(added, home);
    // The set has two members now, and takes the one with fewer connections: the third server is not needed.
    assert.deepEqual(await holdMany(2, undefined, first), [added, added]);
  });
});

describe('thresholds', () => {
  const dns = `${vip.inet}:53`;

  test('a full server gets nothing new, and something again below the lower threshold', async () => {
    // Connections of UDP end one second after their last datagram.
    await cluster.ipvsadm('--set 0 0 1');
    await service(`-u ${dns}`, '-s rr', { real1: 1 }, ' -x 3 -y 2');
    const at = { address: vip.inet, port: 53 };
    for (let number = 0; number < 3; number += 1) assert.deepEqual(await cluster.send(at), ['real1']);
    assert.match(await cluster.ipvsadm('-Ln --thresholds'), /-> 10\.0\.0\.21:53 +3 +2 +\d+ +\d+ *$/m);
    await assert.rejects(cluster.send(at), /ABORT_ERR|ECONNREFUSED/);
    await settled(
      async () => parseServers(await cluster.ipvsadm('-Ln')),
      ([server]) => server?.active === 0 && server.inactive === 0,
    );
    assert.deepEqual(await cluster.send(at), ['real1']);
    await cluster.ipvsadm('--set 0 0 300');
  });

  test('a full server is passed over while another one is there', async () => {
    await service(`-t ${web}`, '-s rr', { real1: 1 }, ' -x 2');
    await cluster.ipvsadm(`-a -t ${web} -r ${realServers.real2.back.inet}:80 -m`);
    const answered = await holdMany(6);
    assert.deepEqual(count(answered), { real1: 2, real2: 4 });
  });
});
