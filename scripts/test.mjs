// `npm test`: installs what is missing, then everything that has to hold before a change lands. A word after it
// (`npm test -- unit listings`) runs only the steps and lab suites of that name, and installs only what these need.
import { readdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { ensureDebianPackages, ensureUnpacked } from './lab/debian.mjs';
import { ensureKernel, labPackages, runInLab, status as labStatus } from './lab/kernel.mjs';
import { ensureNodeModules } from './prepare.mjs';
import { runToEnd } from './programs.mjs';
import { abortOnSignals } from './signals.mjs';

process.chdir(path.dirname(path.dirname(fileURLToPath(import.meta.url))));

/** Seconds that a lab suite may take; the slowest takes a tenth of it, but others may be using the machine too. */
const suiteLimit = 900;

/** Tasks at a time: each keeps a core busy, a lab because all processes of its kernel take turns on one. */
const lanes = Math.min(4, availableParallelism());

/** @typedef {{ suite: string, cases: number, agree: number, allowed: number }} Counts */
/** @typedef {{ name: string, ok: boolean, seconds: number, output: string, counts: Counts[] }} Outcome */

const end = abortOnSignals('test');

const bin = (/** @type {string} */ name) => `node_modules/.bin/${name}`;
const manuals = readdirSync('man').map((name) => `man/${name}`);
const scripts = readdirSync('examples')
  .filter((name) => name.endsWith('.sh'))
  .map((name) => `examples/${name}`);

/**
 * @typedef {object} Task a lab suite unless it has `argv`
 * @property {string[]} [argv]
 * @property {string[]} [packages] Debian packages that it calls, besides those of every lab
 * @property {string[]} [unpacked] Debian packages whose files are enough: installed, they would start a service
 * @property {boolean} [waits] it waits most of the time, for what takes seconds in truth: it runs beside the others
 * @property {import('./lab/kernel.mjs').LabOptions} [lab] the kernel it asks for; no step that has none starts a lab
 */

/** What has to be there before everything else. */
const build = [process.execPath, 'scripts/build.mjs', '--tests'];

/**
 * Steps, and the lab suites that ask for more than a lab or take long. The longest come first, so that all lanes end together;
 * suites that are not named here come last.
 * @type {Record<string, Task>}
 */
const table = {
  // Readers of the guide have iptables.
  guide: { packages: ['curl', 'iptables'], lab: { needs: ['iptables'] } },
  values: {},
  script: {},
  unit: { argv: [process.execPath, '--enable-source-maps', '--test-reporter=dot', 'scripts/unit.mjs'] },
  browser: {
    argv: [process.execPath, '--enable-source-maps', '--test-reporter=dot', 'build/test/browser/web.browser.js'],
    packages: ['chromium', 'fonts-dejavu-core'],
  },
  doctor: {},
  'run-operate': { waits: true },
  'run-states': { waits: true },
  run: { waits: true },
  executables: {},
  'run-others': { waits: true },
  'cluster-scripts': { packages: ['busybox', 'systemd'] },
  lint: { argv: [bin('eslint'), '.'] },
  faults: {},
  operate: {},
  'apply-faults': {},
  'apply-writers': {},
  'doctor-real-server': {},
  restore: {},
  'cluster-tunnels': {},
  export: {},
  random: {},
  legality: {},
  scanning: {},
  'no-ipvs': { lab: { noIpvs: true } },
  better: {},
  listings: {},
  bench: {
    argv: [process.execPath, 'scripts/bench.mjs', '--smoke', '--json', 'build/bench-smoke.json'],
    packages: ['time'],
    lab: {},
  },
  // keepalived does not start before it is configured.
  others: { packages: ['curl', 'keepalived'], unpacked: ['prometheus-node-exporter'] },
  web: { packages: ['chromium', 'fonts-dejavu-core'] },
  top: { packages: ['tmux'] },
  metrics: { packages: ['curl'], unpacked: ['prometheus', 'prometheus-node-exporter'] },
  package: { argv: [process.execPath, 'scripts/check-package.mjs'] },
  format: { argv: [bin('prettier'), '--check', '--log-level=warn', '.'] },
  types: { argv: [bin('tsc'), '--noEmit'] },
  hang: { argv: [process.execPath, 'scripts/check-hang.mjs'], lab: { kernel: 'uml' } },
  docs: { argv: [bin('typedoc')] },
  json: { packages: ['jq'] },
  scripts: { argv: ['shellcheck', '--shell=sh', ...scripts], packages: ['shellcheck'] },
  manuals: { argv: ['mandoc', '-Tlint', '-Wwarning', ...manuals], packages: ['mandoc'] },
};

/**
 * @param {string[]} argv
 * @returns {Promise<{ ok: boolean, output: string }>}
 */
async function run([program = '', ...args]) {
  try {
    const { status, output } = await runToEnd(program, args, { signal: end.signal });
    return { ok: status === 0, output };
  } catch (error) {
    return { ok: false, output: String(error) };
  }
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
 * @param {string} name
 * @param {Task} suite
 */
async function runSuite(name, { lab }) {
  let output = '';
  const sink = () =>
    new Writable({
      write(chunk, _, done) {
        output += String(chunk);
        done();
      },
    });
  const status = await runInLab([process.execPath, '--enable-source-maps', `build/test/lab/${name}.lab.js`], {
    ...lab,
    stdin: null,
    stdout: sink(),
    stderr: sink(),
    timeout: suiteLimit,
    signal: end.signal,
  });
  if (status === 0) return { ok: true, output };
  return {
    ok: false,
    output: `${status === labStatus.timeout ? output : failuresOf(output)}\n(exit status ${status})`,
  };
}

/**
 * Of a failed suite only what failed, where that can be recognised.
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

/**
 * Everything that there is, in the order in which it runs.
 * @returns {Record<string, Task>}
 */
function allTasks() {
  const found = readdirSync('test/lab').flatMap((name) => /^(.*)\.lab\.ts$/.exec(name)?.[1] ?? []);
  const gone = Object.keys(table).filter((name) => table[name]?.argv === undefined && !found.includes(name));
  if (gone.length > 0) throw new Error(`no suite ${gone.join(', ')} in test/lab`);
  /** @type {Record<string, Task>} */
  const others = Object.fromEntries(found.filter((name) => !(name in table)).map((name) => [name, {}]));
  return { ...table, ...others };
}

/**
 * Installs what is missing, and only that which these need.
 * @param {readonly Task[]} tasks
 */
async function prepare(tasks) {
  await ensureNodeModules({ signal: end.signal });
  const labs = tasks.filter(({ argv, lab }) => argv === undefined || lab).map(({ lab = {} }) => lab);
  const packages = [...labs.flatMap((lab) => labPackages(lab)), ...tasks.flatMap((task) => task.packages ?? [])];
  ensureDebianPackages([...new Set(packages)]);
  for (const lab of labs) ensureKernel(lab);
  for (const name of tasks.flatMap(({ unpacked = [] }) => unpacked)) ensureUnpacked([name]);
}

async function main() {
  const wanted = process.argv.slice(2);
  const all = allTasks();
  const known = ['build', ...Object.keys(all)];
  const unknown = wanted.filter((name) => !known.includes(name));
  if (unknown.length > 0) throw new Error(`no step or suite ${unknown.join(', ')}; there are ${known.join(', ')}`);
  const chosen = Object.entries(all).filter(([name]) => wanted.length === 0 || wanted.includes(name));
  await prepare(chosen.map(([, task]) => task));
  const built = await timed('build', () => run(build));
  if (!built.ok) return finish([built]);
  const action = (/** @type {[string, Task]} */ [name, task]) => {
    const { argv } = task;
    return () => (argv ? timed(name, () => run(argv)) : timed(`lab ${name}`, () => runSuite(name, task)));
  };
  const busy = chosen.filter(([, { waits }]) => waits !== true);
  const waiting = chosen.filter(([, { waits }]) => waits === true);
  const outcomes = await Promise.all([inTurns(busy.map(action), lanes), inTurns(waiting.map(action), 1)]);
  return finish([built, ...outcomes.flat()]);
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
