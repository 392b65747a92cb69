import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { directorChecks } from '../../../../src/doctor/checks.js';
import type { DirectorFacts, Listener, OrphanGroup } from '../../../../src/doctor/facts.js';
import type { SyncDaemon } from '../../../../src/model/state.js';
import {
  by,
  director,
  entry,
  link,
  local,
  loopback,
  packets,
  problems,
  server,
  sysctls,
  web,
} from '../../support/doctor-facts.js';

const here = (...others: readonly [string, ReturnType<typeof by>][]): DirectorFacts['routes'] =>
  new Map([
    ['192.0.2.10', local],
    ['10.0.1.2', by('eth1')],
    ['10.0.1.3', by('eth1')],
    ['192.0.2.21', by('eth0')],
    ...others,
  ]);
const routes = here();
const direct = (address: string, settings = {}) => server(address, { forwarding: 'direct-routing', ...settings });
const master: SyncDaemon = { role: 'master', syncId: 0, interface: 'eth1', maxLength: 0, port: 0, ttl: 0 };
const mark = { family: 'inet', fwmark: 7 } as const;
const vip6 = { family: 'inet6', protocol: 'tcp', address: '2001:db8::10', port: 80 } as const;
const listening = (settings: Partial<Listener>): Listener => ({
  protocol: 'tcp',
  family: 'inet',
  address: '0.0.0.0',
  port: 80,
  ...settings,
});

const balanced = [server('10.0.1.2'), server('10.0.1.3'), server('10.0.1.4', { weight: 0 })];
const behindNat = here(['10.0.1.4', by('eth1')]);
const orphanOf = (
  address: string,
  connections: number,
  settings: Partial<OrphanGroup['service']> = {},
): OrphanGroup => ({
  service: { family: 'inet', protocol: 'tcp', address: '192.0.2.10', port: 80, ...settings },
  server: { family: 'inet', address, port: 80 },
  connections,
});
const forgetting = sysctls({ 'net/ipv4/vs/expire_nodest_conn': 0 });

/** Facts, and every problem in short: check, severity, subject, what was found, commands. */
type Case = readonly [title: string, facts: Partial<DirectorFacts>, expected: readonly string[][]];

const cases: readonly Case[] = [
  ['an empty table is well', {}, []],
  [
    'two servers behind NAT are well',
    {
      routes,
      services: [entry(web, [server('10.0.1.2'), server('10.0.1.3')])],
      sysctls: sysctls({ 'net/ipv4/ip_forward': 1, 'net/ipv4/conf/eth1/forwarding': 1 }),
    },
    [],
  ],
  ['no IPVS', { hasIpvs: false }, [['ipvs', 'error', 'this host', 'the kernel has no IPVS', 'modprobe ip_vs']]],
  [
    'the settings of a service that lost its scheduler are kept',
    {
      routes,
      services: [
        entry(web, [server('10.0.1.2')], {
          scheduler: 'none',
          persistenceTimeout: 60,
          persistenceNetmask: '255.255.255.0',
        }),
      ],
    },
    [
      [
        'scheduler',
        'error',
        'TCP 192.0.2.10:80',
        'has no scheduler',
        'ipvsadm -E -t 192.0.2.10:80 -s wlc -p 60 -M 255.255.255.0',
      ],
    ],
  ],
  [
    'no server; brackets are quoted for the shell',
    { routes: new Map([['2001:db8::10', local]]), services: [entry(vip6, [])] },
    [['service-servers', 'error', 'TCP [2001:db8::10]:80', 'has no real server', "ipvsadm -D -t '[2001:db8::10]:80'"]],
  ],
  [
    'one server of weight 0 keeps its settings',
    { routes, services: [entry(web, [server('10.0.1.2', { weight: 0, upperThreshold: 9, port: 8080 })])] },
    [
      [
        'service-weights',
        'error',
        'TCP 192.0.2.10:80',
        'its only real server has weight 0',
        'ipvsadm -e -t 192.0.2.10:80 -r 10.0.1.2:8080 -m -w 1 -x 9',
      ],
    ],
  ],
  [
    'one server of two at weight 0 is nothing special',
    { routes, services: [entry(web, [server('10.0.1.2', { weight: 0 }), server('10.0.1.3')])] },
    [],
  ],
  [
    'active and inactive connections count for the threshold, servers of weight 0 do not',
    {
      routes,
      services: [
        entry(web, [
          server('10.0.1.2', { upperThreshold: 5, activeConnections: 3, inactiveConnections: 2 }),
          server('10.0.1.3', { weight: 0 }),
        ]),
      ],
    },
    [
      [
        'service-thresholds',
        'error',
        'TCP 192.0.2.10:80',
        'every server that has a weight is at its upper threshold (10.0.1.2:80: 5 of 5)',
        'ipvsadm -e -t 192.0.2.10:80 -r 10.0.1.2:80 -m -w 1 -x 10',
      ],
    ],
  ],
  [
    'a server below its threshold, or without one, is enough',
    {
      routes,
      services: [
        entry(web, [
          server('10.0.1.2', { upperThreshold: 5, activeConnections: 5 }),
          server('10.0.1.3', { upperThreshold: 5, activeConnections: 4 }),
        ]),
        entry({ ...web, port: 81 }, [
          server('10.0.1.2', { upperThreshold: 5, activeConnections: 5 }),
          server('10.0.1.3'),
        ]),
      ],
    },
    [],
  ],
  [
    'lc ignores weights; weight 0 is no difference',
    {
      routes,
      services: [
        entry(web, [server('10.0.1.2'), server('10.0.1.3', { weight: 3 })], { scheduler: 'lc' }),
        entry({ ...web, port: 81 }, [server('10.0.1.2'), server('10.0.1.3', { weight: 0 })], { scheduler: 'rr' }),
      ],
    },
    [
      [
        'scheduler-weights',
        'warning',
        'TCP 192.0.2.10:80',
        'its servers have different weights (1, 3), and lc ignores them',
        'ipvsadm -E -t 192.0.2.10:80 -s wlc',
      ],
    ],
  ],
  [
    'a port that direct routing does not translate',
    { routes, services: [entry(web, [direct('192.0.2.21', { port: 8080 })])] },
    [
      [
        'server-port',
        'warning',
        '192.0.2.21:8080 of TCP 192.0.2.10:80',
        'has port 8080, the service has 80',
        'ipvsadm -d -t 192.0.2.10:80 -r 192.0.2.21:8080',
        'ipvsadm -a -t 192.0.2.10:80 -r 192.0.2.21:80 -g -w 1',
      ],
    ],
  ],
  [
    'services for a port and for all ports; FTP takes more than one',
    {
      routes,
      services: [
        entry({ ...web, port: 0 }, [direct('192.0.2.21', { port: 0 })], { persistenceTimeout: 60 }),
        entry({ ...web, port: 21 }, [direct('192.0.2.21', { port: 21 })]),
        entry(web, [direct('192.0.2.21')]),
        entry({ ...web, protocol: 'udp' }, [direct('192.0.2.21')], { onePacket: true }),
      ],
    },
    [
      [
        'service-overlap',
        'warning',
        'TCP 192.0.2.10:0',
        'does not get port 21, port 20 and the ports from 1024 on: TCP 192.0.2.10:21 takes them',
        'ipvsadm -D -t 192.0.2.10:0',
      ],
      [
        'service-overlap',
        'warning',
        'TCP 192.0.2.10:0',
        'does not get port 80: TCP 192.0.2.10:80 takes it',
        'ipvsadm -D -t 192.0.2.10:0',
      ],
    ],
  ],
  [
    'a mark that takes what a service with the same servers waits for',
    {
      routes,
      services: [
        entry(mark, [direct('192.0.2.21', { port: 0 })], { statistics: packets(3n) }),
        entry(web, [direct('192.0.2.21')]),
      ],
    },
    [
      [
        'service-overlap',
        'warning',
        'TCP 192.0.2.10:80',
        'has got no packet, and FWM 7 takes marked ones to the same servers',
        'ipvsadm -D -t 192.0.2.10:80',
      ],
    ],
  ],
  [
    'a mark for other servers, or without packets, or beside a service that gets some',
    {
      routes,
      services: [
        entry(mark, [server('10.0.1.2')], { statistics: packets(3n) }),
        entry({ ...mark, fwmark: 8 }, [direct('192.0.2.21')]),
        entry(web, [direct('192.0.2.21')]),
        entry({ ...web, port: 81 }, [server('10.0.1.2')], { statistics: packets(1n) }),
      ],
    },
    [],
  ],
  [
    'persistence with a coarse mask gives one server everything',
    {
      routes,
      services: [
        entry(web, [server('10.0.1.2', { activeConnections: 19 }), server('10.0.1.3', { inactiveConnections: 1 })], {
          persistenceTimeout: 300,
          persistenceNetmask: '255.255.255.0',
        }),
      ],
    },
    [
      [
        'persistence-imbalance',
        'warning',
        'TCP 192.0.2.10:80',
        '10.0.1.2:80 has 19 of 20 connections, and clients stay at their server for 300 s',
        'ipvsadm -E -t 192.0.2.10:80 -s wlc -p 300',
      ],
    ],
  ],
  [
    'an imbalance that few connections, the weights or a scheduler make',
    {
      routes,
      services: [
        entry(web, [server('10.0.1.2', { activeConnections: 9 }), server('10.0.1.3')], { persistenceTimeout: 300 }),
        entry({ ...web, port: 81 }, [server('10.0.1.2', { activeConnections: 99, weight: 9 }), server('10.0.1.3')], {
          persistenceTimeout: 300,
        }),
        entry({ ...web, port: 82 }, [server('10.0.1.2', { activeConnections: 99 }), server('10.0.1.3')]),
        entry(
          { ...web, port: 83 },
          [server('10.0.1.2', { activeConnections: 99 }), server('10.0.1.3', { weight: 0 })],
          { persistenceTimeout: 300 },
        ),
      ],
    },
    [],
  ],
  [
    'another host has the virtual address of IPv6',
    {
      interfaces: [
        loopback(),
        {
          ...link('eth0', ['2001:db8::10/64']),
          addresses: [{ family: 'inet6', address: '2001:db8::10', prefixLength: 64, duplicate: true }],
        },
      ],
      routes: new Map([
        ['2001:db8::10', { kind: 'none', reason: 'x' }],
        ['10.0.1.2', by('eth1')],
      ]),
      services: [entry(vip6, [server('2001:db8::20', { forwarding: 'tunneling' })])],
    },
    [['vip-here', 'error', '2001:db8::10', 'is on eth0, but another host has it too']],
  ],
  [
    'a virtual address by a local route is here',
    {
      interfaces: [loopback(), link('eth0', ['192.0.2.1/24'])],
      routes,
      services: [entry(web, [direct('192.0.2.21')])],
    },
    [],
  ],
  [
    'a missing virtual address goes where the default route is',
    {
      interfaces: [loopback(), link('eth9')],
      defaultRoutes: { inet: by('eth9') },
      routes: new Map([
        ['192.0.2.10', by('eth9')],
        ['192.0.2.21', by('eth9')],
      ]),
      services: [entry(web, [direct('192.0.2.21')])],
    },
    [['vip-here', 'error', '192.0.2.10', 'is not an address of this host', 'ip address add 192.0.2.10/32 dev eth9']],
  ],
  [
    'an interface that answers for others is enough',
    {
      interfaces: [loopback(['192.0.2.10/32']), link('eth0'), link('eth1')],
      routes,
      sysctls: sysctls({ 'net/ipv4/conf/eth0/arp_ignore': 1, 'net/ipv4/conf/eth1/arp_ignore': 0 }),
      services: [entry(web, [direct('192.0.2.21')])],
    },
    [],
  ],
  [
    'a server that is reached by an interface without carrier',
    {
      interfaces: [loopback(), link('eth0', ['192.0.2.10/32']), link('eth1', [], { carrier: false })],
      routes,
      services: [entry(web, [server('10.0.1.2')])],
    },
    [['server-route', 'error', '10.0.1.2:80 of TCP 192.0.2.10:80', 'is reached by eth1, which has no carrier']],
  ],
  [
    'send_redirects of all counts for every interface, and only where clients are',
    {
      routes: here(['192.0.2.30', by('eth0')]),
      sysctls: sysctls({
        'net/ipv4/conf/all/send_redirects': 1,
        'net/ipv4/conf/eth0/send_redirects': 0,
        'net/ipv4/conf/eth1/send_redirects': 1,
      }),
      services: [entry(web, [server('192.0.2.30'), server('10.0.1.2')])],
    },
    [
      [
        'send-redirects',
        'warning',
        'eth0',
        'leads to clients and to servers behind NAT, and send_redirects is on',
        'sysctl -w net.ipv4.conf.all.send_redirects=0 net.ipv4.conf.eth0.send_redirects=0',
      ],
    ],
  ],
  [
    'a dot in the name of an interface is a slash to sysctl',
    {
      interfaces: [loopback(), link('eth0', ['192.0.2.10/32']), link('eth1.5', ['10.0.1.1/24'])],
      routes: new Map([
        ['192.0.2.10', local],
        ['10.0.1.2', by('eth1.5')],
      ]),
      sysctls: sysctls({ 'net/ipv4/ip_forward': 1, 'net/ipv4/conf/eth1.5/forwarding': 0 }),
      services: [entry(web, [server('10.0.1.2')])],
    },
    [['forwarding', 'error', 'eth1.5', 'does not forward', 'sysctl -w net.ipv4.conf.eth1/5.forwarding=1']],
  ],
  [
    'neither direct routing nor tunnels need forwarding',
    { routes, sysctls: sysctls({ 'net/ipv4/ip_forward': 0 }), services: [entry(web, [direct('192.0.2.21')])] },
    [],
  ],
  [
    'a loose filter wins over a strict one of all',
    {
      routes,
      defaultRoutes: { inet: by('eth1', '10.0.1.254') },
      sysctls: sysctls({ 'net/ipv4/conf/all/rp_filter': 1, 'net/ipv4/conf/eth0/rp_filter': 2 }),
      services: [entry(web, [direct('192.0.2.21')])],
    },
    [],
  ],
  [
    'a strict filter of all counts for every interface',
    {
      routes,
      defaultRoutes: { inet: by('eth1', '10.0.1.254') },
      sysctls: sysctls({ 'net/ipv4/conf/all/rp_filter': 1, 'net/ipv4/conf/eth0/rp_filter': 0 }),
      services: [entry(web, [direct('192.0.2.21')])],
    },
    [
      [
        'rp-filter',
        'warning',
        'eth0',
        'has 192.0.2.10 and a strict rp_filter, and the default route leaves by eth1',
        'sysctl -w net.ipv4.conf.eth0.rp_filter=2',
      ],
    ],
  ],
  [
    'a dual-stack socket waits at a port of IPv4, too',
    {
      routes,
      listeners: [listening({ family: 'inet6', address: '::' })],
      services: [entry(web, [direct('192.0.2.21')])],
    },
    [['local-listener', 'warning', 'TCP 192.0.2.10:80', 'a program of this host listens at [::]:80']],
  ],
  [
    'sockets of another protocol, port or address wait for others',
    {
      routes,
      listeners: [listening({ protocol: 'udp' }), listening({ port: 22 }), listening({ address: '192.0.2.1' })],
      services: [
        entry(web, [direct('192.0.2.21')]),
        entry({ ...web, address: '192.0.2.10', port: 0 }, [direct('192.0.2.21', { port: 0 })]),
      ].slice(0, 1),
    },
    [],
  ],
  [
    'behind NAT this host listens at the port of the server',
    {
      routes: here(['127.0.0.1', local]),
      listeners: [listening({ port: 80 })],
      services: [entry(web, [server('127.0.0.1', { port: 8080 })])],
    },
    [
      [
        'local-node',
        'error',
        '127.0.0.1:8080 of TCP 192.0.2.10:80',
        'is this host, and nothing listens at port 8080',
        'ipvsadm -e -t 192.0.2.10:80 -r 127.0.0.1:8080 -m -w 0',
      ],
    ],
  ],
  [
    'connections are tracked, those of IPVS as well, or there is no NAT',
    {
      routes,
      sysctls: sysctls({ 'net/netfilter/nf_conntrack_count': 9, 'net/ipv4/vs/conntrack': 0 }),
      services: [entry(web, [direct('192.0.2.21')])],
    },
    [],
  ],
  [
    'before Linux 5.9 a port that is used again costs a second where connections are tracked',
    {
      routes,
      kernel: { major: 5, minor: 8 },
      sysctls: sysctls({ 'net/ipv4/vs/conntrack': 1, 'net/ipv4/vs/conn_reuse_mode': 1 }),
      services: [entry(web, [direct('192.0.2.21')])],
    },
    [
      [
        'conn-reuse',
        'warning',
        'this host',
        'net.ipv4.vs.conn_reuse_mode is 1 with conntrack, on Linux 5.8',
        'sysctl -w net.ipv4.vs.conn_reuse_mode=0',
      ],
    ],
  ],
  [
    'there the setting of Kubernetes is right',
    {
      routes,
      kernel: { major: 4, minor: 19 },
      sysctls: sysctls({ 'net/ipv4/vs/conntrack': 1, 'net/ipv4/vs/conn_reuse_mode': 0 }),
      services: [entry(web, [direct('192.0.2.21')])],
    },
    [],
  ],
  [
    'every packet on its own is no connection to forget',
    {
      routes,
      sysctls: sysctls({ 'net/ipv4/vs/expire_nodest_conn': 0 }),
      services: [entry({ ...web, protocol: 'udp' }, [direct('192.0.2.21')], { onePacket: true })],
    },
    [],
  ],
  ...['sh', 'mh'].map((scheduler): Case => [
    `${scheduler} refuses the clients of a server of weight 0`,
    { routes: behindNat, services: [entry(web, balanced, { scheduler, schedulerFlags: ['flag-2'] })] },
    [
      [
        'hash-fallback',
        'warning',
        'TCP 192.0.2.10:80',
        `10.0.1.4:80 has weight 0, and ${scheduler}-fallback is not set`,
        `ipvsadm -E -t 192.0.2.10:80 -s ${scheduler} -b ${scheduler}-fallback,${scheduler}-port`,
      ],
    ],
  ]),
  [
    'dh refuses them too, and has no fallback',
    {
      routes: behindNat,
      services: [entry(web, [...balanced, server('10.0.1.2', { port: 81, weight: 0 })], { scheduler: 'dh' })],
    },
    [
      [
        'hash-fallback',
        'warning',
        'TCP 192.0.2.10:80',
        '2 of 4 servers have weight 0 (10.0.1.4:80, ...), and dh has no fallback',
        'ipvsadm -d -t 192.0.2.10:80 -r 10.0.1.4:80',
        'ipvsadm -d -t 192.0.2.10:80 -r 10.0.1.2:81',
      ],
    ],
  ],
  [
    'with a fallback, with other schedulers and without a server of weight 0 nobody is refused',
    {
      routes: behindNat,
      services: [
        entry(web, balanced, { scheduler: 'sh', schedulerFlags: ['flag-1'] }),
        entry({ ...web, port: 81 }, balanced, { scheduler: 'mh', schedulerFlags: ['flag-1', 'flag-2'] }),
        entry({ ...web, port: 82 }, balanced, { scheduler: 'wlc' }),
        entry({ ...web, port: 83 }, balanced.slice(0, 2), { scheduler: 'sh' }),
      ],
    },
    [],
  ],
  [
    'of a hashed service without any weight only that is said',
    { routes: behindNat, services: [entry(web, balanced.slice(2), { scheduler: 'sh' })] },
    [
      [
        'service-weights',
        'error',
        'TCP 192.0.2.10:80',
        'its only real server has weight 0',
        'ipvsadm -e -t 192.0.2.10:80 -r 10.0.1.4:80 -m -w 1',
      ],
    ],
  ],
  [
    'connections with servers that are not in the table, the most numerous first',
    {
      sysctls: forgetting,
      orphans: { connections: 13, groups: [orphanOf('10.0.1.8', 9), orphanOf('10.0.1.9', 4, { protocol: 'udp' })] },
    },
    [
      [
        'connection-servers',
        'warning',
        'this host',
        '13 connections with a server that is not in the table: 9 to 10.0.1.8:80 of TCP 192.0.2.10:80, 4 to 10.0.1.9:80 of UDP 192.0.2.10:80',
        'sysctl -w net.ipv4.vs.expire_nodest_conn=1',
      ],
    ],
  ],
  [
    'of many such servers a few are named',
    {
      sysctls: forgetting,
      orphans: { connections: 7, groups: Array.from({ length: 7 }, (_, index) => orphanOf(`10.0.1.${index}`, 1)) },
    },
    [
      [
        'connection-servers',
        'warning',
        'this host',
        `7 connections with a server that is not in the table: ${[0, 1, 2, 3, 4]
          .map((index) => `1 to 10.0.1.${index}:80 of TCP 192.0.2.10:80`)
          .join(', ')}, ...`,
        'sysctl -w net.ipv4.vs.expire_nodest_conn=1',
      ],
    ],
  ],
  [
    'they end at their next packet where the kernel is set so',
    {
      sysctls: sysctls({ 'net/ipv4/vs/expire_nodest_conn': 1 }),
      orphans: { connections: 9, groups: [orphanOf('10.0.1.8', 9)] },
    },
    [],
  ],
  [
    'without estimation nothing is counted, and the counters prove nothing',
    {
      routes,
      sysctls: sysctls({ 'net/ipv4/vs/run_estimation': 0 }),
      services: [
        entry(mark, [direct('192.0.2.21')], { statistics: packets(1n) }),
        entry(web, [direct('192.0.2.21')], { statistics: packets(0n) }),
      ],
    },
    [
      [
        'estimation',
        'warning',
        'this host',
        'net.ipv4.vs.run_estimation is 0',
        'sysctl -w net.ipv4.vs.run_estimation=1',
      ],
    ],
  ],
  [
    'a sync daemon for IPv6 needs an address of IPv6',
    { syncDaemons: [{ ...master, group: 'ff02::51' }] },
    [['sync-interface', 'error', 'sync daemon (master)', 'its interface eth1 has no IPv6 address']],
  ],
  [
    'a backup that has received nothing',
    { syncDaemons: [{ ...master, role: 'backup', group: '224.0.0.9', port: 9000 }] },
    [
      [
        'sync-peer',
        'warning',
        'sync daemon (backup)',
        'has received no open connection from a master',
        'ipvsadm -L --daemon',
        "tcpdump -c1 -ni eth1 'udp and dst host 224.0.0.9 and dst port 9000'",
      ],
    ],
  ],
  [
    'a backup that has received connections, and a master, which receives none',
    { syncDaemons: [master, { ...master, role: 'backup' }], hasSyncedConnections: true },
    [],
  ],
  [
    'a name that a shell would obey is quoted',
    {
      syncDaemons: [{ ...master, interface: 'e;reboot' }],
      interfaces: [loopback(), link('e;reboot', [], { up: false })],
    },
    [
      [
        'sync-interface',
        'error',
        'sync daemon (master)',
        'its interface e;reboot is down',
        "ip link set 'e;reboot' up",
      ],
    ],
  ],
];

describe('checks on a director', () => {
  for (const [title, facts, expected] of cases) {
    test(title, () => {
      assert.deepEqual(problems(directorChecks, director(facts)), expected);
    });
  }

  test('names of checks are unique', () => {
    const ids = directorChecks.map(({ id }) => id);
    assert.equal(new Set(ids).size, ids.length);
  });

  test('the UDP timeout is named where UDP connections have a server that is gone, and only there', () => {
    const ways = (protocol: 'tcp' | 'udp'): string[] => {
      const orphans = { connections: 1, groups: [orphanOf('10.0.1.8', 1, { protocol })] };
      const facts = director({ sysctls: forgetting, orphans });
      const check = directorChecks.find(({ id }) => id === 'connection-servers');
      return check?.run(facts).flatMap(({ fixes }) => fixes.slice(1).map(({ how }) => how)) ?? [];
    };
    assert.deepEqual(ways('tcp'), []);
    assert.deepEqual(ways('udp'), [
      'let entries of UDP time out sooner (UDP: after 300 s), by `ipvsadm --set 0 0 SECONDS`',
    ]);
  });

  test('ten thousand services at ten thousand addresses, with marks for their servers, are no trouble', () => {
    const address = (index: number): string => `10.1.${index >> 8}.${index & 255}`;
    const each = Array.from({ length: 10_000 }, (_, index) => index);
    const many = director({
      interfaces: [
        loopback(),
        link('eth0', ['192.0.2.1/24', ...each.map((index) => `${address(index)}/32`)]),
        link('eth1'),
      ],
      routes: new Map(
        each.flatMap((index) => [
          [address(index), local] as const,
          [`10.2${address(index).slice(4)}`, by('eth1')] as const,
        ]),
      ),
      services: each.flatMap((index) => [
        entry({ ...web, address: address(index) }, [direct(`10.2${address(index).slice(4)}`)], {
          statistics: packets(1n),
        }),
        entry({ family: 'inet', fwmark: index + 1 }, [direct(`10.2${address(index).slice(4)}`)], {
          statistics: packets(1n),
        }),
      ]),
    });
    assert.deepEqual(problems(directorChecks, many), []);
  });

  test('ten thousand servers are no trouble', () => {
    const servers = Array.from({ length: 10_000 }, (_, index) => server(`10.1.${index >> 8}.${index & 255}`));
    const many = director({
      routes: new Map([['192.0.2.10', local], ...servers.map(({ address }) => [address, by('eth1')] as const)]),
      services: [entry(web, servers)],
    });
    assert.deepEqual(problems(directorChecks, many), []);
  });
});
