import { mkdirSync } from 'node:fs';
import type { Browser, Page } from 'playwright-core';
import type { Served } from './served.js';

/** Goes to a page. */
type Go = (page: Page, origin: string) => Promise<unknown>;

function to(path: string): Go {
  return (page, origin) => page.goto(origin + path);
}

/** Pages as they are shown: their names, and how one gets there. */
export const places: readonly (readonly [name: string, go: Go])[] = [
  ['services', to('/')],
  ['service', to('/service?name=tcp:192.0.2.10:80')],
  ['hosts', to('/hosts')],
  ['change', to('/change?server=10.0.1.2')],
  [
    'preview',
    async (page: Page, origin: string): Promise<void> => {
      await page.goto(`${origin}/change?server=10.0.1.2`);
      await page.getByLabel('Reason').fill('new kernel, back by ten');
      await page.getByRole('button', { name: 'Drain ...' }).click();
      await page.getByRole('button', { name: 'Drain it' }).waitFor();
    },
  ],
  ['connections', to('/connections')],
  ['doctor', to('/doctor')],
  ['refused', to('/service?name=nothing')],
];

/** Widths of a telephone, of a tablet, and of a desk. */
export const widths = [320, 1024, 1920] as const;

/** A browser window of its own that is logged in. */
export async function window(
  browser: Browser,
  served: Served,
  options: Parameters<Browser['newContext']>[0] = {},
): Promise<Page> {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  page.setDefaultTimeout(10_000);
  await page.goto(served.address);
  return page;
}

/** Pictures of all pages, in all widths, light and dark. @returns the widths of pages that are wider than their window. */
export async function takeShots(browser: Browser, served: Served, directory: string): Promise<string[]> {
  mkdirSync(directory, { recursive: true });
  const wide: string[] = [];
  for (const colorScheme of ['light', 'dark'] as const) {
    const page = await window(browser, served, { colorScheme });
    const take = async (name: string): Promise<void> => {
      for (const width of widths) {
        await page.setViewportSize({ width, height: width === 320 ? 640 : 800 });
        const needed = await page.evaluate('document.documentElement.scrollWidth');
        if (Number(needed) > width) wide.push(`${name} needs ${String(needed)} of ${width}`);
        // Pages are of whoever reads them: no name of this machine.
        await page.evaluate("document.querySelector('.host').textContent = 'director1'");
        await page.screenshot({ path: `${directory}/${name}-${width}-${colorScheme}.png`, fullPage: true });
      }
    };
    for (const [name, go] of places) {
      await go(page, served.origin);
      if (name === 'services') await page.getByText('Live', { exact: true }).waitFor();
      await take(name);
    }
    await page.context().clearCookies();
    await page.goto(`${served.origin}/`);
    await take('login');
    await page.context().close();
  }
  return wide;
}
