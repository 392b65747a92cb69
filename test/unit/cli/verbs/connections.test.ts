import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { FakeKernel } from '../../../../src/testing/fake-kernel.js';
import { realServer, serviceAt, serviceMarked, virtualService } from '../../../../src/model/build.js';
import { main } from '../../../main.js';
import { connectionTableText } from '../../support/connection-lines.js';
import { FakeIo, pieces } from '../../support/fake-io.js';

const table = connectionTableText([
  'TCP 203.0.113.7:40001 192.0.2.10:80 10.0.1.2:8080 ESTABLISHED 899',
  'TCP 203.0.113.7:40002 192.0.2.10:80 10.0.1.2:8080 TIME_WAIT 59',
  'TCP 203.0.113.7:0 192.0.2.10:80 10.0.1.2:8080 ASSURED 299',
  'TCP 203.0.113.9:40003 192.0.2.10:80 10.0.1.3:8080 SYN_RECV 3600',
  'UDP 198.51.100.4:5353 192.0.2.10:53 10.0.1.3:53 UDP 300',
  'TCP [2001:db8::7]:40004 [2001:db8::10]:80 [2001:db8:1::2]:8080 ESTABLISHED 10',
  'IP 203.0.113.0:0 0.0.0.7:0 10.0.1.3:0 NONE 60',
]);

interface Ran {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function run(line: string, text = table, more: { isTerminal?: boolean; rounds?: number } = {}): Promise<Ran> {
  const kernel = new FakeKernel({
    services: [
      {
        service: virtualService(serviceAt('192.0.2.10', 80)),
        servers: [realServer({ address: '10.0.1.3', port: 8080 })],
      },
      {
        service: virtualService(serviceAt('2001:db8::10', 80)),
        servers: [realServer({ address: '2001:db8:1::2', port: 8080 })],
      },
      { service: virtualService(serviceMarked(7)), servers: [realServer({ address: '10.0.1.3', port: 0 })] },
    ],
  });
  let reads = 0;
  const io: FakeIo = new FakeIo({
    sockets: [kernel],
    machine: {
      readFile: (path) => {
        assert.equal(path, '/proc/net/ip_vs_conn');
        if (++reads === more.rounds) for (const listener of io.signalListeners) listener('SIGINT');
        return pieces([Buffer.from(text)]);
      },
    },
  });
  io.stdout.isTerminal = more.isTerminal ?? false;
  const status = await main(['connections', ...line.split(' ').filter((word) => word !== '')], io);
  assert.equal(io.signalListeners.size, 0);
  return { status, stdout: io.stdout.text, stderr: io.stderr.text };
}

const titles = 'Prot State             Expires  Client                Virtual               Server\n';

describe('connections', () => {
  test('shows everything, with templates as such, and counts only connections', async () => {
    assert.deepEqual(await run(''), {
      status: 0,
      stdout: `${titles}TCP  ESTABLISHED       14:59    203.0.113.7:40001     192.0.2.10:80         10.0.1.2:8080
TCP  TIME_WAIT         00:59    203.0.113.7:40002     192.0.2.10:80         10.0.1.2:8080
TCP  template          04:59    203.0.113.7           192.0.2.10:80         10.0.1.2:8080
TCP  SYN_RECV          60:00    203.0.113.9:40003     192.0.2.10:80         10.0.1.3:8080
UDP  UDP               05:00    198.51.100.4:5353     192.0.2.10:53         10.0.1.3:53
TCP  ESTABLISHED       00:10    [2001:db8::7]:40004   [2001:db8::10]:80     [2001:db8:1::2]:8080
IP   template          01:00    203.0.113.0           0.0.0.7:0             10.0.1.3:0
5 connections (3 active, 2 inactive), 2 templates
`,
      stderr: '',
    });
  });

  /** The clients, with their ports, that each filter lets through. */
  const filters: readonly (readonly [words: string, clients: string])[] = [
    ['-s 203.0.113.7', '203.0.113.7:40001 203.0.113.7:40002 203.0.113.7:0'],
    ['--client 203.0.113.9,198.51.100.4', '203.0.113.9:40003 198.51.100.4:5353'],
    ['-s 203.0.113.0/24 --no-templates', '203.0.113.7:40001 203.0.113.7:40002 203.0.113.9:40003'],
    ['-s 0.0.0.0/0 --state active', '203.0.113.7:40001 203.0.113.9:40003'],
    ['-s 2001:DB8::/32', '2001:db8::7:40004'],
    ['-s ::/0', '2001:db8::7:40004'],
    ['-s 2001:dba::/31', ''],
    ['-s 2001:db8::/31', '2001:db8::7:40004'],
    ['--sport 40001,40003', '203.0.113.7:40001 203.0.113.9:40003'],
    ['-d 192.0.2.10:53', '198.51.100.4:5353'],
    ['-d [2001:db8::10]:80', '2001:db8::7:40004'],
    ['-d [2001:db8::]/64:80', '2001:db8::7:40004'],
    ['-d [2001:db8::/64]:81', ''],
    ['-d udp:192.0.2.10:53', '198.51.100.4:5353'],
    ['-d tcp:192.0.2.10:53', ''],
    ['--dport 53', '198.51.100.4:5353'],
    ['-r 10.0.1.3', '203.0.113.9:40003 198.51.100.4:5353 203.0.113.0:0'],
    ['-r 10.0.1.0/31:8080', ''],
    ['-r 10.0.1.0/30:53', '198.51.100.4:5353'],
    ['-r tcp:192.0.2.10:80/10.0.1.3', '203.0.113.9:40003'],
    ['-r tcp:192.0.2.10:80/10.0.1.3:81', ''],
    ['-p udp,ip', '198.51.100.4:5353 203.0.113.0:0'],
    ['--state established,time-wait', '203.0.113.7:40001 203.0.113.7:40002 2001:db8::7:40004'],
    ['--state Inactive', '203.0.113.7:40002 198.51.100.4:5353'],
    ['--state active,inactive -4', '203.0.113.7:40001 203.0.113.7:40002 203.0.113.9:40003 198.51.100.4:5353'],
    ['-6', '2001:db8::7:40004'],
    ['--templates', '203.0.113.7:0 203.0.113.0:0'],
    ['--orphans', '203.0.113.7:40001 203.0.113.7:40002 203.0.113.7:0'],
    [
      '--sort expires',
      '2001:db8::7:40004 203.0.113.7:40002 203.0.113.0:0 203.0.113.7:0 198.51.100.4:5353 203.0.113.7:40001 203.0.113.9:40003',
    ],
    ['--sort client --top 3', '198.51.100.4:5353 203.0.113.0:0 203.0.113.7:40001'],
    ['--top 2', '203.0.113.7:40001 203.0.113.7:40002'],
  ];
  for (const [words, clients] of filters) {
    test(`${words} lets through what it says`, async () => {
      // What goes to UDP's port 53 may belong to the service of the mark, which has that server.
      const { status, stdout, stderr } = await run(`--json ${words}`);
      assert.deepEqual({ status, stderr }, { status: 0, stderr: '' });
      const found = stdout.split('\n').filter((line) => line !== '');
      const ends = found.map((line) => (JSON.parse(line) as { client: { address: string; port: number } }).client);
      assert.deepEqual(ends.map(({ address, port }) => `${address}:${port}`).join(' '), clients);
    });
  }

  test('marks templates in JSON', async () => {
    const { stdout } = await run('--json -s 203.0.113.7 --templates');
    assert.deepEqual(JSON.parse(stdout), {
      protocol: 'TCP',
      state: 'ASSURED',
      expires: 299,
      client: { address: '203.0.113.7', port: 0, family: 'inet' },
      virtual: { address: '192.0.2.10', port: 80, family: 'inet' },
      server: { address: '10.0.1.2', port: 8080, family: 'inet' },
      template: true,
    });
  });

  const outputs: readonly (readonly [words: string, stdout: string])[] = [
    ['--count', '5\n'],
    ['--count --templates', '2\n'],
    ['--count --state syn-recv', '1\n'],
    ['--count -s 192.0.2.99', '0\n'],
    ['--count --json', '{"connections":5,"activeConnections":3,"inactiveConnections":2,"persistentConnections":2}\n'],
    [
      '--by client',
      `Client        Connections   Share  Active  Inactive  Templates
203.0.113.7             2   40.0%       1         1          1
198.51.100.4            1   20.0%       0         1          0
203.0.113.9             1   20.0%       1         0          0
2001:db8::7             1   20.0%       1         0          0
203.0.113.0             0    0.0%       0         0          1
total                   5  100.0%       3         2          2
`,
    ],
    [
      '--by client --client-prefix 24,32 --top 1',
      `Client          Connections   Share  Active  Inactive  Templates
203.0.113.0/24            3   60.0%       2         1          2
2 others                  2   40.0%       1         1          0
total                     5  100.0%       3         2          2
`,
    ],
    [
      '--by virtual,server --sort server',
      `Virtual                Server                Connections   Share  Active  Inactive  Templates
tcp:192.0.2.10:80      10.0.1.2:8080                   2   40.0%       1         1          1
fwmark:7               10.0.1.3:0                      0    0.0%       0         0          1
udp:192.0.2.10:53      10.0.1.3:53                     1   20.0%       0         1          0
tcp:192.0.2.10:80      10.0.1.3:8080                   1   20.0%       1         0          0
tcp:[2001:db8::10]:80  [2001:db8:1::2]:8080            1   20.0%       1         0          0
total                                                  5  100.0%       3         2          2
`,
    ],
    [
      '--templates --by server',
      `Server         Connections   Share  Active  Inactive  Templates
10.0.1.2:8080            0   50.0%       0         0          1
10.0.1.3:0               0   50.0%       0         0          1
total                    0  100.0%       0         0          2
`,
    ],
    [
      '--by protocol,state --json --top 2 -4',
      `{"connections":4,"activeConnections":2,"inactiveConnections":2,"persistentConnections":2,"groupCount":6,"groups":[
{"protocol":"TCP","state":"ESTABLISHED","connections":1,"activeConnections":1,"inactiveConnections":0,"persistentConnections":0,"share":0.25},
{"protocol":"TCP","state":"SYN_RECV","connections":1,"activeConnections":1,"inactiveConnections":0,"persistentConnections":0,"share":0.25}
]}
`,
    ],
    [
      '--by state -s 192.0.2.99',
      'State  Connections  Share  Active  Inactive  Templates\ntotal            0   0.0%       0         0          0\n',
    ],
  ];
  for (const [words, stdout] of outputs) {
    test(`${words} prints what it should`, async () => {
      assert.deepEqual(await run(words), { status: 0, stdout, stderr: '' });
    });
  }

  test('shows 20 groups on a terminal, all elsewhere, and all for --top 0', async () => {
    const lines = Array.from({ length: 30 }, (_, index) => `TCP 203.0.113.${index}:1 192.0.2.10:80 10.0.1.2:80 NONE 1`);
    const text = connectionTableText(lines);
    const rows = async (words: string, isTerminal: boolean): Promise<number> =>
      (await run(`--by client ${words}`, text, { isTerminal })).stdout.split('\n').length - 1;
    // The titles, the others and the total.
    assert.deepEqual([await rows('', true), await rows('', false), await rows('--top 0', true)], [23, 32, 32]);
  });

  test('reports lines that are no connections, shows the rest, and ends with status 1', async () => {
    const { status, stdout, stderr } = await run('--count', `${table}\u001b[2J nonsense\n`);
    assert.deepEqual(
      { status, stdout, stderr },
      { status: 1, stdout: '5\n', stderr: '/proc/net/ip_vs_conn: line 9 is no connection: ?[2J nonsense\n' },
    );
  });

  test('lets nothing of a packet reach the terminal', async () => {
    const text = connectionTableText([
      'UDP 203.0.113.7:0 192.0.2.10:5060 10.0.1.2:5060 UDP 60 sip call\u001b[2J\u009b',
      'T\u001bP 203.0.113.7:1 192.0.2.10:80 10.0.1.2:80 E\u001bS 60',
    ]);
    for (const words of ['', '--by protocol,state,virtual', '--json', '--json --by protocol,state']) {
      const { stdout } = await run(words, text);
      assert.doesNotMatch(stdout.replaceAll('\n', ''), /\p{Cc}/u);
      assert.ok(stdout.includes('203.0.113.7') || stdout.includes('P'));
    }
  });

  test('watches until a signal comes', async () => {
    const { status, stdout } = await run('--count --watch 5', table, { rounds: 3 });
    assert.deepEqual({ status, stdout }, { status: 0, stdout: '5\n\n5\n\n5\n' });
    const shown = await run('--count --watch 5', table, { rounds: 2, isTerminal: true });
    assert.equal(shown.stdout, '\u001b[H\u001b[J5\n\u001b[H\u001b[J5\n');
    const json = await run('--by protocol --json --watch 1', table, { rounds: 2 });
    const [first, second] = json.stdout.trimEnd().split('\n');
    assert.equal(first, second);
    assert.equal((JSON.parse(first ?? '') as { groupCount: number }).groupCount, 3);
  });

  test('says so where the kernel has no IPVS', async () => {
    const missing = Object.assign(new Error('none'), { code: 'ENOENT' });
    const io = new FakeIo({
      machine: {
        readFile: () => {
          throw missing;
        },
      },
    });
    assert.equal(await main(['connections'], io), 2);
    assert.match(io.stderr.text, /^Can't initialize ipvs: Protocol not available\n/);
  });
});
