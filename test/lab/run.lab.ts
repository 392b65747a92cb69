import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import { DaemonProcess } from '../cluster/daemon.js';
import type { LoadReport, RunningLoad } from '../cluster/load.js';
import { realServerNames, realServers, vip, type RealServerName } from '../cluster/standard.js';
import { quickCheck, WatchedCluster, watchedDocument, type Condition } from '../cluster/watched.js';

// The daemon as a process, with real servers that fail under a load of new connections: how soon it knows, and what is lost.
const watched = await WatchedCluster.build();
const { cluster } = watched;
after(() => {
  watched.close();
});

const all = { '10.0.0.21:80': 10, '10.0.0.22:80': 10, '10.0.0.23:80': 10 } as const;

/** As a service has it of which nothing else is said. */
const defaults = '{ type: http, path: /health }';

/** Milliseconds that a lab may be late: other labs share the machine, and whatever happens is seen a moment later. */
const slack = 1500;

let load: RunningLoad | undefined;
async function loaded(): Promise<LoadReport> {
  const report = await load?.end();
  load = undefined;
  assert.ok(report !== undefined, 'there was a load');
  return report;
}

describe('with the defaults', () => {
  let daemon: DaemonProcess;
  before(async () => {
    await watched.reset();
    daemon = await DaemonProcess.start('web', watchedDocument({ check: defaults }));
    await watched.becomes(all);
  });
  afterEach(() => load?.end());
  after(async () => {
    assert.equal(await daemon.end(), 0);
    await watched.reset();
  });

  // Each of another server: one that fell before has to be well for longer.
  const failures: readonly (readonly [RealServerName, Condition, title: string, within: number, reason: RegExp])[] = [
    ['real1', 'refuses', 'refuses connections', 7000, /is down: refused/],
    ['real2', 'silent', 'is silent', 13_000, /is down: no answer/],
    ['real3', 'says no', 'answers its check with 503', 7000, /is down: .*503/],
  ];
  for (const [name, condition, title, within, reason] of failures) {
    test(`a server that ${title} is out within ${within / 1000} s, and back within 6 s`, async (t) => {
      daemon.forget();
      load = await watched.load();
      const fell = Date.now();
      await watched.make(name, condition);
      const out = await watched.becomes({ ...all, [`${realServers[name].back.inet}:80`]: 0 });
      await daemon.says(reason);
      const recovered = Date.now();
      await watched.make(name, 'well');
      const back = await watched.becomes(all);
      const report = await loaded();
      t.diagnostic(
        `out after ${out - fell} ms, back after ${back - recovered} ms, ` +
          `${report.failed.length} of ${report.requests.length} requests failed`,
      );
      assert.ok(out - fell <= within + slack, `out after ${out - fell} ms`);
      assert.ok(back - recovered <= 6000 + slack, `back after ${back - recovered} ms`);
      assert.deepEqual(report.failuresAfter(out), [], 'what failed began before the verdict');
      assert.deepEqual(
        // It is back a moment before that is seen.
        report.serversBetween(out, back - 500),
        realServerNames.filter((other) => other !== name),
      );
      if (condition === 'says no') assert.deepEqual(report.failed, [], 'it goes on to answer clients');
      else assert.ok(report.failed.length > 0, 'the load reaches it');
    });
  }
});

describe('with short intervals', () => {
  let daemon: DaemonProcess;
  afterEach(async () => {
    await daemon.end();
    await watched.reset();
  });

  test('a server that takes connections and says nothing is out, and back', async () => {
    daemon = await DaemonProcess.start('web', watchedDocument());
    await watched.becomes(all);
    await watched.make('real2', 'hangs');
    await watched.becomes({ ...all, '10.0.0.22:80': 0 });
    await daemon.says(/10\.0\.0\.22:80 is down: no answer/);
    const served = await cluster.fetch({ address: vip.inet, port: 80 }, 6);
    assert.deepEqual([...new Set(served)].sort(), ['real1', 'real3']);
    await watched.make('real2', 'well');
    await watched.becomes(all);
  });

  const check = quickCheck.replace('{', '{ port: 80,');
  const servers = (address: (name: RealServerName) => string, port: number): string =>
    realServerNames
      .map((name) => `      - { address: '${address(name)}', port: ${port}, forwarding: masquerading }\n`)
      .join('');
  const others: readonly (readonly [what: string, name: string, document: string, server: (name: string) => string])[] =
    [
      [
        'of a firewall mark',
        '-f 9',
        `services:\n  - fwmark: 9\n    check: ${check}\n    servers:\n${servers((name) => realServers[name].back.inet, 0)}`,
        (name) => `${realServers[name as RealServerName].back.inet}:0`,
      ],
      [
        'of IPv6',
        `-t [${vip.inet6}]:80`,
        `services:\n  - address: '${vip.inet6}'\n    port: 80\n    check: ${check}\n    servers:\n${servers((name) => realServers[name].back.inet6, 80)}`,
        (name) => `[${realServers[name as RealServerName].back.inet6}]:80`,
      ],
    ];
  for (const [what, name, document, server] of others) {
    test(`a server of a service ${what} is out, and back`, async () => {
      daemon = await DaemonProcess.start('web', document);
      const ones = Object.fromEntries(realServerNames.map((one) => [server(one), 1]));
      await watched.becomes(ones, name);
      await watched.make('real2', 'refuses');
      await watched.becomes({ ...ones, [server('real2')]: 0 }, name);
      await watched.make('real2', 'well');
      await watched.becomes(ones, name);
    });
  }
});
