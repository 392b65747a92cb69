import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { StateError, TransportError } from '../../../src/errors.js';
import { serviceAt, virtualService } from '../../../src/model/build.js';
import { all, documentOf, key, server, settled, tableOf, three } from '../support/three-servers.js';
import { WatchedDirector } from '../support/watched-director.js';

describe('at the start', () => {
  test('the kernel is trusted: what it has gets connections until checks say otherwise', async () => {
    const director = new WatchedDirector(tableOf({ '10.0.1.1': 1, '10.0.1.2': 1, '10.0.1.3': 1 }));
    director.hosts.set('10.0.1.2', 'refuses');
    await director.begin(documentOf(three));
    assert.deepEqual(director.kernel.changes, []);
    assert.deepEqual(director.weights, all);
    await director.seconds(4);
    assert.deepEqual(director.weights, { ...all, '10.0.1.2:80': 0 });
    await director.stop();
  });

  test('what the kernel has not waits for its first check, and one is enough', async () => {
    const director = new WatchedDirector();
    director.hosts.set('10.0.1.2', 'refuses');
    await director.begin(documentOf(three));
    assert.deepEqual(director.kernel.table.services.length, 1);
    assert.deepEqual(director.weights, {});
    await director.seconds(2);
    assert.deepEqual(director.weights, { '10.0.1.1:80': 1, '10.0.1.2:80': 0, '10.0.1.3:80': 1 });
    assert.ok(director.io.notified.includes('READY=1'));
    await director.stop();
  });

  test('a server of weight 0 that nobody drained rises after as many successes as any other', async () => {
    const director = new WatchedDirector(tableOf({ '10.0.1.1': 1, '10.0.1.2': 0, '10.0.1.3': 1 }));
    await director.begin(documentOf(three));
    await director.seconds(1);
    assert.deepEqual(director.weights, { ...all, '10.0.1.2:80': 0 });
    await director.seconds(3);
    assert.deepEqual(director.weights, all);
    await director.stop();
  });

  test('nobody well: fails open to those that did not answer, and to nobody that said no', async () => {
    const director = new WatchedDirector();
    director.hosts.set('10.0.1.1', 'refuses').set('10.0.1.2', 'silent').set('10.0.1.3', 'says no');
    await director.begin(documentOf(three));
    await director.seconds(4);
    assert.deepEqual(director.weights, { '10.0.1.1:80': 1, '10.0.1.2:80': 1, '10.0.1.3:80': 0 });
    assert.match(director.log, /tcp:192\.0\.2\.10:80: 0 of 3 servers healthy: fails open/);
    await director.stop();
  });

  test('a sorry server in charge of a service whose servers are removed stays until one of them is well', async () => {
    const sorry = 'persistenceTimeout: 300\nsorryServer: { address: 10.0.1.9, port: 80, forwarding: masquerading }';
    const director = new WatchedDirector(tableOf({ '10.0.1.9': 1 }, virtualService(key, { persistenceTimeout: 300 })));
    for (const address of three) director.hosts.set(address, 'says no');
    await director.begin(documentOf(three, sorry));
    await director.seconds(10);
    assert.deepEqual(director.kernel.changes, []);
    director.hosts.set('10.0.1.2', 'well');
    await director.seconds(8);
    assert.deepEqual(director.weights, { '10.0.1.2:80': 1 });
    await director.stop();
  });

  test('services of others are left alone', async () => {
    const other = serviceAt('192.0.2.99', 25);
    const table = tableOf({ '10.0.1.1': 1 });
    const director = new WatchedDirector({
      services: [...table.services, { service: virtualService(other), servers: [server('10.0.9.9', 3)] }],
    });
    await director.begin(documentOf(['10.0.1.1']));
    await director.seconds(60);
    assert.deepEqual(director.kernel.changes, []);
    await director.stop();
  });
});

describe('a server that fails', () => {
  test('gets weight 0 after as many failures as the check says, and comes back after as many successes', async () => {
    const director = await settled();
    director.hosts.set('10.0.1.2', 'refuses');
    await director.seconds(7.2);
    assert.deepEqual(director.weights, { ...all, '10.0.1.2:80': 0 });
    assert.match(director.log, /tcp:192\.0\.2\.10:80\/10\.0\.1\.2:80 is down: refused the connection\n/);
    director.hosts.set('10.0.1.2', 'well');
    await director.seconds(6.2);
    assert.deepEqual(director.weights, all);
    assert.match(director.log, /10\.0\.1\.2:80 is up: connected\n/);
    await director.stop();
  });

  test('two failures are none', async () => {
    const director = await settled();
    const before = director.checked.get('10.0.1.2') ?? 0;
    director.hosts.set('10.0.1.2', 'refuses');
    while ((director.checked.get('10.0.1.2') ?? 0) < before + 2) await director.seconds(0.1);
    director.hosts.set('10.0.1.2', 'well');
    await director.seconds(30);
    assert.deepEqual(director.kernel.changes, []);
    await director.stop();
  });

  const removed: readonly (readonly [what: string, members: string, service: Parameters<typeof virtualService>[1]])[] =
    [
      ['persistent', 'persistenceTimeout: 300', { persistenceTimeout: 300 }],
      ['of scheduler sh', 'scheduler: sh', { scheduler: 'sh' }],
      ['of scheduler mh', 'scheduler: mh', { scheduler: 'mh' }],
      ['of scheduler dh', 'scheduler: dh', { scheduler: 'dh' }],
      ['told to', 'onDown: remove', {}],
    ];
  for (const [what, members, settings] of removed) {
    test(`is removed where its service is ${what}`, async () => {
      const table = tableOf({ '10.0.1.1': 1, '10.0.1.2': 1, '10.0.1.3': 1 }, virtualService(key, settings));
      const director = await settled(members, table);
      director.hosts.set('10.0.1.2', 'refuses');
      await director.seconds(7.2);
      assert.deepEqual(director.weights, { '10.0.1.1:80': 1, '10.0.1.3:80': 1 });
      director.hosts.set('10.0.1.2', 'well');
      await director.seconds(6.2);
      assert.deepEqual(director.weights, all);
      await director.stop();
    });
  }

  test('is removed after its time at weight 0, where there is one', async () => {
    const director = await settled('removeAfter: 20');
    director.hosts.set('10.0.1.2', 'refuses');
    await director.seconds(10);
    assert.deepEqual(director.weights, { ...all, '10.0.1.2:80': 0 });
    await director.seconds(20);
    assert.deepEqual(director.weights, { '10.0.1.1:80': 1, '10.0.1.3:80': 1 });
    await director.stop();
  });

  test('is removed after its time where it was down before its service was there', async () => {
    const director = await settled();
    director.hosts.set('10.0.1.2', 'refuses');
    await director.seconds(10);
    const second = documentOf(three.slice(0, 2), 'removeAfter: 20')
      .replace('\nservices:', '')
      .replace('port: 80', 'port: 81');
    await director.reload(documentOf(three) + second);
    await director.seconds(5);
    assert.equal(director.weights['tcp:192.0.2.10:81/10.0.1.2:80'], 0);
    await director.seconds(20);
    assert.equal(director.weights['tcp:192.0.2.10:81/10.0.1.2:80'], undefined);
    assert.equal(director.weights['tcp:192.0.2.10:81/10.0.1.1:80'], 1);
    await director.stop();
  });

  test('again and again comes back later each time', async () => {
    const director = await settled();
    const times: number[] = [];
    for (let fall = 0; fall < 3; fall++) {
      director.hosts.set('10.0.1.2', 'refuses');
      await director.seconds(10);
      director.hosts.set('10.0.1.2', 'well');
      const before = director.clock.now();
      while (director.weights['10.0.1.2:80'] === 0) await director.seconds(1);
      times.push(director.clock.now() - before);
    }
    const [first = 0, , third = 0] = times;
    assert.ok(first < third, times.join());
    assert.match((await director.server('10.0.1.2:80'))?.state ?? '', /up/);
    assert.equal((await director.server('10.0.1.2:80'))?.flapping, true);
    await director.stop();
  });

  test('is asked again and again, and nothing is concluded from what this host can not find out', async () => {
    const director = await settled();
    director.hosts.set('10.0.1.2', 'unknown');
    await director.seconds(120);
    assert.deepEqual(director.kernel.changes, []);
    assert.equal((await director.server('10.0.1.2:80'))?.state, 'unknown');
    assert.equal(director.log.match(/nothing is known/g)?.length, 1);
    await director.stop();
  });
});

describe('all servers fail', () => {
  test('one after the other: the last ones are not taken out, those that were come back', async () => {
    const director = await settled();
    for (const address of three) {
      director.hosts.set(address, 'refuses');
      await director.seconds(15);
    }
    assert.deepEqual(director.weights, all);
    director.hosts.set('10.0.1.1', 'well');
    await director.seconds(14);
    assert.deepEqual(director.weights, { '10.0.1.1:80': 1, '10.0.1.2:80': 0, '10.0.1.3:80': 0 });
    assert.match(director.log, /1 of 3 servers healthy: served by them again/);
    await director.stop();
  });

  test('failOpen: never leaves none', async () => {
    const director = await settled('failOpen: never');
    for (const address of three) director.hosts.set(address, 'refuses');
    await director.seconds(20);
    assert.deepEqual(director.weights, { '10.0.1.1:80': 0, '10.0.1.2:80': 0, '10.0.1.3:80': 0 });
    assert.match(director.log, /nobody gets connections/);
    await director.stop();
  });

  test('but one that is too few: what is said is who helps it', async () => {
    const cases = [
      ['failOpen: never', 'says no', 'too few, and none of the others may get connections'],
      ['failOpen: unreachable', 'says no', 'too few, and none of the others may get connections'],
      ['failOpen: unreachable', 'refuses', 'fails open, those that did not answer get connections, too'],
      ['failOpen: all', 'says no', 'fails open, those that are down get connections, too'],
    ] as const;
    for (const [setting, behaviour, text] of cases) {
      const director = await settled(`minimumHealthy: 2\n${setting}`);
      for (const address of three.slice(1)) director.hosts.set(address, behaviour);
      await director.seconds(20);
      assert.ok(director.log.includes(`tcp:192.0.2.10:80: 1 of 3 servers healthy: ${text}\n`), director.log);
      await director.stop();
    }
  });

  test('a sorry server takes over, is removed after the others have their weights again, and one moment is never without', async () => {
    const director = await settled('sorryServer: { address: 10.0.1.9, port: 80, forwarding: masquerading }');
    const seen: number[] = [];
    director.kernel.onChange = () => {
      seen.push(Object.values(director.weights).reduce((sum, weight) => sum + weight, 0));
      return undefined;
    };
    for (const address of three) director.hosts.set(address, 'says no');
    await director.seconds(20);
    assert.deepEqual(director.weights, {
      '10.0.1.1:80': 0,
      '10.0.1.2:80': 0,
      '10.0.1.3:80': 0,
      '10.0.1.9:80': 1,
    });
    director.hosts.set('10.0.1.2', 'well');
    await director.seconds(8);
    assert.deepEqual(director.weights, { '10.0.1.1:80': 0, '10.0.1.2:80': 1, '10.0.1.3:80': 0 });
    assert.ok(
      seen.every((sum) => sum > 0),
      seen.join(),
    );
    await director.stop();
  });

  test('a sorry server takes the clients of servers that are well but too few, also where these are hashed', async () => {
    for (const [scheduler, others] of [
      ['rr', { '10.0.1.1:80': 0, '10.0.1.2:80': 0, '10.0.1.3:80': 0 }],
      ['sh', {}],
    ] as const) {
      const director = await settled(
        `scheduler: ${scheduler}\nminimumHealthy: 2\nsorryServer: { address: 10.0.1.9, port: 80, forwarding: masquerading }`,
        tableOf({ '10.0.1.1': 1, '10.0.1.2': 1, '10.0.1.3': 1 }, virtualService(key, { scheduler })),
      );
      for (const address of three.slice(1)) director.hosts.set(address, 'says no');
      await director.seconds(20);
      assert.deepEqual(director.weights, { ...others, '10.0.1.9:80': 1 });
      await director.stop();
    }
  });

  test('at once: one more failure is waited for, since it may be this host that is cut off', async () => {
    const check = '{ type: tcp, interval: 2, fastInterval: 2 }';
    for (const [seconds, falls] of [
      [5.5, 0],
      [9, 3],
    ] as const) {
      const director = new WatchedDirector(tableOf({ '10.0.1.1': 1, '10.0.1.2': 1, '10.0.1.3': 1 }));
      await director.begin(documentOf(three).replace('{ type: tcp }', check));
      await director.seconds(10);
      for (const address of three) director.hosts.set(address, 'refuses');
      await director.seconds(seconds);
      for (const address of three) director.hosts.set(address, 'well');
      await director.seconds(20);
      assert.equal(director.log.match(/is down/g)?.length ?? 0, falls, director.log);
      assert.deepEqual(director.weights, all);
      await director.stop();
    }
  });
});

describe('a server that comes back', () => {
  test('rises slowly where that is said', async () => {
    const director = new WatchedDirector(tableOf({ '10.0.1.1': 100, '10.0.1.2': 100 }));
    await director.begin(documentOf(['10.0.1.1', '10.0.1.2'], 'slowStart: 20', 100));
    await director.seconds(10);
    director.hosts.set('10.0.1.2', 'refuses');
    await director.seconds(10);
    director.hosts.set('10.0.1.2', 'well');
    const seen: number[] = [];
    director.kernel.onChange = (change) => {
      if (change.kind === 'edit-server') seen.push(change.server.weight);
      return undefined;
    };
    await director.seconds(40);
    assert.deepEqual(seen, [10, 20, 30, 40, 50, 60, 70, 80, 90, 100]);
    await director.stop();
  });

  test('has the weight that it wishes for', async () => {
    const director = new WatchedDirector(tableOf({ '10.0.1.1': 100, '10.0.1.2': 100 }));
    director.hosts.set('10.0.1.2', { kind: 'pass', reason: '50%', wish: { percent: 50 } });
    await director.begin(documentOf(['10.0.1.1', '10.0.1.2'], '', 100));
    await director.seconds(10);
    assert.deepEqual(director.weights, { '10.0.1.1:80': 100, '10.0.1.2:80': 50 });
    director.hosts.set('10.0.1.2', { kind: 'pass', reason: '52%', wish: { percent: 52 } });
    await director.seconds(10);
    assert.equal(director.weights['10.0.1.2:80'], 50);
    director.hosts.set('10.0.1.2', { kind: 'pass', reason: 'drain', drains: true });
    await director.seconds(10);
    assert.equal(director.weights['10.0.1.2:80'], 0);
    await director.stop();
  });
});

describe('other programs', () => {
  test('what they change of its services is put right, and said', async () => {
    const director = await settled();
    director.kernel.change({ kind: 'edit-server', key, server: server('10.0.1.2', 7) });
    director.kernel.change({ kind: 'delete-server', key, server: server('10.0.1.3', 1) });
    await director.seconds(20);
    assert.deepEqual(director.weights, all);
    assert.match(director.log, /another program has changed tcp:192\.0\.2\.10:80: put right\n/);
    director.kernel.change({ kind: 'flush' });
    await director.seconds(20);
    assert.deepEqual(director.weights, all);
    await director.stop();
  });

  test('a server that they add leaves after the time of a drain', async () => {
    const director = await settled('drainTime: 30');
    director.kernel.change({ kind: 'add-server', key, server: server('10.0.1.7', 5) });
    director.kernel.report(key, server('10.0.1.7', 0), { activeConnections: 3 });
    await director.seconds(18);
    assert.equal(director.weights['10.0.1.7:80'], 0);
    await director.seconds(10);
    assert.equal(director.weights['10.0.1.7:80'], 0);
    await director.seconds(30);
    assert.deepEqual(director.weights, all);
    await director.stop();
  });

  test('a kernel that can not be asked for a while is asked again, and nothing is believed done', async () => {
    const director = await settled();
    const send = director.kernel.send.bind(director.kernel);
    let isGone = true;
    director.kernel.send = (datagram) => {
      if (isGone) throw new TransportError('replies were lost');
      send(datagram);
    };
    director.hosts.set('10.0.1.2', 'refuses');
    await director.seconds(30);
    assert.equal((await director.server('10.0.1.2:80'))?.kernelWeight, 1);
    isGone = false;
    await director.seconds(31);
    assert.deepEqual(director.weights, { ...all, '10.0.1.2:80': 0 });
    await director.stop();
  });

  test('what the kernel refuses is tried again, and holds up nothing else', async () => {
    const director = await settled();
    let refusals = 0;
    director.kernel.onChange = (change) => {
      if (change.kind !== 'edit-server' || change.server.weight !== 0 || refusals >= 3) return undefined;
      refusals++;
      return 'ENOMEM';
    };
    director.hosts.set('10.0.1.2', 'refuses');
    await director.seconds(40);
    assert.equal(refusals, 3);
    assert.deepEqual(director.weights, { ...all, '10.0.1.2:80': 0 });
    assert.match(director.log, /ENOMEM; tried again in 1 s/);
    await director.stop();
  });
});

describe('reload', () => {
  test('of the same document changes nothing, and checks go on', async () => {
    const director = await settled();
    director.hosts.set('10.0.1.2', 'refuses');
    await director.seconds(10);
    const before = director.kernel.changes.length;
    assert.equal(await director.reload(documentOf(three)), undefined);
    await director.seconds(10);
    assert.equal(director.kernel.changes.length, before);
    assert.equal((await director.server('10.0.1.2:80'))?.state, 'down');
    await director.stop();
  });

  test('takes weights, new servers once they are checked, and drains those that are gone', async () => {
    const director = await settled();
    director.kernel.report(key, server('10.0.1.3', 1), { activeConnections: 1 });
    assert.equal(
      await director.reload(documentOf(['10.0.1.1', '10.0.1.2', '10.0.1.4'], 'drainTime: 30', 5)),
      undefined,
    );
    assert.deepEqual(director.weights, { '10.0.1.1:80': 5, '10.0.1.2:80': 5, '10.0.1.3:80': 0 });
    await director.seconds(2);
    assert.deepEqual(director.weights, { '10.0.1.1:80': 5, '10.0.1.2:80': 5, '10.0.1.3:80': 0, '10.0.1.4:80': 5 });
    await director.seconds(31);
    assert.deepEqual(director.weights, { '10.0.1.1:80': 5, '10.0.1.2:80': 5, '10.0.1.4:80': 5 });
    await director.stop();
  });

  test('to other servers keeps the old ones until the new ones are well', async () => {
    const director = await settled();
    let least = Infinity;
    director.kernel.onChange = () => {
      least = Math.min(
        least,
        Object.values(director.weights).reduce((sum, weight) => sum + weight, 0),
      );
      return undefined;
    };
    await director.reload(documentOf(['10.0.1.11', '10.0.1.12']));
    assert.deepEqual(director.weights, all);
    await director.seconds(8);
    assert.ok(least > 0);
    assert.deepEqual(director.weights, { '10.0.1.11:80': 1, '10.0.1.12:80': 1 });
    await director.stop();
  });

  const bad: readonly (readonly [what: string, text: string])[] = [
    ['an empty one', ''],
    ['half of one', documentOf(three).slice(0, 130)],
    ['one with a problem', documentOf(three, 'scheduler: 7')],
  ];
  for (const [what, text] of bad) {
    test(`of ${what} leaves everything as it was, and says why`, async () => {
      const director = await settled();
      assert.notEqual(await director.reload(text), undefined);
      await director.seconds(30);
      assert.deepEqual(director.kernel.changes, []);
      assert.match(director.log, /the document is not taken, the one before stays: /);
      assert.ok(director.io.notified.some((one) => one.includes('STATUS=document refused')));
      await director.stop();
    });
  }

  test('again and again, at once and in the middle of a drain: the last document counts', async () => {
    const director = await settled();
    await director.ask({ do: 'drain', servers: ['tcp:192.0.2.10:80/10.0.1.1:80'], by: 'alice' });
    const reloads = Array.from({ length: 50 }, (_, index) =>
      director.reload(documentOf(three, '', index % 2 === 0 ? 7 : 3)),
    );
    await Promise.all(reloads);
    await director.seconds(2);
    assert.deepEqual(director.weights, { '10.0.1.1:80': 0, '10.0.1.2:80': 3, '10.0.1.3:80': 3 });
    await director.stop();
  });

  test('a service that leaves the document is drained and removed, and others of a document that lost most are not', async () => {
    const services = (ports: readonly number[]): string =>
      `services:\n${ports.map((port) => `  - { address: 192.0.2.10, port: ${port}, drainTime: 5, servers: [{ address: 10.0.1.1, port: 80, forwarding: masquerading }] }\n`).join('')}`;
    const director = new WatchedDirector();
    await director.begin(services([80, 81, 82]));
    await director.seconds(2);
    assert.match((await director.reload(services([80]))) ?? '', /would end 2 of 3 services; .*reload --force/);
    assert.equal(director.kernel.table.services.length, 3);
    assert.equal(await director.reload(services([80, 81])), undefined);
    await director.seconds(8);
    assert.equal(director.kernel.table.services.length, 2);
    assert.equal(await director.reload(services([80]), true), undefined);
    await director.seconds(8);
    assert.equal(director.kernel.table.services.length, 1);
    await director.stop();
  });
});

describe('the end', () => {
  test('leaves the table as it is', async () => {
    const director = await settled();
    director.hosts.set('10.0.1.2', 'refuses');
    await director.seconds(10);
    const { weights } = director;
    await director.stop();
    assert.deepEqual(director.weights, weights);
    assert.deepEqual(director.control.list(), []);
  });

  test('however it comes: the next one goes on, with drains and without what a reload left', async () => {
    const director = await settled();
    await director.ask({ do: 'drain', servers: ['tcp:192.0.2.10:80/10.0.1.1:80'], by: 'alice', reason: 'kernel' });
    assert.equal(director.weights['10.0.1.1:80'], 0);
    director.kernel.report(key, server('10.0.1.3', 1), { activeConnections: 1 });
    await director.reload(documentOf(['10.0.1.1', '10.0.1.2']));
    director.kill();
    await director.begin(documentOf(['10.0.1.1', '10.0.1.2'], 'drainTime: 10'));
    assert.deepEqual(director.weights, { '10.0.1.1:80': 0, '10.0.1.2:80': 1, '10.0.1.3:80': 0 });
    await director.seconds(30);
    assert.deepEqual(director.weights, { '10.0.1.1:80': 0, '10.0.1.2:80': 1 });
    assert.deepEqual((await director.server('10.0.1.1:80'))?.drained?.reason, 'kernel');
    await director.ask({ do: 'undrain', servers: ['tcp:192.0.2.10:80/10.0.1.1:80'] });
    assert.deepEqual(director.weights, { '10.0.1.1:80': 1, '10.0.1.2:80': 1 });
    await director.stop();
  });
});

describe('operators', () => {
  const one = 'tcp:192.0.2.10:80/10.0.1.1:80';

  test('take servers out and put them back, but not the last one', async () => {
    const director = await settled();
    await director.ask({ do: 'drain', servers: [one], by: 'alice' });
    assert.equal(director.weights['10.0.1.1:80'], 0);
    await director.seconds(60);
    assert.equal(director.weights['10.0.1.1:80'], 0);
    assert.match(director.state.read('drained.json') ?? '', /"weight": 1/);
    const others = ['tcp:192.0.2.10:80/10.0.1.2:80', 'tcp:192.0.2.10:80/10.0.1.3:80'];
    await assert.rejects(director.ask({ do: 'drain', servers: others, by: 'alice' }), /would be left in tcp:192/);
    assert.deepEqual(director.weights, { ...all, '10.0.1.1:80': 0 });
    await director.ask({ do: 'undrain', servers: [one] });
    assert.deepEqual(director.weights, all);
    await director.stop();
  });

  test('a drained server that dies does not come back by that, and neither does one that is put back while it is down', async () => {
    const director = await settled();
    await director.ask({ do: 'drain', servers: [one], by: 'alice' });
    director.hosts.set('10.0.1.1', 'refuses');
    await director.seconds(10);
    await director.ask({ do: 'undrain', servers: [one] });
    assert.equal(director.weights['10.0.1.1:80'], 0);
    director.hosts.set('10.0.1.1', 'well');
    await director.seconds(7);
    assert.deepEqual(director.weights, all);
    await director.stop();
  });

  test('a weight of theirs lasts until the document has another one', async () => {
    const director = await settled();
    await director.ask({ do: 'weigh', weights: { [one]: 9 }, by: 'alice' });
    assert.equal(director.weights['10.0.1.1:80'], 9);
    await director.reload(documentOf(three));
    assert.equal(director.weights['10.0.1.1:80'], 9);
    await director.reload(documentOf(three, '', 2));
    assert.equal(director.weights['10.0.1.1:80'], 2);
    await director.stop();
  });

  test('a check is made at once when it is asked for', async () => {
    const director = await settled();
    director.hosts.set('10.0.1.1', 'says no');
    const before = director.checked.get('10.0.1.1') ?? 0;
    await director.ask({ do: 'check', servers: [one] });
    assert.equal(director.checked.get('10.0.1.1'), before + 1);
    assert.equal((await director.server('10.0.1.1:80'))?.reason, 'HTTP 503');
    await director.stop();
  });
});

describe('those who watch', () => {
  test('a program is told of changes, several at a time', async () => {
    const director = await settled('onChange: [/usr/local/bin/tell, it]');
    director.hosts.set('10.0.1.1', 'refuses').set('10.0.1.2', 'says no');
    await director.seconds(20);
    const [first] = director.io.hooks;
    assert.deepEqual(first?.command, ['/usr/local/bin/tell', 'it']);
    const told = director.io.hooks.flatMap(({ input }) => (JSON.parse(input) as { changes: { to: string }[] }).changes);
    assert.equal(told.filter(({ to }) => to === 'down').length, 2);
    assert.ok(director.io.hooks.length <= 4);
    await director.stop();
  });

  test('keepalived reads how many services are in trouble, until the end', async () => {
    const director = new WatchedDirector(tableOf({ '10.0.1.1': 1 }));
    await director.begin(documentOf(['10.0.1.1']), { trackFile: '/run/trouble' });
    assert.equal(director.io.replaced.get('/run/trouble'), '0\n');
    director.hosts.set('10.0.1.1', 'refuses');
    await director.seconds(10);
    assert.equal(director.io.replaced.get('/run/trouble'), '-1\n');
    await director.stop();
    assert.equal(director.io.replaced.get('/run/trouble'), undefined);
    assert.ok(director.io.replaced.has('/run/trouble'));
  });

  test('what is wrong with a document is shown line by line', async () => {
    const director = await settled();
    await director.reload(documentOf(three).replace('tcp', 'tpc'));
    assert.match(director.log, /web\.yaml:5:20: .*found "tpc"\n +check: \{ type: tpc \}\n +\^\n/);
    await director.stop();
  });

  test('a server that goes up and down does not fill the log', async () => {
    const director = await settled();
    for (let turn = 0; turn < 100; turn++) {
      director.hosts.set('10.0.1.2', turn % 2 === 0 ? 'refuses' : 'well');
      await director.seconds(30);
    }
    assert.ok((director.log.match(/10\.0\.1\.2/g)?.length ?? 0) < 120, director.log);
    await director.stop();
  });

  test('a server that flaps for ten minutes costs few changes of the table, lines and runs of programs', async () => {
    const director = await settled('onChange: [/bin/tell]');
    for (let turn = 0; turn < 200; turn++) {
      director.hosts.set('10.0.1.2', turn % 2 === 0 ? 'refuses' : 'well');
      await director.seconds(3);
    }
    assert.ok(director.kernel.changes.length <= 20, String(director.kernel.changes.length));
    assert.ok(director.io.hooks.length <= 40, String(director.io.hooks.length));
    assert.ok(director.log.split('\n').length <= 20, director.log);
    await director.stop();
  });

  test('what can not be remembered is said, and stops nothing', async () => {
    const director = await settled();
    director.state.write = () => {
      throw new StateError('/run/ipvsadm/run-web.json: no space left on device');
    };
    await director.ask({ do: 'drain', servers: ['tcp:192.0.2.10:80/10.0.1.1:80'], by: 'alice' });
    assert.deepEqual(director.weights, { ...all, '10.0.1.1:80': 0 });
    assert.match(director.log, /no space left on device/);
    await director.stop();
  });

  const remembered: readonly (readonly [what: string, text: string])[] = [
    ['nothing', ''],
    ['half of a file', '{"owned": ["tcp:192.0.2.10:80"], "wishes": {"tcp:192'],
    ['what another version wrote', '{"version": 9, "wishes": [1, 2], "owned": {"a": "b"}}'],
    [
      'servers that are gone',
      '{"wishes": {"tcp:192.0.2.10:80/10.9.9.9:80": {"drain": "quiesced", "by": "a", "at": "b"}}}',
    ],
    ['nonsense', '{"wishes": {"tcp:192.0.2.10:80/10.0.1.1:80": {"drain": 7, "weight": -1, "by": "a", "at": "b"}}}'],
  ];
  for (const [what, text] of remembered) {
    test(`${what} in the file of what was remembered harms nothing`, async () => {
      const director = new WatchedDirector(tableOf({ '10.0.1.1': 1, '10.0.1.2': 1, '10.0.1.3': 1 }));
      director.state.write('run-web.json', text, 0o644);
      await director.begin(documentOf(three));
      await director.seconds(10);
      assert.deepEqual(director.weights, all);
      await director.stop();
    });
  }

  test('the watchdog is fed while checks are made', async () => {
    const director = await settled();
    await director.seconds(60);
    assert.ok(director.io.notified.filter((one) => one === 'WATCHDOG=1').length >= 5);
    await director.stop();
  });
});
