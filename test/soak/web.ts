import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { IpvsClient } from '../../src/client/client.js';
import { ValueError } from '../../src/errors.js';
import { realServer, serviceAt, virtualService } from '../../src/model/build.js';
import { systemClock } from '../../src/ports/clock.js';
import { FakeKernel } from '../../src/testing/index.js';
import { WebApp } from '../../src/web/app.js';
import { localHosts } from '../../src/web/guard.js';
import { Sampler } from '../../src/web/sampler.js';
import { serveWeb, type WebServer } from '../../src/web/server.js';
import { Sessions } from '../../src/web/sessions.js';
import { FakeIo } from '../unit/support/fake-io.js';
import type { Kind } from './kind.js';
import { mutateText } from './mutate.js';
import type { Random } from './random.js';

const mark = '"><script>alert(1)</script>';
const name = 'tcp:192.0.2.10:80/10.0.1.2:8080';

const methods = [
  'GET',
  'GET',
  'GET',
  'HEAD',
  'POST',
  'POST',
  'PUT',
  'DELETE',
  'OPTIONS',
  'CONNECT',
  'get',
  'PRI',
  '',
] as const;
const paths = [
  '/',
  '/service',
  '/hosts',
  '/change',
  '/connections',
  '/doctor',
  '/metrics',
  '/api/table',
  '/api/checks',
  '/events',
  '/healthz',
  '/login',
  '/live.js',
  '/nosuch',
  '/../../etc/passwd',
  '//evil.example/',
  'http://evil.example/',
  '*',
  '/%00',
  '/%zz',
] as const;
const keys = [
  'name',
  'server',
  'find',
  'from',
  'token',
  'what',
  'weight',
  'reason',
  'seen',
  'confirm',
  'client',
  'by',
  'n',
  'view',
] as const;
const values = [
  mark,
  name,
  '10.0.1.2',
  'drain',
  'weight',
  'undrain',
  'yes',
  '0',
  '-1',
  '99999999999',
  '',
  'hosts',
  '%',
  '\u202e',
  'x'.repeat(3000),
];
const headers = [
  'Host: localhost:3636',
  'Host: localhost:3636',
  'Host: 127.0.0.1',
  'Host: evil.example',
  'Sec-Fetch-Site: same-origin',
  'Sec-Fetch-Site: cross-site',
  'Origin: http://localhost:3636',
  'Origin: null',
  'Content-Type: application/x-www-form-urlencoded',
  'Content-Type: application/json',
  'Cookie: ipvsadm=x; a=b',
  'Authorization: Bearer abc',
  'Accept-Encoding: gzip',
  'Accept: application/openmetrics-text',
  'Transfer-Encoding: chunked',
  'Expect: 100-continue',
  'Upgrade: websocket',
  'Connection: close',
  'Connection: keep-alive, upgrade',
  'Content-Length: 5',
  `X-Long: ${'y'.repeat(20_000)}`,
  'X Bad',
] as const;

/** A query or form. */
function query(random: Random): string {
  const pairs = Array.from({ length: random.below(5) }, (): [string, string] => [
    random.pick(keys),
    random.pick(values),
  ]);
  return new URLSearchParams(pairs).toString();
}

/** A request, as bytes. */
function requestText(random: Random): string {
  const method = random.pick(methods);
  const path = random.pick(paths) + (random.once(2) ? `?${query(random)}` : '');
  const lines = Array.from({ length: random.below(6) }, () => random.pick(headers));
  const body = method === 'POST' ? query(random) : '';
  const length = body === '' ? [] : [`Content-Length: ${random.once(8) ? random.below(100_000) : body.length}`];
  // Most are taken, so that what is behind the first look is reached.
  const usual = random.once(4)
    ? []
    : ['Host: localhost:3636', 'Sec-Fetch-Site: same-origin', 'Content-Type: application/x-www-form-urlencoded'];
  return [`${method} ${path} HTTP/1.${random.once(10) ? 0 : 1}`, ...usual, ...lines, ...length, '', body].join('\r\n');
}

/** A page that is served. */
class Page {
  readonly kernel: FakeKernel;
  readonly #server: WebServer;
  #idle: NodeJS.Timeout | undefined;
  /** Heap after the first requests, in bytes. */
  #heap = 0;
  #requests = 0;

  private constructor(kernel: FakeKernel, server: WebServer) {
    this.kernel = kernel;
    this.#server = server;
  }

  static async start(): Promise<Page> {
    const server = realServer({ address: '10.0.1.2', port: 8080, weight: 10, forwarding: 'masquerading' });
    const kernel = new FakeKernel({
      services: [{ service: virtualService(serviceAt('192.0.2.10', 80)), servers: [server] }],
    });
    const client = await IpvsClient.connect(kernel);
    const { machine } = new FakeIo({ machine: { clock: systemClock } });
    const sampler = new Sampler({ machine }, client, 1000);
    const app = new WebApp({
      sampler,
      sessions: new Sessions(undefined, () => performance.now()),
      sources: {
        doctor: () => Promise.resolve(mark),
        connections: (asked) => (asked.has('client') ? Promise.reject(new ValueError(mark)) : Promise.resolve(mark)),
        metrics: () => Promise.resolve({ text: 'ipvs_up 1\n', type: 'text/plain' }),
        table: () => Promise.resolve('{}'),
      },
      // Whatever comes, none of it is a form of the page.
      actions: {
        drain: () => Promise.reject(new Error('drained')),
        undrain: () => Promise.reject(new Error('put back')),
        setWeight: () => Promise.reject(new Error('weighed')),
      },
      edits: { table: () => Promise.resolve({ services: [] }), apply: () => Promise.reject(new Error('edited')) },
      hosts: localHosts,
      host: 'director',
      isSecure: false,
      seconds: 1,
      audit: (line) => {
        throw new Error(`a change was tried: ${line}`);
      },
      date: () => '',
    });
    const at = { address: '127.0.0.1', port: 0 };
    return new Page(kernel, await serveWeb(at, { app, sampler, hosts: localHosts }));
  }

  /** Ends it when nobody has asked for a while. */
  endLater(then: () => void): void {
    clearTimeout(this.#idle);
    this.#idle = setTimeout(() => {
      then();
      void this.#server.close();
    }, 300);
  }

  /** Sends bytes. @returns what came until the end, or until nothing comes any more. */
  ask(text: string): Promise<string> {
    return new Promise((resolve) => {
      const socket = connect(this.#server.port ?? 0, '127.0.0.1');
      let came = '';
      // Streams go on, and what is waited for does not come.
      const timer = setTimeout(() => socket.destroy(), 30);
      socket.setEncoding('latin1').on('data', (piece: string) => {
        came += piece;
        // Connections that stay open are not waited for.
        if (came.includes('\r\n\r\n') && !text.includes('/events')) setImmediate(() => socket.destroy());
      });
      socket.on('error', () => undefined);
      socket.once('close', () => {
        clearTimeout(timer);
        resolve(came);
      });
      socket.write(text);
    });
  }

  /** Every so often: whether it still answers, and whether memory is where it was. */
  async check(): Promise<void> {
    if (++this.#requests % 100 !== 0) return;
    const health = await this.ask('GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n');
    assert.match(health, /^HTTP\/1\.1 200 OK\r\n[^]*ok\n$/);
    assert.deepEqual(this.kernel.changes, []);
    if (this.#requests % 2000 !== 0) return;
    const { heapUsed } = process.memoryUsage();
    if (this.#heap === 0) this.#heap = heapUsed;
    assert.ok(heapUsed < this.#heap + 64 * 2 ** 20, `the heap grew from ${this.#heap} to ${heapUsed}`);
  }
}

let served: Promise<Page> | undefined;

/** Requests to a page that is served, by raw sockets: many are no HTTP. */
export const webKind: Kind = {
  name: 'web',
  cases: 100_000,
  generate(random) {
    const text = requestText(random);
    return Buffer.from(
      random.once(4) ? mutateText(text, random, [...headers, ...paths, '\r\n', '\r\n\r\n', '\0']) : text,
    );
  },
  async run(input) {
    served ??= Page.start();
    const page = await served;
    page.endLater(() => (served = undefined));
    const text = Buffer.from(input).toString();
    const answer = await page.ask(text);
    const [head = ''] = answer.split('\r\n', 1);
    const isWhole = /^HTTP\/1\.1 (?:[1-4]\d\d|503) /.test(head);
    assert.ok(answer === '' || isWhole, `${head}: a fault, or none of the statuses that there are`);
    assert.ok(!answer.includes('<script>alert'), 'something from outside is HTML');
    assert.doesNotMatch(answer, /\bat \S+ \(?(?:node:|\/)/, 'a stack is shown');
    await page.check();
  },
};
