import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { get, request, type IncomingMessage } from 'node:http';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { IpvsClient } from '../../../src/client/client.js';
import { StateError } from '../../../src/errors.js';
import { realServer, serviceAt, virtualService } from '../../../src/model/build.js';
import { FakeKernel } from '../../../src/testing/index.js';
import { localHosts } from '../../../src/web/guard.js';
import { Sampler } from '../../../src/web/sampler.js';
import { serveWeb, type ListenAt, type WebServer } from '../../../src/web/server.js';
import { Sessions } from '../../../src/web/sessions.js';
import { FakeIo } from '../support/fake-io.js';
import { readingApp } from '../support/reading-app.js';

const key = serviceAt('192.0.2.10', 80);
const server = (weight: number, port = 8080) =>
  realServer({ address: '10.0.1.2', port, weight, forwarding: 'masquerading' });
const weightKey = 'tcp:192.0.2.10:80/10.0.1.2:8080 weight';

let directory: string;
let path: string;
let kernel: FakeKernel;
let sampler: Sampler;
let served: WebServer;
/** Ends the sleeps of the sampler. */
let wake: (() => void)[];
let now: number;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'ipvsadm-web-'));
  path = join(directory, 'web.sock');
  kernel = new FakeKernel({ services: [{ service: virtualService(key), servers: [server(1)] }] });
  wake = [];
  now = 0;
  served = await serve({ path, group: undefined });
});

afterEach(async () => {
  for (const one of wake) one();
  sampler.end();
  await served.close();
  rmSync(directory, { recursive: true });
});

async function serve(at: ListenAt, token?: string): Promise<WebServer> {
  const io = new FakeIo();
  const clock = {
    now: () => now,
    sleep: (_: number, signal?: AbortSignal) =>
      new Promise<void>((resolve) => {
        wake.push(resolve);
        signal?.addEventListener('abort', () => {
          resolve();
        });
      }),
  };
  const machine = Object.assign(Object.create(io.machine) as typeof io.machine, { clock });
  sampler = new Sampler({ machine }, await IpvsClient.connect(kernel), 2000);
  const app = readingApp(sampler, new Sessions(token, () => now));
  return serveWeb(at, { app, sampler, hosts: localHosts });
}

/** Lets the sampler look again. */
async function look(): Promise<void> {
  now += 2000;
  const before = sampler.last?.number ?? 0;
  for (const one of wake.splice(0)) one();
  while ((sampler.last?.number ?? 0) === before) await new Promise((resolve) => setTimeout(resolve, 1));
}

interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

async function ask(
  where: string,
  options: { method?: string; body?: string; headers?: Record<string, string> } = {},
): Promise<Answer> {
  const { method = 'GET', body, headers = {} } = options;
  const sent = request({
    socketPath: path,
    path: where,
    method,
    headers: { host: 'localhost', ...headers },
    agent: false,
  });
  sent.end(body);
  const [answer] = (await once(sent, 'response')) as [IncomingMessage];
  let text = '';
  for await (const piece of answer) text += String(piece);
  return { status: answer.statusCode ?? 0, headers: answer.headers, body: text };
}

/** A stream of events, and what came of it so far. */
async function stream(query = ''): Promise<{ events: string[]; status: number; close: () => Promise<void> }> {
  const sent = get({ socketPath: path, path: `/events${query}`, headers: { host: 'localhost' }, agent: false });
  sent.on('error', () => undefined);
  const [answer] = (await once(sent, 'response')) as [IncomingMessage];
  const events: string[] = [];
  answer.on('error', () => undefined);
  answer.setEncoding('utf8').on('data', (text: string) => {
    events.push(...text.split('\n\n').filter((one) => one.startsWith('event:')));
  });
  return {
    events,
    status: answer.statusCode ?? 0,
    close: async () => {
      sent.destroy();
      await new Promise((resolve) => setTimeout(resolve, 20));
    },
  };
}

/** The number of the look that a page was made of. */
async function seen(): Promise<string> {
  const { body } = await ask('/');
  return /data-events="[^"]*n=(\d+)"/.exec(body)?.[1] ?? '';
}

const settle = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 20));

describe('a stream of events', () => {
  test('tells what changed since the page was made, and nothing more', async () => {
    const { events } = await stream(`?n=${await seen()}`);
    await look();
    kernel.change({ kind: 'edit-server', key, server: server(7) });
    await look();
    await settle();
    assert.ok(events.length >= 2);
    assert.ok(
      events.every((one) => one.startsWith('event: cells\n')),
      events.join('\n'),
    );
    assert.ok(events.at(-1)?.includes(`"${weightKey}":"7"`), events.at(-1));
  });

  test('goes on for a second reader, whose page is of a look between two rounds', async () => {
    const first = await stream(`?n=${await seen()}`);
    await look();
    now += 1500;
    kernel.change({ kind: 'edit-server', key, server: server(5) });
    const second = await stream(`?n=${await seen()}`);
    await look();
    await settle();
    assert.ok([...first.events, ...second.events].every((one) => one.startsWith('event: cells')));
    assert.ok(
      first.events.some((one) => one.includes(`"${weightKey}":"5"`)),
      first.events.join('\n'),
    );
    assert.equal(second.events.length, 1);
    assert.ok(!second.events[0]?.includes('weight'), 'its page has that already');
  });

  test('sends a page that is too old back for a new one, once', async () => {
    const old = await seen();
    const { events } = await stream(`?n=${old}`);
    await look();
    await look();
    const late = await stream(`?n=${old}`);
    await look();
    await look();
    await settle();
    assert.ok(events.every((one) => one.startsWith('event: cells')));
    assert.deepEqual(
      late.events.map((one) => one.split('\n')[0]),
      ['event: renew', 'event: cells'],
    );
  });

  test('asks for a new page where a row came', async () => {
    const { events } = await stream(`?n=${await seen()}`);
    await look();
    kernel.change({ kind: 'add-server', key, server: server(1, 8081) });
    await look();
    await settle();
    assert.equal(events.at(-1)?.split('\n')[0], 'event: renew');
  });

  test('is of what the page shows alone', async () => {
    kernel.change({ kind: 'add-service', service: virtualService(serviceAt('192.0.2.11', 80)) });
    const found = await stream('?find=192.0.2.11&n=0');
    const host = await stream('?view=hosts&n=0');
    await look();
    kernel.change({ kind: 'edit-server', key, server: server(0) });
    await look();
    await settle();
    assert.ok(!found.events.at(-1)?.includes('192.0.2.10'), found.events.at(-1));
    assert.match(host.events.at(-1) ?? '', /"10\.0\.1\.2 weighted":"0"/);
  });

  test('is given to 32 readers; the next one is asked to come later, and gets it when one has gone', async () => {
    const all = await Promise.all(Array.from({ length: 32 }, () => stream()));
    const refused = await ask('/events');
    assert.deepEqual([refused.status, refused.headers['retry-after']], [503, '30']);
    assert.equal((await ask('/')).status, 200);
    await all[0]?.close();
    assert.equal((await stream()).status, 200);
  });

  test('makes the kernel be asked while somebody reads, and no longer', async () => {
    assert.equal(sampler.watchers, 0);
    const one = await stream();
    const other = await stream('?view=hosts');
    assert.equal(sampler.watchers, 1);
    await one.close();
    assert.equal(sampler.watchers, 1);
    await other.close();
    assert.equal(sampler.watchers, 0);
    const looks = sampler.last?.number;
    for (const wakeUp of wake.splice(0)) wakeUp();
    await settle();
    assert.deepEqual([sampler.last?.number, wake.length], [looks, 0]);
  });

  test('outlives a kernel that can not be asked for a while', async () => {
    const { events } = await stream(`?n=${await seen()}`);
    await look();
    const failing = kernel.send.bind(kernel);
    kernel.send = () => {
      throw new Error('a fault');
    };
    now += 2000;
    for (const one of wake.splice(0)) one();
    await settle();
    kernel.send = failing;
    const count = events.length;
    await look();
    await settle();
    assert.equal(events.length, count + 1);
  });

  test('answers HEAD with its headers, and takes no forms', async () => {
    const { status, headers } = await ask('/events', { method: 'HEAD' });
    assert.deepEqual([status, headers['content-type']], [200, 'text/event-stream']);
    assert.equal(sampler.watchers, 0);
    const form = { 'sec-fetch-site': 'same-origin', 'content-type': 'application/x-www-form-urlencoded' };
    assert.equal((await ask('/events', { method: 'POST', headers: form, body: 'a=b' })).status, 405);
    assert.equal((await ask('/events', { headers: { host: 'evil.example' } })).status, 421);
  });

  test('cuts off who does not read, and leaves the others alone', async () => {
    // Long names make long events.
    const services = Array.from({ length: 100 }, (_, number) =>
      serviceAt(`2001:db8:1:2:3:4:5:${number + 1000}`, 65535),
    );
    for (const one of services) {
      kernel.change({ kind: 'add-service', service: virtualService(one) });
      for (const port of [1, 2, 3, 4, 5])
        kernel.change({
          kind: 'add-server',
          key: one,
          server: realServer({ address: `2001:db8:1:2:3:4:5:${port}`, port: 65535 }),
        });
    }
    const lazy = connect(path);
    lazy.write('GET /events?n=0 HTTP/1.1\r\nHost: localhost\r\n\r\n');
    lazy.pause();
    lazy.on('error', () => undefined);
    const eager = await stream('?n=0');
    await look();
    for (let round = 1; round <= 120 && lazyReaders() === 2; round++) {
      for (const one of services) {
        for (const port of [1, 2, 3, 4, 5]) {
          const count = BigInt(round * 1000 * port);
          kernel.report(
            one,
            { family: 'inet6', address: `2001:db8:1:2:3:4:5:${port}`, port: 65535 },
            {
              activeConnections: round,
              inactiveConnections: round,
              statistics: {
                connections: count * BigInt(round),
                incomingBytes: count * BigInt(round),
                outgoingBytes: count * BigInt(round),
              },
            },
          );
        }
      }
      await look();
      await settle();
    }
    assert.equal(lazyReaders(), 1, 'it still waits for who does not read');
    const before = eager.events.length;
    await look();
    await settle();
    assert.ok(eager.events.length > before);
    lazy.destroy();

    function lazyReaders(): number {
      return served.streams;
    }
  });
});

describe('a request', () => {
  /** Sends bytes as they are. @returns all that came back until the end. */
  async function raw(...pieces: readonly string[]): Promise<string> {
    const socket: Socket = connect(path);
    let text = '';
    socket.setEncoding('utf8').on('data', (more: string) => (text += more));
    socket.on('error', () => undefined);
    for (const piece of pieces) socket.write(piece);
    socket.end();
    await once(socket, 'close');
    return text;
  }

  const form = 'Host: localhost\r\nSec-Fetch-Site: same-origin\r\nContent-Type: application/x-www-form-urlencoded\r\n';

  test('with a body that is too long is told so, not just cut off', async () => {
    const { status } = await ask('/change', {
      method: 'POST',
      body: 'a'.repeat(70_000),
      headers: { 'content-type': 'text/plain' },
    });
    assert.equal(status, 413);
    assert.equal((await ask('/healthz')).body, 'ok\n');
  });

  test('whose body breaks off harms nobody', async () => {
    const answer = await raw(`POST /change HTTP/1.1\r\n${form}Content-Length: 1000\r\n\r\nwhat=drain`);
    assert.ok(!answer.includes('200 OK'), answer);
    assert.equal((await ask('/healthz')).status, 200);
  });

  const broken: readonly (readonly [what: string, text: string])[] = [
    ['is no HTTP', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'],
    ['has no host', 'GET / HTTP/1.1\r\n\r\n'],
    [
      'has headers without end',
      `GET / HTTP/1.1\r\nHost: localhost\r\n${'X-Long: '.padEnd(2000, 'x').concat('\r\n').repeat(20)}`,
    ],
    ['has two lengths', `POST /change HTTP/1.1\r\n${form}Content-Length: 3\r\nContent-Length: 4\r\n\r\nabc`],
    [
      'has a length and chunks',
      `POST /change HTTP/1.1\r\n${form}Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    ],
    ['has an address that is none', 'GET http://[::1 HTTP/1.1\r\nHost: localhost\r\n\r\n'],
    ['has a zero byte in its address', 'GET /\0 HTTP/1.1\r\nHost: localhost\r\n\r\n'],
    ['asks for a tunnel', 'CONNECT 10.0.1.2:80 HTTP/1.1\r\nHost: localhost\r\n\r\n'],
    [
      'asks for another protocol',
      'GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n',
    ],
  ];
  for (const [what, text] of broken) {
    test(`that ${what} is no trouble`, async () => {
      const answer = await raw(text);
      assert.doesNotMatch(answer, /\bat .*:\d+:\d+|node:/);
      assert.equal((await ask('/healthz')).status, 200);
    });
  }

  test('for the findings of doctor gets lines', async () => {
    assert.match((await ask('/doctor')).body, /all is well\nreally\n/);
  });
});

describe('the socket', () => {
  test('is for its owner alone, and gone after the end, with streams that are open', async () => {
    assert.equal(statSync(path).mode & 0o777, 0o600);
    await stream();
    await served.close();
    assert.equal(statSync(path, { throwIfNoEntry: false }), undefined);
    served = await serve({ path, group: process.getgid?.() });
    assert.equal(statSync(path).mode & 0o777, 0o660);
  });

  test('of a page that is served is not taken over, and what is no socket is left alone', async () => {
    await assert.rejects(serve({ path, group: undefined }), new StateError(`another process serves a page at ${path}`));
    const file = join(directory, 'file');
    writeFileSync(file, 'precious');
    await assert.rejects(serve({ path: file, group: undefined }), new StateError(`${file} is no socket, remove it`));
    await assert.rejects(
      serve({ path: join(directory, 'none/none/web.sock'), group: undefined }),
      /can't listen: No such file/,
    );
  });
});
