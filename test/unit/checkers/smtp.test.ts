import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { describe, test } from 'node:test';
import { TLSSocket } from 'node:tls';
import type { CheckInput } from '../../../src/documents/health-schema.js';
import { ask, closedPort, find, identity, serve, targetOf } from './support.js';

/** What a server says: first, and to each command by its first word. */
type Replies = Readonly<Record<string, string>>;

const replies: Replies = {
  '': '220-mail.example.test ESMTP\r\n220 ready\r\n',
  EHLO: '250-mail.example.test\r\n250-SIZE 1000\r\n250 STARTTLS\r\n',
  STARTTLS: '220 go ahead\r\n',
  QUIT: '221 bye\r\n',
};

function treat(socket: Socket, says: Replies, heard: string[], isSecure = false): void {
  if (!isSecure) socket.write(says[''] ?? '');
  socket.on('error', () => undefined);
  socket.on('data', (chunk) => {
    const command = chunk.toString().trimEnd();
    heard.push(isSecure ? `TLS ${command}` : command);
    const [word = ''] = command.split(' ');
    socket.write(says[word] ?? '502 what?\r\n');
    if (word === 'QUIT') socket.end();
    if (word !== 'STARTTLS' || !(says['STARTTLS'] ?? '').startsWith('220')) return;
    socket.removeAllListeners('data');
    treat(new TLSSocket(socket, { isServer: true, ...identity }), says, heard, true);
  });
}

describe('an smtp check', () => {
  const cases: readonly [name: string, check: Partial<CheckInput>, says: Replies, outcome: string][] = [
    ['a mail server', {}, {}, 'pass: SMTP'],
    ['one that is busy', {}, { '': '421 too many\r\n' }, 'said-no: said "421 too many"'],
    ['one that knows no EHLO', {}, { EHLO: '500 what?\r\n' }, 'said-no: said "500 what?"'],
    ['something else', {}, { '': 'SSH-2.0-OpenSSH\r\n' }, 'said-no: not a reply of SMTP: "SSH-2.0-OpenSSH"'],
    ['a greeting without an end', { timeout: 0.1 }, { '': '220-a\r\n' }, 'unreachable: no answer within 0.1 s'],
    ['an endless greeting', {}, { '': '220-a\r\n'.repeat(20_000) }, 'said-no: its reply is too long'],
    ['no STARTTLS', { tls: 'starttls' }, { EHLO: '250 mail\r\n' }, 'said-no: does not offer STARTTLS'],
    ['a refused STARTTLS', { tls: 'starttls' }, { STARTTLS: '454 no\r\n' }, 'said-no: said "454 no"'],
    ['STARTTLS', { tls: 'starttls' }, {}, 'pass: SMTP with TLS'],
    [
      'more than a reply before TLS',
      { tls: 'starttls' },
      { STARTTLS: '220 go\r\n554 injected\r\n' },
      'pass: SMTP with TLS',
    ],
  ];
  for (const [name, check, says, outcome] of cases) {
    test(`meets ${name}`, async (t) => {
      const port = await serve(t, (socket) => {
        treat(socket, { ...replies, ...says }, []);
      });
      assert.equal(await ask({ type: 'smtp', ...check } as CheckInput, port), outcome);
    });
  }

  test('says who it is and takes its leave, and knows when the certificate ends', async (t) => {
    const heard: string[] = [];
    const port = await serve(t, (socket) => {
      treat(socket, replies, heard);
    });
    const { kind, ...found } = await find(
      targetOf({ type: 'smtp', helo: 'director.example.test', tls: 'starttls' }, port),
    );
    assert.equal(kind, 'pass');
    assert.deepEqual(found, { reason: 'SMTP with TLS', certificateEnds: Date.parse('2120-01-01T00:00:00Z') });
    const hello = 'EHLO director.example.test';
    assert.deepEqual(heard, [hello, 'STARTTLS', `TLS ${hello}`, 'TLS QUIT']);
  });

  test('finds a server unreachable that refuses, or hangs up', async (t) => {
    assert.equal(await ask({ type: 'smtp' }, await closedPort()), 'unreachable: refused the connection');
    const port = await serve(t, (socket) => socket.end('220 hi\r\n'));
    assert.equal(await ask({ type: 'smtp' }, port), 'unreachable: closed the connection without a whole answer');
  });
});
