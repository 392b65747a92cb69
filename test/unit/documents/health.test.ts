import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { checkTypes } from '../../../src/documents/health-schema.js';
import { parseConfiguration, parseTable } from '../../../src/documents/parse-table.js';
import { formatTable } from '../../../src/documents/format-table.js';
import { DocumentError } from '../../../src/errors.js';

/** Lines with what is wrong in a document: `2:9 services[0].check: ...`. */
async function problemsOf(text: string): Promise<string[]> {
  try {
    await parseConfiguration(text, 'f');
  } catch (error) {
    assert.ok(error instanceof DocumentError);
    return error.problems.map(({ line, column, path, message }) => `${line ?? ''}:${column ?? ''} ${path}: ${message}`);
  }
  return [];
}

/** A document whose second line has this check, which its service uses. */
function withCheck(check: string, service = 'port: 80'): string {
  return `checks:
  it: { ${check} }
services:
  - { address: 192.0.2.1, ${service}, check: it, servers: [{ address: 10.0.0.1 }] }
`;
}

/** A document whose first line has a service with these settings, and two servers. */
function withService(settings: string, scheduler = 'wlc', weight = 10): string {
  const servers = `[{ address: 10.0.0.1, weight: ${weight} }, { address: 10.0.0.2, weight: ${weight} }]`;
  return `services: [{ ${settings}, address: 192.0.2.1, port: 80, scheduler: ${scheduler}, servers: ${servers} }]\n`;
}

describe('the health part of a document', () => {
  test('has its checks with every default, by name, written out and in lists', async () => {
    const { table, health } = await parseConfiguration(
      `checks:
  web: { type: http, path: /healthz, expectStatus: [200-299, 304] }
  alive: { type: ping, interval: 0.5, timeout: 0.25 }
services:
  - address: 192.0.2.10
    port: 443
    check: [web, alive, { type: agent, port: 7000 }]
    onDown: remove
    removeAfter: 30
    minimumHealthy: 50%
    failOpen: never
    sorryServer: { address: 10.0.1.9, port: 8080, forwarding: masquerading }
    slowStart: 1.5
    drainTime: 0
    servers:
      - { address: 10.0.1.2, weight: 100 }
      - { address: 10.0.1.3, weight: 100, check: { type: tcp } }
      - { address: 10.0.1.4, weight: 100, check: none }
  - { fwmark: 7, servers: [{ address: 10.0.1.2 }] }
`,
      'f',
    );
    assert.equal(table.services.length, 2);
    const [first, second] = health.services;
    assert.ok(first !== undefined && second !== undefined);
    const common = {
      interval: 5,
      fastInterval: 1,
      timeout: 2,
      fall: 3,
      rise: 2,
      through: 'server',
    };
    const web = {
      ...common,
      type: 'http',
      path: '/healthz',
      method: 'GET',
      version: 1.1,
      expectStatus: ['200-299', 304],
      bodyLimit: 65536,
    };
    const alive = { ...common, type: 'ping', interval: 0.5, timeout: 0.25, count: 1 };
    const [one, two, three] = first.servers;
    assert.deepEqual(one?.checks, [web, alive, { ...common, type: 'agent', port: 7000 }]);
    assert.deepEqual(two?.checks, [{ ...common, type: 'tcp', close: 'orderly', refusedIsUp: false }]);
    assert.deepEqual(three?.checks, []);
    assert.deepEqual(
      { ...first, servers: [], sorryServer: first.sorryServer?.address },
      {
        key: { family: 'inet', protocol: 'tcp', address: '192.0.2.10', port: 443 },
        onDown: 'remove',
        removeAfter: 30,
        minimumHealthy: '50%',
        failOpen: 'never',
        sorryServer: '10.0.1.9',
        slowStart: 1.5,
        drainTime: 0,
        onChange: undefined,
        servers: [],
      },
    );
    assert.deepEqual(
      { ...second, servers: second.servers.map(({ checks }) => checks) },
      {
        key: { family: 'inet', fwmark: 7 },
        onDown: 'auto',
        removeAfter: undefined,
        minimumHealthy: 1,
        failOpen: 'unreachable',
        sorryServer: undefined,
        slowStart: 0,
        drainTime: 60,
        onChange: undefined,
        servers: [[]],
      },
    );
  });

  test('is the same object wherever a check is used by its name', async () => {
    const { health } = await parseConfiguration(
      `checks: { a: { type: tcp } }
services:
  - { address: 192.0.2.1, port: 80, check: a, servers: [{ address: 10.0.0.1 }, { address: 10.0.0.2 }] }
  - { address: 192.0.2.1, port: 81, servers: [{ address: 10.0.0.1, check: [a] }] }
`,
      'f',
    );
    const checks = health.services.flatMap(({ servers }) => servers.flatMap((server) => server.checks));
    assert.equal(checks.length, 3);
    assert.equal(new Set(checks).size, 1);
  });

  test('changes nothing in the table', async () => {
    const plain = withService('onePacket: false');
    const table = await parseTable(plain, 'f');
    const healthy = withService('check: { type: tcp }, sorryServer: { address: 10.0.0.9 }, slowStart: 10');
    assert.deepEqual(await parseTable(healthy, 'f'), table);
    assert.doesNotMatch(formatTable(table, 'json', 'f'), /check|onDown|slowStart/);
  });

  test('of a rule dump is empty', async () => {
    assert.deepEqual((await parseConfiguration('-A -t 192.0.2.1:80\n', 'f')).health, { services: [] });
  });
});

const accepted: readonly string[] = [
  'type: tcp',
  'type: tcp, send: "PING\\r\\n", expect: /^\\+PONG/, tls: {}, close: reset, refusedIsUp: true',
  'type: tcp, send: hex:00ff, expect: OK, tls: { serverName: a.example, verify: true, ca: /etc/ca.pem, alpn: [h2] }',
  'type: http, path: "/health?x=1", method: HEAD, host: www.example.com, headers: { X-Check: "1" }, version: 1.1',
  'type: http, tls: { minimumVersion: "1.2", certificate: /c.pem, key: /k.pem }, version: 2, expectStatus: [200]',
  'type: http, expectBody: /ok|fine/, bodyLimit: 1, weightHeader: X-Weight',
  'type: dns, name: example.com, recordType: A, expectCode: [NOERROR], expectAnswer: 192.0.2.1, transport: tcp',
  'type: smtp, helo: mail.example.com, tls: starttls',
  'type: udp, send: hello, expect: any',
  'type: udp, assumeUp: true',
  'type: ping, count: 3',
  'type: grpc, service: web.v1',
  "type: exec, command: [/bin/check, '%a', '%p'], user: nobody, weight: stdout",
  'type: tcp, interval: 3600, fastInterval: 0.1, downInterval: 60, timeout: 600, fall: 100, rise: 1',
  'type: tcp, address: 10.9.9.9, port: 8081, source: 10.9.9.1, through: vip',
];

describe('checks', () => {
  test('of every type are taken', () => {
    const types = new Set(accepted.map((check) => /^type: (\w+)/.exec(check)?.[1]));
    assert.deepEqual([...types, 'agent'], checkTypes);
  });

  for (const check of accepted) {
    test(`are taken: ${check}`, async () => {
      assert.deepEqual(await problemsOf(withCheck(check)), []);
    });
  }

  const refused: readonly (readonly [check: string, problem: string])[] = [
    ['path: /', '2:7 checks.it: type is missing'],
    ['type: ftp', '2:15 checks.it.type: expected tcp, http, dns, smtp, udp, ping, grpc, exec or agent, found "ftp"'],
    ['type: tcp, intervall: 5', '2:20 checks.it.intervall: unknown name "intervall"; did you mean interval?'],
    [
      'type: tcp, path: /',
      '2:20 checks.it.path: unknown name "path"; known are type, interval, fastInterval, downInterval, timeout, fall, rise, address, port, source, through, send, expect, tls, close, refusedIsUp',
    ],
    ['type: tcp, interval: 0.05', '2:30 checks.it.interval: expected number of seconds from 0.1 to 3600, found 0.05'],
    ['type: tcp, fall: 1.5', '2:26 checks.it.fall: expected number from 1 to 100, found 1.5'],
    ['type: tcp, timeout: 6', '2:20 checks.it.timeout: the timeout, 6 seconds, is above the interval, 5 seconds'],
    ['type: tcp, interval: 1', '2:7 checks.it.timeout: the timeout, 2 seconds, is above the interval, 1 seconds'],
    [
      'type: tcp, expect: /(/',
      '2:28 checks.it.expect: expected text, or a regular expression that is one, such as /^OK/, found "/(/"',
    ],
    [
      'type: tcp, send: hex:0',
      '2:26 checks.it.send: expected text to send, or its bytes such as hex:00ff, found "hex:0"',
    ],
    ['type: tcp, port: 0', '2:26 checks.it.port: expected port from 1 to 65535, found 0'],
    ['type: http, path: health', '2:27 checks.it.path: expected path that begins with /, found "health"'],
    [
      'type: http, host: "a\\nb"',
      '2:27 checks.it.host: expected name of a host, without blanks or control characters, found "a?b"',
    ],
    ['type: http, headers: { "a b": c }', '2:32 checks.it.headers.a b: expected name of a header, found "a b"'],
    ['type: http, version: 3', '2:30 checks.it.version: expected 1.1 or 2, found 3'],
    ['type: http, version: 2', '2:21 checks.it.version: HTTP/2 is spoken over TLS only: add tls: {}'],
    [
      'type: http, expectStatus: [299-200]',
      '2:36 checks.it.expectStatus[0]: expected a status code from 100 to 599, or a range such as 200-299, found "299-200"',
    ],
    ['type: http, tls: { key: /k.pem }', '2:21 checks.it.tls: certificate and key go together'],
    ['type: dns', '2:7 checks.it: name is missing'],
    [
      'type: udp',
      '2:9 checks.it.type: a udp check without expect learns nothing from silence: add expect, or assumeUp: true',
    ],
    ['type: exec, command: []', '2:30 checks.it.command: expected a program and its arguments, found a list'],
    [
      'type: exec, command: [ls]',
      '2:30 checks.it.command: expected a program by its whole path, and its arguments, found a list',
    ],
    ['type: agent', '2:7 checks.it: port is missing'],
    [
      'type: agent, port: 7000',
      '4:44 services[0].check: an agent adds to other checks and can not be the only one: make it a list with another one first',
    ],
  ];
  for (const [check, problem] of refused) {
    test(`are refused: ${check}`, async () => {
      assert.deepEqual(await problemsOf(withCheck(check)), [problem]);
    });
  }

  test('need a port where the server has none, and a ping needs none', async () => {
    const all = 'persistenceTimeout: 60';
    assert.deepEqual(await problemsOf(withCheck('type: tcp', all)), [
      '4:58 services[0].check: 10.0.0.1:0 is a server without a port, so the check needs one',
    ]);
    for (const check of ['type: tcp, port: 80', 'type: ping', 'type: exec, command: [/bin/true]']) {
      assert.deepEqual(await problemsOf(withCheck(check, all)), []);
    }
  });

  test('over TCP need a port of their own for a UDP service', async () => {
    const udp = 'port: 53, protocol: udp';
    assert.match(String(await problemsOf(withCheck('type: tcp', udp))), /a tcp check can't ask the UDP port/);
    for (const check of ['type: tcp, port: 53', 'type: dns, name: example.com', 'type: udp, expect: any']) {
      assert.deepEqual(await problemsOf(withCheck(check, udp)), []);
    }
  });
});

describe('names of checks', () => {
  const cases: readonly (readonly [text: string, problems: readonly string[]])[] = [
    [
      `checks:
  web: { type: tcp }
  dns: { type: tcp }
services: [{ address: 192.0.2.1, port: 80, check: wbe, servers: [] }]
`,
      [
        '2:3 checks.web: no service and no server uses this check',
        '3:3 checks.dns: no service and no server uses this check',
        '4:51 services[0].check: no check is called "wbe"; did you mean web?',
      ],
    ],
    [withService('check: web'), ['1:21 services[0].check: no check is called "web"; the document has no checks']],
    [withService('check: [none]'), ['1:22 services[0].check[0]: none stands alone, not in a list']],
    [
      withService('check: []'),
      ['1:21 services[0].check: expected a check in the list; none stands for no check, found a list'],
    ],
    [
      withService('check: 5'),
      ['1:21 services[0].check: expected name of a check, a check, a list of them or none, found 5'],
    ],
    [withService('check: [[a]]'), ['1:22 services[0].check[0]: expected name of a check, or a check, found a list']],
    ['checks: { a: tcp }\nservices: []\n', ['1:14 checks.a: expected a check, a mapping with its type, found "tcp"']],
    [
      'checks: { a b: { type: tcp } }\nservices: []\n',
      ['1:11 checks.a b: expected name of a check, letters, digits, dots, dashes and underscores, found "a b"'],
    ],
    [
      'checks: { none: { type: tcp } }\nservices: []\n',
      ['1:9 checks: expected other names than none, which stands for no check, found a mapping'],
    ],
  ];
  for (const [text, problems] of cases) {
    test(text.split('\n').slice(0, 3).join(' '), async () => {
      assert.deepEqual(await problemsOf(text), problems);
    });
  }
});

describe('settings of services', () => {
  const check = 'check: { type: tcp }';
  const cases: readonly (readonly [text: string, problem: RegExp | undefined])[] = [
    [withService(`${check}, minimumHealthy: 2, slowStart: 30`), undefined],
    [withService(`${check}, minimumHealthy: 100%, removeAfter: 86400, drainTime: 86400`), undefined],
    [withService('minimumHealthy: 3'), /services\[0\]\.minimumHealthy: 3 of 2 servers can never be healthy/],
    [withService('minimumHealthy: 0%'), /expected a number of servers from 1 on, or a share of them such as 50%/],
    [withService('minimumHealthy: 101%'), /or a share of them such as 50%, found "101%"/],
    [withService('onDown: stop'), /expected auto, quiesce or remove, found "stop"/],
    [withService('failOpen: some'), /expected unreachable, all or never/],
    [withService('slowStart: 30', 'rr'), /slowStart: scheduler rr does not look at weights/],
    [withService('slowStart: 30', 'wrr', 9), /servers\[1\]\.weight: slowStart raises weights in steps and needs 10/],
    [withService('slowStart: 3601'), /expected number of seconds from 0 to 3600, found 3601/],
    [withService('check: [{ type: tcp }, { type: agent, port: 1 }]', 'lc'), /scheduler lc does not look at weights/],
    [withService('sorryServer: { address: 10.0.0.9, forwarding: nat, port: 8080 }'), undefined],
    [
      withService('sorryServer: { address: 10.0.0.9, port: 8080 }'),
      /sorryServer\.port: direct-routing does not rewrite/,
    ],
    [withService('sorryServer: { address: "2001:db8::9" }'), /sorryServer\.address: 2001:db8::9 is of another family/],
    [withService('sorryServer: { address: 10.0.0.9, check: none }'), /unknown name "check"/],
  ];
  for (const [text, problem] of cases) {
    test(text.replace(/, address: .*/s, ''), async () => {
      const problems = await problemsOf(text);
      if (problem === undefined) assert.deepEqual(problems, []);
      else assert.match(problems.join('\n'), problem);
    });
  }
});
