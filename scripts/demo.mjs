import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureDebianPackages } from './lab/debian.mjs';
import { ensureKernel, labPackages, runInLab } from './lab/kernel.mjs';
import { ensureNodeModules, runNode } from './prepare.mjs';
import { abortOnSignals } from './signals.mjs';

const here = path.dirname(fileURLToPath(import.meta.url));
const { env, stdout } = process;
const colour = stdout.isTTY && !env['NO_COLOR'] && env['TERM'] !== 'dumb';

/**
 * One line of progress: what is going on, and afterwards how long it took.
 * @param {string} what
 * @param {() => unknown} work
 */
async function step(what, work) {
  stdout.write(`  ${what} ... `);
  const start = performance.now();
  try {
    await work();
  } catch (error) {
    stdout.write('failed\n');
    throw error;
  }
  stdout.write(`${((performance.now() - start) / 1000).toFixed(1)} s\n`);
}

/** @param {AbortSignal} signal */
async function demo(signal) {
  stdout.write(`${colour ? '\x1b[1mPreparing\x1b[0m' : 'Preparing'}\n`);
  const packages = labPackages();
  await step(`Debian packages (${packages.join(', ')})`, () => {
    ensureDebianPackages(packages);
  });
  await step('kernel', ensureKernel);
  await step('npm packages', () => ensureNodeModules({ signal }));
  await step('build', () => runNode([path.join(here, 'build.mjs')], { signal }));
  stdout.write('  Done. The rest happens in a throw-away network with a kernel that has IPVS: nothing of it stays.\n');

  return await runInLab(['sh', 'director.sh'], {
    cwd: path.join(here, 'demo'),
    env: {
      PATH: `${path.dirname(process.execPath)}:/usr/sbin:/usr/bin:/sbin:/bin`,
      PROJECT: path.dirname(here),
      LANG: 'C.UTF-8',
      // Inside, the output is a pipe: the commands can't see that it ends on a terminal.
      ...(colour ? { FORCE_COLOR: '1' } : { NO_COLOR: '1' }),
    },
    stdin: null,
    timeout: 300,
    signal,
  });
}

async function main() {
  const end = abortOnSignals('demo');
  /** @type {number | undefined} */
  let result;
  try {
    result = await demo(end.signal);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    if (!end.signal.aborted) process.stderr.write(`demo: ${error.message}\n`);
  }
  return end.status(result ?? 1);
}

process.exitCode = await main();
