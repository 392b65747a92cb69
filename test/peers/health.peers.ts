import { setTimeout as sleep } from 'node:timers/promises';
import type { LoadReport, RunningLoad } from '../cluster/load.js';
import { realServerNames, realServers, vip, type RealServerName } from '../cluster/standard.js';
import { WatchedCluster, type Condition } from '../cluster/watched.js';
import { programs, RunningPeer, type PeerProgram, type Setting } from './peer.js';

// keepalived, ldirectord and ours, one after the other in one lab, with the same servers, checks and load. What came of it is
// written as a table of Markdown: see scripts/peers.mjs.
const watched = await WatchedCluster.build();
const { cluster } = watched;

const setting: Setting = { interval: 5, firstWeight: 10 };
const perSecond = 10;
const all: Readonly<Record<string, number>> = { '10.0.0.21:80': 10, '10.0.0.22:80': 10, '10.0.0.23:80': 10 };

type Row = readonly [what: string, ...results: string[]];

const seconds = (milliseconds: number): string => `${(milliseconds / 1000).toFixed(1)} s`;
const lost = ({ failed, requests }: LoadReport): string => `${failed.length} of ${requests.length} requests lost`;

function report(text: string): void {
  process.stderr.write(`${text}\n`);
}

type Weights = Readonly<Record<string, number>>;

/** Undefined: the service is gone. */
async function weights(): Promise<Weights | undefined> {
  return watched.weights().catch(() => undefined);
}

/** Waits until the weights are so. @returns when, in milliseconds since 1970; undefined: they were not. */
async function when(
  isSo: (weights: Record<string, number>) => boolean,
  patience = 60_000,
): Promise<number | undefined> {
  const deadline = Date.now() + patience;
  for (;;) {
    const found = await weights();
    const now = Date.now();
    if (isSo(found ?? {})) return now;
    if (now > deadline) return undefined;
    await sleep(20);
  }
}

const isWhole = (found: Weights): boolean => Object.entries(all).every(([name, weight]) => found[name] === weight);

async function startLoad(): Promise<RunningLoad> {
  return watched.load({ perSecond });
}

async function makeAll(condition: Condition): Promise<void> {
  await Promise.all(realServerNames.map((name) => watched.make(name, condition)));
}

async function start(program: PeerProgram, one: Setting = setting): Promise<RunningPeer> {
  await watched.reset();
  const peer = new RunningPeer(program, one);
  if ((await when(isWhole)) === undefined) throw new Error(`${program.name} made no table`);
  // First checks are over.
  await sleep((one.interval + 2) * 1000);
  return peer;
}

/** What the kernel has, in words. */
function shown(found: Weights | undefined): string {
  if (found === undefined) return 'the service is removed';
  const names = Object.keys(found);
  if (names.length === 0) return 'all servers are removed';
  if (isWhole(found)) return 'all weights stay';
  if (names.every((name) => found[name] === 0)) return 'all weights are 0';
  return names.map((name) => `${name} ${found[name] ?? ''}`).join(', ');
}

/** What came of a server that failed and recovered: milliseconds, and requests that were lost. */
interface Failing {
  readonly out: number;
  readonly lostOut: number;
  readonly back: number;
  readonly lostBack: number;
}

/** @param wait milliseconds before: the phase of the checks is another one each time. */
async function failing(name: RealServerName, condition: Condition, wait: number): Promise<Failing> {
  const server = `${realServers[name].back.inet}:80`;
  await sleep(wait);
  let load = await startLoad();
  const fell = Date.now();
  await watched.make(name, condition);
  const out = await when((found) => (found[server] ?? 0) === 0);
  await sleep(1000);
  const atOut = await load.end();
  load = await startLoad();
  const recovered = Date.now();
  await watched.make(name, 'well');
  const back = await when(isWhole);
  await sleep(1000);
  const atBack = await load.end();
  return {
    out: (out ?? Infinity) - fell,
    lostOut: atOut.failed.length,
    back: (back ?? Infinity) - recovered,
    lostBack: atBack.failed.length,
  };
}

/** The middle one of three, and the range. */
function spread(numbers: readonly number[], unit: (value: number) => string): string {
  const [least = NaN, middle = NaN, most = NaN] = [...numbers].sort((one, other) => one - other);
  return least === most ? unit(middle) : `${unit(middle)} (${unit(least)} to ${unit(most)})`;
}

async function measure(program: PeerProgram): Promise<string[]> {
  const results: string[] = [];
  const note = (result: string): void => {
    results.push(result);
    report(`${program.name}: ${rows[results.length - 1] ?? ''}: ${result}`);
  };

  let peer: RunningPeer;
  for (const [name, condition] of [
    ['real1', 'refuses'],
    ['real2', 'silent'],
    ['real3', 'says no'],
  ] as const) {
    const found: Failing[] = [];
    for (const part of [0.2, 0.5, 0.8]) {
      peer = await start(program);
      found.push(await failing(name, condition, part * setting.interval * 1000));
      await peer.end('SIGTERM');
    }
    const lostOf = (numbers: number[]): string => `${spread(numbers, String)} lost`;
    note(
      `${spread(
        found.map(({ out }) => out),
        seconds,
      )}; ${lostOf(found.map(({ lostOut }) => lostOut))}`,
    );
    note(
      `${spread(
        found.map(({ back }) => back),
        seconds,
      )}; ${lostOf(found.map(({ lostBack }) => lostBack))}`,
    );
  }

  peer = await start(program);
  // A reload with another weight.
  let load = await startLoad();
  const held = await cluster.hold({ address: vip.inet, port: 80 });
  await sleep(1000);
  const asked = Date.now();
  peer.reload({ ...setting, firstWeight: 5 });
  const taken = await when((found) => found['10.0.0.21:80'] === 5, 30_000);
  await sleep(3000);
  const goesOn = await held.again().then(
    (server) => server === held.server,
    () => false,
  );
  const took = taken === undefined ? 'not taken' : `after ${seconds(taken - asked)}`;
  note(`${took}, ${(await load.end()).failed.length} lost, an open connection ${goesOn ? 'goes on' : 'is cut'}`);
  peer.reload(setting);
  await when(isWhole, 30_000);

  // Every server refuses; then they are well again.
  await makeAll('refuses');
  await sleep(30_000);
  const dead = shown(await weights());
  load = await startLoad();
  const healed = Date.now();
  await makeAll('well');
  const served = await when(isWhole);
  await sleep(500);
  const atHealed = await load.end();
  const first = atHealed.requests.find(({ server, at }) => server !== undefined && at >= healed);
  note(dead);
  note(
    `first reply after ${first === undefined ? 'never' : seconds(first.at - healed)}, ` +
      `all back after ${served === undefined ? 'never' : seconds(served - healed)}`,
  );

  // The checks fail, and clients are served: the checks' own way is what fails.
  load = await startLoad();
  await makeAll('unheard');
  await sleep(45_000);
  note(lost(await load.end()));
  await makeAll('well');
  await when(isWhole);

  // Killed.
  load = await startLoad();
  await sleep(1000);
  await peer.end('SIGKILL');
  await sleep(5000);
  note(`${shown(await weights())}, ${lost(await load.end())}`);

  // Restarted.
  peer = await start(program);
  load = await startLoad();
  await sleep(1000);
  await peer.end('SIGTERM');
  peer = new RunningPeer(program, setting);
  await when(isWhole);
  await sleep(3000);
  note(lost(await load.end()));

  // Ended.
  await peer.end('SIGTERM');
  await sleep(1000);
  note(shown(await weights()));

  // CPU: a check every second.
  peer = await start(program, { ...setting, interval: 1 });
  const times = async (): Promise<number> => {
    const asked = await Promise.all(realServerNames.map((name) => cluster.ask(name, 'asked', null)));
    return asked.reduce((sum, one) => sum + one.times, 0);
  };
  const before = { cpu: peer.cpu, times: await times() };
  await sleep(60_000);
  const checks = (await times()) - before.times;
  note(`${((peer.cpu - before.cpu) / checks).toFixed(1)} ms`);
  await peer.end('SIGTERM');
  return results;
}

const rows = [
  'refuses connections: out after',
  'and back after',
  'is silent: out after',
  'and back after',
  'answers its check with 503: out after',
  'and back after',
  'A reload changes one weight: taken',
  'All servers refuse, for 30 s',
  'and are well again',
  'All checks fail for 45 s while clients are served',
  'The process is killed (SIGKILL), for 5 s',
  'It is ended and started again at once',
  'It is ended (SIGTERM)',
  'CPU time of a check, in user-mode Linux',
] as const;

const table: Row[] = rows.map((what) => [what]);
try {
  for (const program of programs) {
    for (const [index, result] of (await measure(program)).entries()) {
      const [what, ...others] = table[index] ?? [''];
      table[index] = [what, ...others, result];
    }
  }
} finally {
  watched.close();
}
const lines = [['', ...programs.map(({ name }) => name)], ['---', ...programs.map(() => '---')], ...table];
process.stdout.write(`${lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n')}\n`);
