// `npm test`: installs what is missing, then everything that has to hold before a change lands. A word after it
// (`npm test -- unit listings`) runs only the steps and lab suites of that name.
import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { ensureDebianPackages, ensureUnpacked } from './lab/debian.mjs';
import { ensureKernel, labPackages, runInLab, status as labStatus } from './lab/kernel.mjs';
import { ensureNodeModules } from './prepare.mjs';
import { abortOnSignals } from './signals.mjs';

process.chdir(path.dirname(path.dirname(fileURLToPath(import.meta.url))));

/** Seconds that a lab suite may take; the slowest takes a third of it where nothing else is done. */
const suiteLimit = 400;

/** Lines that are shown of a suite that did not end. */
const shownOfHung = 30;

/** Steps at a time that need no lab. */
const parallelSteps = Math.min(4, availableParallelism());

/** Labs at a time: each keeps two cores busy, and more than that make each other slower than they save. */
const parallelLabs = Math.max(1, availableParallelism() >> 1);

/** What the steps and suites call; keepalived does not start before it is configured. */
const toolPackages = [
  'busybox',
  'curl',
  'iptables',
  'jq',
  'keepalived',
  'mandoc',
  'shellcheck',
  'systemd',
  'util-linux',
];

/** @typedef {{ suite: string, cases: number, agree: number, allowed: number }} Counts */
/** @typedef {{ name: string, ok: boolean, seconds: number, output: string, counts: Counts[] }} Outcome */

const end = abortOnSignals('test');

const bin = (/** @type {string} */ name) => `node_modules/.bin/${name}`;
const manuals = readdirSync('man').map((name) => `man/${name}`);
const scripts = readdirSync('examples')
  .filter((name) => name.endsWith('.sh'))
  .map((name) => `examples/${name}`);

/** @type {readonly (readonly [name: string, command: string, args: string[]])[]} */
const steps = [
  ['build', process.execPath, ['scripts/build.mjs', '--tests']],
  ['lint', bin('eslint'), ['.']],
  ['format', bin('prettier'), ['--check', '--log-level=warn', '.']],
  ['types', bin('tsc'), ['--noEmit']],
  ['docs', bin('typedoc'), []],
  ['manuals', 'mandoc', ['-Tlint', '-Wwarning', ...manuals]],
  ['scripts', 'shellcheck', ['--shell=sh', ...scripts]],
  ['unit', process.execPath, ['--enable-source-maps', '--test', '--test-reporter=dot', 'build/test/unit/']],
  ['package', process.execPath, ['scripts/check-package.mjs']],
];

/** The step that starts labs itself. */
const bench = ['scripts/bench.mjs', '--smoke', '--json', 'build/bench-smoke.json'];

/**
 * @param {string} command
 * @param {string[]} args
 * @returns {Promise<{ ok: boolean, output: string }>}
 */
function run(command, args) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], signal: end.signal });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (/** @type {string} */ text) => (output += text));
    }
    child.once('error', (error) => {
      resolve({ ok: false, output: error.message });
    });
    child.once('close', (status) => {
      resolve({ ok: status === 0, output });
    });
  });
}

/**
 * @param {string} name
 * @param {() => Promise<{ ok: boolean, output: string }>} action
 * @returns {Promise<Outcome>}
 */
async function timed(name, action) {
  const start = performance.now();
  const { ok, output } = await action();
  const seconds = (performance.now() - start) / 1000;
  console.log(`${ok ? 'ok    ' : 'FAILED'} ${name.padEnd(24)} ${seconds.toFixed(1).padStart(6)} s`);
  if (!ok) console.log(output.replace(/^/gm, '       '));
  return { name, ok, seconds, output, counts: countsOf(output) };
}

/**
 * Differential suites end with a line such as `values: 410 cases, 400 agree, 10 allowed differences, 31 s`.
 * @param {string} output
 * @returns {Counts[]}
 */
function countsOf(output) {
  return [...output.matchAll(/^(\S+): (\d+) cases, (\d+) agree, (\d+) allowed differences\b/gm)].map(
    ([, suite = '', cases, agree, allowed]) => ({
      suite,
      cases: Number(cases),
      agree: Number(agree),
      allowed: Number(allowed),
    }),
  );
}

/**
 * Runs a suite; once more where it did not end. A lab has been seen to stand still, idle and with nothing to run, for a reason
 * that is not known: what was printed until then is shown, so that it can be looked for.
 * @param {string} suite
 */
async function runSuite(suite) {
  const first = await runSuiteOnce(suite);
  if (first.status !== labStatus.timeout || end.signal.aborted) return first;
  console.log(`again  lab ${suite}: no end after ${suiteLimit} s, the last of what it printed:`);
  console.log(first.output.split('\n').slice(-shownOfHung).join('\n').replace(/^/gm, '       '));
  return runSuiteOnce(suite);
}

/** @param {string} suite */
async function runSuiteOnce(suite) {
  let output = '';
  const sink = () =>
    new Writable({
      write(chunk, _, done) {
        output += String(chunk);
        done();
      },
    });
  const status = await runInLab([process.execPath, '--enable-source-maps', `build/test/lab/${suite}.lab.js`], {
    stdin: null,
    stdout: sink(),
    stderr: sink(),
    timeout: suiteLimit,
    noIpvs: suite === 'no-ipvs',
    signal: end.signal,
  });
  return { status, ok: status === 0, output: status === 0 ? output : `${failuresOf(output)}\n(exit status ${status})` };
}

/**
 * Of a failed suite only what failed, where that can be told.
 * @param {string} output
 */
function failuresOf(output) {
  const parts = output.split(/^(?=\s*# Subtest: )/m).filter((part) => /^\s*not ok /m.test(part));
  return parts.length === 0 ? output : parts.join('');
}

/**
 * @param {(() => Promise<Outcome>)[]} tasks
 * @param {number} width how many at a time
 * @returns {Promise<Outcome[]>} in the order in which they ended
 */
async function inTurns(tasks, width) {
  const left = [...tasks];
  /** @type {Outcome[]} */
  const outcomes = [];
  await Promise.all(
    Array.from({ length: width }, async () => {
      for (let task = left.shift(); task !== undefined; task = left.shift()) outcomes.push(await task());
    }),
  );
  return outcomes;
}

async function main() {
  const wanted = process.argv.slice(2);
  const chosen = (/** @type {string} */ name) => wanted.length === 0 || wanted.includes(name);
  const suites = readdirSync('test/lab')
    .filter((name) => name.endsWith('.lab.ts'))
    .map((name) => name.replace(/\.lab\.ts$/, ''));
  const known = [...steps.map(([name]) => name), 'bench', ...suites];
  const unknown = wanted.filter((name) => !known.includes(name));
  if (unknown.length > 0) throw new Error(`no step or suite ${unknown.join(', ')}; there are ${known.join(', ')}`);
  await ensureNodeModules();
  ensureDebianPackages([...labPackages(), ...toolPackages]);
  ensureKernel();
  if (chosen('others')) ensureUnpacked(['prometheus-node-exporter']);

  const [build, ...others] = steps
    .filter(([name]) => name === 'build' || chosen(name))
    .map(
      ([name, command, args]) =>
        () =>
          timed(name, () => run(command, args)),
    );
  const built = build === undefined ? [] : [await build()];
  if (built.some(({ ok }) => !ok)) return finish(built);
  const inLab = suites.filter(chosen).map((name) => () => timed(`lab ${name}`, () => runSuite(name)));
  if (chosen('bench')) inLab.push(() => timed('bench', () => run(process.execPath, bench)));
  return finish([...built, ...(await inTurns(others, parallelSteps)), ...(await inTurns(inLab, parallelLabs))]);
}

/** @param {Outcome[]} outcomes */
function finish(outcomes) {
  const counts = outcomes.flatMap((outcome) => outcome.counts);
  const total = (/** @type {'cases' | 'agree' | 'allowed'} */ field) =>
    counts.reduce((sum, count) => sum + count[field], 0);
  if (counts.length > 0) {
    console.log(`\n${total('cases')} cases, ${total('agree')} agree, ${total('allowed')} allowed differences`);
  }
  const failed = outcomes.filter(({ ok }) => !ok);
  console.log(`${outcomes.length - failed.length} passed, ${failed.length} failed`);
  return failed.length === 0 ? 0 : 1;
}

const result = await main().catch((/** @type {unknown} */ error) => {
  console.error(error instanceof Error ? error.message : error);
  return 1;
});
process.exitCode = end.status(result);
