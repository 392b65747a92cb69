// Feeds the program with generated input for a long time: `npm run soak`. See CONTRIBUTING.md.
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import { kindOf, kinds } from './kinds.js';
import type { Kind } from './kind.js';
import { inputOf, type Report, type Work } from './worker.js';

const directory = '.cache/soak';
const stateFile = join(directory, 'state.json');

/** Seconds that a case may take, on a machine that has other work too, unless its kind says otherwise. */
const longestCase = 20;
/** Mebibytes of heap that a kind may take, whatever it is fed with. */
const largestHeap = 256;
/** Failures of a kind after which going on tells nothing new. */
const mostFailures = 20;

/** How far a run has come. */
interface State {
  readonly seed: number;
  readonly scale: number;
  readonly kinds: Record<string, { next: number; failures: number; seconds: number; peak: number }>;
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seed: { type: 'string' },
    scale: { type: 'string', default: '1' },
    resume: { type: 'boolean', default: false },
    replay: { type: 'string' },
    help: { type: 'boolean', short: 'h', default: false },
  },
});

if (values.help) {
  console.log(`usage: npm run soak -- [--seed NUMBER] [--scale FACTOR] [--resume] [KIND...]
       npm run soak -- --replay FILE
kinds: ${kinds.map(({ name, cases }) => `${name} (${cases.toLocaleString('en')})`).join(', ')}`);
} else if (values.replay !== undefined) {
  // The kind is the first word of the name.
  const [name = ''] = basename(values.replay).split('-');
  await kindOf(name).run(readFileSync(values.replay));
  console.log(`${values.replay} is taken as it should be`);
} else {
  process.exitCode = (await soak()) === 0 ? 0 : 1;
}

function startState(): State {
  if (values.resume) return JSON.parse(readFileSync(stateFile, 'utf8')) as State;
  const seed = values.seed === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(values.seed);
  const scale = Number(values.scale);
  if (!Number.isSafeInteger(seed) || !(scale > 0))
    throw new Error('--seed takes an integer, --scale a positive number');
  return { seed, scale, kinds: {} };
}

function save(state: State): void {
  // In one step: a run may be ended at any time.
  writeFileSync(`${stateFile}.new`, JSON.stringify(state, undefined, 2));
  renameSync(`${stateFile}.new`, stateFile);
}

/** @returns the number of failures. */
async function soak(): Promise<number> {
  mkdirSync(join(directory, 'failures'), { recursive: true });
  const state = startState();
  const chosen = positionals.length === 0 ? kinds : positionals.map(kindOf);
  console.log(`seed ${state.seed}, scale ${state.scale}; npm run soak -- --resume goes on where this ends`);
  let failures = 0;
  for (const kind of chosen) failures += await soakKind(kind, state);
  return failures;
}

async function soakKind(kind: Kind, state: State): Promise<number> {
  const total = Math.ceil(kind.cases * state.scale);
  const so = (state.kinds[kind.name] ??= { next: 0, failures: 0, seconds: 0, peak: 0 });
  const before = so.seconds;
  const start = performance.now();
  const progress = setInterval(() => {
    so.seconds = before + (performance.now() - start) / 1000;
    save(state);
    if (!process.stdout.isTTY) return;
    const rate = so.next / so.seconds;
    const left = rate > 0 ? `${Math.ceil((total - so.next) / rate)} s left` : '';
    process.stdout.write(
      `\r\x1b[K${kind.name}: ${so.next} of ${total}, ${Math.round(rate)}/s, ${left}, ${so.failures} failed`,
    );
  }, 500);
  try {
    while (so.next < total && so.failures < mostFailures) {
      const failed = await runWorker({ kind: kind.name, seed: state.seed, from: so.next, to: total }, so);
      if (failed !== undefined) keep(kind.name, state.seed, failed.number, failed.why);
    }
  } finally {
    clearInterval(progress);
    so.seconds = before + (performance.now() - start) / 1000;
    save(state);
  }
  if (process.stdout.isTTY) process.stdout.write('\r\x1b[K');
  const heap = Math.round(so.peak / 2 ** 20);
  console.log(
    `${kind.name}: ${so.next} cases, ${so.failures} failed, ${so.seconds.toFixed(1)} s, heap up to ${heap} MiB`,
  );
  return so.failures;
}

/**
 * Runs cases in a thread of its own, until all are done or one hangs or takes the thread down.
 * @returns that one; undefined: all are done.
 */
async function runWorker(
  work: Omit<Work, 'current'>,
  so: State['kinds'][string],
): Promise<{ number: number; why: string } | undefined> {
  const current = new SharedArrayBuffer(4);
  const place = new Int32Array(current);
  place[0] = work.from;
  const worker = new Worker(new URL('worker.js', import.meta.url), {
    workerData: { ...work, current } satisfies Work,
    resourceLimits: { maxOldGenerationSizeMb: largestHeap },
  });
  let seen = work.from;
  let since = performance.now();
  const { longest = longestCase } = kindOf(work.kind);
  return new Promise((resolve) => {
    let over = false;
    const end = (failed?: { number: number; why: string }): void => {
      if (over) return;
      over = true;
      clearInterval(watch);
      void worker.terminate();
      if (failed !== undefined) {
        so.next = failed.number + 1;
        so.failures++;
      }
      resolve(failed);
    };
    const watch = setInterval(() => {
      const number = Atomics.load(place, 0);
      if (number === seen && performance.now() - since > longest * 1000) {
        end({ number, why: `took more than ${longest} s` });
      } else if (number !== seen) {
        seen = number;
        so.next = number;
        since = performance.now();
      }
    }, 200);
    worker.on('message', (report: Report) => {
      if (over) return;
      if ('done' in report) {
        so.next = report.done;
        so.peak = Math.max(so.peak, report.peak);
        end();
      } else {
        so.next = report.failed + 1;
        so.failures++;
        keep(work.kind, work.seed, report.failed, report.stack);
        if (so.failures >= mostFailures) end();
      }
    });
    worker.once('error', (error) => {
      end({ number: Atomics.load(place, 0), why: error.stack ?? String(error) });
    });
  });
}

/** Keeps the input of a case that failed, with the reason beside it. */
function keep(kind: string, seed: number, number: number, why: string): void {
  const file = join(directory, 'failures', `${kind}-${seed}-${number}`);
  writeFileSync(file, inputOf(kind, seed, number));
  writeFileSync(`${file}.txt`, `${why}\n`);
  if (process.stdout.isTTY) process.stdout.write('\r\x1b[K');
  console.log(`${kind} ${number}: ${why.split('\n')[0] ?? ''}
  again:  npm run soak -- --replay ${file}
  a test: cp ${file} test/soak/fixtures/`);
}
