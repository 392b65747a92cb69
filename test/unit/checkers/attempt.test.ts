// What holds for every type of check.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, test, type TestContext } from 'node:test';
import { Worker } from 'node:worker_threads';
import { busyHost } from '../../../src/checkers/failures.js';
import { Attempt } from '../../../src/checkers/attempt.js';
import { startCheck } from '../../../src/checkers/start-check.js';
import type { CheckInput } from '../../../src/documents/health-schema.js';
import type { Outcome } from '../../../src/health/outcome.js';
import { find, openHandles, targetOf } from './support.js';

function block(milliseconds: number): void {
  const end = performance.now() + milliseconds;
  while (performance.now() < end);
}

describe('an attempt', () => {
  test('ends once, however often it is ended', async () => {
    const outcomes: Outcome[] = [];
    const attempt = new Attempt(1, (outcome) => outcomes.push(outcome));
    attempt.end({ kind: 'pass', reason: 'first' });
    attempt.end({ kind: 'said-no', reason: 'second' });
    attempt.fail(new Error('third'));
    assert.deepEqual(outcomes, []);
    await new Promise(setImmediate);
    assert.deepEqual(outcomes, [{ kind: 'pass', reason: 'first' }]);
    attempt.stop();
  });

  test('that was stopped in the turn in which it ended says nothing', async () => {
    let told = 0;
    const attempt = new Attempt(1, () => told++);
    attempt.end({ kind: 'pass', reason: '' });
    attempt.stop();
    await new Promise(setImmediate);
    assert.equal(told, 0);
  });

  test('closes what was opened, the last first', () => {
    const closed: string[] = [];
    const attempt = new Attempt(1, () => undefined);
    attempt.onEnd(() => closed.push('socket'));
    attempt.onEnd(() => closed.push('session'));
    attempt.stop();
    attempt.stop();
    assert.deepEqual(closed, ['session', 'socket']);
  });

  test('gives a silence its whole time, though the event loop believes that it began long ago', async () => {
    for (let tries = 0; ; tries++) {
      block(150);
      const start = performance.now();
      const outcome = await new Promise<Outcome>((done) => new Attempt(0.1, done));
      assert.ok(performance.now() - start >= 99);
      // Other tests keep the machine busy: nothing was found out.
      if (outcome.reason === busyHost.reason && tries < 20) continue;
      assert.deepEqual(outcome, { kind: 'unreachable', reason: 'no answer within 0.1 s' });
      break;
    }
  });

  test('that is settled by what is read after its deadline ends as it is settled', async () => {
    const outcome = await new Promise<Outcome>((done) => {
      const attempt = new Attempt(0.05, done);
      // Both timers are due in the same turn, and what is read comes after them.
      setTimeout(() => {
        setImmediate(() => {
          attempt.settle(() => ({ kind: 'pass', reason: 'read' }), 100);
        });
      }, 51);
      block(60);
    });
    assert.deepEqual(outcome, { kind: 'pass', reason: 'read' });
  });

  test('knows nothing of a silence in which this process stood still', async () => {
    for (const [before, blocked] of [
      [0, 400],
      [20, 250],
    ] as const) {
      const outcome = new Promise<Outcome>((done) => new Attempt(0.3, done));
      await new Promise((resolve) => setTimeout(resolve, before));
      block(blocked);
      assert.equal((await outcome).kind, 'unknown');
    }
  });
});

describe('a check whose answer came while this process stood still', () => {
  test('passes, whether or not the server closes the connection', async () => {
    // It has to be a thread: this one is busy.
    const source = `const { createServer } = require('node:net'); const { parentPort } = require('node:worker_threads');
      let closes = false;
      const server = createServer((socket) => { socket.on('error', () => {}); socket.on('data', () => {
        closes = !closes;
        setTimeout(() => socket[closes ? 'end' : 'write']('HTTP/1.1 200 OK\\r\\n\\r\\n'), 50); }); });
      server.listen(0, '127.0.0.1', () => parentPort.postMessage(server.address().port));`;
    const worker = new Worker(source, { eval: true });
    const [port] = (await once(worker, 'message')) as [number];
    const kinds: string[] = [];
    for (let round = 0; round < 2; round++) {
      const outcome = find(targetOf({ type: 'http', timeout: 0.3 }, port));
      await new Promise((resolve) => setTimeout(resolve, 20));
      block(400);
      kinds.push((await outcome).kind);
    }
    await worker.terminate();
    assert.deepEqual(kinds, ['pass', 'pass']);
  });
});

/** A thread with a silent server in it, of TCP and UDP, so that this one has nothing open but what checks open. */
async function mute(t: TestContext): Promise<number> {
  const source = `const { createServer } = require('node:net'); const { parentPort } = require('node:worker_threads');
    const server = createServer((socket) => { socket.on('error', () => {}); });
    const datagrams = require('node:dgram').createSocket('udp4');
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      datagrams.bind(port, '127.0.0.1', () => parentPort.postMessage(port));
    });`;
  const worker = new Worker(source, { eval: true });
  t.after(() => worker.terminate());
  return (await once(worker, 'message'))[0] as number;
}

/** What this process has open that a check might have left, once it is as much as before. */
async function leftOpen(before: readonly string[]): Promise<string[]> {
  for (let tries = 0; ; tries++) {
    const open = openHandles();
    if (open.length <= before.length || tries === 100) return open;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

const checks: readonly CheckInput[] = [
  { type: 'tcp', expect: 'x' },
  { type: 'tcp', tls: {} },
  { type: 'http' },
  { type: 'http', tls: {}, version: 2 },
  { type: 'dns', name: 'example.test', transport: 'tcp' },
  { type: 'smtp' },
  { type: 'grpc' },
  { type: 'udp', expect: 'any', source: '127.0.0.1' },
  { type: 'exec', command: ['/bin/sleep', '60'] },
];

describe('a check that is stopped', () => {
  for (const check of checks) {
    test(`leaves nothing and says nothing: ${JSON.stringify(check)}`, async (t) => {
      const port = await mute(t);
      const before = openHandles();
      for (const wait of [0, 30]) {
        let told = 0;
        const stop = startCheck(targetOf({ timeout: 5, ...check }, port), () => told++);
        if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
        stop();
        stop();
        assert.deepEqual(await leftOpen(before), before);
        assert.equal(told, 0);
      }
    });
  }
});

describe('a check that nobody answers', () => {
  for (const check of checks) {
    test(`leaves nothing when it is over: ${JSON.stringify(check)}`, async (t) => {
      const port = await mute(t);
      const before = openHandles();
      const { kind } = await find(targetOf({ timeout: 0.1, ...check }, port));
      assert.equal(kind, check.type === 'exec' ? 'unknown' : 'unreachable');
      assert.deepEqual(await leftOpen(before), before);
    });
  }
});
