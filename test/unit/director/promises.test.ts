import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { runHook } from '../../../src/edge/run-hook.js';
import { StateError } from '../../../src/errors.js';
import { all, documentOf, settled, tableOf, three } from '../support/three-servers.js';
import { WatchedDirector } from '../support/watched-director.js';

const one = 'tcp:192.0.2.10:80/10.0.1.1:80';

/** A director that began with an empty table. */
async function cold(members = '', weight = 1): Promise<WatchedDirector> {
  const director = new WatchedDirector();
  await director.begin(documentOf(three, members, weight));
  await director.seconds(10);
  return director;
}

describe('a document with other checks', () => {
  test('takes no server out that began with an empty table', async () => {
    const director = await cold();
    let least = Infinity;
    director.kernel.onChange = () => {
      least = Math.min(least, Object.keys(director.weights).length);
      return undefined;
    };
    await director.reload(documentOf(three).replace('{ type: tcp }', '{ type: tcp, interval: 7 }'));
    await director.seconds(10);
    assert.deepEqual(director.weights, all);
    assert.equal(least, Infinity, 'nothing was changed');
    await director.stop();
  });

  test('leaves servers as they were until the new checks have said otherwise', async () => {
    const director = await cold();
    for (const address of three) director.hosts.set(address, 'unknown');
    await director.reload(documentOf(three).replace('{ type: tcp }', '{ type: http, path: /new }'));
    await director.seconds(60);
    assert.deepEqual(director.weights, all);
    await director.stop();
  });
});

describe('other servers in a document', () => {
  test('that say no do not take the place of those that left', async () => {
    const director = await settled();
    director.hosts.set('10.0.1.11', 'says no').set('10.0.1.12', 'says no');
    await director.reload(documentOf(['10.0.1.11', '10.0.1.12']));
    await director.seconds(120);
    assert.ok(
      three.every((address) => director.weights[`${address}:80`] === 1),
      JSON.stringify(director.weights),
    );
    director.hosts.set('10.0.1.11', 'well');
    await director.seconds(20);
    assert.deepEqual(director.weights, { '10.0.1.11:80': 1, '10.0.1.12:80': 0 });
    await director.stop();
  });

  test('a document with nothing in it ends nothing, and neither does a start with half of one', async () => {
    const director = await settled();
    assert.match((await director.reload('services: []')) ?? '', /would end 1 of 1 services/);
    await director.stop();
    await director.begin('services: []');
    await director.seconds(90);
    assert.deepEqual(director.weights, all);
    assert.match(director.log, /has 0 of 1 services that were kept: the others are left alone/);
    await director.stop();
  });
});

describe('several daemons', () => {
  const mail = `services: [{ address: 192.0.2.10, port: 80, check: { type: tcp }, servers: [${three.map((address) => `{ address: ${address}, port: 80, forwarding: masquerading }`).join(', ')}] }]`;

  test('what another one keeps by now is none of its business', async () => {
    const director = await settled();
    await director.stop();
    const other = new WatchedDirector(undefined, director);
    await other.begin(mail, { instance: 'mail' });
    await other.seconds(2);
    await director.begin('services: []');
    await director.seconds(60);
    assert.deepEqual(director.weights, all);
    await director.stop();
    await other.stop();
  });

  test('of two that begin at the same time one gets a service', async () => {
    const first = new WatchedDirector(tableOf({ '10.0.1.1': 1 }));
    const second = new WatchedDirector(undefined, first);
    const text = documentOf(['10.0.1.1']);
    const results = await Promise.allSettled([
      first.begin(text, { instance: 'a' }),
      second.begin(text, { instance: 'b' }),
    ]);
    assert.deepEqual(results.map(({ status }) => status).sort(), ['fulfilled', 'rejected']);
    await first.stop();
    await second.stop();
  });
});

describe('operators', () => {
  test('a weight that is that of the document is no reason to rise slowly, and neither is to put back what was not out', async () => {
    const director = await cold('slowStart: 60', 100);
    await director.ask({ do: 'weigh', weights: { [one]: 100 }, by: 'alice' });
    await director.ask({ do: 'undrain', servers: [one] });
    await director.seconds(5);
    assert.equal(director.weights['10.0.1.1:80'], 100);
    await director.ask({ do: 'weigh', weights: { [one]: 50 }, by: 'alice' });
    await director.ask({ do: 'drain', servers: [one], by: 'alice' });
    await director.ask({ do: 'undrain', servers: [one], ramp: 60 });
    await director.seconds(2);
    assert.equal(director.weights['10.0.1.1:80'], 5, 'it rises to the weight that it was given');
    await director.stop();
  });

  test('asked before the document is taken they wait, and nothing of what was remembered is lost', async () => {
    const director = await settled();
    await director.ask({ do: 'drain', servers: [one], remove: true, by: 'alice' });
    await director.stop();
    const begun = director.begin(documentOf(three));
    const asked = director.control.ask('run-web', { do: 'check', servers: [] });
    asked.catch(() => undefined);
    await begun;
    await director.seconds(20);
    assert.equal(director.weights['10.0.1.1:80'], undefined);
    assert.match(director.state.read('run-web.json') ?? '', /"drain": "removed"/);
    await director.stop();
  });

  test('a drained server stays that though it is the sorry server and the daemon began anew', async () => {
    const sorry = 'sorryServer: { address: 10.0.1.1, port: 80, forwarding: masquerading }';
    const director = await settled(sorry);
    await director.ask({ do: 'drain', servers: [one], by: 'alice' });
    director.hosts.set('10.0.1.2', 'says no').set('10.0.1.3', 'says no');
    await director.seconds(20);
    assert.equal(director.weights['10.0.1.1:80'], 1);
    await director.stop();
    await director.begin(documentOf(three, sorry));
    director.hosts.set('10.0.1.2', 'well').set('10.0.1.3', 'well');
    await director.seconds(30);
    assert.deepEqual(director.weights, { ...all, '10.0.1.1:80': 0 });
    await director.stop();
  });

  test('what the kernel refuses is not said to be done', async () => {
    const director = await settled();
    director.kernel.onChange = () => 'ENOMEM';
    await assert.rejects(
      director.ask({ do: 'drain', servers: [one], by: 'alice' }),
      /it is noted, but the kernel refused it, and is asked again/,
    );
    director.kernel.onChange = undefined;
    await director.seconds(10);
    assert.equal(director.weights['10.0.1.1:80'], 0);
    await director.stop();
  });

  test('put back servers that left the document while they were drained', async () => {
    const director = await settled();
    await director.ask({ do: 'drain', servers: [one], by: 'alice' });
    await director.reload(documentOf(['10.0.1.2', '10.0.1.3']));
    await director.seconds(90);
    await director.ask({ do: 'undrain', servers: [one] });
    await director.reload(documentOf(three));
    await director.seconds(10);
    assert.deepEqual(director.weights, all);
    await director.stop();
  });
});

test('where nothing can be written the track file is, and the reason is said once', async () => {
  const director = new WatchedDirector(tableOf({ '10.0.1.1': 1 }));
  director.state.write = () => {
    throw new StateError('no space left on device');
  };
  await director.begin(documentOf(['10.0.1.1']), { trackFile: '/run/trouble' });
  director.hosts.set('10.0.1.1', 'refuses');
  await director.seconds(20);
  assert.equal(director.io.replaced.get('/run/trouble'), '-1\n');
  assert.equal(director.log.match(/no space left/g)?.length, 1);
  await director.stop();
});

test('a program that can not be run is a line in the log', async () => {
  for (const program of ['/etc/passwd/x', '/nonexistent', `/${'x'.repeat(5000)}`, '/etc/passwd'])
    assert.equal(typeof (await runHook([program], '{}', 5)), 'string');
  assert.equal(await runHook(['/bin/true'], '{}'.repeat(100_000), 5), undefined);
  assert.match((await runHook(['/bin/sleep', '60'], '', 0.2)) ?? '', /killed after 0\.2 s/);
});
