import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { IpvsClient } from '../../../src/client/client.js';
import { realServer, serviceAt, virtualService } from '../../../src/model/build.js';
import { systemClock } from '../../../src/ports/clock.js';
import { FakeKernel } from '../../../src/testing/index.js';
import { WebApp } from '../../../src/web/app.js';
import { localHosts } from '../../../src/web/guard.js';
import { Sampler } from '../../../src/web/sampler.js';
import { serveWeb, type ListenAt, type TlsContext, type WebServer } from '../../../src/web/server.js';
import { Sessions } from '../../../src/web/sessions.js';
import { FakeIo } from '../support/fake-io.js';

const web = serviceAt('192.0.2.10', 80);
const server = (weight: number) => realServer({ address: '10.0.1.2', port: 8080, weight, forwarding: 'masquerading' });
const fixtures = 'test/unit/checkers/fixtures';

interface Served {
  readonly kernel: FakeKernel;
  readonly page: WebServer;
  readonly sampler: Sampler;
}

/** A page of a table with one server, until the test is over. */
async function serve(t: TestContext, at: ListenAt, tls?: TlsContext): Promise<Served> {
  const kernel = new FakeKernel({ services: [{ service: virtualService(web), servers: [server(10)] }] });
  const { machine } = new FakeIo({ machine: { clock: systemClock } });
  const sampler = new Sampler({ machine }, await IpvsClient.connect(kernel), 50);
  const app = new WebApp({
    sampler,
    sessions: new Sessions(undefined, () => performance.now()),
    sources: {
      doctor: () => Promise.resolve(''),
      connections: () => Promise.resolve(''),
      metrics: () => Promise.resolve({ text: '', type: 'text/plain' }),
      table: () => Promise.resolve('{}'),
    },
    actions: undefined,
    edits: undefined,
    hosts: localHosts,
    host: 'director',
    isSecure: false,
    seconds: 2,
    audit: () => undefined,
    date: () => '',
  });
  const page = await serveWeb(at, { app, sampler, hosts: localHosts }, tls);
  t.after(async () => {
    sampler.end();
    await page.close();
  });
  return { kernel, page, sampler };
}

const loopback: ListenAt = { address: '127.0.0.1', port: 0 };

interface Got {
  readonly status: number;
  readonly text: string;
}

async function get(options: object, request = httpRequest): Promise<Got> {
  return new Promise((resolve, reject) => {
    const sent = request({ path: '/', headers: { host: 'localhost' }, agent: false, ...options }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (piece: string) => (text += piece));
      response.once('end', () => {
        resolve({ status: response.statusCode ?? 0, text });
      });
    });
    sent.once('error', reject).end();
  });
}

/** A raw connection, and all that comes. */
async function raw(
  port: number,
  text: string,
): Promise<{ socket: Socket; received: () => string; closed: Promise<void> }> {
  let all = '';
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => undefined);
  socket.setEncoding('utf8').on('data', (piece: string) => (all += piece));
  const closed = new Promise<void>((resolve) =>
    socket.once('close', () => {
      resolve();
    }),
  );
  await new Promise((resolve) => socket.once('connect', resolve));
  socket.write(text);
  return { socket, received: () => all, closed };
}

async function until(holds: () => boolean, what: string): Promise<void> {
  for (let tries = 0; !holds(); tries++) {
    assert.ok(tries < 400, what);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

const events = (n: number): string => `GET /events?n=${n} HTTP/1.1\r\nHost: localhost\r\n\r\n`;

describe('a socket in the file system', () => {
  test('is for its owner alone, replaces one that a dead process has left, and is gone at the end', async (t) => {
    const directory = mkdtempSync(join(tmpdir(), 'ipvsadm-web-'));
    t.after(() => {
      rmSync(directory, { recursive: true });
    });
    const path = join(directory, 'web.sock');
    const first = await serve(t, { path, group: undefined });
    assert.equal(statSync(path).mode & 0o777, 0o600);
    assert.equal((await get({ socketPath: path })).status, 200);
    await assert.rejects(serve(t, { path, group: undefined }), /another process serves a page/);
    await first.page.close();
    assert.throws(() => statSync(path), /ENOENT/);
    writeFileSync(path, '');
    await assert.rejects(serve(t, { path, group: undefined }), /is no socket/);
  });
});

describe('events', () => {
  test('say what changed, and that rows came; nobody looks when nobody watches', async (t) => {
    const { kernel, page, sampler } = await serve(t, loopback);
    await get({ port: page.port });
    const reader = await raw(page.port ?? 0, events(1));
    await until(() => sampler.watchers > 0, 'nobody watches');
    await until(() => reader.received().includes('event:'), 'no first event');
    kernel.change({ kind: 'edit-server', key: web, server: server(3) });
    await until(() => reader.received().includes('10.0.1.2:8080 weight":"3"'), reader.received());
    kernel.change({ kind: 'add-server', key: web, server: { ...server(1), address: '10.0.1.3' } });
    await until(() => reader.received().includes('event: renew'), reader.received());
    reader.socket.destroy();
    await until(() => sampler.watchers === 0, 'somebody watches still');
  });

  test('come to so many readers and no more', async (t) => {
    const { page } = await serve(t, loopback);
    const readers = await Promise.all(Array.from({ length: 32 }, () => raw(page.port ?? 0, events(1))));
    await until(() => readers.every((one) => one.received().includes('text/event-stream')), 'a reader has no stream');
    assert.equal((await get({ port: page.port, path: '/events' })).status, 503);
    for (const one of readers) one.socket.destroy();
    await until(() => true, '');
    assert.equal((await get({ port: page.port })).status, 200);
  });
});

describe('what does not end', () => {
  test('a body that is too long, headers that are too long, and what is no HTTP are cut off', async (t) => {
    const { page } = await serve(t, loopback);
    const port = page.port ?? 0;
    const head = 'POST /change HTTP/1.1\r\nHost: localhost\r\nSec-Fetch-Site: same-origin\r\n';
    const long = await raw(port, `${head}Content-Length: 200000\r\n\r\n${'x'.repeat(100_000)}`);
    await long.closed;
    assert.match(long.received(), /^HTTP\/1\.1 413/);
    const headers = await raw(port, `GET / HTTP/1.1\r\nHost: localhost\r\nX: ${'x'.repeat(40_000)}\r\n\r\n`);
    await headers.closed;
    assert.match(headers.received(), /^HTTP\/1\.1 431/);
    const nonsense = await raw(port, '\u0016\u0003\u0001\r\n\r\n');
    await nonsense.closed;
    assert.match(nonsense.received(), /^HTTP\/1\.1 400/);
    assert.equal((await get({ port })).status, 200);
  });

  test('an address that is none, and a request that is given up, do no harm', async (t) => {
    const { page } = await serve(t, loopback);
    const port = page.port ?? 0;
    const odd = await raw(port, 'GET //[ HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n');
    await odd.closed;
    assert.match(odd.received(), /^HTTP\/1\.1 400/);
    const half = await raw(port, 'POST /change HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\nab');
    half.socket.destroy();
    await half.closed;
    assert.equal((await get({ port })).status, 200);
  });
});

test('by TLS, with other certificates when they were renewed, and not without', async (t) => {
  const names = ['server', 'expired'] as const;
  const [first, second] = names.map((name) => ({
    cert: readFileSync(`${fixtures}/${name}.pem`, 'utf8'),
    key: readFileSync(`${fixtures}/key.pem`, 'utf8'),
    ca: undefined,
    requestCert: false,
    rejectUnauthorized: false,
    minVersion: 'TLSv1.2' as const,
  }));
  const { page } = await serve(t, loopback, first);
  const { port } = page;
  assert.equal((await get({ port, rejectUnauthorized: false }, httpsRequest)).status, 200);
  await assert.rejects(get({ port }), /ECONNRESET|socket hang up/);
  assert.ok(second);
  page.renew(second);
  await assert.rejects(get({ port, ca: second.cert, servername: 'localhost' }, httpsRequest), /expired|altname|self/i);
});
