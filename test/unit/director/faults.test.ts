import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { StartCheck } from '../../../src/health/outcome.js';
import type { Change } from '../../../src/model/change.js';
import { virtualService } from '../../../src/model/build.js';
import { all, documentOf, key, server, settled, tableOf, three } from '../support/three-servers.js';
import { WatchedDirector } from '../support/watched-director.js';

// Faults of the director itself, of its kernel and of whoever else changes that: none of them is a verdict on a server.

/** How often the service manager was told that the daemon lives. */
const fed = ({ io }: WatchedDirector): number => io.notified.filter((one) => one === 'WATCHDOG=1').length;

describe('a host at its limits', () => {
  test('of checks at a time makes the others later, and takes nobody out for it', async () => {
    const director = new WatchedDirector();
    const addresses = Array.from({ length: 20 }, (_, index) => `10.0.2.${index + 1}`);
    // The first two keep the two places busy for as long as they may.
    for (const address of addresses.slice(0, 2)) director.hosts.set(address, 'silent');
    let running = 0;
    let most = 0;
    const start: StartCheck = (target, done) => {
      most = Math.max(most, ++running);
      const stop = director.start(target, (outcome) => {
        running--;
        done(outcome);
      });
      return () => {
        running--;
        stop();
      };
    };
    await director.begin(documentOf(addresses), { mostChecks: 2, start });
    await director.seconds(60);
    assert.equal(most, 2);
    const down = Object.entries(director.weights).flatMap(([name, weight]) => (weight === 0 ? [name] : []));
    assert.deepEqual(down, ['10.0.2.1:80', '10.0.2.2:80']);
    assert.equal(director.log.match(/ is down: no answer/g)?.length, 2, director.log);
    await director.stop();
  });

  test('of descriptors, with all checks, changes nothing, and neither does its end', async () => {
    const director = await settled();
    for (const address of three) director.hosts.set(address, 'unknown');
    await director.seconds(300);
    assert.equal((await director.server('10.0.1.1:80'))?.state, 'unknown');
    for (const address of three) director.hosts.set(address, 'well');
    await director.seconds(10);
    assert.equal((await director.server('10.0.1.1:80'))?.state, 'up');
    assert.deepEqual(director.kernel.changes, []);
    await director.stop();
  });

  test('of descriptors keeps those out that were down before', async () => {
    const director = await settled();
    director.hosts.set('10.0.1.2', 'refuses');
    await director.seconds(10);
    for (const address of three) director.hosts.set(address, 'unknown');
    await director.seconds(300);
    assert.deepEqual(director.weights, { ...all, '10.0.1.2:80': 0 });
    await director.stop();
  });

  test('a check that can not even be started is no failure', async () => {
    const director = new WatchedDirector(tableOf({ '10.0.1.1': 1, '10.0.1.2': 1, '10.0.1.3': 1 }));
    const start: StartCheck = () => {
      throw new Error('EMFILE');
    };
    await director.begin(documentOf(three), { start });
    await director.seconds(60);
    assert.deepEqual(director.kernel.changes, []);
    assert.equal((await director.server('10.0.1.1:80'))?.reason, 'Error: EMFILE');
    await director.stop();
  });
});

describe('another program that was faster', () => {
  /** Has another program make a change just before the director's own one of a kind, once. */
  const beforeOurs = (director: WatchedDirector, kind: Change['kind'], change: Change): void => {
    director.kernel.onChange = (ours) => {
      if (ours.kind !== kind) return undefined;
      director.kernel.onChange = undefined;
      assert.equal(director.kernel.change(change), undefined);
      return undefined;
    };
  };

  test('at removing a server that failed is no trouble', async () => {
    const director = await settled('onDown: remove');
    beforeOurs(director, 'delete-server', { kind: 'delete-server', key, server: server('10.0.1.2', 1) });
    director.hosts.set('10.0.1.2', 'refuses');
    await director.seconds(30);
    assert.deepEqual(director.weights, { '10.0.1.1:80': 1, '10.0.1.3:80': 1 });
    assert.doesNotMatch(director.log, /tried again|put right/);
    await director.stop();
  });

  test('at adding one that is well again has not the last word about its weight', async () => {
    const director = await settled('onDown: remove');
    director.hosts.set('10.0.1.2', 'refuses');
    await director.seconds(10);
    beforeOurs(director, 'add-server', { kind: 'add-server', key, server: server('10.0.1.2', 7) });
    director.hosts.set('10.0.1.2', 'well');
    await director.seconds(30);
    assert.deepEqual(director.weights, all);
    await director.stop();
  });

  test('at removing the whole service gets it back', async () => {
    const director = await settled();
    beforeOurs(director, 'edit-server', { kind: 'delete-service', key });
    director.hosts.set('10.0.1.2', 'refuses');
    await director.seconds(30);
    assert.deepEqual(director.weights, { ...all, '10.0.1.2:80': 0 });
    await director.stop();
  });

  test('at adding the service of a new document leaves it as the document has it', async () => {
    const director = new WatchedDirector();
    beforeOurs(director, 'add-service', { kind: 'add-service', service: virtualService(key, { scheduler: 'sh' }) });
    await director.begin(documentOf(three));
    await director.seconds(30);
    assert.deepEqual(director.weights, all);
    assert.deepEqual(
      director.kernel.table.services.map(({ service }) => service.scheduler),
      ['wlc'],
    );
    await director.stop();
  });
});

describe('the watchdog', () => {
  for (const [most, what] of [
    [2, 'and no other can be made'],
    [3, 'though none is due'],
  ] as const) {
    test(`is not fed any more when checks never end, ${what}`, async () => {
      const director = await settled('', undefined, { mostChecks: most, start: () => () => undefined });
      await director.seconds(30);
      const before = fed(director);
      await director.seconds(60);
      assert.equal(fed(director), before);
      await director.stop();
    });
  }

  test('is fed while all checks that may be made at a time take long, within their time', async () => {
    const director = new WatchedDirector(tableOf({ '10.0.1.1': 1, '10.0.1.2': 1, '10.0.1.3': 1 }));
    for (const address of three) director.hosts.set(address, 'silent');
    const document = documentOf(three).replace('{ type: tcp }', '{ type: tcp, interval: 60, timeout: 60 }');
    await director.begin(document, { mostChecks: 1 });
    await director.seconds(300);
    assert.ok(fed(director) >= 29, String(fed(director)));
    await director.stop();
  });

  test('is fed where nothing is to be checked', async () => {
    const director = new WatchedDirector(tableOf({ '10.0.1.1': 1, '10.0.1.2': 1, '10.0.1.3': 1 }));
    await director.begin(documentOf(three).replace('{ type: tcp }', 'none'));
    await director.seconds(60);
    assert.ok(fed(director) >= 5, String(fed(director)));
    await director.stop();
  });
});
