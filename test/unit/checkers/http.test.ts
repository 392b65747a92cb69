import assert from 'node:assert/strict';
import { createSecureServer } from 'node:http2';
import { describe, test } from 'node:test';
import { createServer as createTlsServer, type TlsOptions } from 'node:tls';
import { gzipSync } from 'node:zlib';
import type { CheckInput } from '../../../src/documents/health-schema.js';
import { answer, ask, closedPort, expiredIdentity, files, find, identity, listen, serve, targetOf } from './support.js';

type HttpInput = Omit<Extract<CheckInput, { type: 'http' }>, 'type'>;

function reply(body: string | Buffer, headers = '', status = '200 OK'): Buffer {
  const head = `HTTP/1.1 ${status}\r\n${headers}Content-Length: ${body.length}\r\nConnection: close\r\n\r\n`;
  return Buffer.concat([Buffer.from(head), Buffer.from(body)]);
}

const chunked = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nal\r\n3\r\nive\r\n0\r\n\r\n';

describe('an http check', () => {
  const answers: readonly [name: string, text: string | Buffer, check: HttpInput, outcome: string][] = [
    ['a success', reply('hi'), {}, 'pass: HTTP 200'],
    ['a redirect', reply('', 'Location: /login\r\n', '302 Found'), {}, 'pass: HTTP 302'],
    [
      'a redirect that is none',
      reply('', '', '302 Found'),
      { expectStatus: ['200-299'] },
      'said-no: HTTP 302 instead of 200-299',
    ],
    ['a failure', reply('', '', '503 Busy'), {}, 'said-no: HTTP 503 instead of 200-399'],
    ['a status of a list', reply('', '', '418 Tea'), { expectStatus: ['200-299', 418] }, 'pass: HTTP 418'],
    [
      'a status of no list',
      reply('', '', '500 No'),
      { expectStatus: [200, '300-399'] },
      'said-no: HTTP 500 instead of 200 or 300-399',
    ],
    ['a body', reply('I am alive'), { expectBody: 'alive' }, 'pass: HTTP 200'],
    ['another body', reply('I am not'), { expectBody: 'alive' }, 'said-no: the body does not contain "alive"'],
    ['a body by its form', reply('lag 12'), { expectBody: '/^lag \\d{1,2}$/' }, 'pass: HTTP 200'],
    ['a body in chunks', chunked, { expectBody: 'alive' }, 'pass: HTTP 200'],
    [
      'a packed body',
      reply(gzipSync('alive'), 'Content-Encoding: gzip\r\n'),
      { expectBody: 'alive' },
      'pass: HTTP 200',
    ],
    [
      'a broken packed body',
      reply('alive', 'Content-Encoding: gzip\r\n'),
      { expectBody: 'alive' },
      'said-no: the body can not be unpacked',
    ],
    [
      'a bomb',
      reply(gzipSync(Buffer.alloc(1 << 25)), 'Content-Encoding: gzip\r\n'),
      { expectBody: 'x' },
      'said-no: the body can not be unpacked',
    ],
    [
      'a body packed otherwise',
      reply('x', 'Content-Encoding: br\u009b\r\n'),
      { expectBody: 'x' },
      'said-no: the body is packed by "brâ?"',
    ],
    [
      'a body beyond the limit',
      reply(`${'x'.repeat(100)}alive`),
      { expectBody: 'alive', bodyLimit: 100 },
      'said-no: the body does not contain "alive"',
    ],
    [
      'no end of the body',
      'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nalive',
      { expectBody: 'x' },
      'unreachable: closed the connection without a whole answer',
    ],
    ['no answer', '', {}, 'unreachable: closed the connection without a whole answer'],
    ['another protocol', 'SSH-2.0-OpenSSH_9.2\r\n', {}, 'said-no: not an answer of HTTP: it does not begin with HTTP/'],
    [
      'endless header fields',
      `HTTP/1.1 200 OK\r\n${'A: b\r\n'.repeat(20_000)}`,
      { expectBody: 'x' },
      'said-no: not an answer of HTTP: its head is too long',
    ],
    [
      'TLS where there should be none',
      Buffer.from('15030300020228', 'hex'),
      {},
      'said-no: not an answer of HTTP: it does not begin with HTTP/',
    ],
    ['a HEAD', 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n', { method: 'HEAD', weightHeader: 'W' }, 'pass: HTTP 200'],
  ];
  for (const [name, text, check, outcome] of answers) {
    test(`answered with ${name}`, async (t) => {
      assert.equal(await ask({ type: 'http', ...check }, await answer(t, text)), outcome);
    });
  }

  test('sends one whole request, with the fields of the check in place of its own', async (t) => {
    const requests: string[] = [];
    const port = await serve(t, (socket) => {
      socket.once('data', (chunk) => {
        requests.push(chunk.toString());
        socket.end(reply(''));
      });
    });
    await ask({ type: 'http' }, port);
    const headers = { 'user-agent': 'probe', 'X-Test': 'ä' };
    await ask({ type: 'http', method: 'POST', path: '/a?b', host: 'www.example.test', headers }, port);
    await ask({ type: 'http', headers: { Host: 'other.example.test', Accept: 'text/plain' } }, port);
    const own = 'Accept-Encoding: identity\r\nConnection: close\r\n';
    assert.deepEqual(requests, [
      `GET / HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nUser-Agent: ipvsadm\r\nAccept: */*\r\n${own}\r\n`,
      `POST /a?b HTTP/1.1\r\nHost: www.example.test\r\nAccept: */*\r\n${own}Content-Length: 0\r\n` +
        'user-agent: probe\r\nX-Test: ä\r\n\r\n',
      `GET / HTTP/1.1\r\nHost: other.example.test\r\nUser-Agent: ipvsadm\r\n${own}Accept: text/plain\r\n\r\n`,
    ]);
  });

  test('wishes for the weight of a header field, if it is one', async (t) => {
    const weights: readonly [value: string, wish: object | undefined][] = [
      ['50', { weight: 50 }],
      ['0', { weight: 0 }],
      ['-1', undefined],
      ['99999999999', undefined],
    ];
    for (const [value, wish] of weights) {
      const port = await answer(t, reply('', `X-Weight: ${value}\r\n`));
      const outcome = await find(targetOf({ type: 'http', weightHeader: 'x-weight' }, port));
      assert.deepEqual(outcome, { kind: 'pass', reason: 'HTTP 200', ...(wish === undefined ? {} : { wish }) });
    }
  });

  test('is not outlived by a body that drips', async (t) => {
    const port = await serve(t, (socket) => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      const timer = setInterval(() => socket.write('x'), 20);
      socket.on('close', () => {
        clearInterval(timer);
      });
    });
    const start = performance.now();
    const outcome = await ask({ type: 'http', expectBody: 'y', timeout: 0.2 }, port);
    assert.equal(outcome, 'unreachable: no answer within 0.2 s');
    assert.ok(performance.now() - start < 5000);
  });

  test('reads no more of a body of 100 MiB than it looks at', async (t) => {
    let sent = 0;
    const port = await serve(t, (socket) => {
      const piece = Buffer.alloc(1 << 16, 'x');
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${100 << 20}\r\n\r\n`);
      const send = (): void => {
        while (!socket.destroyed && sent < 100 << 20) {
          sent += piece.length;
          if (!socket.write(piece)) return;
        }
      };
      socket.on('drain', send).once('data', send);
    });
    const check: CheckInput = { type: 'http', expectBody: 'y', timeout: 2 };
    assert.equal(await ask(check, port), 'said-no: the body does not contain "y"');
    assert.ok(sent < 50 << 20, `${sent} bytes were sent`);
  });

  test('finds a closed port unreachable, with and without TLS', async () => {
    const port = await closedPort();
    assert.equal(await ask({ type: 'http' }, port), 'unreachable: refused the connection');
    assert.equal(await ask({ type: 'http', tls: {} }, port), 'unreachable: refused the connection');
    assert.equal(await ask({ type: 'http', tls: {}, version: 2 }, port), 'unreachable: refused the connection');
  });
});

describe('an http check over TLS', () => {
  const name = 'www.example.test';
  const wanted = { verify: true, ca: files.ca } as const;
  const both = { certificate: files.certificate, key: files.key } as const;
  const servers: readonly [name: string, options: TlsOptions, check: HttpInput, outcome: RegExp][] = [
    ['a certificate that nobody looks at', expiredIdentity, { tls: {} }, /^pass: HTTP 200$/],
    ['the right certificate', identity, { host: name, tls: wanted }, /^pass: HTTP 200$/],
    ['a name with a port', identity, { host: `${name}:8443`, tls: wanted }, /^pass: HTTP 200$/],
    ['an expired certificate', expiredIdentity, { host: name, tls: wanted }, /^said-no: TLS: certificate has expired$/],
    [
      'the wrong name',
      identity,
      { host: 'api.example.test', tls: wanted },
      /^said-no: the certificate is for another name$/,
    ],
    ['the right name by serverName', identity, { host: 'x', tls: { ...wanted, serverName: name } }, /^pass: HTTP 200$/],
    [
      'no trusted authority',
      identity,
      { host: name, tls: { verify: true } },
      /^said-no: TLS: unable to verify the first certificate$/,
    ],
    ['TLS 1.3 alone', { ...identity, minVersion: 'TLSv1.3' }, { tls: {} }, /^pass: HTTP 200$/],
    [
      'TLS 1.2 alone, where 1.3 is the least',
      { ...identity, maxVersion: 'TLSv1.2' },
      { tls: { minimumVersion: '1.3' } },
      /^said-no: TLS: .*alert/,
    ],
    [
      'TLS 1.0 alone',
      { ...identity, minVersion: 'TLSv1', maxVersion: 'TLSv1', ciphers: 'DEFAULT:@SECLEVEL=0' },
      { tls: { minimumVersion: '1.0' } },
      /^pass: HTTP 200$/,
    ],
    [
      'TLS 1.0 alone, unexpectedly',
      { ...identity, minVersion: 'TLSv1', maxVersion: 'TLSv1', ciphers: 'DEFAULT:@SECLEVEL=0' },
      { tls: {} },
      /^said-no: TLS: /,
    ],
    [
      'a wish for our certificate that we grant',
      { ...identity, requestCert: true, ca: identity.cert },
      { tls: both },
      /^pass: HTTP 200$/,
    ],
    [
      'a wish for our certificate that we refuse',
      { ...identity, requestCert: true, rejectUnauthorized: true },
      { tls: {} },
      /^said-no: TLS: .*certificate required$/,
    ],
    [
      'no file of ours',
      identity,
      { tls: { ca: '/nonexistent/ca.pem' } },
      /^unknown: can't read \/nonexistent\/ca.pem: No such file or directory$/,
    ],
    [
      'a file that has something else in it',
      identity,
      { tls: { certificate: files.key, key: files.key } },
      /^unknown: can't use .*key\.pem, .*key\.pem: no start line$/,
    ],
  ];
  for (const [title, options, check, outcome] of servers) {
    test(`meets ${title}`, async (t) => {
      const server = createTlsServer({ rejectUnauthorized: false, ...options }, (socket) => {
        socket.on('error', () => undefined);
        socket.once('data', () => socket.end(reply('')));
      });
      assert.match(await ask({ type: 'http', timeout: 1, ...check }, await listen(t, server)), outcome);
    });
  }

  test('asks for the site by its name, and never for an address', async (t) => {
    const names: (string | false | null | undefined)[] = [];
    const server = createTlsServer(identity, (socket) => {
      names.push((socket as unknown as { servername: string | false | null }).servername);
      socket.on('error', () => undefined).once('data', () => socket.end(reply('')));
    });
    const port = await listen(t, server);
    for (const check of [{ host: name }, {}, { host: '192.0.2.1' }, { host: '[2001:db8::1]:443' }]) {
      assert.equal(await ask({ type: 'http', tls: {}, ...check }, port), 'pass: HTTP 200');
    }
    assert.deepEqual(names, [name, false, false, false]);
  });

  test('is refused by a server that has no such site', async (t) => {
    const server = createTlsServer({
      ...identity,
      SNICallback: (_name, done) => {
        done(new Error('no such site'));
      },
    });
    assert.match(await ask({ type: 'http', tls: {}, host: name }, await listen(t, server)), /^(said-no|unreachable): /);
  });

  test('is refused by a server that speaks without TLS', async (t) => {
    const port = await answer(t, reply('', '', '400 Bad Request'));
    assert.equal(await ask({ type: 'http', tls: {} }, port), 'said-no: TLS: wrong version number');
  });

  test('is not outlived by a server that is silent', async (t) => {
    const port = await serve(t, () => undefined);
    assert.equal(await ask({ type: 'http', tls: {}, timeout: 0.1 }, port), 'unreachable: no answer within 0.1 s');
    assert.equal(
      await ask({ type: 'http', tls: {}, timeout: 0.1, version: 2 }, port),
      'unreachable: no answer within 0.1 s',
    );
  });
});

describe('an http check of version 2', () => {
  const check = { type: 'http', version: 2, tls: {} } as const;

  test('judges as the other does', async (t) => {
    const seen: string[] = [];
    const server = createSecureServer(identity, (request, response) => {
      seen.push(`${request.method} ${request.authority} ${request.url} ${String(request.headers['x-test'])}`);
      if (request.url === '/silent') return;
      if (request.url === '/reset') request.stream.close(2);
      else response.writeHead(request.url === '/busy' ? 503 : 200, { 'x-weight': '7' }).end('alive'.repeat(100));
    });
    const port = await listen(t, server);
    const cases: readonly [HttpInput, RegExp][] = [
      [{ host: 'www.example.test', headers: { 'X-Test': 'y', Connection: 'close' } }, /^pass: HTTP 200$/],
      [{ path: '/busy' }, /^said-no: HTTP 503 instead of 200-399$/],
      [{ expectBody: 'alive' }, /^pass: HTTP 200$/],
      [{ expectBody: 'dead', bodyLimit: 10 }, /^said-no: the body does not contain "dead"$/],
      [{ path: '/silent', timeout: 0.1 }, /^unreachable: no answer within 0.1 s$/],
      [{ path: '/reset' }, /^said-no: HTTP\/2: .*NGHTTP2_INTERNAL_ERROR$/],
    ];
    for (const [more, outcome] of cases) assert.match(await ask({ ...check, ...more }, port), outcome);
    assert.equal(seen[0], 'GET www.example.test / y');
    assert.equal(seen[1], `GET 127.0.0.1:${port} /busy undefined`);
    const { kind, ...found } = await find(targetOf({ ...check, weightHeader: 'X-Weight' }, port));
    assert.equal(kind, 'pass');
    assert.deepEqual(found, {
      reason: 'HTTP 200',
      wish: { weight: 7 },
      certificateEnds: Date.parse('2120-01-01T00:00:00Z'),
    });
  });

  test('is refused by a server that speaks the older one only, and the older one by it', async (t) => {
    const old = createTlsServer({ ...identity, ALPNProtocols: ['http/1.1'] }, (socket) => socket.end(reply('')));
    const plain = createTlsServer(identity, (socket) => socket.end(reply('')));
    assert.match(await ask(check, await listen(t, old)), /^said-no: TLS: .*no application protocol$/);
    assert.equal(await ask(check, await listen(t, plain)), 'said-no: does not speak HTTP/2');
    const two = createSecureServer(identity);
    assert.match(await ask({ type: 'http', tls: {} }, await listen(t, two)), /^(said-no|unreachable): /);
  });
});
