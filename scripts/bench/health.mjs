// Runs test/bench/health.ts, which measures the daemon of `run` on this machine: each scenario in a process of its own.
import { mkdirSync } from 'node:fs';
import { build } from 'esbuild';
import { runNow } from '../programs.mjs';

/** @typedef {import('../../test/bench/health.js').Scenario} Scenario */
/** @typedef {import('../../test/bench/health.js').Measured} Measured */

/** The options of V8 that examples/systemd/ipvsadm-run@.service starts the daemon with. */
const optionsOfUnit = ['--heap-growing-percent=25', '--semi-space-growth-factor=1'];

/** @param {Scenario} scenario */
function measure(scenario) {
  const output = /** @type {unknown} */ (
    JSON.parse(
      runNow(process.execPath, [
        ...optionsOfUnit,
        '--enable-source-maps',
        'build/bench/health.js',
        JSON.stringify(scenario),
      ]),
    )
  );
  return /** @type {Measured} */ (output);
}

/**
 * @param {boolean} smoke
 * @returns {Promise<{ tcp: Measured, http: Measured, many: Measured, servers: number }>}
 */
export async function measureHealth(smoke) {
  mkdirSync('build/bench', { recursive: true });
  await build({
    entryPoints: ['test/bench/health.ts', 'test/bench/targets.ts'],
    bundle: true,
    platform: 'node',
    format: 'esm',
    packages: 'external',
    sourcemap: true,
    outdir: 'build/bench',
    logLevel: 'warning',
  });
  const times = smoke ? { warming: 0, measuring: 0.5 } : { warming: 6, measuring: 15 };
  const paced = { ...times, services: 10, interval: 1, reloads: false };
  const many = smoke ? { services: 10, servers: 20, interval: 0.5 } : { services: 100, servers: 100, interval: 5 };
  return {
    tcp: measure({ ...paced, check: 'tcp', servers: smoke ? 10 : 200 }),
    http: measure({ ...paced, check: 'http', servers: smoke ? 10 : 100 }),
    many: measure({ ...times, ...many, check: 'tcp', reloads: true }),
    servers: many.services * many.servers,
  };
}
