import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Held } from '../cluster/cluster.js';
import { DaemonProcess } from '../cluster/daemon.js';
import type { LoadReport, RunningLoad } from '../cluster/load.js';
import { director } from '../cluster/topology.js';
import { vip } from '../cluster/standard.js';
import { WatchedCluster, watchedDocument } from '../cluster/watched.js';
import { ipvsadm } from './run-main.js';

// Whatever operators do with the daemon, and whatever ends it: no request of a constant load fails, and no connection ends.
const watched = await WatchedCluster.build([80, 8080]);
const { cluster } = watched;
after(() => {
  watched.close();
});

const all = { '10.0.0.21:80': 10, '10.0.0.22:80': 10, '10.0.0.23:80': 10 } as const;

let daemon: DaemonProcess;
let load: RunningLoad;
let held: Held;

/** The load goes on for a while, then nothing of it may have failed. */
async function nothingFails(): Promise<LoadReport> {
  await sleep(700);
  const report = await load.end();
  assert.deepEqual(report.failed, []);
  assert.ok(report.requests.length > 10, `${report.requests.length} requests`);
  assert.equal(await held.again(), held.server, 'a connection from before goes on');
  await held.close();
  return report;
}

async function begin(document: string, expected: Readonly<Record<string, number>> = all): Promise<void> {
  await watched.reset();
  daemon = await DaemonProcess.start('web', document);
  await watched.becomes(expected);
  held = await cluster.hold({ address: vip.inet, port: 80 });
  load = await watched.load({ perSecond: 60 });
  await sleep(300);
}

/** The reply of `ipvsadm reload`. */
async function reload(...words: readonly string[]): Promise<{ status: number; stdout: string; stderr: string }> {
  return ipvsadm(['reload', ...words]);
}

describe('not one request fails', () => {
  beforeEach(() => begin(watchedDocument()));
  afterEach(async () => {
    await load.end().catch(() => undefined);
    await daemon.end();
  });

  test('while servers are drained one after the other, and put back', async () => {
    for (const server of ['10.0.0.21:80', '10.0.0.22:80', '10.0.0.23:80']) {
      assert.equal((await ipvsadm(['drain', '--no-wait', server])).status, 0);
      assert.deepEqual(await watched.weights(), { ...all, [server]: 0 });
      await sleep(300);
      assert.equal((await ipvsadm(['undrain', server])).status, 0);
      assert.deepEqual(await watched.weights(), all);
    }
    await nothingFails();
  });

  test('while a drained server stays drained over SIGKILL, a restart and a reload', async () => {
    assert.equal((await ipvsadm(['drain', '--no-wait', '10.0.0.22'])).status, 0);
    await daemon.end('SIGKILL');
    daemon = await DaemonProcess.start('web', watchedDocument());
    await sleep(700);
    assert.equal((await reload()).status, 0);
    await sleep(700);
    assert.deepEqual(await watched.weights(), { ...all, '10.0.0.22:80': 0 });
    assert.equal((await ipvsadm(['undrain', '10.0.0.22'])).status, 0);
    assert.deepEqual(await watched.weights(), all);
    await nothingFails();
  });

  test('while the document changes a weight', async () => {
    daemon.write(watchedDocument({ weights: { real1: 1, real2: 10, real3: 10 } }));
    assert.deepEqual(await reload(), { status: 0, stdout: 'web took /run/web.yaml\n', stderr: '' });
    assert.deepEqual(await watched.weights(), { ...all, '10.0.0.21:80': 1 });
    await nothingFails();
  });

  test('while the document takes a server out, and gets another one', async () => {
    daemon.write(watchedDocument({ weights: { real1: 10, real2: 10 }, members: 'drainTime: 1' }));
    await reload();
    const drained = await watched.becomes({ ...all, '10.0.0.23:80': 0 });
    await watched.becomes({ '10.0.0.21:80': 10, '10.0.0.22:80': 10 });
    assert.ok(Date.now() - drained < 10_000);
    daemon.write(watchedDocument());
    daemon.signal('SIGHUP');
    await watched.becomes(all);
    await sleep(700);
    // A connection that is held may be at the server that had no more time.
    assert.deepEqual((await load.end()).failed, []);
  });

  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    test(`while the daemon is ended by ${signal}, is gone for a second, and starts again`, async () => {
      const before = await cluster.ipvsadm('-Sn');
      assert.equal(await daemon.end(signal), signal === 'SIGTERM' ? 0 : signal);
      assert.equal(await cluster.ipvsadm('-Sn'), before, 'the table stays as it is');
      await sleep(1000);
      daemon = await DaemonProcess.start('web', watchedDocument());
      await sleep(1000);
      assert.equal(await cluster.ipvsadm('-Sn'), before);
      assert.equal((await daemon.server('10.0.0.21:80')).state, 'up');
      await nothingFails();
    });
  }

  const disturbances: readonly (readonly [what: string, disturb: (pid: number) => string])[] = [
    ['the daemon stands still for two seconds', (pid) => `kill -STOP ${pid}; sleep 2; kill -CONT ${pid}`],
    [
      'the daemon has no descriptors left',
      (pid) => `prlimit --pid ${pid} --nofile=10:4096; sleep 2; prlimit --pid ${pid} --nofile=4096`,
    ],
    ['the clock is set a day forward and back', () => 'date -s "1 day"; sleep 2; date -s "-1 day"'],
  ];
  for (const [what, disturb] of disturbances) {
    test(`while ${what}`, async () => {
      const before = await cluster.ipvsadm('-Sn');
      await cluster.run(director, disturb(daemon.pid));
      await sleep(1500);
      assert.equal(await cluster.ipvsadm('-Sn'), before);
      const { state, checks } = await daemon.server('10.0.0.21:80');
      assert.deepEqual([state, checks.map(({ result }) => result)], ['up', ['pass']], daemon.log);
      assert.doesNotMatch(daemon.log, /is down/);
      await nothingFails();
    });
  }

  test('while the daemon is ended in the middle of a failure, and starts again', async () => {
    await watched.make('real1', 'says no');
    await watched.becomes({ ...all, '10.0.0.21:80': 0 });
    await daemon.end('SIGKILL');
    daemon = await DaemonProcess.start('web', watchedDocument());
    assert.deepEqual(await watched.weights(), { ...all, '10.0.0.21:80': 0 }, 'it was down before');
    await watched.make('real1', 'well');
    await watched.becomes(all);
    await nothingFails();
  });
});

describe('not one request fails, with a sorry server,', () => {
  const members = 'sorryServer: { address: 10.0.0.23, port: 80, forwarding: masquerading }';
  const two = { real1: 10, real2: 10 };
  const both = { '10.0.0.21:80': 10, '10.0.0.22:80': 10 } as const;

  before(() => begin(watchedDocument({ members, weights: two }), both));
  after(async () => {
    await load.end().catch(() => undefined);
    await daemon.end();
  });

  test('while it takes over from servers that say 503, and they come back', async () => {
    await watched.make('real1', 'says no');
    await watched.make('real2', 'says no');
    const inSorry = { '10.0.0.21:80': 0, '10.0.0.22:80': 0, '10.0.0.23:80': 1 };
    const sorry = await watched.becomes(inSorry);
    await daemon.says(/0 of 2 servers healthy: the sorry server takes over\n/);
    await sleep(300);
    await daemon.end('SIGKILL');
    daemon = await DaemonProcess.start('web', watchedDocument({ members, weights: two }));
    await sleep(700);
    assert.deepEqual(await watched.weights(), inSorry, 'a restart changes nothing');
    const end = Date.now();
    await watched.make('real1', 'well');
    await watched.becomes({ '10.0.0.21:80': 10, '10.0.0.22:80': 0 });
    await watched.make('real2', 'well');
    const back = await watched.becomes(both);
    const report = await nothingFails();
    assert.deepEqual(report.serversBetween(sorry, end), ['real3']);
    assert.deepEqual(report.serversAfter(back), ['real1', 'real2']);
  });
});
