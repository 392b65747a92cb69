import assert from 'node:assert/strict';
import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { request, type IncomingMessage } from 'node:http';
import { connect, type Socket } from 'node:net';
import { resolve } from 'node:path';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { after, before, describe, test } from 'node:test';
import { chromium, type Browser, type Locator, type Page } from 'playwright-core';
import { Cluster } from '../cluster/cluster.js';
import { settled } from '../cluster/listings.js';
import { startLoad } from '../cluster/load.js';
import { standardTopology, vip } from '../cluster/standard.js';
import { quote } from './reference.js';

// `ipvsadm web` as a process of its own, over a real table with traffic. All that browsers make of it: test/browser.
const servers = ['real1', 'real2'] as const;
const cluster = await Cluster.build(standardTopology, ['client', ...servers]);
await cluster.serve(servers, { http: [80], udp: [] });
const service = `tcp:${vip.inet}:80`;
const socketPath = '/run/ipvsadm/web.sock';

/** What does not come within this time, in milliseconds, does not come. */
const patience = 60_000;

/** The page as a process. */
class WebProcess {
  readonly #child: ChildProcessByStdio<null, Readable, Readable>;
  readonly ended: Promise<unknown>;
  stdout = '';
  stderr = '';

  /** @param descriptors how many it may have. */
  constructor(words: readonly string[], descriptors = 1024) {
    const program = [process.execPath, resolve('dist/bin/ipvsadm.cjs'), 'web', ...words].map(quote).join(' ');
    const argv = ['-c', `ulimit -n ${descriptors}; exec ${program}`];
    this.#child = spawn('/bin/sh', argv, { stdio: ['ignore', 'pipe', 'pipe'] });
    this.#child.stdout.setEncoding('utf8').on('data', (text: string) => (this.stdout += text));
    this.#child.stderr.setEncoding('utf8').on('data', (text: string) => (this.stderr += text));
    this.ended = once(this.#child, 'close').then(([status, signal]) => (status ?? signal) as unknown);
  }

  /** Waits until it says where it is. @returns that. */
  async ready(): Promise<string> {
    const deadline = performance.now() + patience;
    while (!this.stdout.includes('\n')) {
      if (performance.now() > deadline || this.#child.exitCode !== null) throw new Error(`no page: ${this.stderr}`);
      await sleep(20);
    }
    return this.stdout.trim();
  }

  signal(signal: NodeJS.Signals): Promise<unknown> {
    this.#child.kill(signal);
    return this.ended;
  }

  /** Mebibytes that it has in memory. */
  get memory(): number {
    const [, kibibytes] = /^VmRSS:\s*(\d+)/m.exec(readFileSync(`/proc/${this.#child.pid ?? 0}/status`, 'utf8')) ?? [];
    return Number(kibibytes) / 1024;
  }
}

interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** Asks the page at its socket. */
async function ask(path: string, form?: Readonly<Record<string, string>>): Promise<Answer> {
  const headers = {
    host: 'localhost:3636',
    ...(form && { 'sec-fetch-site': 'same-origin', 'content-type': 'application/x-www-form-urlencoded' }),
  };
  const sent = request({ socketPath, path, method: form ? 'POST' : 'GET', headers, agent: false });
  sent.end(form && new URLSearchParams(form).toString());
  const [answer] = (await once(sent, 'response')) as [IncomingMessage];
  let body = '';
  for await (const piece of answer.setEncoding('utf8')) body += String(piece);
  return { status: answer.statusCode ?? 0, headers: answer.headers, body };
}

/** The hidden fields of the form with a button, as a browser sends them. */
function fieldsOf(body: string, button: string): Record<string, string> {
  const form = body.split('<form').find((one) => one.includes(`>${button}</button>`)) ?? '';
  return Object.fromEntries(
    [...form.matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)"/g)].map(([, name = '', value = '']) => [
      name,
      value,
    ]),
  );
}

/** Opens a stream of events. */
async function stream(): Promise<{ readonly status: number; readonly text: () => string; readonly close: () => void }> {
  const sent = request({ socketPath, path: '/events', headers: { host: 'localhost' }, agent: false });
  sent.on('error', () => undefined).end();
  const [answer] = (await once(sent, 'response')) as [IncomingMessage];
  let text = '';
  answer.on('error', () => undefined);
  answer.setEncoding('utf8').on('data', (piece: string) => (text += piece));
  return { status: answer.statusCode ?? 0, text: () => text, close: () => sent.destroy() };
}

let page: WebProcess;

before(async () => {
  await cluster.ipvsadm(
    `-A -t ${vip.inet}:80 -s rr`,
    ...['10.0.0.21', '10.0.0.22'].map((address) => `-a -t ${vip.inet}:80 -r ${address}:80 -m -w 10`),
  );
  page = new WebProcess(['--allow-changes', '--interval', '1']);
  assert.equal(await page.ready(), socketPath);
});
after(async () => {
  await page.signal('SIGTERM');
  cluster.close();
});

describe('the page', () => {
  test('has the table of the kernel, and its numbers go on under traffic', async () => {
    const { body } = await ask('/');
    assert.match(body, /tcp:192\.0\.2\.100:80/);
    const { text, close } = await stream();
    await settled(
      async () => {
        await cluster.fetch({ address: vip.inet, port: 80 }, 4);
        return text();
      },
      (events) => new RegExp(`event: cells\ndata: .*"${service}/10\\.0\\.0\\.2\\d:80 new":"[\\d.]*[1-9]`).test(events),
    );
    assert.match(text(), /^retry: 3000\n\nevent: /);
    close();
    const { body: counted } = await ask('/connections?by=server');
    assert.match(counted, /^10\.0\.0\.21:80 /m);
  });

  test('drains a server under a constant load without a failed request, and puts it back', async () => {
    const load = await startLoad(cluster, { address: vip.inet, port: 80 });
    await sleep(1000);
    const preview = await ask('/change', {
      ...fieldsOf((await ask('/change?server=10.0.0.21')).body, 'Drain ...'),
      reason: 'lab',
    });
    assert.match(preview.body, /ipvsadm drain 10\.0\.0\.21 --no-wait --reason lab/);
    const done = await ask('/change', fieldsOf(preview.body, 'Drain it'));
    const drained = Date.now() + 500;
    assert.equal(done.status, 200);
    assert.match(await cluster.ipvsadm('-Sn'), /-r 10\.0\.0\.21:80 -m -w 0/);
    assert.match(await cluster.ipvsadm('status'), /drained by root: lab/);
    await sleep(2500);
    const back = Date.now();
    const undo = await ask('/change', fieldsOf(done.body, 'Put it back ...'));
    assert.equal((await ask('/change', fieldsOf(undo.body, 'Put it back'))).status, 200);
    await sleep(1500);
    const report = await load.end();
    assert.deepEqual(report.failed, []);
    assert.deepEqual(report.serversAfter(0), ['real1', 'real2']);
    assert.deepEqual(report.serversBetween(drained, back), ['real2']);
    assert.deepEqual(report.serversAfter(back + 500), ['real1', 'real2']);
    const notes = page.stderr
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    assert.deepEqual(
      notes.map(({ what, server, reason, result }) => [what, server, reason, result]),
      [
        ['drain', '10.0.0.21', 'lab', 'done'],
        ['undrain', '10.0.0.21', undefined, 'done'],
      ],
    );
  });

  test('refuses the last server, as the command does', async () => {
    const drain = async (host: string): Promise<Answer> => {
      const preview = await ask('/change', fieldsOf((await ask(`/change?server=${host}`)).body, 'Drain ...'));
      return ask('/change', fieldsOf(preview.body, 'Drain it'));
    };
    assert.equal((await drain('10.0.0.21')).status, 200);
    const refused = await drain('10.0.0.22');
    assert.equal(refused.status, 400);
    assert.match(refused.body, /no server of weight above 0 would be left/);
    await cluster.ipvsadm('undrain 10.0.0.21');
  });

  test('has findings, metrics and documents for programs', async () => {
    assert.match((await ask('/doctor')).body, /checks passed/);
    assert.match((await ask('/metrics')).body, /^ipvs_up 1$/m);
    const { services } = JSON.parse((await ask('/api/table')).body) as { services: unknown[] };
    assert.equal(services.length, 1);
    assert.deepEqual(JSON.parse((await ask('/api/checks')).body), { daemons: [] });
  });
});

describe('in a browser', () => {
  let browser: Browser;
  let listening: WebProcess;
  let address = '';
  before(async () => {
    listening = new WebProcess(['--listen', '127.0.0.1:3636', '--allow-changes', '--interval', '1']);
    address = await listening.ready();
    // Root has no sandbox.
    browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu'] });
  });
  after(async () => {
    await browser.close();
    assert.equal(await listening.signal('SIGTERM'), 0);
  });

  async function open(): Promise<Page> {
    const context = await browser.newContext();
    const window = await context.newPage();
    window.setDefaultTimeout(patience);
    await window.goto(address);
    return window;
  }

  test('the table lives under traffic, and a drain empties a server without a failed request, seen by a second one', async () => {
    const load = await startLoad(cluster, { address: vip.inet, port: 80 });
    const first = await open();
    const second = await open();
    const cell = (window: Page, column: string): Locator =>
      window.locator(`[data-k="${service}/10.0.0.22:80 ${column}"]`);
    await second.evaluate('globalThis.mark = 1');
    await settled(
      async () => (await cell(second, 'new').textContent()) ?? '',
      (text) => /[1-9]/.test(text),
    );
    await first.getByRole('link', { name: 'Hosts' }).click();
    await first.getByRole('link', { name: 'Change 10.0.0.22' }).click();
    await first.getByLabel('Reason').fill('new kernel');
    await first.getByRole('button', { name: 'Drain ...' }).click();
    await first.getByRole('button', { name: 'Drain it' }).click();
    await first.getByText('drain 10.0.0.22: 1 service').waitFor();
    const drained = Date.now() + 500;
    await second.getByText('drained by root: new kernel').waitFor();
    await settled(
      async () => [await cell(second, 'new').textContent(), await cell(second, 'weight').textContent()],
      (texts) => String(texts) === '0.0,0' || String(texts) === '0,0',
    );
    await sleep(1000);
    const back = Date.now();
    await first.getByRole('button', { name: 'Put it back ...' }).click();
    await first.getByRole('button', { name: 'Put it back' }).click();
    await first.getByText('undrain 10.0.0.22: 1 service').waitFor();
    await settled(
      async () => (await cell(second, 'new').textContent()) ?? '',
      (text) => /[1-9]/.test(text),
    );
    const report = await load.end();
    assert.deepEqual(report.failed, []);
    assert.deepEqual(report.serversBetween(drained, back), ['real1']);
    assert.deepEqual(report.serversAfter(back), ['real1', 'real2']);
    assert.equal(await second.evaluate('globalThis.mark'), 1, 'it was loaded again');
  });
});

describe('limits', () => {
  /** Sends bytes and waits. @returns what came, and the seconds until the end. */
  async function slowly(text: string): Promise<{ readonly came: string; readonly seconds: number }> {
    const socket: Socket = connect(socketPath);
    const start = performance.now();
    let came = '';
    socket.setEncoding('utf8').on('data', (more: string) => (came += more));
    socket.on('error', () => undefined);
    socket.write(text);
    const drip = setInterval(() => socket.write('x'), 1000);
    await once(socket, 'close');
    clearInterval(drip);
    return { came, seconds: (performance.now() - start) / 1000 };
  }

  test('slow writers are cut off, and others are answered meanwhile', async () => {
    const slow = [
      'GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: ',
      'POST /change HTTP/1.1\r\nHost: localhost\r\nContent-Length: 60000\r\n\r\nwhat=',
    ].flatMap((text) => Array.from({ length: 30 }, () => slowly(text)));
    for (let tries = 0; tries < 5; tries++) {
      assert.equal((await ask('/healthz')).status, 200);
      await sleep(500);
    }
    const longest = Math.max(...(await Promise.all(slow)).map(({ seconds }) => seconds));
    assert.ok(longest < 30, `${longest} s`);
  });

  test('the 33rd stream is refused, and memory stays where it is', async () => {
    const memory = page.memory;
    const streams = await Promise.all(Array.from({ length: 32 }, stream));
    assert.deepEqual([...new Set(streams.map(({ status }) => status))], [200]);
    assert.equal((await stream()).status, 503);
    assert.equal((await ask('/')).status, 200);
    await sleep(2000);
    for (const { close } of streams) close();
    await sleep(100);
    const again = await stream();
    assert.equal(again.status, 200);
    again.close();
    assert.ok(page.memory - memory < 40, `${memory} to ${page.memory} MiB`);
  });
});

describe('the socket', () => {
  test('is for root alone, and taken by no second page', async () => {
    assert.equal(statSync(socketPath).mode & 0o777, 0o600);
    const second = new WebProcess([]);
    assert.equal(await second.ended, 1);
    assert.match(second.stderr, /another process serves a page at \/run\/ipvsadm\/web\.sock/);
    assert.equal((await ask('/healthz')).status, 200);
  });

  test('of a page that was killed is replaced, for a group where that is asked for', async () => {
    assert.equal(await page.signal('SIGKILL'), 'SIGKILL');
    assert.ok(existsSync(socketPath));
    const [, group = ''] = /^daemon:[^:]*:(\d+):/m.exec(readFileSync('/etc/group', 'utf8')) ?? [];
    page = new WebProcess(['--group', 'daemon']);
    await page.ready();
    const { mode, gid } = statSync(socketPath);
    assert.deepEqual([mode & 0o777, gid], [0o660, Number(group)]);
    assert.equal((await ask('/healthz')).status, 200);
  });

  test('is removed at the end, with a stream that is open', async () => {
    const open = await stream();
    assert.equal(open.status, 200);
    assert.equal(await page.signal('SIGTERM'), 0);
    assert.ok(!existsSync(socketPath));
  });

  test('is served on after descriptors have run out', async () => {
    page = new WebProcess([], 48);
    await page.ready();
    const held = Array.from({ length: 60 }, () => connect(socketPath).on('error', () => undefined));
    await sleep(1500);
    for (const socket of held) socket.destroy();
    await settled(
      async () => (await ask('/').catch(() => undefined))?.status,
      (status) => status === 200,
    );
    assert.equal((await ask('/')).status, 200);
  });
});
