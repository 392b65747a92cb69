import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { readAgentLine } from '../../../src/checkers/agent-words.js';
import { ask, closedPort, find, serve, targetOf } from './support.js';

describe('the line of an agent', () => {
  const lines: readonly [line: string, kind: string, more?: object][] = [
    ['75%', 'pass', { wish: { percent: 75 } }],
    ['0%', 'pass', { wish: { percent: 0 } }],
    ['1000%', 'pass', { wish: { percent: 100 } }],
    ['weight:20', 'pass', { wish: { weight: 20 } }],
    ['weight:9999999999', 'pass', { wish: { weight: 0x7fffffff } }],
    ['up', 'pass'],
    ['READY', 'pass'],
    ['up ready 50%\r', 'pass', { wish: { percent: 50 } }],
    ['up,50%', 'pass', { wish: { percent: 50 } }],
    ['drain', 'pass', { drains: true }],
    ['maint 30%', 'pass', { drains: true, wish: { percent: 30 } }],
    ['up maxconn:30', 'pass'],
    ['down', 'said-no', { reason: 'down' }],
    ['up down', 'said-no'],
    ['down # replica lag', 'said-no', { reason: 'replica lag' }],
    ['failed#disk', 'said-no', { reason: 'disk' }],
    ['stopped', 'said-no'],
    ['fail', 'said-no'],
    ['', 'unknown'],
    ['# down', 'unknown'],
    ['constructor', 'unknown'],
    ['HTTP/1.1 400 Bad Request', 'unknown', { reason: 'the agent says "HTTP/1.1 400 Bad Request"' }],
    ['75 %', 'unknown'],
    ['-1%', 'unknown'],
    ['weight:', 'unknown'],
    ['\u001b[2J', 'unknown', { reason: 'the agent says "?[2J"' }],
  ];
  for (const [line, kind, more = {}] of lines) {
    test(JSON.stringify(line), () => {
      const { reason, ...outcome } = readAgentLine(line);
      const expected = 'reason' in more ? { reason, kind: outcome.kind } : outcome;
      assert.deepEqual(expected, { kind, ...more });
    });
  }
});

describe('an agent check', () => {
  const check = { type: 'agent', port: 1 } as const;

  test('reads one line, or what there is until the end', async (t) => {
    const line = await serve(t, (socket) => socket.write('up 50%\ndown\n'));
    assert.deepEqual(await find(targetOf(check, line)), { kind: 'pass', reason: 'up 50%', wish: { percent: 50 } });
    const end = await serve(t, (socket) => socket.end('down'));
    assert.equal(await ask(check, end), 'said-no: down');
  });

  test('knows nothing of a server whose agent it does not reach, or does not understand', async (t) => {
    assert.equal(await ask(check, await closedPort()), 'unknown: refused the connection');
    const silent = await serve(t, () => undefined);
    assert.equal(await ask({ ...check, timeout: 0.1 }, silent), 'unknown: no answer within 0.1 s');
    const mute = await serve(t, (socket) => socket.end());
    assert.equal(await ask(check, mute), 'unknown: closed the connection without a whole answer');
    const flood = await serve(t, (socket) => socket.write('x'.repeat(1 << 20)));
    assert.equal(await ask(check, flood), `unknown: the agent says "${'x'.repeat(119)}…"`);
  });
});
