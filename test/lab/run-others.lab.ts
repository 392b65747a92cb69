import assert from 'node:assert/strict';
import { existsSync, statSync, writeFileSync } from 'node:fs';
import { after, afterEach, beforeEach, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { DaemonProcess } from '../cluster/daemon.js';
import { parseServers } from '../cluster/listings.js';
import { vip } from '../cluster/standard.js';
import { director } from '../cluster/topology.js';
import { WatchedCluster, watchedDocument } from '../cluster/watched.js';
import { Reference } from './reference.js';
import { ipvsadm } from './run-main.js';

// The daemon beside other programs and other daemons, and what it does with documents that are none.
const watched = await WatchedCluster.build([80, 8080]);
const { cluster } = watched;
const reference = new Reference(cluster.shell);
after(() => {
  watched.close();
});

const web = `-t ${vip.inet}:80`;
const other = `-t ${vip.inet}:8080`;
const all = { '10.0.0.21:80': 10, '10.0.0.22:80': 10, '10.0.0.23:80': 10 } as const;
const allOther = { '10.0.0.21:8080': 10, '10.0.0.22:8080': 10, '10.0.0.23:8080': 10 } as const;
const both = watchedDocument({}, { port: 8080 });

/** A service of somebody else, as rules. */
const foreign = ['-A -f 7 -s rr', '-a -f 7 -r 10.0.0.99:0 -g -w 3'] as const;

const daemons: DaemonProcess[] = [];
beforeEach(async () => {
  await watched.reset();
  await theirs(...foreign);
});
afterEach(async () => {
  await Promise.all(daemons.splice(0).map((daemon) => daemon.end()));
});

async function start(name: string, document: string): Promise<DaemonProcess> {
  const daemon = await DaemonProcess.start(name, document);
  daemons.push(daemon);
  return daemon;
}

/** Runs the original. */
async function theirs(...lines: readonly string[]): Promise<void> {
  for (const line of lines) {
    const [result] = await reference.run([{ argv: line.split(' ') }]);
    assert.deepEqual([line, result?.status, result?.stderr], [line, 0, '']);
  }
}

/** The table of everybody as rules, without what is said to be ours. */
async function rules(): Promise<string> {
  return cluster.ipvsadm('-Sn');
}

async function foreignStays(): Promise<void> {
  const lines = (await rules()).split('\n').filter((line) => line.includes('-f 7'));
  assert.deepEqual(lines, ['-A -f 7 -s rr', '-a -f 7 -r 10.0.0.99:0 -g -w 3']);
}

describe('other programs', () => {
  test('what they change of its services is put right within 15 s, and theirs is left alone', async () => {
    const daemon = await start('web', both);
    await watched.becomes(all);
    await theirs(
      `-D ${other}`,
      `-e ${web} -r 10.0.0.21:80 -m -w 0`,
      `-d ${web} -r 10.0.0.22:80`,
      `-a ${web} -r 10.0.0.98:80 -m -w 5`,
    );
    const began = performance.now();
    await watched.becomes({ ...all, '10.0.0.98:80': 0 });
    assert.ok(performance.now() - began < 17_000);
    assert.deepEqual(await watched.weights(other), allOther);
    await foreignStays();
    assert.match(daemon.log, /another program has changed tcp:192\.0\.2\.100:80, tcp:192\.0\.2\.100:8080: put right\n/);
  });

  test('a table that they have cleared is made again, at once by a reload', async () => {
    await start('web', both);
    await watched.becomes(all);
    await theirs('-C');
    const { status } = await ipvsadm(['reload']);
    assert.equal(status, 0);
    assert.deepEqual(await watched.weights(), all);
    assert.deepEqual(await watched.weights(other), allOther);
    assert.deepEqual(parseServers(await cluster.ipvsadm('-Ln')).length, 6, 'what was theirs is gone for good');
  });

  test('theirs is left alone by the start, a reload to another document and the end', async () => {
    const daemon = await start('web', both);
    await watched.becomes(all);
    await foreignStays();
    daemon.write(watchedDocument({ members: 'drainTime: 1' }));
    assert.equal((await ipvsadm(['reload'])).status, 0);
    await watched.becomes(all);
    while ((await rules()).includes(`-A ${other}`)) await sleep(200);
    await foreignStays();
    await daemon.end();
    await foreignStays();
  });
});

describe('two daemons', () => {
  test('keep a service each', async () => {
    const one = await start('one', watchedDocument());
    await start('two', watchedDocument({ port: 8080 }));
    await watched.becomes(all);
    await watched.becomes(allOther, other);
    const { status, stderr } = await ipvsadm(['reload']);
    assert.equal(status, 1);
    assert.match(stderr, /several daemons run: give one of them with --name: one, two\n/);
    assert.equal((await ipvsadm(['reload', '--name', 'two'])).status, 0);
    const { stdout } = await ipvsadm(['checks', '--json']);
    const { daemons: shown } = JSON.parse(stdout) as { daemons: { instance: string }[] };
    assert.deepEqual(
      shown.map(({ instance }) => instance),
      ['one', 'two'],
    );
    // A document that takes over what the other one keeps is refused, and nothing is changed.
    const before = await rules();
    one.write(both);
    const refused = await ipvsadm(['reload', '--name', 'one']);
    assert.equal(refused.status, 1);
    assert.match(refused.stderr, /tcp:192\.0\.2\.100:8080 is kept by another daemon, two/);
    assert.equal(await rules(), before);
  });

  test('with the same service: the second is refused, and changes nothing', async () => {
    await start('one', watchedDocument());
    await watched.becomes(all);
    const before = await rules();
    const second = DaemonProcess.launch('two', watchedDocument({ weights: { real1: 1 } }));
    assert.equal(await second.ended, 1);
    assert.match(second.log, /tcp:192\.0\.2\.100:80 is kept by another daemon, one \(process \d+, \/run\/one\.yaml\)/);
    assert.equal(await rules(), before);
  });

  test('of the same name: the second is refused', async () => {
    await start('one', watchedDocument());
    const second = DaemonProcess.launch('one', watchedDocument());
    assert.equal(await second.ended, 1);
    assert.match(second.log, /another process answers at \/run\/ipvsadm\/\d+\.run-one\.sock\n/);
    assert.equal((await ipvsadm(['reload'])).status, 0, 'the first one goes on');
  });

  test('one after the other: the socket of one that was killed is replaced', async () => {
    const first = await start('one', watchedDocument());
    const socket = `/run/ipvsadm/${statSync('/proc/self/ns/net').ino}.run-one.sock`;
    assert.equal(statSync(socket).mode & 0o777, 0o600);
    await first.end('SIGKILL');
    assert.ok(existsSync(socket));
    assert.match((await ipvsadm(['checks'])).stderr, /no daemon runs\n/);
    const second = await start('one', watchedDocument());
    assert.equal((await ipvsadm(['checks'])).status, 0);
    await second.end();
    assert.ok(!existsSync(socket), 'its end removes it');
  });
});

test('without room for its state a daemon begins, drains and ends, and says that it can not remember', async () => {
  const state = '/run/ipvsadm';
  await cluster.run(
    director,
    `mkdir -p ${state}; mount -t tmpfs -o size=16k,mode=755 none ${state}
dd if=/dev/zero of=${state}/fill bs=4k count=16 2>/dev/null || true`,
  );
  try {
    const daemon = await start('web', watchedDocument());
    await watched.becomes(all);
    assert.equal((await ipvsadm(['drain', '--no-wait', '10.0.0.21'])).status, 0);
    assert.deepEqual(await watched.weights(), { ...all, '10.0.0.21:80': 0 });
    assert.match(daemon.log, /run-web\.json: No space left on device\n/);
    // As soon as there is room it is remembered.
    await cluster.run(director, `rm ${state}/fill`);
    assert.equal((await ipvsadm(['drain', '--no-wait', '10.0.0.22'])).status, 0);
    await daemon.end('SIGKILL');
    await start('web', watchedDocument());
    assert.deepEqual(await watched.weights(), { ...all, '10.0.0.21:80': 0, '10.0.0.22:80': 0 });
    assert.equal((await ipvsadm(['undrain', '10.0.0.21', '10.0.0.22'])).status, 0);
    await Promise.all(daemons.splice(0).map((one) => one.end()));
  } finally {
    await cluster.run(director, `umount ${state}`);
  }
});

describe('a document that can not be used', () => {
  const broken = watchedDocument().replace('scheduler: wrr', 'schedular: wrr');

  test('at the start: exit status 2, line and column, and nothing is changed', async () => {
    const before = await rules();
    const daemon = DaemonProcess.launch('web', broken);
    assert.equal(await daemon.ended, 2);
    assert.match(daemon.log, /\/run\/web\.yaml:5:5: .*schedular/);
    assert.equal(await rules(), before);
  });

  test('that is not there: exit status 2', async () => {
    const daemon = DaemonProcess.launch('web', '', '--name', 'web', '/run/nosuch.yaml');
    assert.equal(await daemon.ended, 2);
  });

  const unusable: readonly (readonly [what: string, text: string, problem: RegExp])[] = [
    ['has a mistake', broken, /web\.yaml:5:5: .*schedular/],
    ['is empty', '', /web\.yaml/],
    ['ends in the middle', both.slice(0, both.length - 30), /web\.yaml:\d+:\d+: /],
  ];
  for (const [what, text, problem] of unusable) {
    test(`that ${what}, at a reload: everything stays, and it says why`, async () => {
      const daemon = await start('web', both);
      await watched.becomes(all);
      await watched.becomes(allOther, other);
      const before = await rules();
      daemon.write(text);
      daemon.signal('SIGHUP');
      await daemon.says(/the document is not taken, the one before stays: /);
      assert.match(daemon.log, problem);
      const { status, stdout, stderr } = await ipvsadm(['reload']);
      assert.deepEqual([status, stdout], [1, '']);
      assert.match(stderr, problem);
      assert.match((await ipvsadm(['checks'])).stdout, /The document as it is now was refused: .*web\.yaml/);
      await sleep(700);
      assert.equal(await rules(), before);
      daemon.write(both);
      assert.equal((await ipvsadm(['reload'])).status, 0);
      assert.doesNotMatch((await ipvsadm(['checks'])).stdout, /was refused/);
    });
  }
});

describe('run --check', () => {
  test('makes all checks once, says what came of them, and changes nothing', async () => {
    const before = await rules();
    writeFileSync('/run/try.yaml', watchedDocument());
    const well = await ipvsadm(['run', '--check', '/run/try.yaml']);
    assert.deepEqual([well.status, well.stderr], [0, '']);
    assert.match(well.stdout, /\n3 checks: all passed\n$/);
    await watched.make('real1', 'refuses');
    await watched.make('real2', 'says no');
    const ill = await ipvsadm(['run', '--check', '/run/try.yaml']);
    assert.deepEqual([ill.status, ill.stderr], [1, '']);
    assert.match(ill.stdout, /10\.0\.0\.21:80 .*refused/);
    assert.match(ill.stdout, /10\.0\.0\.22:80 .*503/);
    assert.match(ill.stdout, /\n3 checks: 2 did not pass\n$/);
    assert.equal(await rules(), before);
  });
});
