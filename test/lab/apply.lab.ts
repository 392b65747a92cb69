import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, describe, test } from 'node:test';
import fc from 'fast-check';
import { IpvsClient } from '../../src/client/client.js';
import { applyPlan } from '../../src/table/apply.js';
import { readTable } from '../../src/table/read.js';
import { formatTable } from '../../src/documents/format-table.js';
import { lockTable } from '../../src/edge/table-lock.js';
import { compareTables } from '../../src/plan/difference.js';
import { planChanges } from '../../src/plan/plan.js';
import { openNetlinkTransport } from '../../src/socket/netlink-transport.js';
import { table as anyTable } from '../unit/support/tables.js';
import { ipvsadm } from './run-main.js';
import { present, wanted } from './apply/tables.js';
import { countingTransport } from './apply/spoiling-transport.js';
import { Reference, Shell } from './reference.js';

assert.equal(hostname(), 'lab', 'this suite destroys the IPVS table: npm run lab -- node FILE');

/** TABLES chooses how many random pairs of tables, SEED which. */
const pairCount = Number(process.env['TABLES'] ?? 100);
const seed = Number(process.env['SEED'] ?? 19981109);

const shell = new Shell();
const reference = new Reference(shell);
const client = await IpvsClient.connect(openNetlinkTransport());
after(() => {
  client.close();
  shell.close();
});

const expectedText = `~ TCP  10.0.0.1:80 scheduler rr -> wrr
+   10.0.0.6:8080 masquerading weight 1
`;

const document = join(shell.directory, 'wanted.yaml');

async function stage(): Promise<void> {
  const { complaints } = await reference.stage(present);
  assert.equal(complaints, '');
}

before(() => {
  writeFileSync(document, wanted);
});

// All at once ----------------------------------------------------------------------------------------------------------

test('apply makes the table that of the document, and diff and a dry run say the same before', async () => {
  await stage();
  const untouched = await reference.table();
  const shown = await ipvsadm(['diff', document]);
  assert.deepEqual([shown.status, shown.stderr], [1, '']);
  assert.ok(shown.stdout.includes(expectedText.split('\n')[0] ?? ''), shown.stdout);
  const dry = await ipvsadm(['apply', '--dry-run', document]);
  assert.deepEqual(dry, { ...shown, status: 0 });
  assert.equal(await reference.table(), untouched);

  const done = await ipvsadm(['apply', document]);
  assert.deepEqual(done, { ...shown, status: 0 });
  assert.deepEqual(await ipvsadm(['diff', document]), { status: 0, stdout: '', stderr: '' });
  const table = await reference.table();
  for (const rule of [
    '-A -t 10.0.0.1:80 -s wrr\n',
    '-a -t 10.0.0.1:80 -r 10.0.0.4:8080 -m -w 30\n',
    '-A --sctp-service 10.0.0.8:9 -s sed\n',
    'Timeout (tcp tcpfin udp): 900 121 301\n',
  ]) {
    assert.ok(table.includes(rule), `${rule} is not in\n${table}`);
  }
  assert.doesNotMatch(table, /10\.0\.0\.3:8080|2001:db8|10\.0\.0\.5/);
  assert.match(table, /master sync daemon \(mcast=lo, syncid=2,/);
});

test('what is the same is not asked to change: nothing at all is sent the second time', async () => {
  await ipvsadm(['apply', document]);
  let sent = 0;
  const openSocket = (): Promise<ReturnType<typeof countingTransport>> =>
    Promise.resolve(
      countingTransport((count) => {
        sent += count;
      }),
    );
  assert.deepEqual(await ipvsadm(['apply', document], { machine: { openSocket } }), {
    status: 0,
    stdout: '',
    stderr: '',
  });
  assert.equal(sent, 0);
});

test('the JSON of a difference has stable names', async () => {
  await stage();
  const { status, stdout } = await ipvsadm(['diff', '--json', document]);
  assert.equal(status, 1);
  const json = JSON.parse(stdout) as { same: boolean; services: Record<string, unknown>[]; timeouts: unknown };
  assert.equal(json.same, false);
  assert.deepEqual(json.timeouts, { tcp: { from: 901, to: 900 } });
  assert.deepEqual(json.services[0], {
    change: 'edit',
    protocol: 'tcp',
    address: '10.0.0.1',
    port: 80,
    family: 'inet',
    settings: { scheduler: { from: 'rr', to: 'wrr' } },
    servers: [
      { change: 'edit', address: '10.0.0.4', port: 8080, family: 'inet', settings: { weight: { from: 3, to: 30 } } },
      {
        change: 'add',
        address: '10.0.0.6',
        port: 8080,
        family: 'inet',
        forwarding: 'masquerading',
        weight: 1,
        upperThreshold: 0,
        lowerThreshold: 0,
      },
      {
        change: 'remove',
        address: '10.0.0.3',
        port: 8080,
        family: 'inet',
        forwarding: 'masquerading',
        weight: 2,
        upperThreshold: 9,
        lowerThreshold: 3,
      },
    ],
  });
});

test('without pruning nothing goes, and kept weights stay', async () => {
  await stage();
  const { status } = await ipvsadm(['apply', '--no-prune', '--keep-weights', document]);
  assert.equal(status, 0);
  const table = await reference.table();
  assert.match(table, /-r 10\.0\.0\.3:8080 -m -w 2/);
  assert.match(table, /-r 10\.0\.0\.4:8080 -m -w 3\n/);
  assert.match(table, /-r 10\.0\.0\.6:8080 -m -w 1\n/);
  assert.match(table, /\[2001:db8::1\]:53/);
});

test('a rule dump of the original on the standard input is a table, too', async () => {
  await stage();
  const [dump] = await reference.run([{ argv: ['-Sn'] }]);
  await ipvsadm(['apply', document]);
  const { status, stderr } = await ipvsadm(['apply', '-'], { stdin: dump?.stdout ?? '' });
  assert.deepEqual({ status, stderr }, { status: 0, stderr: '' });
  const [again] = await reference.run([{ argv: ['-Sn'] }]);
  assert.equal(again?.stdout, dump?.stdout);
});

test('an address of this machine is no difference for ever', async () => {
  await shell.script('ip address add 10.77.0.1/32 dev lo');
  const text =
    'services: [{ address: 10.0.0.1, port: 80, servers: [{ address: 127.0.0.1 }, { address: 10.77.0.1 }] }]\n';
  await reference.stage([]);
  assert.equal((await ipvsadm(['apply', '-'], { stdin: text })).status, 0);
  assert.deepEqual(await ipvsadm(['diff', '-'], { stdin: text }), { status: 0, stdout: '', stderr: '' });
});

// Bad input ------------------------------------------------------------------------------------------------------------

/** That many megabytes. */
async function* blanks(megabytes: number): AsyncGenerator<Uint8Array> {
  for (let piece = 0; piece < megabytes; piece++) {
    await Promise.resolve();
    yield Buffer.alloc(1_000_000, ' ');
  }
}

const badInputs: readonly (readonly [what: string, stdin: string | Uint8Array | (() => AsyncIterable<Uint8Array>)])[] =
  [
    ['an unknown key', 'services: []\ntimeouts: { tpc: 900 }\n'],
    ['a service twice', 'services: [{ address: 10.0.0.1, port: 80 }, { address: 10.0.0.1, port: 80 }]\n'],
    ['one-packet scheduling on TCP', 'services: [{ address: 10.0.0.1, port: 80, onePacket: true }]\n'],
    [
      'a weight out of range',
      'services: [{ address: 10.0.0.1, port: 80, servers: [{ address: 10.0.0.2, weight: -1 }] }]\n',
    ],
    ['no text', Uint8Array.of(0xff, 0xfe, 0, 1)],
    ['nothing', ''],
    ['100 MB', () => blanks(100)],
    ['a rule that is none', '-A -t 10.0.0.1:80\n-a -t nonsense\n'],
  ];
describe('bad input is refused, and changes nothing', () => {
  for (const [what, stdin] of badInputs) {
    for (const verb of ['apply', 'diff']) {
      test(`${verb}: ${what}`, async () => {
        await stage();
        const untouched = await reference.table();
        const { status, stdout, stderr } = await ipvsadm([verb, '-'], {
          stdin: typeof stdin === 'function' ? stdin() : stdin,
        });
        assert.deepEqual({ status, stdout }, { status: 2, stdout: '' });
        assert.match(stderr, /^ipvsadm: standard input\b/);
        assert.equal(await reference.table(), untouched);
      });
    }
  }

  test('a file that is not there', async () => {
    const { status, stderr } = await ipvsadm(['apply', '/nowhere/table.yaml']);
    assert.equal(status, 2);
    assert.match(stderr, /\/nowhere\/table\.yaml.*No such file or directory/);
  });
});

// The lock -------------------------------------------------------------------------------------------------------------

test('a second apply waits, then says who has the lock and changes nothing', async () => {
  await stage();
  const untouched = await reference.table();
  const lock = await lockTable({ waitSeconds: 0, purpose: 'ipvsadm apply other.yaml' });
  try {
    const { status, stdout, stderr } = await ipvsadm(['apply', '--wait', '0.2', document]);
    assert.deepEqual({ status, stdout }, { status: 1, stdout: '' });
    const holder = `process ${process.pid} \\(ipvsadm apply other\\.yaml\\), since \\S+`;
    assert.match(stderr, new RegExp(`^waiting for ${holder}\nipvsadm: ${holder} has locked the table; waited 0\\.2 s`));
    assert.equal(await reference.table(), untouched);
    // Looking needs no lock.
    assert.equal((await ipvsadm(['diff', document])).status, 1);
  } finally {
    await lock.release();
  }
});

test('an apply with nothing to do needs no lock, but waits for who has it', async () => {
  await stage();
  assert.equal((await ipvsadm(['apply', document])).status, 0);
  const lock = await lockTable({ waitSeconds: 0, purpose: 'ipvsadm apply other.yaml' });
  try {
    const { status, stderr } = await ipvsadm(['apply', '--wait', '0', document]);
    assert.equal(status, 1);
    assert.match(stderr, /\(ipvsadm apply other\.yaml\), since \S+, has locked the table/);
    assert.equal((await ipvsadm(['apply', '--dry-run', document])).status, 0);
  } finally {
    await lock.release();
  }
});

test('the program as it is installed says the same', async () => {
  await stage();
  const lock = await lockTable({ waitSeconds: 0, purpose: 'ipvsadm apply other.yaml' });
  try {
    const child = spawn('dist/bin/ipvsadm.cjs', ['apply', '--wait', '0', document]);
    const ended = once(child, 'close');
    const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
    assert.deepEqual({ status: (await ended)[0] as unknown, stdout }, { status: 1, stdout: '' });
    assert.match(stderr, /ipvsadm\.cjs: process \d+ [^\n]+ has locked the table; waited 0 s for it\n$/);
  } finally {
    await lock.release();
  }
});

test('another network namespace has a lock of its own', async () => {
  const lock = await lockTable({ waitSeconds: 0, purpose: 'here' });
  try {
    const script = `import { lockTable } from 'ipvsadm'; await (await lockTable({ waitSeconds: 0, purpose: 'there' })).release();`;
    const child = spawn('unshare', ['-n', process.execPath, '--input-type=module', '-e', script], { stdio: 'inherit' });
    assert.deepEqual(await once(child, 'exit'), [0, null]);
  } finally {
    await lock.release();
  }
});

// Random tables --------------------------------------------------------------------------------------------------------

test(`${pairCount} random tables are reached from each other, through their documents too`, async () => {
  await shell.script(
    'ip link add sync0 type dummy; ip address add 10.99.0.1/32 dev sync0; ip link set sync0 up; ip address add 2001:db8:99::1/128 dev sync0',
  );
  await reference.stage([]);
  const parts = { schedulers: ['rr', 'wlc', 'sh', 'mh'], engines: ['sip'], interfaces: ['sync0'], unsayable: false };
  let turn = 0;
  const reaches = fc.asyncProperty(anyTable(parts), async (goal) => {
    if (turn++ % 4 === 0) {
      const text = formatTable(goal, 'json', 'test');
      const { status, stderr } = await ipvsadm(['apply', '-'], { stdin: text });
      assert.deepEqual({ status, stderr }, { status: 0, stderr: '' });
    } else {
      await applyPlan(client, planChanges(await readTable(client), goal));
    }
    const left = compareTables(await readTable(client), goal);
    assert.deepEqual(left, { services: [], timeouts: undefined, syncDaemons: [] });
  });
  await fc.assert(reaches, { numRuns: pairCount, seed });
});
