// `npm run bench`: measures ours against the original and bare Node, in turn on the same machine and kernel, and
// prints ratios. `npm run bench -- restore list` measures single rows; --smoke only sees that it runs; --json FILE
// writes the figures too (default build/bench.json).
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { rows } from './bench/rows.mjs';
import { ensureDebianPackages } from './lab/debian.mjs';
import { labPackages, runInLab } from './lab/kernel.mjs';
import { ensureNodeModules, runNode } from './prepare.mjs';
import { abortOnSignals } from './signals.mjs';

/** @typedef {import('./bench/rows.mjs').Figure} Figure */

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
process.chdir(root);
const end = abortOnSignals('bench');

/**
 * Measures rows in one lab.
 * @param {readonly string[]} ids
 * @param {boolean} smoke
 * @returns {Promise<Figure[]>}
 */
async function measureInLab(ids, smoke) {
  let output = '';
  const stdout = new Writable({
    write(chunk, _, done) {
      output += String(chunk);
      done();
    },
  });
  const words = [process.execPath, 'scripts/bench/inside.mjs', ...ids, ...(smoke ? ['--smoke'] : [])];
  const status = await runInLab(words, { stdin: null, stdout, timeout: 1800, memory: '4G', signal: end.signal });
  if (status !== 0) throw new Error(`${ids.join(' ')}: status ${status}\n${output}`);
  return output
    .trim()
    .split('\n')
    .flatMap((line) => {
      const figures = /** @type {unknown} */ (JSON.parse(line));
      return /** @type {Figure[]} */ (figures);
    });
}

/** @param {Figure} figure */
function line({ what, unit, ours, against, ratio, target }) {
  const number = (/** @type {number} */ value) => value.toFixed(value < 10 ? 2 : 1).padStart(9);
  return `${what.padEnd(56)} ${number(ours)} ${number(against)} ${unit.padEnd(8)} ${ratio.toFixed(2).padStart(6)} ${target.toFixed(2).padStart(6)}  ${ratio <= target ? 'reached' : 'missed'}`;
}

async function main() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { smoke: { type: 'boolean', default: false }, json: { type: 'string', default: 'build/bench.json' } },
  });
  const unknown = positionals.filter((id) => !rows.some((row) => row.id === id));
  if (unknown.length > 0)
    throw new Error(`no row ${unknown.join(', ')}; there are ${rows.map(({ id }) => id).join(', ')}`);
  const chosen = rows.filter(({ id, likeAnother = false }) =>
    positionals.length === 0 ? !(values.smoke && likeAnother) : positionals.includes(id),
  );
  await ensureNodeModules({ signal: end.signal });
  if (chosen.some(({ onlyNode = false }) => !onlyNode)) ensureDebianPackages([...labPackages(), 'time']);
  // The tests, which see that it runs, have built what is tested.
  if (!values.smoke) await runNode(['scripts/build.mjs'], { signal: end.signal });

  console.log(
    `${''.padEnd(56)} ${'ours'.padStart(9)} ${'against'.padStart(9)} ${''.padEnd(8)} ${'ratio'.padStart(6)} ${'target'.padStart(6)}`,
  );
  /** @type {Figure[]} */
  const figures = [];
  const inLab = chosen.filter(({ lab }) => lab).map(({ id }) => id);
  // Each row has a kernel of its own, except where only its running counts.
  const labs = values.smoke ? [inLab] : inLab.map((id) => [id]);
  const measurements = [
    ...chosen.filter(({ lab }) => !lab).map((row) => () => row.measure(values.smoke)),
    ...labs.filter((ids) => ids.length > 0).map((ids) => () => measureInLab(ids, values.smoke)),
  ];
  for (const measure of measurements) {
    const measured = await measure();
    for (const one of measured) console.log(line(one));
    figures.push(...measured);
  }
  mkdirSync(path.dirname(values.json), { recursive: true });
  writeFileSync(values.json, `${JSON.stringify({ node: process.version, smoke: values.smoke, figures }, null, 2)}\n`);
  return 0;
}

const status = await main().catch((/** @type {unknown} */ error) => {
  console.error(error instanceof Error ? error.message : error);
  return 1;
});
process.exitCode = end.status(status);
