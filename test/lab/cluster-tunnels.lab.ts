import assert from 'node:assert/strict';
import { resolve } from 'node:path';
import { after, test } from 'node:test';
import { agreedTraffic, clientCounters } from '../cluster/accounts.js';
import { Cluster } from '../cluster/cluster.js';
import { parseServers } from '../cluster/listings.js';
import { vip, vipAddresses, type Family } from '../cluster/standard.js';
import { surroundings } from '../cluster/surroundings.js';
import { director, type Topology } from '../cluster/topology.js';

// Every kind of tunnel to real servers that are elsewhere, which unpack with their kernel's own devices and answer directly.
const servers = ['real1', 'real2'] as const;
const far = {
  real1: { inet: '203.0.113.21', inet6: '2001:db8:f::21' },
  real2: { inet: '203.0.113.22', inet6: '2001:db8:f::22' },
} as const;

/**
 *                              +------- director
 *                              | lan
 *   client ------- wan ------- router
 *                              | far
 *                              +------- real1, real2
 */
const topology: Topology = {
  client: {
    cables: [{ segment: 'wan', addresses: ['198.51.100.2/24', '2001:db8:a::2/64'] }],
    routes: ['default via 198.51.100.1', 'default via 2001:db8:a::1'],
  },
  router: {
    cables: [
      { segment: 'wan', addresses: ['198.51.100.1/24', '2001:db8:a::1/64'] },
      { segment: 'lan', addresses: ['192.0.2.1/24', '2001:db8:b::1/64'] },
      { segment: 'far', addresses: ['203.0.113.1/24', '2001:db8:f::1/64'] },
    ],
    forwards: true,
  },
  director: {
    cables: [
      {
        segment: 'lan',
        addresses: ['192.0.2.10/24', '2001:db8:b::10/64', ...vipAddresses],
      },
    ],
    routes: ['default via 192.0.2.1', 'default via 2001:db8:b::1'],
  },
  ...Object.fromEntries(
    servers.map((name) => [
      name,
      {
        cables: [{ segment: 'far', addresses: [`${far[name].inet}/24`, `${far[name].inet6}/64`] }],
        routes: ['default via 203.0.113.1', 'default via 2001:db8:f::1'],
      },
    ]),
  ),
};

const cluster = await Cluster.build(topology, ['client', ...servers]);
after(() => {
  cluster.close();
});
await cluster.run(director, 'modprobe -a ipip sit ip_gre ip6_gre ip6_tunnel fou fou6');
await cluster.serve(servers, { http: [80], udp: [] });

/** What a router between director and real servers can see: by the family of the tunnel and what is in it. */
type Kind = `${'ipip' | 'ipv6' | 'gre' | 'gue'} in ${'IPv4' | 'IPv6'}`;

/** Counts packets by kind where they come from the director, without doing anything to them. */
const matches = { ipip: 'protocol 4', ipv6: 'protocol 41', gre: 'protocol 47', gue: 'protocol 17' } as const;
const words = { IPv4: ['ip', 'ip'], IPv6: ['ipv6', 'ip6'] } as const;
const filters = Object.entries(words).flatMap(([family, [protocol, ip]]) =>
  Object.entries(matches).map(([kind, match]) => ({
    name: `${kind} in ${family}`,
    rule: `protocol ${protocol} u32 match ${ip} ${match} 0xff${kind === 'gue' ? ` match ${ip} dport 6080 0xffff` : ''}`,
  })),
);
await cluster.run(
  'router',
  [
    'tc qdisc add dev lan clsact',
    ...filters.map(({ rule }, index) => `tc filter add dev lan ingress pref ${index + 1} ${rule} action ok`),
  ].join('\n'),
);

const counted = new Map<string, number>();

/** Packets that the router has seen since the last question, without those of which there were none. */
async function seenByRouter(): Promise<Record<string, number>> {
  const listing = await cluster.run('router', 'tc -statistics filter show dev lan ingress');
  const seen: Record<string, number> = {};
  for (const [, pref, packets] of listing.matchAll(/ pref (\d+) (?:(?! pref )[^])*\sSent \d+ bytes (\d+) pkt/g)) {
    const name = filters[Number(pref) - 1]?.name ?? '';
    const more = Number(packets) - (counted.get(name) ?? 0);
    counted.set(name, Number(packets));
    if (more > 0) seen[name] = more;
  }
  return seen;
}

interface Tunnel {
  readonly options: string;
  /** What `-Ln --tun-info` shows. */
  readonly listed: string;
  /** What is to be seen on the way, by the families of service and tunnel. */
  readonly kind: Readonly<Record<`${Family} in ${Family}`, Kind>>;
}

const gre = {
  'inet in inet': 'gre in IPv4',
  'inet6 in inet': 'gre in IPv4',
  'inet in inet6': 'gre in IPv6',
  'inet6 in inet6': 'gre in IPv6',
} as const;
const gue = {
  'inet in inet': 'gue in IPv4',
  'inet6 in inet': 'gue in IPv4',
  'inet in inet6': 'gue in IPv6',
  'inet6 in inet6': 'gue in IPv6',
} as const;

const tunnels: readonly Tunnel[] = [
  {
    options: '',
    listed: 'ipip',
    kind: {
      'inet in inet': 'ipip in IPv4',
      'inet6 in inet': 'ipv6 in IPv4',
      'inet in inet6': 'ipip in IPv6',
      'inet6 in inet6': 'ipv6 in IPv6',
    },
  },
  { options: ' --tun-type gre', listed: 'gre:-c', kind: gre },
  { options: ' --tun-type gue --tun-port 6080', listed: 'gue:6080:-c', kind: gue },
  {
    options: ' --tun-type gue --tun-port 6080 --tun-csum',
    listed: 'gue:6080:+c',
    kind: gue,
  },
  {
    options: ' --tun-type gue --tun-port 6080 --tun-remcsum',
    listed: 'gue:6080:r+c',
    kind: gue,
  },
];

async function realServerScript(name: string, word: string, settings: Readonly<Record<string, string>>): Promise<void> {
  const env = { ...settings, FORWARDING: 'tun', STATE: `/run/state-${name}`, PATH: '/usr/sbin:/usr/bin:/sbin:/bin' };
  const result = await cluster.attempt(name, ['sh', resolve('examples/realserver.sh'), word], env);
  assert.deepEqual([result.status, result.stderr], [0, '']);
}

// Every way out of every tunnel at once, by the script: it adds to what it has done before, and `stop` takes all of it back.
const atFirst = await Promise.all(servers.map((name) => surroundings(cluster, name)));
for (const name of servers) {
  for (const TUNNEL of ['ipip', 'gre', 'gue']) {
    for (const TUNNEL_OVER of ['4', '6']) {
      await realServerScript(name, 'start', { TUNNEL, TUNNEL_OVER, VIP: `${vip.inet} ${vip.inet6}` });
    }
  }
}

function bracketed(address: string): string {
  return address.includes(':') ? `[${address}]` : address;
}

const families: readonly Family[] = ['inet', 'inet6'];
for (const { options, listed, kind } of tunnels) {
  // A checksum has nothing to do with the family of what is in the envelope.
  const combinations = families
    .flatMap((service) => families.map((over) => [service, over] as const))
    .filter(([service, over]) => service === over || !options.includes('csum'));
  for (const [service, over] of combinations) {
    test(`${service} service, tunnel over ${over}, ${listed}: answers go straight to the client`, async () => {
      const name = `${bracketed(vip[service])}:80`;
      await cluster.ipvsadm(
        '-C',
        `-A -t ${name} -s rr`,
        ...servers.map((server) => `-a -t ${name} -r ${bracketed(far[server][over])}:80 -i${options}`),
      );
      await seenByRouter();
      const start = await clientCounters(cluster);
      const replies = await cluster.fetchReplies({ address: vip[service], port: 80 }, 4);
      assert.deepEqual(replies.map(({ server }) => server).sort(), ['real1', 'real1', 'real2', 'real2']);
      for (const { asked } of replies) assert.equal(asked, name);
      const { sent, traffic } = await agreedTraffic(cluster, start);
      const { sentSegments } = sent;
      const [total, ...parts] = traffic;
      assert.deepEqual(
        [total?.connections, total?.incomingPackets, total?.outgoingPackets, ...parts.map((part) => part.connections)],
        [4, sentSegments, 0, 2, 2],
      );
      assert.deepEqual(await seenByRouter(), { [kind[`${service} in ${over}`]]: sentSegments });
      assert.deepEqual(
        parseServers(await cluster.ipvsadm('-Ln')).map(({ forwarding }) => forwarding),
        ['Tunnel', 'Tunnel'],
      );
      assert.deepEqual(
        [...(await cluster.ipvsadm('-Ln --tun-info')).matchAll(/-> \S+ +Tunnel +(\S+)/g)].map(([, info]) => info),
        [listed, listed],
      );
    });
  }
}

test('the script of a real server takes all of it back', async () => {
  for (const name of servers) await realServerScript(name, 'stop', {});
  assert.deepEqual(await Promise.all(servers.map((name) => surroundings(cluster, name))), atFirst);
});
