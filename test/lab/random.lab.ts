import assert from 'node:assert/strict';
import { test } from 'node:test';
import { optionSpellings as allSpellings } from '../../src/grammar/options.js';
import { Lab, type Case } from './differential.js';
import { readableNames, serviceOrder, type Normalisation } from './normalise.js';
import type { Program, Result } from './reference.js';
import { nameHosts } from './surroundings.js';

/**
 * Random command lines, in sequences that start with an empty table. SEED chooses other ones, SEQUENCES how many. CASE
 * replays one sequence up to the step that a failure names.
 */
const sequenceCount = Number(process.env['SEQUENCES'] ?? 50);
const stepCount = 12;
const replay = /^seed (\d+), sequence (\d+), step (\d+)$/.exec(process.env['CASE'] ?? '');
const seed = Number(replay?.[1] ?? process.env['SEED'] ?? 20191224) >>> 0;

/** Mulberry32: small, and the same on every machine. */
class Dice {
  #state: number;

  constructor(start: number) {
    this.#state = start >>> 0;
  }

  /** From 0 up to, but not including, 1. */
  roll(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  chance(probability: number): boolean {
    return this.roll() < probability;
  }

  below(limit: number): number {
    return Math.floor(this.roll() * limit);
  }

  pick<T>(from: readonly T[]): T {
    const chosen = from[this.below(from.length)];
    if (chosen === undefined) throw new Error('nothing to pick from');
    return chosen;
  }

  shuffled<T>(from: readonly T[]): T[] {
    return from
      .map((value) => ({ value, place: this.roll() }))
      .sort((a, b) => a.place - b.place)
      .map(({ value }) => value);
  }
}

// What command lines are made of ----------------------------------------------------------------------------------------

const words = (text: string): string[] => text.split(' ');

/** Values that an option takes, and ones that it doesn't. */
interface Values {
  readonly good: readonly string[];
  readonly bad: readonly string[];
}

const badNumbers = ['-1', '', 'x', '1x', '4294967296', '99999999999999999999', '0x10', '1.5'];

// Few addresses and ports, so that commands meet what earlier ones left behind. All of 10.0.0.0/8: the reference compares
// addresses by a signed difference, and ones that are far apart have no order that everybody agrees on. What our program
// does otherwise on purpose is left out, as other suites show it: [v6] without a port, large marks, -b ','.
const services = {
  '-t': words('10.0.0.1:80 10.0.0.1:80 10.0.0.1:http vip:80 10.1:443 [2001:db8::1]:80 [2001:db8::1]:http 10.0.0.1'),
  '-u': words('10.0.0.1:53 10.0.0.1:53 vip:domain [2001:db8::1]:53 2001:db8::1'),
  '--sctp-service': words('10.0.0.1:80 [2001:db8::1]:80'),
  '-f': words('1 1 2'),
} as const;
type ServiceOption = keyof typeof services;
const serviceOptions: readonly ServiceOption[] = ['-t', '-t', '-t', '-u', '-u', '--sctp-service', '-f'];
const badService: Readonly<Record<ServiceOption, readonly string[]>> = {
  '-t': ['80', '', '10.0.0.256:80', 'nowhere.invalid:80', '10.0.0.1:65536', '10.0.0.1:nosuch', ':80', '[::1:80'],
  '-u': ['10.0.0.1:http', '10.0.0.1:-1', '224.0.0.1:80', '10.0.0.1'],
  '--sctp-service': ['10.0.0.1:http', 'x'],
  '-f': ['0', ...badNumbers],
};
const servers4 = words('10.0.0.2:80 10.0.0.2:80 web 10.0.0.3 10.0.0.3:80 10.0.0.4:8080 web:http');
const servers6 = words('[2001:db8::2]:80 [2001:db8::2]:80 2001:db8::2 2001:db8::3 [2001:db8::3]:http');
const servers: Values = {
  good: [...servers4, ...servers6],
  bad: ['', '80', '10.0.0.2:x', '224.0.0.5:80', '255.255.255.255', 'nowhere.invalid', '10.0.0.2:99999', ':80'],
};

const settings: Readonly<Record<string, Values>> = {
  '-s': { good: words('rr wrr lc wlc lblc lblcr dh sh sed nq fo ovf mh'), bad: ['nosuch', '', 'RR', 'x'.repeat(40)] },
  '-p': { good: ['1', '300', '2678400'], bad: ['0', '2678401', ...badNumbers] },
  '-M': { good: ['255.255.255.0', '64', '24', '128'], bad: ['129', '', '0', 'nosuch', '256.0.0.0'] },
  '-b': {
    good: ['sh-port', 'sh-fallback,sh-port', 'mh-port', 'flag-1', 'flag-2', 'flag-1,flag-2'],
    bad: ['nosuch', 'sh-port,nosuch', 'flag-4'],
  },
  '--pe': { good: ['sip'], bad: ['nosuch', ''] },
  '-w': { good: ['0', '1', '100', '2147483647', '+3'], bad: ['2147483648', ...badNumbers] },
  '-x': { good: ['0', '10', '2147483647'], bad: badNumbers },
  '-y': { good: ['0', '5', '20'], bad: badNumbers },
  '--tun-type': { good: ['ipip', 'gue', 'gre'], bad: ['vxlan', ''] },
  '--tun-port': { good: ['1', '6080', '65535'], bad: ['0', '65536', ...badNumbers] },
  '--mcast-interface': { good: ['lo'], bad: ['nosuch', '', 'x'.repeat(40)] },
  '--mcast-group': { good: ['224.0.0.82', 'ff02::82'], bad: ['10.0.0.1', '2001:db8::1', '', 'nowhere.invalid'] },
  '--mcast-port': { good: ['1', '8849', '65535'], bad: ['0', '65536', ...badNumbers] },
  '--mcast-ttl': { good: ['1', '255'], bad: ['0', '256', ...badNumbers] },
  '--sync-maxlen': { good: ['1400', '1000', '65507'], bad: ['0', '65508', ...badNumbers] },
  '--syncid': { good: ['0', '7', '255'], bad: ['256', ...badNumbers] },
};

const serviceSettings = words('-s -p -M -b --pe -o');
const serverSettings = words('-w -x -y');
const tunnels = ['--tun-type ipip', '--tun-type gue --tun-port 6080', '--tun-type gre', '--tun-type gre --tun-csum'];
const tunnelOptions = words('--tun-type --tun-port --tun-nocsum --tun-csum --tun-remcsum');
const daemonSettings = words('--syncid --mcast-group --mcast-port --mcast-ttl --sync-maxlen');
const layouts = words('-n --stats --rate --thresholds --persistent-conn --tun-info --exact --nosort --sort');

/** An option of a command line: its word and its value. */
type Part = readonly [option: string, value?: string];

interface Draft {
  readonly command: Part;
  readonly parts: Part[];
}

/** All but ours alone. */
const optionSpellings = allSpellings.filter(({ long }) => long !== 'json' && long !== 'proc');

const longNames = new Map<string, string>(
  optionSpellings.flatMap(({ long, short }) => short.map((name) => [`-${name}`, `--${long}`] as const)),
);
const optionWords = [...new Set(optionSpellings.map(({ long, short }) => (short[0] ? `-${short[0]}` : `--${long}`)))];

/** How often a value is one that its option refuses. */
const badValue = 0.04;

function valueOf(dice: Dice, { good, bad }: Values): string {
  return dice.pick(dice.chance(badValue) ? bad : good);
}

function part(dice: Dice, option: string): Part {
  const values = settings[option];
  if (option in services) return service(dice, option as ServiceOption)[0] ?? [option];
  if (option === '-r') return [option, valueOf(dice, servers)];
  // -p is the only one that takes a value or none.
  return values === undefined || (option === '-p' && dice.chance(0.3)) ? [option] : [option, valueOf(dice, values)];
}

function some(dice: Dice, options: readonly string[], share: number): Part[] {
  return options.filter(() => dice.chance(share)).map((option) => part(dice, option));
}

function service(dice: Dice, option: ServiceOption = dice.pick(serviceOptions)): Part[] {
  const value = valueOf(dice, { good: services[option], bad: badService[option] });
  return option === '-f' && dice.chance(0.3) ? [[option, value], ['-6']] : [[option, value]];
}

function forwarding(dice: Dice): Part[] {
  const method = dice.pick(['', '-g', '-i', '-i', '-m', '-m']);
  if (method !== '-i') return method === '' ? [] : [[method]];
  return dice.chance(0.5) ? [[method]] : [[method], ...split(dice.pick(tunnels))];
}

/** `--tun-type gre --tun-csum` as options with their values. */
function split(text: string): Part[] {
  return text.split(/ (?=-)/).map((option) => {
    const [name = '', value] = words(option);
    return value === undefined ? [name] : [name, value];
  });
}

/** What can be commanded, with how often it is. */
const commands: readonly (readonly [share: number, draft: (dice: Dice) => Draft])[] = [
  [20, (dice) => ({ command: ['-A'], parts: [...service(dice), ...some(dice, serviceSettings, 0.2)] })],
  [6, (dice) => ({ command: ['-E'], parts: [...service(dice), ...some(dice, serviceSettings, 0.3)] })],
  [4, (dice) => ({ command: ['-D'], parts: service(dice) })],
  [20, (dice) => ({ command: ['-a'], parts: withServer(dice, service(dice)) })],
  [8, (dice) => ({ command: ['-e'], parts: withServer(dice, service(dice)) })],
  [4, (dice) => ({ command: ['-d'], parts: [...service(dice), part(dice, '-r')] })],
  [1, () => ({ command: ['-C'], parts: [] })],
  [4, (dice) => ({ command: ['-Z'], parts: dice.chance(0.6) ? service(dice) : [] })],
  [4, (dice) => ({ command: ['--set'], parts: timeouts(dice) })],
  [4, (dice) => ({ command: ['--start-daemon', role(dice)], parts: daemon(dice) })],
  [3, (dice) => ({ command: ['--stop-daemon', role(dice)], parts: some(dice, ['--syncid'], 0.2) })],
  [8, (dice) => ({ command: [dice.pick(['-L', '-l'])], parts: some(dice, layouts, 0.2) })],
  [4, (dice) => ({ command: ['-L'], parts: [...service(dice), ...some(dice, layouts, 0.2)] })],
  [4, (dice) => ({ command: ['-L'], parts: [[dice.pick(['--timeout', '--daemon', '-c'])]] })],
  [6, (dice) => ({ command: ['-S'], parts: some(dice, ['-n'], 0.7) })],
];

/** A server, mostly of the family that its service has, with settings. */
function withServer(dice: Dice, parts: readonly Part[]): Part[] {
  const inet6 = parts.some(([option, value]) => option === '-6' || value?.includes('::') === true);
  const good = dice.chance(0.9) ? (inet6 ? servers6 : servers4) : servers.good;
  return [
    ...parts,
    ['-r', valueOf(dice, { good, bad: servers.bad })],
    ...forwarding(dice),
    ...some(dice, serverSettings, 0.3),
    ...some(dice, tunnelOptions, 0.03),
  ];
}

function timeouts(dice: Dice): Part[] {
  const values = { good: ['0', '1', '60', '2678400'], bad: ['2678401', '-1', '', 'x'] };
  return Array.from({ length: dice.pick([3, 3, 3, 3, 3, 2, 4]) }, () => [valueOf(dice, values)] as const);
}

function role(dice: Dice): string {
  return valueOf(dice, { good: ['master', 'backup'], bad: ['', 'both', 'mast'] });
}

function daemon(dice: Dice): Part[] {
  // The default is eth0, which a lab doesn't have.
  const where = dice.chance(0.9) ? [part(dice, '--mcast-interface')] : [];
  return [...where, ...some(dice, daemonSettings, 0.3)];
}

/** What a person gets wrong about a line. */
const mistakes: readonly (readonly [share: number, make: (dice: Dice, draft: Draft) => Draft])[] = [
  [4, (dice, draft) => ({ ...draft, parts: draft.parts.toSpliced(dice.below(draft.parts.length + 1), 1) })],
  [4, (dice, draft) => ({ ...draft, parts: [...draft.parts, part(dice, dice.pick(optionWords))] })],
  [2, (dice, draft) => (draft.parts.length === 0 ? draft : repeated(dice, draft))],
  [2, (dice, draft) => ({ ...draft, parts: [...draft.parts, [dice.pick(['foo', '7', '--', '10.0.0.1:80'])]] })],
  [2, (dice, draft) => ({ ...draft, parts: [...draft.parts, [dice.pick(['-A', '-L', '-q', '--nosuch', '-1', '-'])]] })],
  [1, (dice, draft) => ({ ...draft, command: [dice.pick(['-a', '-A', '-E', '-q', '--add', '-n', 'foo', '--lis'])] })],
  [1, (dice, { command, parts }) => ({ command: parts[0] ?? command, parts: dice.shuffled([command, ...parts]) })],
];

function repeated(dice: Dice, { command, parts }: Draft): Draft {
  const [option] = dice.pick(parts);
  return { command, parts: [...parts, part(dice, option)] };
}

function weighted<T>(dice: Dice, from: readonly (readonly [share: number, choice: T])[]): T {
  let place = dice.below(from.reduce((sum, [share]) => sum + share, 0));
  for (const [share, choice] of from) {
    place -= share;
    if (place < 0) return choice;
  }
  throw new Error('nothing to choose from');
}

/** One of the ways in which an option with its value can be typed. */
function typed(dice: Dice, [option, value]: Part): string[] {
  const spelled = dice.chance(0.3) ? (longNames.get(option) ?? option) : option;
  if (value === undefined) return [spelled];
  if (!spelled.startsWith('-')) return [spelled, value];
  if (spelled.startsWith('--')) return dice.chance(0.3) ? [`${spelled}=${value}`] : [spelled, value];
  const how = dice.roll();
  return how < 0.15 ? [`${spelled}${value}`] : how < 0.25 ? [`${spelled}=${value}`] : [spelled, value];
}

/** Puts short options into one word: -L -n becomes -Ln. */
function bundled(dice: Dice, argv: readonly string[]): string[] {
  const [first = '', second = '', ...rest] = argv;
  const bundles = /^-\w$/.test(first) && /^-\w/.test(second) && dice.chance(0.3);
  return bundles ? [`${first}${second.slice(1)}`, ...rest] : [...argv];
}

/** `-S` here leaves out thresholds, which the reference loses: allowed difference 2, shown by another suite. */
const withoutThresholds: Normalisation = (text) => text.replace(/ -[xy] \d+/g, '');
/** `-R` numbers its messages: allowed difference 8, shown by another suite. */
const withoutLineNumber: Normalisation = (text) => text.replace(/^line 1: /, '');

/** The first steps only add services: most of the others need one. */
const firstSteps = 3;

function step(dice: Dice, index: number): Case {
  let draft = weighted(dice, index < firstSteps ? commands.slice(0, 1) : commands)(dice);
  if (dice.chance(0.2)) draft = weighted(dice, mistakes)(dice, draft);
  const parts = dice.chance(0.3) ? dice.shuffled(draft.parts) : draft.parts;
  const argv = bundled(dice, [...typed(dice, draft.command), ...parts.flatMap((one) => typed(dice, one))]);
  // A restore of one line: with more, it makes a difference which of them is refused.
  const restorable = argv.every((word) => /^[^\s#]+$/.test(word));
  // A restore does not fail for what is gone already: allowed difference 8.
  const removes = argv.some((word) => /^(?:-[Dd]|--delete)/.test(word));
  if (restorable && dice.chance(0.08) && !removes) {
    return {
      argv: ['-R'],
      stdin: `${argv.join(' ')}\n`,
      normalise: [withoutLineNumber, withoutThresholds, readableNames],
    };
  }
  const normalise = [withoutThresholds, readableNames];
  return { argv, normalise: argv.includes('--nosort') ? [...normalise, serviceOrder] : normalise };
}

// Running them ----------------------------------------------------------------------------------------------------------

const lab = new Lab('random');
await nameHosts(lab.shell);

interface Outcome extends Result {
  readonly table: string;
}

/** All steps on a table that starts empty; `readTable` tells of the table after each. */
async function play(
  program: Program,
  steps: readonly Case[],
  readTable: () => Promise<string>,
): Promise<readonly Outcome[]> {
  await lab.reference.stage([]);
  const outcomes: Outcome[] = [];
  for (const one of steps) {
    const [result] = await program.run([one]);
    if (result === undefined) throw new Error('a program gave no result');
    outcomes.push({ ...result, table: await readTable() });
  }
  return outcomes;
}

/** Both programs' turns; where the kernel's tables differ, once more with tables that a person can read. */
async function playBoth(steps: readonly Case[]): Promise<[reference: readonly Outcome[], ours: readonly Outcome[]]> {
  const both = async (readTable: () => Promise<string>): Promise<[readonly Outcome[], readonly Outcome[]]> => [
    await play(lab.reference, steps, readTable),
    await play(lab.underTest, steps, readTable),
  ];
  const [references, ours] = await both(() => lab.kernel.read());
  if (references.every(({ table }, index) => table === ours[index]?.table)) return [references, ours];
  return both(() => lab.reference.table());
}

function differencesOf(one: Case, reference: Outcome, ours: Outcome): string[] {
  const normalised = (text: string): string => (one.normalise ?? []).reduce((result, change) => change(result), text);
  return (['status', 'stdout', 'stderr', 'table'] as const).flatMap((field) => {
    const [a, b] = [reference, ours].map((outcome) => normalised(String(outcome[field])));
    return a === b ? [] : [`${field}:\n  reference | ${JSON.stringify(a)}\n  ours      | ${JSON.stringify(b)}`];
  });
}

/** Steps after the first difference start from different tables, so they tell nothing. */
function judge(sequence: number, steps: readonly Case[], references: readonly Outcome[], ours: readonly Outcome[]) {
  const verdicts: { case: Case; differences: string[] }[] = [];
  for (const [index, one] of steps.entries()) {
    const [a, b] = [references[index], ours[index]];
    if (a === undefined || b === undefined) throw new Error('a program gave too few results');
    const differences = differencesOf(one, a, b);
    const title = `seed ${seed}, sequence ${sequence}, step ${index + 1}`;
    verdicts.push({ case: { ...one, title, setup: steps.slice(0, index).map(({ argv }) => argv) }, differences });
    if (differences.length > 0) break;
  }
  return verdicts;
}

console.log(
  `random: seed ${seed}, ${sequenceCount} sequences of ${stepCount} (SEED=... and SEQUENCES=... choose others)`,
);

const accepted = { yes: 0, no: 0 };
const selected = replay === null ? Array.from({ length: sequenceCount }, (_, index) => index + 1) : [Number(replay[2])];

for (const sequence of selected) {
  test(`sequence ${sequence} of seed ${seed} goes the same way in both programs`, async () => {
    // Each sequence has dice of its own, so that it can be replayed without the others.
    const dice = new Dice(seed + Math.imul(sequence, 0x9e3779b1));
    const all = Array.from({ length: stepCount }, (_, index) => step(dice, index));
    const steps = all.slice(0, Number(replay?.[3] ?? stepCount));
    const [references, ours] = await playBoth(steps);
    for (const { status } of references) accepted[status === 0 ? 'yes' : 'no'] += 1;
    lab.settle(judge(sequence, steps, references, ours));
  });
}

test(
  'the sequences hold many commands that are carried out and many that are refused',
  { skip: replay !== null },
  () => {
    const share = accepted.yes / (accepted.yes + accepted.no);
    assert.ok(share > 0.25 && share < 0.75, `${accepted.yes} carried out, ${accepted.no} refused`);
    console.log(`random: ${accepted.yes} commands carried out, ${accepted.no} refused`);
  },
);
