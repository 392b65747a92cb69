import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import fc from 'fast-check';
import { ValueError } from '../../../src/errors.js';
import { IpvsClient } from '../../../src/client/client.js';
import { realServer, serviceAt, virtualService } from '../../../src/model/build.js';
import { serviceName } from '../../../src/model/entity-name.js';
import { FakeKernel } from '../../../src/testing/index.js';
import { WebApp, type WebAnswer, type WebOptions } from '../../../src/web/app.js';
import type { WebActions } from '../../../src/web/change.js';
import { localHosts } from '../../../src/web/guard.js';
import { Sampler } from '../../../src/web/sampler.js';
import { Sessions } from '../../../src/web/sessions.js';
import { editActions } from '../../../src/cli/edit-actions.js';
import { tableActions } from '../../../src/cli/top-actions.js';
import { FakeIo } from '../support/fake-io.js';

const web = serviceAt('192.0.2.10', 80);
const name = 'tcp:192.0.2.10:80/10.0.1.2:8080';
const evil = '"><script>alert(1)</script>';

let kernel: FakeKernel;
let io: FakeIo;
let now = 0;
let audits: string[];

beforeEach(() => {
  now = 0;
  audits = [];
  kernel = new FakeKernel({
    services: [
      {
        service: virtualService(web),
        servers: [2, 3].map((host) =>
          realServer({ address: `10.0.1.${host}`, port: 8080, weight: 10, forwarding: 'masquerading' }),
        ),
      },
      { service: virtualService(serviceAt('192.0.2.11', 80), { scheduler: '<b>x' }), servers: [] },
    ],
  });
  io = new FakeIo();
});

interface Asking {
  readonly method?: string;
  readonly form?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string | undefined>>;
}

/** A page with or without changes and a token. */
async function page(
  options: Partial<WebOptions> & { readonly token?: string; readonly changes?: boolean; readonly edit?: boolean } = {},
) {
  const client = await IpvsClient.connect(kernel);
  const clock = { now: () => now, sleep: (): Promise<void> => Promise.resolve() };
  const machine = Object.assign(Object.create(io.machine) as typeof io.machine, { clock });
  const sessions = new Sessions(options.token, () => now);
  const actions: WebActions | undefined =
    options.changes === true ? tableActions({ io: Object.assign(io, { machine }), client }) : undefined;
  const app = new WebApp({
    sampler: new Sampler({ machine }, client, 2000),
    sessions,
    sources: {
      doctor: () => Promise.resolve('all is well'),
      connections: (query) =>
        query.get('client') === 'x' ? Promise.reject(new ValueError(`x is no address ${evil}`)) : Promise.resolve(evil),
      metrics: (accept) =>
        Promise.resolve({ text: 'ipvs_up 1\n'.repeat(500), type: accept === '' ? 'text/plain' : accept }),
      table: () => Promise.resolve('{}'),
    },
    actions,
    edits: options.edit === true ? editActions({ io: Object.assign(io, { machine }), client }) : undefined,
    hosts: localHosts,
    host: 'director',
    isSecure: false,
    seconds: 2,
    audit: (line) => audits.push(line),
    date: () => '2026-01-02T03:04:05.000Z',
    ...options,
  });
  const ask = async (url: string, { method = 'GET', form = {}, headers = {} }: Asking = {}): Promise<WebAnswer> => {
    // Each a second later: looks are not older than that.
    now += 1001;
    const { pathname, searchParams } = new URL(url, 'http://localhost');
    const usual = {
      host: 'localhost:3636',
      'sec-fetch-site': 'same-origin',
      'content-type': 'application/x-www-form-urlencoded',
    };
    return app.answer({
      method,
      path: pathname,
      query: searchParams,
      form: new URLSearchParams(form),
      headers: { ...usual, ...headers },
    });
  };
  /** Sends a form that was shown, with other values. */
  const post = async (form: Readonly<Record<string, string>>, headers: Asking['headers'] = {}): Promise<WebAnswer> =>
    ask('/change', { method: 'POST', form, headers });
  return { ask, post, sessions };
}

function unescaped(text: string): string {
  const names: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'" };
  return text.replace(/&(amp|lt|gt|quot|#39);/g, (_, name: string) => names[name] ?? '');
}

/** The hidden fields of the form with a button. */
function fieldsOf({ body }: WebAnswer, button: string): Record<string, string> {
  const form = String(body)
    .split('<form')
    .find((one) => new RegExp(`>\\s*${button.replaceAll('.', '\\.')}\\s*</button`).test(one));
  assert.ok(form, `no form with ${button}: ${String(body)}`);
  return Object.fromEntries(
    [...form.matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)"/g)].map(([, key = '', value = '']) => [
      key,
      unescaped(value),
    ]),
  );
}

const weights = (): number[] => kernel.table.services[0]?.servers.map(({ weight }) => weight) ?? [];

describe('every page', () => {
  for (const path of [
    '/',
    '/hosts',
    `/service?name=${name.split('/')[0]}`,
    '/connections',
    '/doctor',
    '/nosuch',
    '/service?name=x',
  ]) {
    test(`${path} is whole, escaped, and says what browsers may do with it`, async () => {
      const { ask } = await page();
      const { status, headers, body } = await ask(path);
      assert.equal(status, path === '/nosuch' || path.endsWith('=x') ? 404 : 200);
      assert.match(headers['Content-Security-Policy'] ?? '', /default-src 'none'; script-src 'self'/);
      assert.equal(headers['X-Content-Type-Options'], 'nosniff');
      assert.equal(headers['Cache-Control'], 'no-store');
      const text = String(body);
      assert.match(text, /^<!doctype html>/);
      assert.ok(!text.includes('<b>x') && !text.includes('<script>alert'), text);
      assert.ok(!/<script(?! src="\/live\.js")|<style|style="|\son\w+=/.test(text), 'nothing inline');
    });
  }

  test('what is looked for is shown, not obeyed', async () => {
    const { ask } = await page();
    const text = String((await ask(`/?find=${encodeURIComponent(evil)}`)).body);
    assert.ok(!text.includes('<script>alert'));
    assert.ok(String((await ask('/?find=192.0.2.11')).body).includes('tcp:192.0.2.11:80'));
  });

  test('what is wrong is said without paths of the machine', async () => {
    const { ask } = await page();
    const { status, body } = await ask('/connections?client=x');
    assert.equal(status, 400);
    assert.ok(!String(body).includes('<script>alert'));
  });
});

describe('refused are', () => {
  const refused: readonly (readonly [what: string, asking: Asking, status: number])[] = [
    ['other host names, which somebody may point here', { headers: { host: 'evil.example:3636' } }, 421],
    ['no host name', { headers: { host: undefined } }, 421],
    ['other methods', { method: 'PUT' }, 405],
    ['forms of other pages', { method: 'POST', headers: { 'sec-fetch-site': 'cross-site' } }, 403],
    ['forms of pages of the same site', { method: 'POST', headers: { 'sec-fetch-site': 'same-site' } }, 403],
    ['forms that do not say whose they are', { method: 'POST', headers: { 'sec-fetch-site': undefined } }, 403],
    [
      'forms of another origin',
      { method: 'POST', headers: { 'sec-fetch-site': undefined, origin: 'http://evil.example' } },
      403,
    ],
    ['what is no form', { method: 'POST', headers: { 'content-type': 'application/json' } }, 415],
    ['forms without our token', { method: 'POST', form: { what: 'drain', server: '10.0.1.2', confirm: 'yes' } }, 403],
  ];
  for (const [what, asking, status] of refused) {
    test(what, async () => {
      const { ask } = await page({ changes: true });
      assert.equal((await ask('/change', asking)).status, status);
      assert.deepEqual(kernel.changes, []);
    });
  }

  test('changes where they are not allowed, with the right token even', async () => {
    const { ask, post, sessions } = await page();
    const token = sessions.formToken({ name: 'local', session: 'local' });
    assert.equal((await post({ token, what: 'drain', server: '10.0.1.2', confirm: 'yes' })).status, 403);
    assert.ok(!String((await ask('/')).body).includes('/change'));
    assert.deepEqual(kernel.changes, []);
  });
});

describe('a token', () => {
  test('is exchanged for a cookie, and nothing is shown without one', async () => {
    const { ask } = await page({ token: 'a-long-token-of-the-page' });
    for (const path of ['/', '/hosts', '/metrics', '/api/table', '/change'])
      assert.equal((await ask(path)).status, 401);
    assert.equal((await ask('/healthz')).status, 200);
    assert.equal((await ask('/?token=wrong')).status, 401);
    const { status, headers } = await ask('/?token=a-long-token-of-the-page');
    assert.deepEqual([status, headers['Location']], [303, '/']);
    assert.match(headers['Set-Cookie'] ?? '', /HttpOnly; SameSite=Strict; Path=\//);
    const cookie = (headers['Set-Cookie'] ?? '').split(';')[0];
    assert.equal((await ask('/', { headers: { cookie } })).status, 200);
    assert.equal((await ask('/', { headers: { cookie: 'ipvsadm=x' } })).status, 401);
    assert.equal(
      (await ask('/metrics', { headers: { authorization: 'Bearer a-long-token-of-the-page' } })).status,
      200,
    );
    now += 13 * 3600 * 1000;
    assert.equal((await ask('/', { headers: { cookie } })).status, 401);
  });

  test('can be written into a form', async () => {
    const { ask } = await page({ token: 'a-long-token-of-the-page' });
    const form = { password: 'a-long-token-of-the-page' };
    assert.equal((await ask('/login', { method: 'POST', form })).status, 303);
    assert.equal((await ask('/login', { method: 'POST', form: { password: 'x' } })).status, 401);
  });

  test('can not be guessed: after some wrong ones even the right one is refused for a while', async () => {
    const { ask } = await page({ token: 'a-long-token-of-the-page' });
    for (let tries = 0; tries < 20; tries++) {
      await ask('/?token=wrong');
      now -= 1001;
    }
    assert.equal((await ask('/?token=a-long-token-of-the-page')).status, 401);
    now += 61_000;
    assert.equal((await ask('/?token=a-long-token-of-the-page')).status, 303);
  });
});

describe('a change', () => {
  test('is shown with its command line first, done when it is confirmed, and noted', async () => {
    const { ask, post } = await page({ changes: true });
    assert.match(String((await ask('/hosts')).body), /href="\/change\?server=10\.0\.1\.2"/);
    const forms = await ask('/change?server=10.0.1.2');
    const preview = await post({ ...fieldsOf(forms, 'Drain ...'), reason: "kernel's" });
    assert.deepEqual(kernel.changes, []);
    assert.ok(
      String(preview.body).includes('ipvsadm drain 10.0.1.2 --no-wait --reason &#39;kernel&#39;\\&#39;&#39;s&#39;'),
    );
    const done = await post(fieldsOf(preview, 'Drain it'));
    assert.equal(done.status, 200);
    assert.match(String(done.body), /drain 10\.0\.1\.2: 1 service/);
    assert.deepEqual(weights(), [0, 10]);
    const note = JSON.parse(audits[0] ?? '') as Record<string, unknown>;
    assert.deepEqual(
      [note['by'], note['what'], note['server'], note['reason'], note['result']],
      ['local', 'drain', '10.0.1.2', "kernel's", 'done'],
    );
    const back = await post(fieldsOf(await post(fieldsOf(done, 'Put it back ...')), 'Put it back'));
    assert.equal(back.status, 200);
    assert.deepEqual(weights(), [10, 10]);
  });

  test('is not done where somebody was faster: both are shown', async () => {
    const { ask, post } = await page({ changes: true });
    const preview = await post({ ...fieldsOf(await ask(`/change?server=${name}`), 'Set ...'), weight: '7' });
    kernel.change({
      kind: 'edit-server',
      key: web,
      server: realServer({ address: '10.0.1.2', port: 8080, weight: 3, forwarding: 'masquerading' }),
    });
    const refused = await post(fieldsOf(preview, 'Set it'));
    assert.equal(refused.status, 409);
    assert.match(String(refused.body), /nothing was done[^]*8080=10[^]*<td>3<\/td>/);
    assert.deepEqual(weights(), [3, 10]);
    assert.equal((await post(fieldsOf(refused, 'Set it'))).status, 200);
    assert.deepEqual(weights(), [7, 10]);
  });

  test('is not done where somebody was faster by less than a look is good for, and is seen at once where it is', async () => {
    const { ask, post } = await page({ changes: true });
    const preview = await post({ ...fieldsOf(await ask(`/change?server=${name}`), 'Set ...'), weight: '7' });
    kernel.change({
      kind: 'edit-server',
      key: web,
      server: realServer({ address: '10.0.1.2', port: 8080, weight: 3, forwarding: 'masquerading' }),
    });
    now -= 1001;
    const refused = await post(fieldsOf(preview, 'Set it'));
    assert.equal(refused.status, 409);
    assert.deepEqual(weights(), [3, 10]);
    now -= 1001;
    assert.equal((await post(fieldsOf(refused, 'Set it'))).status, 200);
    now -= 1001;
    assert.match(String((await ask('/')).body), /8080 weight">7</);
  });

  test('that is refused is said, and noted', async () => {
    const { ask, post } = await page({ changes: true });
    const drainOf = async (host: string): Promise<WebAnswer> =>
      post(fieldsOf(await post(fieldsOf(await ask(`/change?server=${host}`), 'Drain ...')), 'Drain it'));
    assert.equal((await drainOf('10.0.1.2')).status, 200);
    const last = await drainOf('10.0.1.3');
    assert.equal(last.status, 400);
    assert.match(String(last.body), /no server of weight above 0 would be left/);
    assert.match(audits[1] ?? '', /would be left/);
    assert.deepEqual(weights(), [0, 10]);
  });

  const wrong: readonly Readonly<Record<string, string>>[] = [
    { what: 'drain', server: '10.9.9.9' },
    { what: 'drain', server: evil },
    { what: 'weight', server: name, weight: '-1' },
    { what: 'weight', server: name, weight: '99999999999' },
    { what: 'explode', server: name },
    {},
  ];
  for (const form of wrong) {
    test(`${JSON.stringify(form)} is refused`, async () => {
      const { post, sessions } = await page({ changes: true });
      const token = sessions.formToken({ name: 'local', session: 'local' });
      const { status, body } = await post({ token, confirm: 'yes', seen: '', ...form });
      assert.equal(status, 400);
      assert.ok(!String(body).includes('<script>alert'));
      assert.deepEqual(kernel.changes, []);
    });
  }
});

test('the difference of a document has a page where there is a document', async () => {
  const without = await page();
  assert.equal((await without.ask('/document')).status, 404);
  assert.ok(!String((await without.ask('/')).body).includes('/document'));
  const sources = {
    difference: () => Promise.resolve(`- ${evil}`),
    doctor: () => Promise.resolve(''),
    connections: () => Promise.resolve(''),
    metrics: () => Promise.resolve({ text: '', type: '' }),
    table: () => Promise.resolve(''),
  };
  const { ask } = await page({ sources });
  assert.ok(String((await ask('/')).body).includes('href="/document"'));
  const { status, body } = await ask('/document');
  assert.equal(status, 200);
  assert.ok(String(body).includes('- &quot;&gt;&lt;script&gt;'));
});

test('metrics are compressed where that is asked for, in the format that is asked for', async () => {
  const { ask } = await page();
  const { headers, body } = await ask('/metrics', {
    headers: { 'accept-encoding': 'gzip', accept: 'application/openmetrics-text' },
  });
  assert.equal(headers['Content-Encoding'], 'gzip');
  assert.equal(headers['Content-Type'], 'application/openmetrics-text');
  assert.ok(body.length < 500);
  assert.equal((await ask('/metrics')).body.length, 5000);
});

test('whatever is asked for, the answer is one, and nothing from outside is HTML', async () => {
  const { ask } = await page({ changes: true });
  const text = fc.oneof(fc.string(), fc.constantFrom(evil, '../../etc/passwd', '%00', "'", name, '10.0.1.2'));
  const key = fc.constantFrom(
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
  );
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom('/', '/hosts', '/service', '/change', '/connections', '/login', '/nosuch', '/metrics'),
      fc.dictionary(key, text),
      fc.constantFrom('GET', 'POST', 'HEAD'),
      async (path, values, method) => {
        const query = new URLSearchParams(values).toString();
        const { status, body } = await ask(`${path}?${query}`, { method, form: values });
        assert.ok(status >= 200 && status < 500, `${status}`);
        assert.ok(!String(body).includes('<script>alert'));
      },
    ),
    { numRuns: 300 },
  );
  assert.deepEqual(kernel.changes, []);
});

describe('an edit', () => {
  const dns = 'udp:192.0.2.10:53';
  const services = (): string[] => kernel.table.services.map(({ service }) => serviceName(service.key));

  /** Sends a form of /edit, confirms what it shows, and gives the last answer. */
  async function edited(url: string, button: string, values: Readonly<Record<string, string>>): Promise<WebAnswer> {
    const { ask } = await page({ edit: true });
    const form = { ...fieldsOf(await ask(url), button), ...values };
    const preview = await ask('/edit', { method: 'POST', form });
    if (preview.status !== 200) return preview;
    return ask('/edit', { method: 'POST', form: fieldsOf(preview, 'Do it') });
  }

  test('adds a service and servers of it, changes and removes them', async () => {
    const added = await edited('/edit', 'Add ...', {
      protocol: 'udp',
      address: '192.0.2.10',
      port: '53',
      scheduler: 'sh',
      schedulerFlags: 'sh-port, sh-fallback',
    });
    assert.equal(added.status, 200, String(added.body));
    assert.ok(services().includes(dns));
    const server = { address: '10.0.1.4', port: '', forwarding: 'direct-routing', weight: '7', upperThreshold: '0' };
    assert.equal((await edited(`/edit?service=${dns}&server=new`, 'Add ...', server)).status, 200);
    const found = (): readonly { address: string; port: number; weight: number; forwarding: string }[] =>
      kernel.table.services.find(({ service }) => serviceName(service.key) === dns)?.servers ?? [];
    assert.deepEqual(
      found().map((one) => [one.address, one.port, one.weight, one.forwarding]),
      [['10.0.1.4', 53, 7, 'direct-routing']],
    );
    const one = `${dns}/10.0.1.4:53`;
    assert.equal(
      (
        await edited(`/edit?service=${dns}&server=${one}`, 'Change ...', {
          forwarding: 'direct-routing',
          weight: '9',
          upperThreshold: '10',
          lowerThreshold: '5',
        })
      ).status,
      200,
    );
    assert.deepEqual(
      found().map(({ weight }) => weight),
      [9],
    );
    assert.equal((await edited(`/edit?service=${dns}`, 'Change ...', { scheduler: 'rr' })).status, 200);
    assert.deepEqual(
      found().map(({ weight }) => weight),
      [9],
    );
    assert.equal((await edited(`/edit?service=${dns}&server=${one}`, 'Remove ...', {})).status, 200);
    assert.deepEqual(found(), []);
    assert.equal((await edited(`/edit?service=${dns}`, 'Remove ...', {})).status, 200);
    assert.ok(!services().includes(dns));
    assert.ok(io.state.list('previous-').length > 0, 'undo');
  });

  test('shows the command lines that do the same', async () => {
    const { ask } = await page({ edit: true });
    const form = {
      ...fieldsOf(await ask('/edit'), 'Add ...'),
      address: '192.0.2.20',
      port: '443',
      scheduler: 'wrr',
      protocol: 'tcp',
    };
    const { body } = await ask('/edit', { method: 'POST', form });
    assert.match(String(body), /ipvsadm -A -t 192\.0\.2\.20:443 -s wrr/);
    assert.deepEqual(kernel.changes, []);
  });

  const wrong: readonly (readonly [
    what: string,
    url: string,
    button: string,
    values: Readonly<Record<string, string>>,
    message: RegExp,
  ])[] = [
    ['an address that is none', '/edit', 'Add ...', { address: '192.0.2.300', port: '80' }, /address: /],
    ['a port that is none', '/edit', 'Add ...', { address: '192.0.2.20', port: '99999' }, /port: /],
    ['a service that is there', '/edit', 'Add ...', { address: '192.0.2.10', port: '80' }, /is there already/],
    [
      'flags of another scheduler',
      '/edit',
      'Add ...',
      { address: '192.0.2.20', port: '80', scheduler: 'wlc', schedulerFlags: 'sh-port' },
      /schedulerFlags/,
    ],
    ['all ports without persistence', '/edit', 'Add ...', { address: '192.0.2.20', port: '0' }, /persist/i],
    [
      'a weight that is none',
      '/edit?service=tcp:192.0.2.10:80&server=new',
      'Add ...',
      { address: '10.0.1.9', weight: 'much' },
      /weight/,
    ],
    [
      'another port without masquerading',
      '/edit?service=tcp:192.0.2.10:80&server=new',
      'Add ...',
      { address: '10.0.1.9', port: '81', forwarding: 'direct-routing' },
      /port|masquerading/,
    ],
    [
      'a server that is there',
      '/edit?service=tcp:192.0.2.10:80&server=new',
      'Add ...',
      { address: '10.0.1.2', port: '8080', forwarding: 'masquerading' },
      /is there already/,
    ],
  ];
  for (const [what, url, button, values, message] of wrong) {
    test(`with ${what} is refused in the words of documents, and what was written stays`, async () => {
      const { status, body } = await edited(url, button, values);
      assert.equal(status, 400);
      assert.match(/role="alert"[^>]*>([^<]*)/.exec(String(body))?.[1] ?? '', message);
      const [written] = Object.values(values);
      assert.ok(String(body).includes(`value="${written}"`), String(body));
      assert.deepEqual(kernel.changes, []);
    });
  }

  test('is not done where somebody was faster', async () => {
    const { ask } = await page({ edit: true });
    const url = `/edit?service=tcp:192.0.2.10:80&server=${name}`;
    const preview = await ask('/edit', {
      method: 'POST',
      form: { ...fieldsOf(await ask(url), 'Change ...'), forwarding: 'masquerading', weight: '5' },
    });
    kernel.change({ kind: 'delete-server', key: web, server: { family: 'inet', address: '10.0.1.2', port: 8080 } });
    const gone = await ask('/edit', { method: 'POST', form: fieldsOf(preview, 'Do it') });
    assert.equal(gone.status, 400);
    assert.equal(kernel.table.services[0]?.servers.length, 1);
  });

  test('is not possible where only changes are allowed', async () => {
    const { ask, sessions } = await page({ changes: true });
    assert.equal((await ask('/edit')).status, 403);
    const token = sessions.formToken({ name: 'local', session: 'local' });
    const form = { token, service: 'tcp:192.0.2.10:80', remove: 'yes', confirm: 'yes' };
    assert.equal((await ask('/edit', { method: 'POST', form })).status, 403);
    assert.ok(!String((await ask('/')).body).includes('/edit'));
  });
});
