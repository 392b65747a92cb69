import assert from 'node:assert/strict';
import { hostname } from 'node:os';
import { after, beforeEach, test } from 'node:test';
import { createMachine } from '../../src/edge/machine.js';
import { main } from '../main.js';
import { createNameResolver } from '../../src/edge/system-resolver.js';
import { Captured, type Screen } from './captured.js';
import { Reference, Shell, type Rules } from './reference.js';
import { nameHosts } from './surroundings.js';

// The verb `status`: our own, so there is nothing to compare it with but what it promises.
assert.equal(hostname(), 'lab', 'this suite destroys the IPVS table: npm run lab -- node FILE');

const words = (text: string): string[] => text.split(' ');
const shell = new Shell();
const reference = new Reference(shell);
await nameHosts(shell);
after(() => {
  shell.close();
});

// Two services, one with a server at weight 0, one with only such a server, and one without any.
const table: Rules = [
  '-A -t 10.0.0.1:80 -s wrr',
  '-a -t 10.0.0.1:80 -r 10.0.0.2:8080 -m -w 5',
  '-a -t 10.0.0.1:80 -r 10.0.0.3:80 -i -w 0 --tun-type gue --tun-port 6080 --tun-csum',
  '-A -u [2001:db8::1]:53 -s sh -p 60 -M 64 -b sh-port -o',
  '-a -u [2001:db8::1]:53 -r [2001:db8::2]:53 -g -w 0 -x 20 -y 10',
  '-A -f 4000000000 -s rr',
].map(words);

beforeEach(async () => {
  const { complaints } = await reference.stage(table);
  assert.equal(complaints, '');
});

// eslint-disable-next-line @typescript-eslint/require-await -- nobody reads it
async function* nothing(): AsyncGenerator<Uint8Array> {
  yield new Uint8Array();
}

async function run(line: string, env: Readonly<Record<string, string>> = {}, screen: Screen = {}) {
  const stdout = new Captured(screen);
  const stderr = new Captured(screen);
  const status = await main(words(line), {
    programName: 'ipvsadm',
    env,
    stdin: nothing(),
    stdout,
    stderr,
    names: createNameResolver(),
    machine: createMachine(),
  });
  return { status, stdout: stdout.text, stderr: stderr.text };
}

/** The cells of each line of a table that have something in them. */
function cells(text: string): string[][] {
  return text
    .split('\n')
    .filter((line) => line.startsWith('│'))
    .map((line) =>
      line
        .split('│')
        .map((cell) => cell.trim())
        .filter((cell) => cell !== ''),
    );
}

test('status is a table with weights, connections and what takes none, and a line that sums it up', async () => {
  const { status, stdout, stderr } = await run('status');
  assert.deepEqual({ status, stderr }, { status: 0, stderr: '' });
  assert.deepEqual(cells(stdout), [
    ['Service / server', 'Forwarding', 'Weight', 'Active', 'Inactive'],
    ['TCP  10.0.0.1:80 wrr', '0', '0'],
    ['10.0.0.2:8080', 'masquerading', '5', '0', '0'],
    ['10.0.0.3:80', 'tunneling', '0', '0', '0', 'quiesced'],
    ['UDP  [2001:db8::1]:53 sh (sh-port) persistent 60 mask 64 ops', '0', '0', 'no server takes connections'],
    ['[2001:db8::2]:53', 'direct-routing', '0', '0', '0', 'quiesced'],
    ['FWM  4000000000 rr', '0', '0', 'no servers'],
  ]);
  assert.match(stdout, /\n3 services, 3 servers \(2 quiesced\), 0 active and 0 inactive connections\n$/);
  const widths = new Set(
    stdout
      .split('\n')
      .filter((line) => /^[│┌├└]/.test(line))
      .map((line) => line.length),
  );
  assert.equal(widths.size, 1, 'all lines of the table are equally wide');
});

test('services are sorted by the numbers that their addresses are', async () => {
  await reference.stage(
    ['-A -t 192.168.0.1:80', '-A -t 10.0.0.1:80', '-A -t 100.64.0.1:80', '-A -t 9.0.0.1:80'].map(words),
  );
  const { stdout } = await run('status');
  assert.deepEqual(
    [...stdout.matchAll(/TCP {2}(\S+):80/g)].map(([, address]) => address),
    ['9.0.0.1', '10.0.0.1', '100.64.0.1', '192.168.0.1'],
  );
  assert.match(stdout, /\n4 services, 0 servers, /);
});

test('one service and one server are counted in the singular', async () => {
  await reference.stage(['-A -t 10.0.0.1:80', '-a -t 10.0.0.1:80 -r 10.0.0.2'].map(words));
  const { stdout } = await run('status');
  assert.match(stdout, /\n1 service, 1 server, 0 active and 0 inactive connections\n$/);
});

test('an empty table is said to be empty', async () => {
  await reference.stage([]);
  assert.deepEqual(await run('status'), { status: 0, stdout: 'No virtual services.\n', stderr: '' });
});

test('names are looked up when asked for', async () => {
  const { status, stdout } = await run('status --no-numeric');
  assert.equal(status, 0);
  const [, service, server] = cells(stdout).map(([first]) => first);
  assert.deepEqual([service, server], ['TCP  vip:http wrr', 'web:http-alt']);
  assert.equal((await run('status -n')).stdout, (await run('status')).stdout);
});

// Colour ----------------------------------------------------------------------------------------------------------------

const coloured: readonly [
  title: string,
  env: Readonly<Record<string, string>>,
  isTerminal: boolean,
  colour: boolean,
][] = [
  ['no terminal', {}, false, false],
  ['a terminal', {}, true, true],
  ['a terminal of some kind', { TERM: 'xterm-256color' }, true, true],
  ['a dumb terminal', { TERM: 'dumb' }, true, false],
  ['NO_COLOR at a terminal', { NO_COLOR: '1' }, true, false],
  ['NO_COLOR without a value', { NO_COLOR: '' }, true, true],
  ['FORCE_COLOR without a terminal', { FORCE_COLOR: '1' }, false, true],
  ['FORCE_COLOR and NO_COLOR', { FORCE_COLOR: '1', NO_COLOR: '1' }, true, false],
];
for (const [title, env, isTerminal, colour] of coloured) {
  test(`${title}: ${colour ? 'colour' : 'no colour'}, and the same text`, async () => {
    const { stdout } = await run('status', env, { isTerminal, columns: 120 });
    assert.equal(stdout.includes('\x1b['), colour);
    // eslint-disable-next-line no-control-regex -- this is what colour consists of
    assert.equal(stdout.replace(/\x1b\[\d+m/g, ''), (await run('status')).stdout);
  });
}

test('a server that takes no connections stands out from one that does', async () => {
  const { stdout } = await run('status', { FORCE_COLOR: '1' });
  const line = (text: string): string => stdout.split('\n').find((one) => one.includes(text)) ?? '';
  assert.ok(line('10.0.0.3:80').includes('\x1b[33m'));
  assert.ok(!line('10.0.0.2:8080').includes('\x1b[33m'));
});

test('JSON is never coloured', async () => {
  const { stdout } = await run('status --json', { FORCE_COLOR: '1' }, { isTerminal: true });
  assert.ok(!stdout.includes('\x1b'));
});

// JSON ------------------------------------------------------------------------------------------------------------------

test('JSON has everything by stable names', async () => {
  const { status, stdout, stderr } = await run('status --json');
  assert.deepEqual({ status, stderr }, { status: 0, stderr: '' });
  assert.ok(stdout.endsWith('}\n'));
  const document = JSON.parse(stdout) as Record<string, unknown>;
  assert.ok(Number(document['connectionTableSize']) >= 256);
  const noConnections = { activeConnections: 0, inactiveConnections: 0, persistentConnections: 0 };
  const noThresholds = { upperThreshold: 0, lowerThreshold: 0 };
  const plain = { schedulerFlags: [], onePacket: false };
  assert.deepEqual(document, {
    version: '1.2.1',
    connectionTableSize: document['connectionTableSize'],
    services: [
      {
        protocol: 'tcp',
        address: '10.0.0.1',
        port: 80,
        family: 'inet',
        scheduler: 'wrr',
        ...plain,
        servers: [
          {
            address: '10.0.0.2',
            port: 8080,
            family: 'inet',
            forwarding: 'masquerading',
            weight: 5,
            ...noThresholds,
            ...noConnections,
          },
          {
            address: '10.0.0.3',
            port: 80,
            family: 'inet',
            forwarding: 'tunneling',
            tunnel: { type: 'gue', port: 6080, checksum: 'csum' },
            weight: 0,
            ...noThresholds,
            ...noConnections,
          },
        ],
      },
      {
        protocol: 'udp',
        address: '2001:db8::1',
        port: 53,
        family: 'inet6',
        scheduler: 'sh',
        schedulerFlags: ['flag-2'],
        onePacket: true,
        persistenceTimeout: 60,
        persistenceNetmask: 64,
        servers: [
          {
            address: '2001:db8::2',
            port: 53,
            family: 'inet6',
            forwarding: 'direct-routing',
            weight: 0,
            upperThreshold: 20,
            lowerThreshold: 10,
            ...noConnections,
          },
        ],
      },
      { fwmark: 4000000000, family: 'inet', scheduler: 'rr', ...plain, servers: [] },
    ],
  });
});

test('JSON of an empty table is a document, too', async () => {
  await reference.stage([]);
  const { stdout } = await run('status --json');
  assert.deepEqual((JSON.parse(stdout) as { services: unknown }).services, []);
});

// Words -----------------------------------------------------------------------------------------------------------------

const wrong: readonly [line: string, says: RegExp][] = [
  ['status --nosuch', /^ipvsadm: .*nosuch/],
  ['status --jsno', /^ipvsadm: .*jsno/],
  ['status -x', /^ipvsadm: .*\bx\b/],
  ['status everything', /^ipvsadm: .*everything/],
];
for (const [line, says] of wrong) {
  test(`a word that means nothing is refused: ${line}`, async () => {
    const { status, stdout, stderr } = await run(line);
    assert.deepEqual({ status, stdout }, { status: 2, stdout: '' });
    assert.match(stderr, says);
    assert.match(stderr, /\nTry 'ipvsadm status --help' for more information\.\n$/);
    assert.equal(stderr.split('\n').length, 3, 'two lines');
  });
}

for (const line of ['status --help', 'status -h']) {
  test(`${line} names every option and fits the screen`, async () => {
    const { status, stdout, stderr } = await run(line, {}, { isTerminal: true, columns: 60 });
    assert.deepEqual({ status, stderr }, { status: 0, stderr: '' });
    for (const option of ['ipvsadm status', '--json', '--numeric', '--no-numeric', '-n', '-h', '--help']) {
      assert.ok(stdout.includes(option), `${option} is missing`);
    }
    assert.ok(stdout.split('\n').every((text) => text.length <= 60));
  });
}

test('status changes nothing', async () => {
  const before = await reference.table();
  await run('status');
  await run('status --json');
  assert.equal(await reference.table(), before);
});
