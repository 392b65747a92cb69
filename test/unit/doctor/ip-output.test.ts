import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { IpOutputError, ipQueries, parseIpOutput } from '../../../src/doctor/ip-output.js';

// ip -json -details -force -batch -, iproute2 6.1.0, shortened to the members that differ.
const lo =
  '{"ifindex":1,"ifname":"lo","flags":["LOOPBACK","UP","LOWER_UP"],"link_type":"loopback","addr_info":[{"family":"inet","local":"127.0.0.1","prefixlen":8,"scope":"host"},{"family":"inet6","local":"::1","prefixlen":128}]}';
const eth0 =
  '{"ifname":"eth0","flags":["NO-CARRIER","BROADCAST","MULTICAST","UP"],"addr_info":[{"family":"inet6","local":"2001:DB8::0:1","prefixlen":64,"dadfailed":true,"tentative":true}]}';
const tunl0 = '{"ifname":"tunl0","link":null,"flags":["NOARP"],"linkinfo":{"info_kind":"ipip"},"addr_info":[]}';

describe('parseIpOutput', () => {
  test('asks for interfaces, default routes and addresses', () => {
    assert.equal(
      ipQueries(['192.0.2.1', '::1']),
      'address show\nroute show table all default\nroute get 192.0.2.1\nroute get ::1\n',
    );
  });

  test('reads interfaces with flags, kinds and addresses', () => {
    const { interfaces } = parseIpOutput([], `[${lo},${eth0},${tunl0}]\n[]\n`, '');
    assert.deepEqual(
      interfaces.map(({ name, up, carrier, loopback, arp, multicast, kind }) => ({
        name,
        up,
        carrier,
        loopback,
        arp,
        multicast,
        kind,
      })),
      [
        { name: 'lo', up: true, carrier: true, loopback: true, arp: false, multicast: false, kind: '' },
        { name: 'eth0', up: true, carrier: false, loopback: false, arp: true, multicast: true, kind: '' },
        { name: 'tunl0', up: false, carrier: true, loopback: false, arp: false, multicast: false, kind: 'ipip' },
      ],
    );
    assert.deepEqual(interfaces[1]?.addresses, [
      { family: 'inet6', address: '2001:db8::1', prefixLength: 64, duplicate: true },
    ]);
  });

  test('matches answers and refusals with the addresses', () => {
    const asked = ['10.0.0.1', '10.0.0.2', '10.0.0.3', '2001:db8::2', '10.0.0.5'];
    const stdout = [
      `[${lo}]`,
      '[]',
      '[{"type":"local","dst":"10.0.0.1","dev":"lo","flags":[]}]',
      '[{"type":"unicast","dst":"10.0.0.3","gateway":"10.0.0.254","dev":"eth1"}]',
      '[{"dst":"2001:db8::2","from":"::","dev":"eth2"}]',
      '[{"dst":"10.0.0.5","via":{"family":"inet6","host":"fe80::1"},"dev":"eth3"}]',
    ].join('\n');
    const stderr = 'RTNETLINK answers: No route to host\nCommand failed -:4\n';
    assert.deepEqual(
      [...parseIpOutput(asked, stdout, stderr).routes],
      [
        ['10.0.0.1', { kind: 'local' }],
        ['10.0.0.3', { kind: 'unicast', interface: 'eth1', gateway: '10.0.0.254' }],
        ['2001:db8::2', { kind: 'unicast', interface: 'eth2', gateway: undefined }],
        ['10.0.0.5', { kind: 'unicast', interface: 'eth3', gateway: 'fe80::1' }],
        ['10.0.0.2', { kind: 'none', reason: 'No route to host' }],
      ],
    );
  });

  const defaults: readonly (readonly [title: string, entries: string, expected: object])[] = [
    ['none', '', {}],
    [
      'one of each family',
      '{"dst":"default","gateway":"10.0.0.1","dev":"a"},{"dst":"default","gateway":"fe80::1","dev":"b","pref":"medium"}',
      { inet: ['a', '10.0.0.1'], inet6: ['b', 'fe80::1'] },
    ],
    [
      'the smallest metric wins',
      '{"dst":"default","gateway":"10.0.0.1","dev":"a","metric":100},{"dst":"default","gateway":"10.0.0.2","dev":"b","metric":50}',
      { inet: ['b', '10.0.0.2'] },
    ],
    ['those of other tables are for some', '{"dst":"default","gateway":"10.0.0.1","dev":"a","table":"100"}', {}],
    [
      'many ways: the first',
      '{"dst":"default","nexthops":[{"gateway":"10.0.0.1","dev":"a"},{"gateway":"10.0.0.2","dev":"b"}]}',
      { inet: ['a', '10.0.0.1'] },
    ],
    ['by an interface alone', '{"dst":"default","dev":"ppp0","scope":"link"}', { inet: ['ppp0', undefined] }],
    [
      'of IPv4 by a router of IPv6',
      '{"dst":"default","via":{"family":"inet6","host":"fe80::1"},"dev":"a"}',
      { inet: ['a', 'fe80::1'] },
    ],
  ];
  for (const [title, entries, expected] of defaults) {
    test(`default route: ${title}`, () => {
      const { defaultRoutes } = parseIpOutput([], `[${lo}]\n[${entries}]\n`, '');
      const seen = Object.entries(defaultRoutes).map(([family, route]) => [
        family,
        route.kind === 'unicast' ? [route.interface, route.gateway] : route.kind,
      ]);
      assert.deepEqual(Object.fromEntries(seen), expected);
    });
  }

  const wrong: readonly (readonly [title: string, stdout: string, stderr: string])[] = [
    ['no JSON', 'lo: <LOOPBACK>', ''],
    ['JSON that is no list', '{}', ''],
    ['a version without -json', '', 'Option "-json" is unknown, try "ip -help".'],
    ['nothing', '', ''],
    ['a question that it does not know', `[${lo}]`, 'Error: argument "all" is wrong\nCommand failed -:2\n'],
  ];
  for (const [title, stdout, stderr] of wrong) {
    test(`refuses ${title}`, () => {
      assert.throws(() => parseIpOutput([], stdout, stderr), IpOutputError);
    });
  }

  test('leaves out names that would lead out of /proc/sys', () => {
    for (const name of ['..', '.', 'a/b', '']) {
      const { interfaces } = parseIpOutput([], `[${lo},${JSON.stringify({ ifname: name })}]`, '');
      assert.deepEqual(
        interfaces.map((one) => one.name),
        ['lo'],
      );
    }
  });

  test('takes any JSON for what it is, or refuses it', () => {
    const member = fc.constantFrom(
      'ifname',
      'flags',
      'addr_info',
      'local',
      'prefixlen',
      'dst',
      'dev',
      'gateway',
      'via',
      'nexthops',
      'metric',
      'linkinfo',
      'type',
    );
    const hostile = fc.oneof(
      fc.array(fc.dictionary(member, fc.jsonValue(), { noNullPrototype: true })),
      fc.jsonValue(),
    );
    fc.assert(
      fc.property(hostile, fc.string(), (value, stderr) => {
        try {
          const { routes } = parseIpOutput(['10.0.0.1'], `[${lo}]\n${JSON.stringify(value)}`, stderr);
          assert.ok(routes.has('10.0.0.1'));
        } catch (error) {
          assert.ok(error instanceof IpOutputError, String(error));
        }
      }),
    );
  });
});
