import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { realServerChecks } from '../../../../src/doctor/checks.js';
import type { RealServerFacts } from '../../../../src/doctor/facts.js';
import { guessForwarding } from '../../../../src/doctor/guess.js';
import { by, link, loopback, problems, realServer, sysctls } from '../../support/doctor-facts.js';

const tunnel = (settings = {}, addresses: readonly string[] = []) =>
  link('tunl0', addresses, { kind: 'ipip', arp: false, multicast: false, ...settings });
const outward = link('eth0', ['192.0.2.21/24']);

/** Facts, and every problem in short: check, severity, subject, what was found, commands. */
const cases: readonly (readonly [title: string, facts: Partial<RealServerFacts>, expected: readonly string[][]])[] = [
  ['one that has everything', {}, []],
  [
    'the address on a card and on lo: the card loses it',
    { interfaces: [loopback(['192.0.2.10/32']), link('eth0', ['192.0.2.21/24', '192.0.2.10/24'])] },
    [['real-vip', 'error', '192.0.2.10', 'is on eth0, which answers for it', 'ip address del 192.0.2.10/24 dev eth0']],
  ],
  ['a route of type local stands for an address', { interfaces: [loopback(), outward] }, []],
  [
    'settings of lo alone do nothing',
    {
      sysctls: sysctls({
        'net/ipv4/conf/all/arp_ignore': 0,
        'net/ipv4/conf/lo/arp_ignore': 1,
        'net/ipv4/conf/eth0/arp_ignore': 0,
      }),
    },
    [
      [
        'real-arp-ignore',
        'error',
        'eth0',
        'arp_ignore is 0 for eth0 (all 0, lo 1, eth0 0; the larger of all and the interface counts)',
        'sysctl -w net.ipv4.conf.all.arp_ignore=1 net.ipv4.conf.lo.arp_ignore=1',
      ],
    ],
  ],
  [
    'the setting of the interface is enough',
    { sysctls: sysctls({ 'net/ipv4/conf/all/arp_announce': 0, 'net/ipv4/conf/eth0/arp_announce': 2 }) },
    [],
  ],
  [
    'no tunnel at all',
    { forwarding: 'tunneling' },
    [['real-tunnel', 'error', 'tunl0', 'there is no ipip tunnel interface', 'modprobe ipip', 'ip link set tunl0 up']],
  ],
  [
    'one tunnel that is up is enough',
    {
      forwarding: 'tunneling',
      interfaces: [loopback(['192.0.2.10/32']), outward, tunnel({ up: false }), tunnel({ name: 'lvs' })],
    },
    [],
  ],
  [
    'the filter goes off for the tunnel, and stays for the others',
    {
      forwarding: 'tunneling',
      interfaces: [loopback(['192.0.2.10/32']), outward, tunnel()],
      sysctls: sysctls({
        'net/ipv4/conf/all/rp_filter': 1,
        'net/ipv4/conf/lo/rp_filter': 0,
        'net/ipv4/conf/eth0/rp_filter': 2,
        'net/ipv4/conf/tunl0/rp_filter': 0,
      }),
    },
    [
      [
        'real-rp-filter',
        'error',
        'tunl0',
        'rp_filter is 1 for tunl0, which has no address',
        'sysctl -w net.ipv4.conf.lo.rp_filter=1 net.ipv4.conf.eth0.rp_filter=2 net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.tunl0.rp_filter=0',
      ],
    ],
  ],
  [
    'no default route behind NAT, and nobody said who the director is',
    { forwarding: 'masquerading', interfaces: [loopback(), outward], defaultRoutes: {} },
    [['real-gateway', 'error', 'default route', 'there is none']],
  ],
  [
    'behind NAT a program may listen at the own address, not at the loopback',
    {
      forwarding: 'masquerading',
      interfaces: [loopback(), outward],
      ports: [80, 81],
      listeners: [
        { protocol: 'tcp', family: 'inet', address: '192.0.2.21', port: 80 },
        { protocol: 'tcp', family: 'inet', address: '127.0.0.1', port: 81 },
      ],
    },
    [['real-listener', 'error', 'TCP port 81', 'nothing listens at port 81, only at 127.0.0.1:81']],
  ],
  [
    'a socket of another protocol does not count',
    { ports: [53], protocol: 'udp', listeners: [{ protocol: 'tcp', family: 'inet', address: '0.0.0.0', port: 53 }] },
    [['real-listener', 'error', 'UDP port 53', 'nothing listens at 192.0.2.10:53']],
  ],
  [
    'a director on the network of clients needs no loose filter',
    {
      director: '192.0.2.1',
      routes: new Map([
        ['192.0.2.10', { kind: 'local' }],
        ['192.0.2.1', by('eth0')],
      ]),
      sysctls: sysctls({ 'net/ipv4/conf/eth0/rp_filter': 1 }),
    },
    [],
  ],
];

describe('checks on a real server', () => {
  for (const [title, facts, expected] of cases) {
    test(title, () => {
      assert.deepEqual(problems(realServerChecks, realServer(facts)), expected);
    });
  }
});

describe('guessForwarding', () => {
  const guesses: readonly (readonly [title: string, interfaces: RealServerFacts['interfaces'], guess: string])[] = [
    ['nothing special', [loopback(), outward], 'direct-routing'],
    ['a tunnel that is up', [loopback(), tunnel()], 'tunneling'],
    ['the tunnel that the kernel makes by itself, down', [loopback(), tunnel({ up: false })], 'direct-routing'],
  ];
  for (const [title, interfaces, guess] of guesses) {
    test(title, () => {
      assert.equal(guessForwarding({ interfaces }), guess);
    });
  }
});
