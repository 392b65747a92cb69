import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { after, test } from 'node:test';
import { serviceOrder, type Normalisation } from './normalise.js';
import { KernelState } from './kernel-state.js';
import { Ours } from './ours.js';
import {
  quote,
  Reference,
  Shell,
  stageText,
  type Invocation,
  type Program,
  type Result,
  type Rules,
} from './reference.js';

/** One comparison: the same arguments, input, environment and table given to both programs. */
export interface Case extends Invocation {
  /** What is special; the command line itself when absent. */
  readonly title?: string | undefined;
  /** Rules that the reference fills the empty table with beforehand. */
  readonly setup?: Rules | undefined;
  /** Text that both must print, on either stream. */
  readonly says?: string | undefined;
  /** Applied to stdout and stderr of both. */
  readonly normalise?: readonly Normalisation[] | undefined;
  /** One of the numbered differences of compat.md: what isn't expected here of either side has to agree all the same. */
  readonly allowed?: { readonly number: number; readonly reference: Expected; readonly ours: Expected } | undefined;
}

/** A text that must be found, or a pattern that must match; `table` is what the reference reads afterwards. */
export interface Expected {
  readonly stdout?: string | RegExp;
  readonly stderr?: string | RegExp;
  readonly status?: number;
  readonly table?: string | RegExp;
}

/** All that a program leaves behind. */
interface Outcome extends Result {
  readonly table: string;
}

interface Verdict {
  readonly case: Case;
  /** Empty when all is as it must be. */
  readonly differences: readonly string[];
}

/** The table that cases start from. */
interface Stage {
  readonly setup: Rules;
  /** What the kernel says of it. */
  readonly kernel: string;
}

/** How often two listings of a living table are tried until nothing moved in between. */
const liveTries = 40;

/**
 * The comparison of one suite. Only the case with the title given in the environment variable CASE runs, if there is one;
 * UNDER_TEST=reference puts the reference on both sides, which shows what the comparison itself can't hold still.
 */
export class Lab {
  readonly suite: string;
  readonly shell: Shell;
  readonly reference: Reference;
  readonly underTest: Program;
  readonly kernel = new KernelState();
  readonly #stager = new Ours();
  readonly #counts = { cases: 0, agree: 0, allowed: 0 };
  readonly #started = Date.now();
  readonly #only = process.env['CASE'];

  constructor(suite: string, options: { readonly underTest?: Program } = {}) {
    insideLab();
    this.suite = suite;
    this.shell = new Shell();
    this.reference = new Reference(this.shell);
    this.underTest =
      process.env['UNDER_TEST'] === 'reference' ? new Reference(this.shell) : (options.underTest ?? new Ours());
    after(() => {
      this.shell.close();
      this.kernel.close();
      this.#report();
    });
  }

  /** True when the reference stands in for our program. */
  get selfCheck(): boolean {
    return this.underTest instanceof Reference;
  }

  /** A table of cases as one test. */
  table(title: string, cases: readonly Case[]): void {
    const chosen = this.#chosen(cases);
    if (chosen.length === 0) return;
    test(title, async () => {
      this.settle(await this.compare(chosen));
    });
  }

  /** A table of listings of what `prepare` has set up and left running: nothing is reset in between. */
  live(title: string, prepare: () => Promise<void>, cases: readonly Case[]): void {
    const chosen = this.#chosen(cases);
    if (chosen.length === 0) return;
    test(title, async () => {
      await prepare();
      const verdicts: Verdict[] = [];
      for (const one of chosen) verdicts.push(await this.#compareLive(one));
      this.settle(verdicts);
    });
  }

  /** Compares case by case: both programs start from the same table. */
  async compare(cases: readonly Case[]): Promise<Verdict[]> {
    const verdicts: Verdict[] = [];
    let stage: Stage | undefined;
    for (const one of cases) {
      const setup = one.setup ?? [];
      if (stage === undefined || !same(stage.setup, setup)) {
        const { complaints } = await this.reference.stage(setup);
        stage = complaints === '' ? { setup, kernel: await this.kernel.read() } : undefined;
        if (stage === undefined) {
          verdicts.push({ case: one, differences: [`setup refused: ${complaints}`] });
          continue;
        }
      }
      verdicts.push(await this.#compareOne(one, stage));
    }
    return verdicts;
  }

  /** Counts the verdicts and fails the running test if one is bad. */
  settle(verdicts: readonly Verdict[]): void {
    const bad = verdicts.filter(({ differences }) => differences.length > 0);
    for (const { case: one, differences } of verdicts) {
      if (one.allowed === undefined) {
        this.#counts.cases += 1;
        if (differences.length === 0) this.#counts.agree += 1;
      } else if (differences.length === 0) {
        this.#counts.allowed += 1;
      }
    }
    if (bad.length > 0) {
      const texts = bad.map((verdict) => this.#describe(verdict));
      assert.fail(`${bad.length} of ${verdicts.length} cases differ\n\n${texts.join('\n')}`);
    }
  }

  #chosen(cases: readonly Case[]): readonly Case[] {
    return this.#only === undefined ? cases : cases.filter((one) => titleOf(one) === this.#only);
  }

  /** Finds the table of the stage, and leaves it. */
  async #compareOne(given: Case, stage: Stage): Promise<Verdict> {
    const one = given.argv.includes('--nosort')
      ? { ...given, normalise: [...(given.normalise ?? []), serviceOrder] }
      : given;
    const expectsTable = one.allowed !== undefined && ('table' in one.allowed.reference || 'table' in one.allowed.ours);
    if (!expectsTable) {
      const [reference] = await this.reference.run([one]);
      const kernelOfReference = await this.kernel.read();
      if (kernelOfReference !== stage.kernel) await this.#restage(stage);
      const [ours] = await this.underTest.run([one]);
      const kernelOfOurs = await this.kernel.read();
      if (kernelOfOurs !== stage.kernel) await this.#restage(stage);
      if (kernelOfOurs === kernelOfReference) {
        return this.#judge(one, { ...present(reference), table: '' }, { ...present(ours), table: '' });
      }
    }
    // Once more, with tables that a person can read.
    const outcomes: Outcome[] = [];
    for (const program of [this.reference, this.underTest]) {
      const [result] = await program.run([one]);
      outcomes.push({ ...present(result), table: await this.reference.table() });
      await this.#restage(stage);
    }
    return this.#judge(one, present(outcomes[0]), present(outcomes[1]));
  }

  /** Makes the table of a stage again: by our program, which starts no process, unless it gets it wrong. */
  async #restage({ setup, kernel }: Stage): Promise<void> {
    await this.#stager.run([{ argv: ['-R'], stdin: stageText(setup) }]);
    if ((await this.kernel.read()) !== kernel) await this.reference.stage(setup);
  }

  /** The reference, ours, the reference: compared once both listings of the reference are the same. */
  async #compareLive(one: Case): Promise<Verdict> {
    for (let tries = 0; tries < liveTries; tries += 1) {
      const [before] = await this.reference.run([one]);
      const [ours] = await this.underTest.run([one]);
      const [later] = await this.reference.run([one]);
      const [a, b] = [normalised(one, present(before)), normalised(one, present(later))];
      if (a.stdout !== b.stdout || a.stderr !== b.stderr) continue;
      return this.#judge(one, { ...a, table: '' }, { ...present(ours), table: '' });
    }
    return { case: one, differences: ['the table never held still'] };
  }

  #judge(one: Case, rawReference: Outcome, rawOurs: Outcome): Verdict {
    const reference = { ...normalised(one, rawReference), table: rawReference.table };
    const ours = { ...normalised(one, rawOurs), table: rawOurs.table };
    const differences: string[] = [];
    const { allowed } = one;
    for (const field of ['status', 'stdout', 'stderr', 'table'] as const) {
      if (allowed !== undefined && (field in allowed.reference || field in allowed.ours)) {
        differences.push(...unexpected('reference', field, reference, allowed.reference));
        if (!this.selfCheck) differences.push(...unexpected('ours', field, ours, allowed.ours));
      } else if (reference[field] !== ours[field]) {
        differences.push(difference(field, reference[field], ours[field]));
      }
    }
    if (allowed !== undefined && !this.selfCheck && same(reference, ours))
      differences.push('there is no difference any more');
    if (one.says !== undefined && !(reference.stdout + reference.stderr).includes(one.says)) {
      const said = reference.stdout + reference.stderr;
      differences.push(`the reference does not say ${JSON.stringify(one.says)}, it says ${JSON.stringify(said)}`);
    }
    return { case: one, differences };
  }

  #describe({ case: one, differences }: Verdict): string {
    const replay = `CASE=${quote(titleOf(one))} npm run lab -- node build/test/lab/${this.suite}.lab.js`;
    const setup = (one.setup ?? []).map((words) => `\n  after   ipvsadm ${words.join(' ')}`).join('');
    const input =
      one.stdin === undefined
        ? ''
        : `\n  input   ${JSON.stringify(shortened(Buffer.from(one.stdin).toString('latin1')))}`;
    const text = differences.join('\n').replaceAll('\n', '\n  ');
    return `* ${commandLine(one)}\n  replay  ${replay}${setup}${input}\n  ${text}\n`;
  }

  #report(): void {
    const { cases, agree, allowed } = this.#counts;
    const seconds = (Date.now() - this.#started) / 1000;
    // The runner adds up these lines of all suites.
    process.once('exit', () => {
      writeFileSync(1, `${this.suite}: ${cases} cases, ${agree} agree, ${allowed} allowed differences, ${seconds} s\n`);
    });
  }
}

/** Tables are emptied, daemons stopped and files under /etc replaced: never outside of a lab. */
function insideLab(): void {
  if (readFileSync('/proc/sys/kernel/hostname', 'utf8') !== 'lab\n') {
    throw new Error('this suite destroys the IPVS table, so it runs in the lab only: npm run lab -- node FILE');
  }
}

function titleOf(one: Case): string {
  return one.title ?? commandLine(one);
}

function commandLine(one: Case): string {
  const env = Object.entries(one.env ?? {}).map(([name, value]) => `${name}=${quote(value)} `);
  return `${env.join('')}${[one.programName ?? 'ipvsadm', ...one.argv].map((word) => quote(shortened(word))).join(' ')}`;
}

/** Some cases carry thousands of characters: too many to read. */
function shortened(text: string): string {
  return text.length > 2000 ? `${text.slice(0, 100)}...${text.length} characters` : text;
}

function normalised(one: Case, { stdout, stderr, status }: Result): Result {
  const apply = (text: string): string => (one.normalise ?? []).reduce((result, normalise) => normalise(result), text);
  return { stdout: apply(stdout), stderr: apply(stderr), status };
}

function unexpected(side: string, field: keyof Expected, outcome: Outcome, expected: Expected): string[] {
  const wanted = expected[field];
  const actual = outcome[field];
  if (wanted === undefined) return [];
  const found =
    typeof wanted === 'number'
      ? actual === wanted
      : typeof wanted === 'string'
        ? // An empty text would be found anywhere: it stands for silence.
          wanted === ''
          ? actual === ''
          : String(actual).includes(wanted)
        : wanted.test(String(actual));
  return found ? [] : [`${field} of ${side} should be ${String(wanted)} but is\n${lines(side, String(actual))}`];
}

function same(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

function present<T>(result: T | undefined): T {
  if (result === undefined) throw new Error('a program gave no result');
  return result;
}

/** The lines that differ, with the place and with blanks at their ends in sight. */
function difference(field: string, reference: string | number, ours: string | number): string {
  if (typeof reference === 'number' || typeof ours === 'number')
    return `${field}: reference ${reference}, ours ${ours}`;
  const [a, b] = [reference.split('\n'), ours.split('\n')];
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start += 1;
  let tail = 0;
  while (tail < a.length - start && tail < b.length - start && a[a.length - 1 - tail] === b[b.length - 1 - tail])
    tail += 1;
  const part = (all: readonly string[]): string => all.slice(start, all.length - tail).join('\n');
  return `${field}, from line ${start + 1}:\n${lines('reference', part(a))}\n${lines('ours', part(b))}`;
}

function lines(side: string, text: string): string {
  const all = text.split('\n');
  const shown = all
    .slice(0, 30)
    .map((line) => `  ${side.padEnd(9)} | ${JSON.stringify(shortened(line)).slice(1, -1)}$`);
  if (all.length > 30) shown.push(`  ${side.padEnd(9)} | ... ${all.length - 30} more lines`);
  return shown.join('\n');
}
