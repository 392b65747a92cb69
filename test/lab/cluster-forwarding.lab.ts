import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { agreedTraffic, clientCounters, listedConnections, trafficOnce } from '../cluster/accounts.js';
import { Cluster } from '../cluster/cluster.js';
import { parseServers, parseTraffic } from '../cluster/listings.js';
import { gateways, realServers, standardTopology, vip, type Family } from '../cluster/standard.js';
import { director } from '../cluster/topology.js';

// NAT and direct routing with real packets, both families, and what direct routing looks like where the real servers answer ARP.
const servers = ['real1', 'real2'] as const;
const families: readonly Family[] = ['inet', 'inet6'];

const cluster = await Cluster.build(standardTopology, ['client', ...servers]);
after(() => {
  cluster.close();
});

/** An address and port as listings have them. */
function at(address: string, port: number): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

/** The four settings that keep a real server from telling others that it has the VIP. */
const quietArp = ['lo', 'all']
  .flatMap((device) => [`net/ipv4/conf/${device}/arp_ignore=1`, `net/ipv4/conf/${device}/arp_announce=2`])
  .map((setting) => `echo ${setting.replace(/.*=/, '')} >/proc/sys/${setting.replace(/=.*/, '')}`)
  .join('\n');
const loudArp = quietArp.replaceAll(/echo \d/g, 'echo 0');

await Promise.all(
  servers.map(async (name) => {
    // The VIP is there for direct routing; for NAT nobody looks at it.
    await cluster.run(
      name,
      `${quietArp}\nip address add ${vip.inet}/32 dev lo\nip address add ${vip.inet6}/128 dev lo`,
    );
    const { back } = realServers[name];
    await cluster.ask(name, 'serve', {
      name,
      http: [80, 8080],
      udp: families.flatMap((family) => [
        { address: back[family], port: 5353 },
        { address: vip[family], port: 53 },
      ]),
    });
  }),
);

beforeEach(async () => {
  await cluster.ipvsadm('-C');
});

async function setGateway(gateway: keyof typeof gateways): Promise<void> {
  const script = families
    .map((family) => `ip ${family === 'inet' ? '-4' : '-6'} route replace default via ${gateways[gateway][family]}`)
    .join('\n');
  for (const name of servers) await cluster.run(name, script);
}

interface Method {
  readonly title: string;
  readonly option: '-m' | '-g';
  readonly listed: string;
  readonly gateway: keyof typeof gateways;
  readonly segment: 'back' | 'lan';
  /** The ports of the real servers. */
  readonly http: number;
  readonly udp: number;
  /** The address that a real server is asked at. */
  readonly askedAt: (name: (typeof servers)[number], family: Family) => string;
  /** Whether answers return through the director. */
  readonly returns: boolean;
}

const methods: readonly Method[] = [
  {
    title: 'NAT',
    option: '-m',
    listed: 'Masq',
    gateway: 'director',
    segment: 'back',
    http: 8080,
    udp: 5353,
    askedAt: (name, family) => realServers[name].back[family],
    returns: true,
  },
  {
    title: 'direct routing',
    option: '-g',
    listed: 'Route',
    gateway: 'router',
    segment: 'lan',
    http: 80,
    udp: 53,
    askedAt: (_, family) => vip[family],
    returns: false,
  },
];

for (const method of methods) {
  describe(method.title, () => {
    before(async () => {
      await setGateway(method.gateway);
    });

    for (const family of families) {
      const where = { address: vip[family], port: 80 };
      const addresses = servers.map((name) => realServers[name][method.segment][family]);

      test(`HTTP over ${family}: every listing tells what the client saw`, async () => {
        const service = at(vip[family], 80);
        await cluster.ipvsadm(
          `-A -t ${service} -s rr`,
          ...addresses.map((address) => `-a -t ${service} -r ${at(address, method.http)} ${method.option}`),
        );
        const start = await clientCounters(cluster);
        const replies = await cluster.fetchReplies(where, 6);
        assert.deepEqual(replies.map(({ server }) => server).sort(), [
          'real1',
          'real1',
          'real1',
          'real2',
          'real2',
          'real2',
        ]);
        for (const { server, asked } of replies) {
          assert.equal(asked, at(method.askedAt(server as 'real1' | 'real2', family), method.http));
        }

        const { sent, traffic } = await agreedTraffic(cluster, start);
        const [total, ...parts] = traffic;
        assert.equal(total?.name, `TCP ${service}`);
        assert.deepEqual(
          [total.connections, total.incomingPackets, total.outgoingPackets],
          [6, sent.sentSegments, method.returns ? sent.receivedSegments : 0],
        );
        if (family === 'inet') {
          assert.equal(total.incomingBytes, sent.sentBytes);
          assert.equal(total.outgoingBytes, method.returns ? sent.receivedBytes : 0);
        }
        assert.deepEqual(
          parts.map(({ name, connections }) => `${name} ${connections}`),
          addresses.map((address) => `${at(address, method.http)} 3`),
        );
        for (const counter of ['incomingPackets', 'outgoingPackets', 'incomingBytes', 'outgoingBytes'] as const) {
          assert.equal(
            parts.reduce((sum, part) => sum + part[counter], 0),
            total[counter],
            `${counter} of the servers add up to those of the service`,
          );
        }
        assert.deepEqual(
          // Connections outlive the services of the tests before.
          (await listedConnections(cluster)).filter((line) =>
            addresses.some((address) => line.includes(at(address, method.http)) && line.includes(`-> ${service} ->`)),
          ),
          replies
            .map(({ client, server }) => {
              const address = realServers[server as 'real1' | 'real2'][method.segment][family];
              return `TCP ${client} -> ${service} -> ${at(address, method.http)}`;
            })
            .sort(),
        );
        assert.deepEqual(
          parseServers(await cluster.ipvsadm('-Ln')).map(({ name, forwarding, active, inactive }) => ({
            name,
            forwarding,
            connections: active + inactive,
          })),
          addresses.map((address) => ({ name: at(address, method.http), forwarding: method.listed, connections: 3 })),
        );
      });

      test(`UDP over ${family}: datagrams of one socket stay together, and are counted one by one`, async () => {
        const service = at(vip[family], 53);
        await cluster.ipvsadm(
          `-A -u ${service} -s rr`,
          ...addresses.map((address) => `-a -u ${service} -r ${at(address, method.udp)} ${method.option}`),
        );
        const from = { address: vip[family], port: 53 };
        const answers = [await cluster.send(from, ['1', '2', '3']), await cluster.send(from, ['4', '5', '6'])];
        assert.deepEqual(answers.map((names) => [...new Set(names)].join()).sort(), ['real1', 'real2']);
        const traffic = await trafficOnce(cluster, ([first]) => first?.incomingPackets === 6);
        assert.deepEqual(
          traffic.map(({ name, connections, incomingPackets, outgoingPackets }) => ({
            name,
            connections,
            incomingPackets,
            outgoingPackets,
          })),
          [`UDP ${service}`, ...addresses.map((address) => at(address, method.udp))].map((name, index) => ({
            name,
            connections: index === 0 ? 2 : 1,
            incomingPackets: index === 0 ? 6 : 3,
            outgoingPackets: method.returns ? (index === 0 ? 6 : 3) : 0,
          })),
        );
      });
    }
  });
}

describe('direct routing to real servers that answer ARP', () => {
  const service = at(vip.inet, 80);
  const where = { address: vip.inet, port: 80 };

  /** Whose hardware address the router has for the VIP. */
  async function ownerOfVip(): Promise<string> {
    const neighbours = await cluster.run('router', `ip neighbour show to ${vip.inet} dev lan`);
    const hardware = /lladdr (\S+)/.exec(neighbours)?.[1] ?? 'nobody';
    for (const name of [director, ...servers]) {
      if ((await cluster.run(name, 'cat /sys/class/net/lan/address')).trim() === hardware) return name;
    }
    return hardware;
  }

  /** @param locktime hundredths of a second for which the router doesn't believe news of a neighbour. */
  async function start(arp: string, locktime: number): Promise<void> {
    for (const name of servers)
      await cluster.run(name, `${arp}\nip neighbour flush to ${gateways.router.inet} dev lan`);
    await cluster.run(
      'router',
      `echo ${locktime} >/proc/sys/net/ipv4/neigh/lan/locktime\nip neighbour flush to ${vip.inet} dev lan`,
    );
  }

  before(async () => {
    await setGateway('router');
    // Who answers first is chance, so chance gets some help: a director that has other things to do.
    await cluster.run(director, 'modprobe sch_netem && tc qdisc add dev lan root netem delay 200ms');
  });
  after(() => cluster.run(director, 'tc qdisc del dev lan root'));
  beforeEach(async () => {
    await cluster.ipvsadm(
      `-A -t ${service} -s rr`,
      ...servers.map((name) => `-a -t ${service} -r ${at(realServers[name].lan.inet, 80)} -g`),
    );
  });

  test('without arp_ignore one real server gets everything, and the director sees nothing', async () => {
    await start(loudArp, 60_000);
    const answered = await cluster.fetch(where, 4);
    const owner = await ownerOfVip();
    assert.ok(
      servers.some((name) => name === owner),
      `the router takes ${owner} for the VIP`,
    );
    assert.deepEqual([...new Set(answered)], [owner]);
    const listing = parseTraffic(await cluster.ipvsadm('-Ln --stats --exact'));
    assert.deepEqual(
      listing.map(({ connections }) => connections),
      [0, 0, 0],
    );
  });

  test('with arp_ignore but without arp_announce a real server that looks for its router steals the VIP', async () => {
    await start(`${loudArp}\n${quietArp.replaceAll(/^.*arp_announce$/gm, '')}`, 0);
    await cluster.fetch(where);
    const owner = await ownerOfVip();
    assert.ok(
      servers.some((name) => name === owner),
      `the router takes ${owner} for the VIP`,
    );
  });

  test('with all four settings the director gets every connection', async () => {
    await start(quietArp, 0);
    assert.deepEqual((await cluster.fetch(where, 4)).sort(), ['real1', 'real1', 'real2', 'real2']);
    assert.equal(await ownerOfVip(), director);
    const [total] = await trafficOnce(cluster, ([first]) => first?.connections === 4);
    assert.equal(total?.connections, 4);
  });
});
