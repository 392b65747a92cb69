import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { findPing, pingCommand, type Echo, type PingProgram } from '../../../src/checkers/ping-program.js';
import { ask } from './support.js';

describe('a ping check', () => {
  const finds: readonly [name: string, links: Readonly<Record<string, string>>, found: PingProgram | undefined][] = [
    ['nothing', {}, undefined],
    ['ping', { '/usr/bin/ping': '/usr/bin/ping' }, { path: '/usr/bin/ping', kind: 'iputils' }],
    ['a link to busybox', { '/bin/ping': '/usr/bin/busybox' }, { path: '/bin/ping', kind: 'busybox' }],
    [
      'both, of which it takes fping',
      { '/bin/ping': '/bin/ping', '/usr/bin/fping': '/usr/bin/fping' },
      { path: '/usr/bin/fping', kind: 'fping' },
    ],
  ];
  for (const [name, links, found] of finds) {
    test(`looks for a program and finds ${name}`, () => {
      const realPath = (path: string): string => {
        const real = links[path];
        if (real === undefined) throw new Error('ENOENT');
        return real;
      };
      assert.deepEqual(findPing(realPath), found);
    });
  }

  const echo: Echo = { family: 'inet', address: '192.0.2.7', count: 3, seconds: 2, source: undefined };
  const commands: readonly [kind: PingProgram['kind'], echo: Partial<Echo>, words: string][] = [
    ['fping', {}, '-q -r 2 -B 1 -t 666 192.0.2.7'],
    ['fping', { count: 1, source: '192.0.2.1' }, '-q -r 0 -B 1 -t 2000 -S 192.0.2.1 192.0.2.7'],
    ['iputils', {}, '-n -q -4 -c 3 -i 0.2 -W 1.6 192.0.2.7'],
    ['iputils', { seconds: 0.1 }, '-n -q -4 -c 3 -i 0.2 -W 0.01 192.0.2.7'],
    ['iputils', { family: 'inet6', address: '::1', source: '::1' }, '-n -q -6 -c 3 -i 0.2 -W 1.6 -I ::1 ::1'],
    ['busybox', { seconds: 0.5 }, '-q -4 -c 3 -W 1 192.0.2.7'],
  ];
  for (const [kind, more, words] of commands) {
    test(`calls ${kind}: ${words}`, () => {
      const command = pingCommand({ path: `/bin/${kind}`, kind }, { ...echo, ...more });
      assert.equal(command.join(' '), `/bin/${kind} ${words}`);
    });
  }

  test('is answered by this host, or knows that it can not ask', async () => {
    const expected = findPing() === undefined ? 'unknown: this host has neither fping nor ping' : 'pass: answered';
    assert.equal(await ask({ type: 'ping', timeout: 2 }), expected);
  });
});
