import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { parseTable } from '../../../src/documents/parse-table.js';
import { DocumentError, type DocumentProblem } from '../../../src/errors.js';
import { forwardingSpellings, type ForwardingMethod } from '../../../src/model/server.js';
import type { Table } from '../../../src/model/table.js';
import { NameTable } from '../support/naming.js';

async function problemsOf(text: string | Uint8Array): Promise<readonly DocumentProblem[]> {
  try {
    await parseTable(text, 'f');
  } catch (error) {
    assert.ok(error instanceof DocumentError);
    return error.problems;
  }
  assert.fail('the text was taken');
}

async function messageOf(text: string | Uint8Array): Promise<string> {
  try {
    await parseTable(text, 'f');
  } catch (error) {
    assert.ok(error instanceof DocumentError && error.code === 'IPVS_DOCUMENT');
    return error.message;
  }
  assert.fail('the text was taken');
}

/** A document with one service. */
function service(settings: string, servers = '[]'): string {
  return `services: [{ ${settings}, servers: ${servers} }]`;
}

/** A document with one server of 192.0.2.1:80. */
function server(settings: string): string {
  return service('address: 192.0.2.1, port: 80', `[{ ${settings} }]`);
}

describe('a document', () => {
  test('has the defaults of the command line', async () => {
    const expected: Table = {
      services: [
        {
          service: {
            key: { family: 'inet', protocol: 'tcp', address: '192.0.2.1', port: 80 },
            scheduler: 'wlc',
            schedulerFlags: [],
            onePacket: false,
            persistenceTimeout: undefined,
            persistenceNetmask: '255.255.255.255',
            persistenceEngine: undefined,
          },
          servers: [
            {
              family: 'inet',
              address: '10.0.0.1',
              port: 80,
              forwarding: 'direct-routing',
              weight: 1,
              upperThreshold: 0,
              lowerThreshold: 0,
              tunnel: { type: 'ipip', port: 0, checksum: 'nocsum' },
            },
          ],
        },
      ],
      timeouts: undefined,
      syncDaemons: undefined,
    };
    assert.deepEqual(await parseTable(server('address: 10.0.0.1'), 'f'), expected);
    const json = '{"services":[{"address":"192.0.2.1","port":80,"servers":[{"address":"10.0.0.1"}]}]}';
    assert.deepEqual(await parseTable(json, 'f'), expected);
    assert.deepEqual(await parseTable(Buffer.from(`\ufeff${json}`), 'f'), expected);
  });

  test('has addresses in canonical form, so that equal ones are equal', async () => {
    const { services } = await parseTable(
      service("address: '2001:DB8:0:0::0001', port: 80", "[{ address: '2001:db8::0.0.0.2' }]"),
      'f',
    );
    assert.deepEqual(services[0]?.service.key, { family: 'inet6', protocol: 'tcp', address: '2001:db8::1', port: 80 });
    assert.equal(services[0].servers[0]?.address, '2001:db8::2');
    assert.equal(services[0].service.persistenceNetmask, 128);
  });

  test('leaves open what it does not say', async () => {
    const { timeouts, syncDaemons } = await parseTable('timeouts: { udp: 60 }\nservices: []', 'f');
    assert.deepEqual(timeouts, { tcp: 0, tcpFin: 0, udp: 60 });
    assert.equal(syncDaemons, undefined);
  });

  test('fills in for daemons what the kernel takes', async () => {
    const { syncDaemons } = await parseTable('syncDaemons: [{ role: backup }]\nservices: []', 'f');
    assert.deepEqual(syncDaemons, [
      { role: 'backup', syncId: 0, interface: 'eth0', maxLength: 0, group: '224.0.0.81', port: 8848, ttl: 1 },
    ]);
  });

  test('takes scheduler flags by either of their names', async () => {
    const { services } = await parseTable(service('fwmark: 1, scheduler: sh, schedulerFlags: [flag-3, sh-port]'), 'f');
    assert.deepEqual(services[0]?.service.schedulerFlags, ['flag-2', 'flag-3']);
  });

  test('may have a schema for editors', async () => {
    assert.deepEqual((await parseTable('{"$schema": "x", "services": []}', 'f')).services, []);
  });
});

/** What is wrong, and what is reported: `line:column path: message`. */
const bad: readonly (readonly [title: string, text: string, reported: readonly string[]])[] = [
  ['an unknown name', 'services: []\nsevices: []', ['2:1 sevices: unknown name "sevices"; did you mean services?']],
  [
    'an unknown name in a service, in JSON',
    '{\n  "services": [\n    { "adress": "192.0.2.1", "fwmark": 1 }\n  ]\n}',
    ['3:7 services[0].adress: unknown name "adress"; did you mean address?'],
  ],
  [
    'several unknown names',
    server('address: 10.0.0.1, wieght: 3, zzz: 1'),
    [
      '1:75 services[0].servers[0].wieght: unknown name "wieght"; did you mean weight?',
      '1:86 services[0].servers[0].zzz: unknown name "zzz"; known are address, port, forwarding, weight, upperThreshold, lowerThreshold, tunnel, check',
    ],
  ],
  ['no services', 'timeouts: {}', ['1:1 : services is missing']],
  ['no mapping', '- 1', ['1:1 : expected a mapping, found a list']],
  [
    'a merge key',
    'services: [{ <<: { port: 80 }, fwmark: 1 }]',
    [
      '1:14 services[0].<<: unknown name "<<"; known are address, protocol, port, ports, fwmark, family, scheduler, schedulerFlags, onePacket, persistenceTimeout, persistenceNetmask, persistenceEngine, servers, check, onDown, removeAfter, minimumHealthy, failOpen, slowStart, drainTime, onChange, sorryServer',
    ],
  ],
  ['__proto__', '{"services": [], "__proto__": {"services": []}}', ['1:18 : unknown name "__proto__"']],
  [
    'an empty list of services that is not one',
    'services:\n',
    ['1:1 services: expected a list (for none write []), found nothing'],
  ],
  [
    'a number in quotes',
    service("address: 192.0.2.1, port: '80'"),
    ['1:40 services[0].port: expected port from 0 to 65535, found "80" in quotes'],
  ],
  [
    'a port that is none',
    service('address: 192.0.2.1, port: 65536'),
    ['1:40 services[0].port: expected port from 0 to 65535, found 65536'],
  ],
  [
    'a fraction',
    server('address: 10.0.0.1, weight: 1.5'),
    ['1:83 services[0].servers[0].weight: expected weight from 0 to 2147483647, found 1.5'],
  ],
  [
    'a weight below zero',
    server('address: 10.0.0.1, weight: -1'),
    ['1:83 services[0].servers[0].weight: expected weight from 0 to 2147483647, found -1'],
  ],
  [
    'a weight above what fits',
    server('address: 10.0.0.1, weight: 2147483648'),
    ['1:83 services[0].servers[0].weight: expected weight from 0 to 2147483647, found 2147483648'],
  ],
  [
    'a threshold above what fits',
    server('address: 10.0.0.1, upperThreshold: 4294967296'),
    [
      '1:91 services[0].servers[0].upperThreshold: expected number of connections from 0 to 4294967295, found 4294967296',
    ],
  ],
  [
    'a mark of zero',
    service('fwmark: 0'),
    ['1:22 services[0].fwmark: expected firewall mark from 1 to 4294967295, found 0'],
  ],
  [
    'a timeout of zero',
    'timeouts: { tcp: 0 }\nservices: []',
    ['1:18 timeouts.tcp: expected number of seconds from 1 to 2678400, found 0'],
  ],
  [
    'a timeout of more than 31 days',
    'timeouts: { tcp: 2678401 }\nservices: []',
    ['1:18 timeouts.tcp: expected number of seconds from 1 to 2678400, found 2678401'],
  ],
  ['no address', service('port: 80'), ['1:12 services[0]: a service needs an address, or an fwmark']],
  [
    'an address that is none',
    service('address: 192.0.2.256, port: 80'),
    [
      '1:23 services[0].address: expected virtual address: an IPv4 address such as 192.0.2.1 or an IPv6 address such as 2001:db8::1, found "192.0.2.256"',
    ],
  ],
  [
    'an address and a mark',
    service('address: 192.0.2.1, fwmark: 1'),
    ['1:14 services[0].address: address and fwmark in one service: it has the one or the other'].map((text) =>
      text.replace('1:34', '1:14'),
    ),
  ],
  [
    'a family with an address',
    service('address: 192.0.2.1, port: 80, family: inet'),
    ['1:44 services[0].family: family is for services with an fwmark; an address has its own'],
  ],
  [
    'a word that is none',
    server('address: 10.0.0.1, forwarding: natt'),
    ['1:87 services[0].servers[0].forwarding: expected direct-routing, masquerading or tunneling, found "natt"'],
  ],
  [
    'a name that is too long',
    service('fwmark: 1, scheduler: abcdefghijklmnop'),
    [
      '1:36 services[0].scheduler: expected name of a scheduler, 1 to 15 bytes without blanks or control characters, found "abcdefghijklmnop"',
    ],
  ],
  [
    'a name of too many bytes',
    service('fwmark: 1, scheduler: éééééééé'),
    [
      '1:36 services[0].scheduler: expected name of a scheduler, 1 to 15 bytes without blanks or control characters, found "éééééééé"',
    ],
  ],
  [
    'control characters',
    service('fwmark: 1, scheduler: "\\e[2J"'),
    [
      '1:36 services[0].scheduler: expected name of a scheduler, 1 to 15 bytes without blanks or control characters, found "?[2J"',
    ],
  ],
  [
    'a group that is not multicast',
    'syncDaemons: [{ role: master, group: 10.0.0.1 }]\nservices: []',
    ['1:38 syncDaemons[0].group: expected a multicast address such as 224.0.0.81, found "10.0.0.1"'],
  ],
  [
    'a synchronisation of all that is out of range',
    'syncDaemons: [{ role: master, syncId: 256, port: 0, ttl: 256, maxLength: 65508 }]\nservices: []',
    [
      '1:39 syncDaemons[0].syncId: expected number from 0 to 255, found 256',
      '1:50 syncDaemons[0].port: expected port from 1 to 65535, found 0',
      '1:58 syncDaemons[0].ttl: expected number from 1 to 255, found 256',
      '1:74 syncDaemons[0].maxLength: expected number of bytes from 1 to 65507, found 65508',
    ],
  ],
  [
    'two masters',
    'syncDaemons: [{ role: master }, { role: master }]\nservices: []',
    ['1:41 syncDaemons[1].role: a second master; the first is syncDaemons[0]'],
  ],
  [
    'a flag of another scheduler',
    service('fwmark: 1, schedulerFlags: [mh-port]'),
    ['1:25 services[0].schedulerFlags: mh-port is a flag of scheduler mh, not of wlc'],
  ],
  [
    'a service twice',
    'services:\n  - { fwmark: 1 }\n  - { fwmark: 2 }\n  - { fwmark: 1 }',
    ['4:5 services[2]: FWM 1 a second time; the first is services[0]'],
  ],
  [
    'a server twice, written differently',
    service('fwmark: 1, family: inet6', "[{ address: '::1' }, { address: '0::1' }]"),
    ['1:70 services[0].servers[1]: [::1]:0 a second time in FWM 1 IPv6; the first is services[0].servers[0]'],
  ],
  ['a name twice', service('fwmark: 1, fwmark: 2'), ['1:25 : "fwmark" a second time in the same mapping']],
  [
    'a name twice in JSON, and something else',
    '{"services": [{"fwmark": 1, "fwmark": 2}],\n"services": [], "x": 1}',
    [
      '1:29 : "fwmark" a second time in the same mapping',
      '2:1 : "services" a second time in the same mapping',
      '2:17 x: unknown name "x"; known are $schema, timeouts, syncDaemons, checks, services',
    ],
  ],
  [
    'one-packet scheduling of TCP',
    service('address: 192.0.2.1, port: 80, onePacket: true'),
    ['1:55 services[0].onePacket: one-packet scheduling is for UDP and firewall-mark services, not for tcp'],
  ],
  [
    'port zero without persistence',
    service('address: 192.0.2.1'),
    [
      '1:12 services[0].port: port 0 stands for all ports and needs a persistent service: set a port, or persistenceTimeout',
    ],
  ],
  [
    'a netmask without persistence',
    service('fwmark: 1, persistenceNetmask: 255.255.255.0'),
    ['1:45 services[0].persistenceNetmask: a persistence netmask without persistenceTimeout has no effect'],
  ],
  [
    'a netmask of the other family',
    service('fwmark: 1, persistenceTimeout: 1, persistenceNetmask: 64'),
    ['1:68 services[0].persistenceNetmask: expected a mask such as 255.255.255.0, as the service is IPv4, found 64'],
  ],
  [
    'a mask for IPv6',
    service('fwmark: 1, family: inet6, persistenceTimeout: 1, persistenceNetmask: 255.0.0.0'),
    ['1:83 services[0].persistenceNetmask: expected a prefix length, as the service is IPv6, found 255.0.0.0'],
  ],
  [
    'a prefix length that is none',
    service('fwmark: 1, persistenceTimeout: 1, persistenceNetmask: 129'),
    [
      '1:68 services[0].persistenceNetmask: expected an IPv4 mask such as 255.255.255.0, or an IPv6 prefix length from 1 to 128, found 129',
    ],
  ],
  [
    'ports that are none',
    service("address: 192.0.2.1, ports: '90-80'"),
    [
      '1:41 services[0].ports: expected ports such as 50000-50099, or a list of ports and such ranges, from 1 to 65535, found "90-80"',
    ],
  ],
  [
    'a port and ports',
    service('address: 192.0.2.1, port: 80, ports: [81]'),
    ['1:44 services[0].ports: port and ports in one service: it has the one or the other'],
  ],
  [
    'two services with a port in common',
    'services:\n- { address: 192.0.2.1, ports: 80-82 }\n- { address: 192.0.2.1, port: 81 }',
    ['3:3 services[1]: TCP 192.0.2.1:81 a second time; the first is services[0]'],
  ],
  [
    'gue without a port',
    server('address: 10.0.0.1, forwarding: tunneling, tunnel: { type: gue }'),
    ['1:106 services[0].servers[0].tunnel: a gue tunnel needs a port, at which the real server receives it'],
  ],
  [
    'gre with a port',
    server('address: 10.0.0.1, forwarding: tunneling, tunnel: { type: gre, port: 1 }'),
    ['1:125 services[0].servers[0].tunnel.port: gre has no port; only gue has'],
  ],
  [
    'ipip with a checksum',
    server('address: 10.0.0.1, forwarding: tunneling, tunnel: { checksum: csum }'),
    ['1:118 services[0].servers[0].tunnel.checksum: ipip has no checksum; gue and gre have'],
  ],
  [
    'gre with remcsum',
    server('address: 10.0.0.1, forwarding: tunneling, tunnel: { type: gre, checksum: remcsum }'),
    ['1:129 services[0].servers[0].tunnel.checksum: gre takes nocsum or csum, not remcsum; only gue has remcsum'],
  ],
  [
    'a tunnel without tunneling',
    server('address: 10.0.0.1, tunnel: { type: gre }'),
    ['1:83 services[0].servers[0].tunnel: tunnel settings are for forwarding tunneling, not for direct-routing'],
  ],
  [
    'a server of another family',
    server("address: '2001:db8::1', forwarding: masquerading"),
    [
      '1:65 services[0].servers[0].address: 2001:db8::1 is of another family than TCP 192.0.2.1:80: that needs forwarding tunneling, not masquerading',
    ],
  ],
  [
    'a server that is no host',
    server('address: 224.0.0.1'),
    ['1:65 services[0].servers[0].address: 224.0.0.1 is not a unicast address'],
  ],
  [
    'a port that is not rewritten',
    server('address: 10.0.0.1, port: 8080'),
    [
      '1:81 services[0].servers[0].port: direct-routing does not rewrite packets, so the port is that of the service, 80, not 8080: leave it out, or use forwarding masquerading',
    ],
  ],
  [
    'a lower threshold alone',
    server('address: 10.0.0.1, lowerThreshold: 1'),
    ['1:91 services[0].servers[0].lowerThreshold: a lower threshold needs an upper one'],
  ],
  [
    'a lower threshold above the upper one',
    server('address: 10.0.0.1, lowerThreshold: 3, upperThreshold: 2'),
    ['1:91 services[0].servers[0].lowerThreshold: the lower threshold, 3, is above the upper one, 2'],
  ],
  [
    'a daemon with mixed families',
    `syncDaemons: [{ role: master }]\n${server("address: '2001:db8::1', forwarding: tunneling")}`,
    ['1:15 syncDaemons[0]: the kernel runs no sync daemon while TCP 192.0.2.1:80 has servers of another family'],
  ],
  [
    'a backup that the kernel would change',
    'syncDaemons: [{ role: backup, maxLength: 100 }]\nservices: []',
    ['1:42 syncDaemons[0].maxLength: the kernel uses at least 1024 bytes for a backup, not 100'],
  ],
  [
    'an anchor and an alias',
    'services: &all []\nsyncDaemons: *all',
    [
      '1:11 : YAML anchors are not supported; write the value where it is needed',
      '2:14 : YAML aliases are not supported; write the value',
    ],
  ],
  ['a tag', 'services: !!set {}', ['1:11 : YAML tags are not supported']],
  ['two documents', 'services: []\n---\nservices: []', ['3:1 : a second YAML document; a file holds one table']],
  ['broken YAML', 'services: [\n', ['2:1 : not valid YAML or JSON: deficient indentation']],
  ['broken JSON', '{"services": [}', ['1:15 : not valid YAML or JSON: missed comma between flow collection entries']],
  ['deep nesting', '['.repeat(100), ['1:20 : not valid YAML or JSON: nesting exceeded maxDepth (20)']],
  [
    'rules with an unknown service',
    '-A -t 192.0.2.1:80\n-a -t 192.0.2.2:80 -r 10.0.0.1',
    ['2:- : no service TCP 192.0.2.2:80 at this point'],
  ],
  [
    'rules that only show',
    '-A -f 1\n-L',
    [
      '2:- : a command that is not part of a table (list): a dump has -A, -a, -E, -e, -D, -d, -C, --set, --start-daemon and --stop-daemon',
    ],
  ],
  ['rules with a restore', '-A -f 1\n-R', ['2:- : expected a rule, such as -A -t 192.0.2.1:80']],
  ['rules that clear counters', '-A -f 1\n-Z', ['2:- : counters are not part of a table']],
  [
    'rules with names that nothing can have',
    '-A -f 1 -s \u0014t\n-A -f 2 -p --pe \u0001sip\n--start-daemon backup --mcast-interface=',
    [
      '1:- : expected name of a scheduler, 1 to 15 bytes without blanks or control characters, found "?t"',
      '2:- : expected name of a persistence engine, 1 to 15 bytes without blanks or control characters, found "?sip"',
      '3:- : expected name of a network interface, 1 to 15 bytes without blanks or control characters, found ""',
    ],
  ],
  [
    'rules with a wrong value, and a service twice',
    '-A -f 1 -s rr\n\n-A -f 0\n-A -f 1',
    ["3:- : invalid fwmark value `0' specified", '4:- : FWM 1 a second time; the first is in line 1'],
  ],
  [
    'rules that no kernel takes',
    '-A -f 1\n# remark\n-a -f 1 -r 10.0.0.1 -x 1 -y 2',
    ['3:- : the lower threshold, 2, is above the upper one, 1'],
  ],
];

describe('bad input is reported with its place', () => {
  for (const [title, text, reported] of bad) {
    test(title, async () => {
      const problems = await problemsOf(text);
      assert.deepEqual(
        problems.map(({ line, column, path, message }) => `${line ?? '-'}:${column ?? '-'} ${path}: ${message}`),
        reported,
      );
    });
  }
});

test('a message shows the line and where in it, whatever is before', async () => {
  const text = 'services:\n\t\n  - fwmark: 1\r\n    scheduler: "\u0085😀x", port: 1\n';
  assert.equal(
    await messageOf('services:\n  - { scheduler: "\u{1f600} x", fwmark: 0 }\r\n'),
    `f:2:18: services[0].scheduler: expected name of a scheduler, 1 to 15 bytes without blanks or control characters, found "😀 x"
      - { scheduler: "😀 x", fwmark: 0 }
                     ^
f:2:33: services[0].fwmark: expected firewall mark from 1 to 4294967295, found 0
      - { scheduler: "😀 x", fwmark: 0 }
                                    ^`.replace(/^ {6}- /gm, '      - '),
  );
  assert.doesNotMatch(await messageOf(text), /[\u0080-\u009f\t\r]/);
});

test('of many problems the first fifty are shown and the others counted', async () => {
  const servers = Array.from({ length: 3000 }, () => '  - { address: 10.0.0.1, port: -1 }').join('\n');
  const message = await messageOf(`services:\n- fwmark: 1\n  servers:\n${servers}`);
  assert.equal(message.split('\n').length, 3 * 50 + 1);
  assert.match(message, /\nand 2950 more problems$/);
});

test('a long line is cut around the place', async () => {
  const message = await messageOf(`services: [${' '.repeat(1000)}{ fwmark: 0 }${' '.repeat(1000)}]`);
  const [, line = '', mark = ''] = message.split('\n');
  assert.ok(line.length < 120);
  assert.equal(line[mark.indexOf('^')], '0');
});

const noText: readonly (readonly [title: string, text: string | Uint8Array, message: RegExp])[] = [
  ['nothing', '', /^f: file is empty; write `services: \[\]` for an empty table$/],
  ['only comments', '# nothing\n\n  # here\n', /^f: file is empty/],
  ['a program', Uint8Array.of(0x7f, 0x45, 0x4c, 0x46, 0xff, 0xfe), /^f:1:1: not valid YAML or JSON: /],
  ['a NUL byte', 'services:\n\0', /^f: is not text: a NUL byte in line 2$/],
  ['more than any table', 'x'.repeat((1 << 24) + 1), /^f: exceeds the limit of 16 MiB$/],
];

for (const [title, text, message] of noText) {
  test(`refuses ${title}`, async () => {
    assert.match(await messageOf(text), message);
  });
}

test('a bomb of aliases is refused before it grows', async () => {
  const levels = Array.from({ length: 30 }, (_, level) => `a${level}: &a${level} [${`*a${level - 1}, `.repeat(9)}]`);
  assert.match(await messageOf(levels.join('\n')), /YAML aliases are not supported/);
});

/** Comments as editors of other encodings write them: "café", "中文" with bytes that are ASCII, controls. */
const comments: readonly (readonly [encoding: string, comment: readonly number[]])[] = [
  ['UTF-8', [0x63, 0x61, 0x66, 0xc3, 0xa9]],
  ['Latin-1', [0x63, 0x61, 0x66, 0xe9]],
  ['GBK', [0xd6, 0xd0, 0xce, 0xc4, 0x81, 0x40, 0xfe, 0x7c]],
  ['Windows-1252', [0x93, 0x80, 0x94, 0x85]],
];

/** Bytes of texts, and of numbers. */
function joined(...parts: readonly (string | readonly number[])[]): Uint8Array {
  return Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : Buffer.from(part))));
}

describe('bytes that are not UTF-8', () => {
  for (const [encoding, comment] of comments) {
    test(`are a comment in ${encoding} in a rule dump`, async () => {
      const text = joined(
        '# ',
        comment,
        '\n-A -f 1 -s rr # ',
        comment,
        '\n#',
        comment,
        '\n-a -f 1 -r 10.0.0.1\n# ',
        comment,
      );
      const { services } = await parseTable(text, 'f');
      assert.equal(services[0]?.service.scheduler, 'rr');
      assert.equal(services[0].servers.length, 1);
    });

    test(`are a comment in ${encoding} in a document`, async () => {
      const text = joined('# ', comment, '\nservices: # ', comment, '\n  - fwmark: 1 #', comment, '\n# ', comment);
      assert.equal((await parseTable(text, 'f')).services.length, 1);
    });
  }

  const elsewhere: readonly (readonly [where: string, text: Uint8Array, reported: readonly string[]])[] = [
    ['in a rule', joined('# ', [0xe9], '\n-A -f 1 -s r', [0xe9], '\n-A -f 2'), ['2:- : invalid UTF-8']],
    ['in a rule, before its comment', joined('-A -f 1\n-A -f', [0xe9], '#', [0xe9]), ['2:- : invalid UTF-8']],
    [
      'in a value',
      joined('# ', [0xe9], '\nservices:\n  - fwmark: 1\n    scheduler: r', [0xe9], ' # ', [0xe9]),
      ['4:17 : invalid UTF-8'],
    ],
    [
      'in a string that looks like a comment',
      joined('services: [{ fwmark: 1, scheduler: "# ', [0xff], '" }]'),
      [
        '1:36 services[0].scheduler: expected name of a scheduler, 1 to 15 bytes without blanks or control characters, found "# \ufffd"',
        '1:39 : invalid UTF-8',
      ],
    ],
    [
      'in a name',
      joined('services: []\n', [0xe9], ': 1'),
      [
        '2:1 : invalid UTF-8',
        '2:1 \ufffd: unknown name "\ufffd"; known are $schema, timeouts, syncDaemons, checks, services',
      ],
    ],
    ['in JSON', joined('{"services": [{"fwmark": 1,\n"scheduler": "', [0xe9], '"}]}'), ['2:15 : invalid UTF-8']],
  ];
  for (const [where, text, reported] of elsewhere) {
    test(`are reported ${where}`, async () => {
      assert.deepEqual(
        (await problemsOf(text)).map(
          ({ line, column, path, message }) => `${line ?? '-'}:${column ?? '-'} ${path}: ${message}`,
        ),
        reported,
      );
    });
  }

  test('leave a U+FFFD that was written alone', async () => {
    const { services } = await parseTable(Buffer.from(service('fwmark: 1, scheduler: \ufffd')), 'f');
    assert.equal(services[0]?.service.scheduler, '\ufffd');
  });
});

test('forwarding methods are taken in every spelling that people write', async () => {
  const spellings: Readonly<Record<ForwardingMethod, readonly string[]>> = {
    'direct-routing': ['direct-routing', 'dr', 'Route'],
    masquerading: ['masquerading', 'nat', 'Masq'],
    tunneling: ['tunneling', 'tunnelling', 'tun', 'Tunnel'],
    local: ['local'],
    bypass: ['bypass'],
    'forwarding-5': ['forwarding-5'],
    'forwarding-6': ['forwarding-6'],
    'forwarding-7': ['forwarding-7'],
  };
  for (const [method, words] of Object.entries(spellings)) {
    for (const word of words) {
      const { services } = await parseTable(server(`address: 10.0.0.1, forwarding: ${word}`), 'f');
      assert.equal(services[0]?.servers[0]?.forwarding, method, word);
    }
  }
  assert.deepEqual([...forwardingSpellings].sort(), Object.values(spellings).flat().sort());
});

test('JSON is read as JSON.parse reads it, however it is laid out', async () => {
  const strings = fc.string({ unit: 'grapheme', maxLength: 30 }).filter((text) => !/[\0\u007f-\u009f]/.test(text));
  await fc.assert(
    fc.asyncProperty(strings, fc.constantFrom(0, 1, '\t'), fc.constantFrom('\n', '\r\n'), async (text, indent, end) => {
      const json = JSON.stringify({ $schema: text, services: [{ fwmark: 1, scheduler: text }] }, null, indent);
      const problems = await parseTable(json.replaceAll('\n', end), 'f').then(
        () => [],
        (error: unknown) => (error instanceof DocumentError ? error.problems : [{ path: String(error) }]),
      );
      const fits = /^[^\s\p{Cc}\u2028\u2029]+$/u.test(text) && Buffer.byteLength(text) <= 15;
      assert.deepEqual(
        problems.map(({ path }) => path),
        fits ? [] : ['services[0].scheduler'],
      );
    }),
  );
});

test('what is wrong with an entry does not hide what is wrong with the others', async () => {
  const text = `
services:
  - { fwmark: 1, scheduler: '' }
  - { fwmark: 2 }
  - { fwmark: 3, servers: [{ adress: 10.0.0.1 }] }
  - { fwmark: 2 }
  - { address: 192.0.2.1 }
syncDaemons: [{ role: none }, { role: master }, { role: master }]`;
  assert.deepEqual(
    (await problemsOf(text)).map(({ line, path, message }) => `${line ?? '-'} ${path}: ${message.slice(0, 40)}`),
    [
      '3 services[0].scheduler: expected name of a scheduler, 1 to 15 by',
      '5 services[2].servers[0]: address is missing',
      '5 services[2].servers[0].adress: unknown name "adress"; did you mean addr',
      '6 services[3]: FWM 2 a second time; the first is servic',
      '7 services[4].port: port 0 stands for all ports and needs a ',
      '8 syncDaemons[0].role: expected master or backup, found "none"',
      '8 syncDaemons[2].role: a second master; the first is syncDaemon',
    ],
  );
});

describe('a rule dump', () => {
  test('has no names of hosts or ports where nothing looks them up', async () => {
    for (const [rule, word] of [
      ['-A -t web:80', 'web'],
      ['-A -t 10.0.0.1:http', 'http'],
    ] as const) {
      await assert.rejects(parseTable(rule, 'f'), {
        code: 'IPVS_DOCUMENT',
        message: new RegExp(`^f:1: illegal [^]*${word}`),
      });
    }
  });

  test('is applied line by line to an empty table, and may have names', async () => {
    const names = new NameTable({ web: '10.0.0.2' }, { 'http/tcp': 80 });
    const rules = `
# remark
ipvsadm -A -t 192.0.2.1:http -s rr   # another
-a -t 192.0.2.1:80 -r web -m
-a -t 192.0.2.1:80 -r 10.0.0.3:8080 -m
-E -t 192.0.2.1:80 -s wrr
-e -t 192.0.2.1:80 -r web:80 -m -w 7
-d -t 192.0.2.1:80 -r 10.0.0.3:8080
-A -f 1
-D -f 1
--set 0 0 5
--set 9 0 0
--start-daemon master
--start-daemon backup --syncid 2
--stop-daemon master`;
    const { services, timeouts, syncDaemons } = await parseTable(rules, 'f', { names });
    assert.deepEqual(
      services.map(({ service: { key, scheduler }, servers }) => ({ key, scheduler, servers: servers.length })),
      [
        {
          key: { family: 'inet', protocol: 'tcp', address: '192.0.2.1', port: 80 },
          scheduler: 'wrr',
          servers: 1,
        },
      ],
    );
    assert.equal(services[0]?.servers[0]?.address, '10.0.0.2');
    assert.equal(services[0].servers[0].weight, 7);
    assert.deepEqual(timeouts, { tcp: 9, tcpFin: 0, udp: 5 });
    assert.deepEqual(
      syncDaemons?.map(({ role, syncId }) => ({ role, syncId })),
      [{ role: 'backup', syncId: 2 }],
    );
  });

  test('that clears starts anew', async () => {
    assert.deepEqual((await parseTable('-A -f 1\n-C', 'f')).services, []);
  });

  test('may say what has no effect', async () => {
    const { services } = await parseTable('-A -f 1 -M 255.0.0.0', 'f');
    assert.equal(services[0]?.service.persistenceNetmask, '255.255.255.255');
  });
});

test('quotes, backslashes and colons in strings of JSON are no names', async () => {
  const text = JSON.stringify({ $schema: '": \\":\\\\', services: [{ fwmark: 1, scheduler: '\\":"' }] }, null, 1);
  assert.equal((await parseTable(text, 'f')).services[0]?.service.scheduler, '\\":"');
  assert.deepEqual(
    (await problemsOf(text.replace('"fwmark"', '"fwmark": 1, "fwmark"'))).map(({ message }) => message),
    ['"fwmark" a second time in the same mapping'],
  );
});

test('ports make a service each, with the same servers', async () => {
  const text = `services:
  - address: 192.0.2.1
    ports: [80, '8000-8002', '80-81']
    servers: [{ address: 10.0.0.2 }, { address: 10.0.0.3, port: 9, forwarding: masquerading }]
`;
  const { services } = await parseTable(text, 'f');
  assert.deepEqual(
    services.map(({ service: { key }, servers }) => ['port' in key ? key.port : 0, ...servers.map(({ port }) => port)]),
    [80, 8000, 8001, 8002, 81].map((port) => [port, port, 9]),
  );
});
