import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { CheckInput } from '../../../src/documents/health-schema.js';
import { ask, closedPort, serveDatagrams } from './support.js';

describe('a udp check', () => {
  const cases: readonly [name: string, check: CheckInput, reply: string | undefined, outcome: string][] = [
    ['any reply', { type: 'udp', send: 'ping', expect: 'any' }, 'pong', 'pass: answered'],
    ['the text', { type: 'udp', send: 'ping', expect: 'on' }, 'pong', 'pass: answered with "on"'],
    ['the bytes', { type: 'udp', send: 'hex:00FF', expect: 'hex:6f6e' }, 'pong', 'pass: answered with "hex:6f6e"'],
    ['another text', { type: 'udp', expect: 'x' }, 'pong', 'said-no: the reply does not contain "x"'],
    ['silence', { type: 'udp', expect: 'any', timeout: 0.1 }, undefined, 'unreachable: no answer within 0.1 s'],
    [
      'silence that is a success',
      { type: 'udp', assumeUp: true, timeout: 0.1 },
      undefined,
      'pass: no answer, and nobody refused',
    ],
    ['a reply where silence would do', { type: 'udp', assumeUp: true }, 'pong', 'pass: answered'],
  ];
  for (const [name, check, reply, outcome] of cases) {
    test(`is answered with ${name}`, async (t) => {
      const port = await serveDatagrams(t, () => (reply === undefined ? [] : [Buffer.from(reply)]));
      assert.equal(await ask(check, port), outcome);
    });
  }

  test('sends what it is to send, from its source, by IPv6 as well', async (t) => {
    const seen: string[] = [];
    for (const address of ['127.0.0.1', '::1']) {
      const answer = (message: Buffer, from: string): Buffer[] => {
        seen.push(`${message.toString('hex')} from ${from}`);
        return [message];
      };
      const port = await serveDatagrams(t, answer, address);
      const check: CheckInput = { type: 'udp', send: 'hex:00ff', expect: 'hex:ff', source: address };
      assert.equal(await ask(check, port, address), 'pass: answered with "hex:ff"');
    }
    assert.deepEqual(seen, ['00ff from 127.0.0.1', '00ff from ::1']);
  });

  test('hears that the host refuses, whether or not silence would be a success', async () => {
    const port = await closedPort();
    for (const more of [{ expect: 'any' }, { assumeUp: true }]) {
      assert.equal(await ask({ type: 'udp', ...more }, port), 'unreachable: refused the connection');
    }
  });

  test('knows nothing when its source is no address of this host', async () => {
    const check: CheckInput = { type: 'udp', assumeUp: true, source: '192.0.2.77' };
    assert.equal(await ask(check, 9), 'unknown: this host: Cannot assign requested address');
  });
});
