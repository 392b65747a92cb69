import assert from 'node:assert/strict';
import { copyFileSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { chromium, type Browser, type Page } from 'playwright-core';
import { realServer, serviceAt, virtualService } from '../../src/model/build.js';
import { Served } from './served.js';
import { places, takeShots, widths, window } from './shots.js';

// The page in Debian's Chromium, over a kernel in memory and a real daemon in this process.
const executablePath = '/usr/bin/chromium';
const shots = 'build/screenshots';
/** Names that lead here, as a proxy's or an attacker's would. */
const named = 'director.test';
const foreign = 'evil.test';

let browser: Browser;
let served: Served;
/** What browsers complained about: a refused inline script, a missing file, a fault in a script. */
const complaints: string[] = [];

before(async () => {
  served = await Served.start({ words: ['--allow-changes', '--host', named] });
  served.flow();
  served.live();
  const args = [
    // Root has no sandbox.
    '--no-sandbox',
    `--host-resolver-rules=MAP ${named} 127.0.0.1, MAP ${foreign} 127.0.0.1`,
  ];
  browser = await chromium.launch({ executablePath, args });
});

after(async () => {
  await browser.close();
  assert.equal(await served.stop(), 0);
});

/** A window that is logged in, whose complaints are kept. */
async function open(options: Parameters<typeof window>[2] = {}): Promise<Page> {
  const page = await window(browser, served, options);
  watch(page);
  return page;
}

function watch(page: Page): void {
  page.on('console', (message) => {
    // A refusal that is asked for is one, too; and by names without TLS one header means nothing.
    const isExpected = /status of (400|401|403|404|409)|Cross-Origin-Opener-Policy/.test(message.text());
    if (message.type() === 'error' && !isExpected) complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
}

/** Waits until something is so. */
async function becomes(what: string, check: () => Promise<boolean> | boolean): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    if (await check()) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  assert.fail(`it never came to be that ${what}`);
}

/** Text of a place of the page. */
async function textOf(page: Page, key: string): Promise<string> {
  return (await page.locator(`[data-k="${key}"]`).textContent()) ?? '';
}

const first = 'tcp:192.0.2.10:80/10.0.1.2:8080';

describe('the table', () => {
  test('appears, and its numbers change without the page being loaded again', async () => {
    const page = await open();
    await page.evaluate('globalThis.mark = 1');
    const before = await textOf(page, 'total new');
    await page.getByText('Live', { exact: true }).waitFor();
    await becomes('the number is another', async () => (await textOf(page, 'total new')) !== before);
    assert.match(await textOf(page, `${first} state`), /^up$/);
    assert.equal(await page.evaluate('globalThis.mark'), 1);
    assert.equal(await textOf(page, 'tcp:192.0.2.10:80 state'), '3 of 4 healthy');
    await page.context().close();
  });

  test('gets rows that another program adds, while who goes by the keyboard stays where he was', async () => {
    const page = await open();
    await page.getByText('Live', { exact: true }).waitFor();
    await page.getByRole('link', { name: 'udp:192.0.2.53:53', exact: true }).focus();
    const key = serviceAt('192.0.2.99', 8443);
    served.kernel.change({ kind: 'add-service', service: virtualService(key) });
    await page.getByText('tcp:192.0.2.99:8443').waitFor();
    assert.equal(await page.evaluate('document.activeElement.textContent'), 'udp:192.0.2.53:53');
    served.kernel.change({ kind: 'delete-service', key });
    await page.getByText('tcp:192.0.2.99:8443').waitFor({ state: 'detached' });
    await page.context().close();
  });

  test('waits with new rows while somebody writes into a form', async () => {
    const page = await open();
    await page.getByText('Live', { exact: true }).waitFor();
    await page.getByLabel('Find').fill('192.0.2');
    const key = serviceAt('192.0.2.98', 8443);
    served.kernel.change({ kind: 'add-service', service: virtualService(key) });
    await page.waitForTimeout(2500);
    assert.equal(await page.getByText('tcp:192.0.2.98:8443').count(), 0);
    assert.equal(await page.getByLabel('Find').inputValue(), '192.0.2');
    await page.getByRole('link', { name: 'To the content' }).focus();
    await page.getByText('tcp:192.0.2.98:8443').waitFor();
    served.kernel.change({ kind: 'delete-service', key });
    await page.context().close();
  });

  test('colours a state anew when it changes', async () => {
    const page = await open();
    await page.getByText('Live', { exact: true }).waitFor();
    const cell = page.locator(`[data-k="tcp:192.0.2.10:80/10.0.1.5:8080 state"]`);
    assert.equal(await cell.getAttribute('class'), 'state good');
    served.director.hosts.set('10.0.1.5', 'refuses');
    await becomes('it is down', async () => ((await cell.textContent()) ?? '').startsWith('down: refused'));
    assert.equal(await cell.getAttribute('class'), 'state bad');
    served.director.hosts.set('10.0.1.5', 'well');
    await becomes('it is well', async () => (await cell.textContent()) === 'up');
    await page.context().close();
  });

  test('stands still while it is paused, and says so', async () => {
    const page = await open();
    await page.getByText('Live', { exact: true }).waitFor();
    await page.getByRole('button', { name: 'Pause' }).click();
    await page.getByText('Paused').waitFor();
    const before = await textOf(page, 'total in');
    await page.waitForTimeout(2500);
    assert.equal(await textOf(page, 'total in'), before);
    await page.getByRole('button', { name: 'Go on' }).click();
    await becomes('it goes on', async () => (await textOf(page, 'total in')) !== before);
    await page.context().close();
  });

  test('of a service has a chart that grows', async () => {
    const page = await open();
    await page.goto(`${served.origin}/service?name=tcp:192.0.2.10:80`);
    const path = page.locator('svg.chart path');
    const length = ((await path.getAttribute('d')) ?? '').length;
    await becomes('the line is longer', async () => ((await path.getAttribute('d')) ?? '').length > length);
    await page.context().close();
  });
});

describe('a drain', () => {
  test('from the page changes the weight, is seen in a second browser at once, and is taken back', async () => {
    const page = await open();
    const other = await open();
    await other.getByText('Live', { exact: true }).waitFor();
    const seen = other.locator('[data-k="udp:192.0.2.53:53/10.0.1.3:53 state"]');
    assert.equal(await seen.textContent(), '');
    await page.goto(`${served.origin}/hosts`);
    await page.getByRole('link', { name: 'Change 10.0.1.3' }).click();
    await page.getByLabel('Reason').fill('<b>new kernel</b>');
    await page.getByRole('button', { name: 'Drain ...' }).click();
    await page.getByText(`ipvsadm drain 10.0.1.3 --no-wait --reason '<b>new kernel</b>'`).waitFor();
    assert.equal(served.weightOf('10.0.1.3', 53), 100);
    await page.getByRole('button', { name: 'Drain it' }).click();
    await page.getByText('drain 10.0.1.3: 2 services').waitFor();
    assert.deepEqual([served.weightOf('10.0.1.3', 53), served.weightOf('10.0.1.3', 8080)], [0, 0]);
    await becomes(
      'the second browser shows it',
      async () => (await seen.textContent()) === 'drained by alice: <b>new kernel</b>',
    );
    const kept = other.locator('[data-k="tcp:192.0.2.10:80/10.0.1.3:8080 state"]');
    assert.equal(await kept.textContent(), 'drained by alice: <b>new kernel</b>');
    await page.getByRole('button', { name: 'Put it back ...' }).click();
    await page.getByRole('button', { name: 'Put it back' }).click();
    await page.getByText('undrain 10.0.1.3: 2 services').waitFor();
    assert.deepEqual([served.weightOf('10.0.1.3', 53), served.weightOf('10.0.1.3', 8080)], [100, 30]);
    await becomes('the second browser shows that', async () => (await seen.textContent()) === '');
    await page.context().close();
    await other.context().close();
  });

  test('is done with the keyboard alone, and one sees where one is', async () => {
    const page = await open();
    /** Presses Tab until something is reached. */
    const reach = async (label: string): Promise<void> => {
      for (let tries = 0; tries < 60; tries++) {
        await page.keyboard.press('Tab');
        const at = await page.evaluate<{ text: string; outline: string }>(`(() => {
          const at = document.activeElement, { outlineStyle, outlineWidth } = getComputedStyle(at);
          const label = at.getAttribute('aria-label') || at.textContent.trim() || at.name;
          return { text: label, outline: outlineStyle + ' ' + outlineWidth };
        })()`);
        assert.equal(at.outline, 'solid 3px', `${at.text} is not seen to have the focus`);
        if (at.text === label) return;
      }
      assert.fail(`${label} is not reached by the keyboard`);
    };
    await reach('To the content');
    await page.keyboard.press('Enter');
    await reach('Change 10.0.1.2:53 of udp:192.0.2.53:53');
    await page.keyboard.press('Enter');
    await page.waitForURL(/\/change/);
    await reach('reason');
    await page.keyboard.type('by keys');
    await page.keyboard.press('Enter');
    await page.getByText(`--reason 'by keys'`).waitFor();
    await reach('Drain it');
    await page.keyboard.press('Enter');
    await page.getByText('1 service').waitFor();
    assert.equal(served.weightOf('10.0.1.2', 53), 0);
    await reach('Put it back ...');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Put back udp' }).waitFor();
    await reach('Put it back');
    await page.keyboard.press('Enter');
    await page.getByText('undrain udp:192.0.2.53:53/10.0.1.2:53: 1 service').waitFor();
    assert.equal(served.weightOf('10.0.1.2', 53), 100);
    await page.context().close();
  });

  test('is refused where somebody was faster, and both are shown', async () => {
    const page = await open();
    await page.goto(`${served.origin}/change?server=udp:192.0.2.53:53/10.0.1.4:53`);
    await page.getByRole('textbox', { name: 'Weight' }).fill('50');
    await page.getByRole('button', { name: 'Set ...' }).click();
    const key = serviceAt('192.0.2.53', 53, 'udp');
    const server = (weight: number) =>
      realServer({ address: '10.0.1.4', port: 53, weight, forwarding: 'masquerading' });
    served.kernel.change({ kind: 'edit-server', key, server: server(7) });
    await page.getByRole('button', { name: 'Set it' }).click();
    await page.getByRole('alert').getByText('nothing was done').waitFor();
    await page.getByText('udp:192.0.2.53:53/10.0.1.4:53=0').waitFor();
    assert.equal(served.weightOf('10.0.1.4', 53), 7);
    served.kernel.change({ kind: 'edit-server', key, server: server(0) });
    await page.context().close();
  });
});

describe('without JavaScript', () => {
  test('every page is whole, and is loaded again by itself where it has numbers', async () => {
    const page = await open({ javaScriptEnabled: false });
    const titles: string[] = [];
    for (const [, go] of places) {
      await go(page, served.origin);
      titles.push((await page.locator('h1').textContent()) ?? '');
      assert.equal(await page.locator('button:visible', { hasText: 'Pause' }).count(), 0);
    }
    assert.deepEqual(titles, [
      'Services',
      'tcp:192.0.2.10:80',
      'Hosts',
      '10.0.1.2',
      'Drain 10.0.1.2',
      'Connections',
      'Doctor',
      'Not found',
    ]);
    await page.goto(`${served.origin}/`);
    const before = await textOf(page, 'total in');
    await becomes('it is loaded again', async () => (await textOf(page, 'total in')) !== before);
    await page.context().close();
  });

  test('every form works', async () => {
    const page = await open({ javaScriptEnabled: false });
    await page.getByLabel('Find').fill('587');
    await page.getByRole('button', { name: 'Find' }).click();
    assert.deepEqual(await page.locator('h2').allTextContents(), ['tcp:[2001:db8:1::99]:587']);
    await page.goto(`${served.origin}/connections`);
    await page.getByRole('textbox', { name: 'Service' }).fill('192.0.2.10:80');
    await page.getByLabel('Count by').selectOption('server');
    await page.getByRole('button', { name: 'Count' }).click();
    assert.match((await page.locator('pre').textContent()) ?? '', /^10\.0\.1\.2:8080 +30 /m);
    await page.goto(`${served.origin}/change?server=10.0.1.2`);
    await page.getByRole('button', { name: 'Drain ...' }).click();
    await page.getByRole('button', { name: 'Drain it' }).click();
    assert.deepEqual([served.weightOf('10.0.1.2', 53), served.weightOf('10.0.1.2', 8080)], [0, 0]);
    await page.getByRole('button', { name: 'Put it back ...' }).click();
    await page.getByRole('button', { name: 'Put it back' }).click();
    assert.deepEqual([served.weightOf('10.0.1.2', 53), served.weightOf('10.0.1.2', 8080)], [100, 30]);
    await page.goto(`${served.origin}/change?server=udp:192.0.2.53:53/10.0.1.4:53`);
    await page.getByRole('textbox', { name: 'Weight' }).fill('20');
    await page.getByRole('button', { name: 'Set ...' }).click();
    await page.getByRole('button', { name: 'Set it' }).click();
    assert.equal(served.weightOf('10.0.1.4', 53), 20);
    const key = serviceAt('192.0.2.53', 53, 'udp');
    const server = realServer({ address: '10.0.1.4', port: 53, weight: 0, forwarding: 'masquerading' });
    served.kernel.change({ kind: 'edit-server', key, server });
    await page.context().close();
  });
});

describe('the log-in', () => {
  test('leaves the token neither in the address nor in the history, and the cookie to the browser alone', async () => {
    const page = await open();
    assert.equal(page.url(), `${served.origin}/`);
    const [cookie] = await page.context().cookies();
    assert.deepEqual(
      [cookie?.httpOnly, cookie?.sameSite, cookie?.value.includes(served.token)],
      [true, 'Strict', false],
    );
    assert.equal(await page.evaluate('document.cookie'), '');
    assert.ok(!(await page.content()).includes(served.token));
    await page.goto(`${served.origin}/hosts`);
    await page.goBack();
    assert.equal(page.url(), `${served.origin}/`);
    await page.goBack();
    assert.ok(!page.url().includes('token'), page.url());
    await page.context().close();
  });

  test('takes the token in a form, and nothing is shown before', async () => {
    const page = await (await browser.newContext()).newPage();
    watch(page);
    for (const path of ['/', '/hosts', '/change?server=10.0.1.2', '/connections', '/doctor']) {
      await page.goto(served.origin + path);
      assert.equal(await page.locator('h1').textContent(), 'Log in');
      assert.doesNotMatch(await page.content(), /10\.0\.1\.\d:|\/hosts/);
    }
    await page.getByLabel('Token').fill('wrong');
    await page.getByRole('button', { name: 'Log in' }).click();
    await page.getByText('That token is not right.').waitFor();
    await page.getByLabel('Token').fill(served.token);
    await page.getByRole('button', { name: 'Log in' }).click();
    await page.getByRole('heading', { name: 'Services' }).waitFor();
    await page.context().close();
  });

  test('works under the name of a proxy without TLS, where browsers do not say which page a form is of', async () => {
    const page = await (await browser.newContext()).newPage();
    watch(page);
    const origin = served.origin.replace('127.0.0.1', named);
    await page.goto(`${origin}/`);
    await page.getByLabel('Token').fill(served.token);
    await page.getByRole('button', { name: 'Log in' }).click();
    await page.goto(`${origin}/change?server=10.0.1.2`);
    await page.getByRole('button', { name: 'Drain ...' }).click();
    await page.getByRole('button', { name: 'Drain it' }).waitFor();
    await page.context().close();
  });
});

describe('other pages', () => {
  const form = (action: string): string => `<!doctype html><form method="post" action="${action}">
    <input name="server" value="10.0.1.2"><input name="what" value="drain"><input name="confirm" value="yes">
    <button>Win a prize</button></form><iframe src="${action}"></iframe>`;
  const evil = createServer((request, response) => {
    const to = new URL(request.url ?? '/', 'http://localhost').searchParams.get('to') ?? '';
    response.setHeader('Content-Type', 'text/html').end(form(to));
  });
  let port = 0;
  before(async () => {
    await new Promise<void>((listening) => evil.listen(0, '127.0.0.1', listening));
    port = (evil.address() as AddressInfo).port;
  });
  after(() => {
    evil.closeAllConnections();
    evil.close();
  });

  const cases: readonly (readonly [who: string, from: string, to: string])[] = [
    ['another port of this host, which gets our cookie', '127.0.0.1', '127.0.0.1'],
    ['another site', foreign, '127.0.0.1'],
    ['another site, where browsers do not say so', foreign, named],
    ['another port of a name', named, named],
  ];
  for (const [who, from, to] of cases) {
    test(`can't change anything: ${who}`, async () => {
      const page = await (await browser.newContext()).newPage();
      const origin = served.origin.replace('127.0.0.1', to);
      await page.goto(`${origin}/?token=${served.token}`);
      await page.goto(`http://${from}:${port}/?to=${origin}/change`);
      // Nor is the page shown inside of another one.
      assert.ok(page.frames().every((frame) => !frame.url().startsWith(origin)));
      const [answer] = await Promise.all([
        page.waitForResponse((response) => response.request().method() === 'POST'),
        page.getByRole('button').click(),
      ]);
      assert.equal(answer.status(), 403);
      assert.equal(served.weightOf('10.0.1.2', 8080), 30);
      await page.context().close();
    });
  }

  test("can't read anything, and a name that is pointed here shows nothing", async () => {
    const page = await (await browser.newContext()).newPage();
    await page.goto(served.address);
    await page.goto(`http://${foreign}:${port}/`);
    for (const path of ['/api/table', '/metrics', '/events', '/']) {
      const failed = await page.evaluate(
        `fetch('${served.origin}${path}', { credentials: 'include' }).then(() => 'read', () => 'refused')`,
      );
      assert.equal(failed, 'refused', path);
    }
    const answer = await page.goto(`${served.origin.replace('127.0.0.1', foreign)}/?token=${served.token}`);
    assert.equal(answer?.status(), 421);
    await page.context().close();
  });
});

test('axe finds nothing on any page, light or dark, narrow or wide', async () => {
  const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
  for (const colorScheme of ['light', 'dark'] as const) {
    const page = await open({ colorScheme });
    const check = async (name: string): Promise<void> => {
      for (const width of [widths[0], widths[2]]) {
        await page.setViewportSize({ width, height: 700 });
        // Not as a tag, which the page's own rules refuse.
        await page.evaluate(axe);
        const found = await page.evaluate<string[]>(
          `axe.run().then(({ violations }) => violations.map(({ id, help, nodes }) => id + ': ' + help + ': ' + nodes.map(({ html }) => html).join(' ')))`,
        );
        assert.deepEqual(found, [], `${name} at ${width}, ${colorScheme}`);
      }
    };
    for (const [name, go] of places) {
      await go(page, served.origin);
      await check(name);
    }
    await page.goto(`${served.origin}/change?server=udp:192.0.2.53:53/10.0.1.2:53`);
    await page.getByRole('button', { name: 'Put back ...' }).click();
    await page.getByRole('button', { name: 'Put it back' }).click();
    await check('done');
    await page.context().clearCookies();
    await page.goto(`${served.origin}/?token=wrong`);
    await check('log-in');
    await page.context().close();
  }
});

test('no page is wider than its window, from 320 pixels on; pictures are in build/screenshots', async () => {
  assert.deepEqual(await takeShots(browser, served, shots), []);
  // `npm run screenshots` renews those of the guide.
  if (process.env['SCREENSHOTS'] !== 'docs') return;
  copyFileSync(`${shots}/services-1024-light.png`, 'docs/web-services.png');
  copyFileSync(`${shots}/preview-1024-light.png`, 'docs/web-preview.png');
  copyFileSync(`${shots}/services-320-dark.png`, 'docs/web-narrow.png');
});

test('a page says that it is not live when the server has gone', async () => {
  const short = await Served.start();
  const page = await window(browser, short);
  await page.getByText('Live', { exact: true }).waitFor();
  assert.equal(await short.stop(), 0);
  await page.getByText('Not live: no answer').waitFor();
  await page.context().close();
});

test('browsers had nothing to complain about', () => {
  assert.deepEqual(complaints, []);
});
