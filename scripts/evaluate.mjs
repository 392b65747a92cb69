import { mkdtempSync, rmSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';

/**
 * What a module in TypeScript exports, for scripts that write files from it.
 * @param {string} module from the project's directory
 * @returns {Promise<Record<string, unknown>>}
 */
export async function evaluate(module) {
  // In the checkout, so that packages are found from there.
  const directory = mkdtempSync(path.resolve('.evaluate-'));
  const outfile = path.join(directory, 'module.mjs');
  try {
    await build({
      entryPoints: [module],
      bundle: true,
      platform: 'node',
      format: 'esm',
      packages: 'external',
      outfile,
      logLevel: 'warning',
    });
    /** @type {Record<string, unknown>} */
    const exported = await import(pathToFileURL(outfile).href);
    return exported;
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/**
 * The text that a function of a module in TypeScript makes.
 * @param {string} module from the project's directory
 * @param {string} name of a function without arguments that the module exports
 * @returns {Promise<string>}
 */
export async function textOf(module, name) {
  const make = (await evaluate(module))[name];
  if (typeof make !== 'function') throw new TypeError(`${module} exports no function ${name}`);
  return String(/** @type {() => unknown} */ (make)());
}
