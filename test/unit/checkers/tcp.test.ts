import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createServer as createTlsServer } from 'node:tls';
import { startCheck } from '../../../src/checkers/start-check.js';
import { answer, ask, closedPort, files, find, identity, listen, serve, targetOf } from './support.js';

describe('a tcp check', () => {
  test('passes when it is connected, and closes the connection orderly', async (t) => {
    let ended: (text: string) => void;
    const end = new Promise<string>((resolve) => (ended = resolve));
    const port = await serve(t, (socket) => {
      socket.write('220 a banner that nobody waits for\r\n');
      socket.on('error', ({ message }) => {
        ended(message);
      });
      socket.on('end', () => socket.end()).resume();
      socket.on('close', () => {
        ended('orderly');
      });
    });
    assert.equal(await ask({ type: 'tcp' }, port), 'pass: connected');
    assert.equal(await end, 'orderly');
  });

  test('passes though the server keeps its side open, well before the deadline', async (t) => {
    const port = await serve(t, () => undefined);
    const start = performance.now();
    assert.equal(await ask({ type: 'tcp', timeout: 5 }, port), 'pass: connected');
    assert.ok(performance.now() - start < 5000);
  });

  test('resets the connection where that is wanted', async (t) => {
    let seen: (code: string) => void;
    const code = new Promise<string>((resolve) => (seen = resolve));
    const port = await serve(t, (socket) => {
      socket.on('error', (cause: NodeJS.ErrnoException) => {
        seen(cause.code ?? '');
      });
      socket.resume();
    });
    assert.equal(await ask({ type: 'tcp', close: 'reset' }, port), 'pass: connected');
    assert.equal(await code, 'ECONNRESET');
  });

  test('asks IPv6 as well, from a source', async (t) => {
    let from = '';
    const port = await serve(t, (socket) => (from = socket.remoteAddress ?? ''), '::1');
    assert.equal(await ask({ type: 'tcp', source: '::1' }, port, '::1'), 'pass: connected');
    assert.equal(from, '::1');
  });

  test('knows nothing when its source is no address of this host', async (t) => {
    const port = await serve(t, () => undefined);
    assert.equal(
      await ask({ type: 'tcp', source: '192.0.2.77' }, port),
      'unknown: this host: Cannot assign requested address',
    );
  });

  test('finds a closed port unreachable, or the host up where that is what is asked', async () => {
    const port = await closedPort();
    assert.equal(await ask({ type: 'tcp' }, port), 'unreachable: refused the connection');
    assert.equal(await ask({ type: 'tcp', refusedIsUp: true }, port), 'pass: refused the connection: the host is up');
  });

  const replies: readonly [name: string, reply: string, expect: string, outcome: string][] = [
    ['a text', '+PONG\r\n', 'PONG', 'pass: answered with "PONG"'],
    ['a regular expression', '+PONG\r\n', '/^\\+P.NG/', 'pass: answered with /^\\+P.NG/'],
    ['another text', '-ERR loading\r\n', 'PONG', 'said-no: the reply does not contain "PONG"'],
    ['nothing', '', 'PONG', 'unreachable: closed the connection without a whole answer'],
    ['it after 64 KiB', `${'x'.repeat(1 << 16)}PONG`, 'PONG', 'said-no: the reply does not contain "PONG"'],
    ['text that drives terminals', 'x', '\u001b[2J', 'said-no: the reply does not contain "?[2J"'],
  ];
  for (const [name, reply, expect, outcome] of replies) {
    test(`that is answered with ${name}: ${outcome.split(':', 1).join()}`, async (t) => {
      assert.equal(await ask({ type: 'tcp', send: 'PING\r\n', expect }, await answer(t, reply)), outcome);
    });
  }

  test('sends bytes, and finds a text that comes in pieces', async (t) => {
    const received: Buffer[] = [];
    const port = await serve(t, (socket) => {
      socket.once('data', (chunk) => {
        received.push(chunk);
        const pieces = ['x', 'xh', 'el', 'l', 'o'];
        const timer = setInterval(() => {
          const piece = pieces.shift();
          if (piece === undefined) clearInterval(timer);
          else socket.write(piece);
        }, 2);
      });
    });
    assert.equal(await ask({ type: 'tcp', send: 'hex:00ff', expect: 'hello' }, port), 'pass: answered with "hello"');
    assert.equal(Buffer.concat(received).toString('hex'), '00ff');
  });

  test('is not outlived by a server that accepts and is silent', async (t) => {
    const port = await serve(t, () => undefined);
    assert.equal(await ask({ type: 'tcp', expect: 'x', timeout: 0.1 }, port), 'unreachable: no answer within 0.1 s');
  });

  test('is refused by an answer that goes on and never is the one', async (t) => {
    const port = await serve(t, (socket) => {
      const timer = setInterval(() => socket.write('x'), 20);
      socket.on('close', () => {
        clearInterval(timer);
      });
    });
    const start = performance.now();
    const outcome = await ask({ type: 'tcp', expect: 'y', timeout: 0.2 }, port);
    assert.equal(outcome, 'said-no: the reply does not contain "y"');
    assert.ok(performance.now() - start < 5000);
  });

  test('finds a server unreachable that resets what it has accepted', async (t) => {
    const port = await serve(t, (socket) => socket.resetAndDestroy());
    assert.equal(await ask({ type: 'tcp', expect: 'x' }, port), 'unreachable: reset the connection');
  });

  test('speaks TLS, and knows when the certificate ends', async (t) => {
    const port = await listen(
      t,
      createTlsServer(identity, (socket) => socket.end('hello').resume()),
    );
    const tls = { verify: true, ca: files.ca, serverName: 'www.example.test' };
    const outcome = await find(targetOf({ type: 'tcp', tls, expect: 'hello' }, port));
    assert.deepEqual(outcome, {
      kind: 'pass',
      reason: 'answered with "hello"',
      certificateEnds: Date.parse('2120-01-01T00:00:00Z'),
    });
    assert.equal(await ask({ type: 'tcp', tls: {} }, port), 'pass: connected');
    assert.equal(await ask({ type: 'tcp', tls: {}, close: 'reset' }, port), 'pass: connected');
    // Without a name it is the address that has to be proved.
    assert.equal(await ask({ type: 'tcp', tls: { verify: true, ca: files.ca } }, port), 'pass: connected');
  });

  test('is told once, and later than it is started', async () => {
    const port = await closedPort();
    let count = 0;
    let hasReturned = false;
    await new Promise<void>((resolve) => {
      const stop = startCheck(targetOf({ type: 'tcp' }, port), () => {
        assert.ok(hasReturned);
        count++;
        setTimeout(() => {
          stop();
          resolve();
        }, 50);
      });
      hasReturned = true;
    });
    assert.equal(count, 1);
  });
});
