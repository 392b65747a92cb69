// Measures the daemon of `run`, with its real checks, over a kernel in memory: `npm run bench -- health`.
import { fork, type ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { startCheck } from '../../src/checkers/start-check.js';
import { parseApart } from '../../src/command/parse-apart.js';
import { Daemon } from '../../src/director/daemon.js';
import { Journal } from '../../src/director/journal.js';
import type { Snapshot } from '../../src/director/snapshot.js';
import { createMachine } from '../../src/edge/machine.js';
import type { StartCheck } from '../../src/health/outcome.js';
import type { Machine } from '../../src/ports/io.js';
import { FakeKernel } from '../../src/testing/index.js';
import { FakeOutput, MemoryControl, MemoryState } from '../unit/support/fake-io.js';

/** What is measured. */
export interface Scenario {
  readonly check: 'tcp' | 'http';
  readonly services: number;
  /** Of each service. */
  readonly servers: number;
  /** Seconds between checks. */
  readonly interval: number;
  /** Seconds before and while it is measured. */
  readonly warming: number;
  readonly measuring: number;
  /** Whether it is reloaded and all servers fail after that. */
  readonly reloads: boolean;
}

/** What came out. */
export interface Measured {
  /** Checks in a second. */
  readonly rate: number;
  /** Microseconds of the whole process for a check. */
  readonly cost: number;
  /** Share of a core. */
  readonly share: number;
  /** How late checks were started, in milliseconds: 99 of 100 less than that. */
  readonly lateness: number;
  /** The longest time without a turn of the event loop while it was reloaded, in milliseconds. */
  readonly pause: number;
  /** Seconds that a reload took. */
  readonly reload: number;
  /** Seconds from the last verdict of a check until the kernel had all of it. */
  readonly failing: number;
  /** The most memory that the process had, in MiB. */
  readonly memory: number;
}

/** Milliseconds between looks at the event loop. */
const resolution = 2;

/** Reloads, of which the median counts: whatever else a machine does hits some. */
const rounds = 5;

/** What a process may have open, at a time, of which checks are to leave some. */
function openFiles(): number {
  return Number(/^Max open files +(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1] ?? 1024);
}

function documentOf({ check, services, servers, interval }: Scenario, port: number): string {
  const fastInterval = Math.min(1, interval);
  const list = Array.from({ length: services }, (_, service) => ({
    address: `192.0.${service >> 8}.${service & 255}`,
    port: 80,
    check: 'c',
    // All that fail are seen in the kernel.
    failOpen: 'never',
    servers: Array.from({ length: servers }, (_, server) => {
      const number = service * servers + server;
      const address = `127.${1 + (number >> 16)}.${(number >> 8) & 255}.${number & 255}`;
      return { address, port, forwarding: 'masquerading', weight: 10 };
    }),
  }));
  const c = { type: check, interval, fastInterval, timeout: Math.min(2, interval) };
  return JSON.stringify({ checks: { c }, services: list });
}

/** A machine with a kernel in memory; all else is this one's. */
function machineOf(kernel: FakeKernel): Machine {
  const socket = {
    send: (datagram: Uint8Array): void => {
      kernel.send(datagram);
    },
    receive: (): Uint8Array | undefined => kernel.receive(),
    close: (): void => undefined,
  };
  return {
    ...createMachine('dist/parse.cjs'),
    openSocket: () => Promise.resolve(socket),
    state: new MemoryState(),
    control: new MemoryControl(),
    notify: () => Promise.resolve(),
  };
}

async function startTargets(): Promise<{ child: ChildProcess; ports: { tcp: number; http: number } }> {
  const child = fork(fileURLToPath(new URL('targets.js', import.meta.url)), {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const ports = await new Promise<{ tcp: number; http: number }>((resolve, reject) => {
    child.once('error', reject).once('message', (message) => {
      resolve(message as { tcp: number; http: number });
    });
  });
  return { child, ports };
}

function percentile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0;
}

/** Waits until something holds. */
async function until(holds: () => boolean, seconds: number, what: string): Promise<void> {
  const end = performance.now() + seconds * 1000;
  while (!holds()) {
    if (performance.now() > end) throw new Error(`${what}: not within ${seconds} s`);
    await setTimeout(20);
  }
}

async function measure(scenario: Scenario): Promise<Measured> {
  const { child, ports } = await startTargets();
  const kernel = new FakeKernel();
  const machine = machineOf(kernel);
  const document = Buffer.from(documentOf(scenario, ports[scenario.check]));
  let ended = 0;
  const start: StartCheck = (target, done) =>
    startCheck(target, (outcome) => {
      ended++;
      done(outcome);
    });
  const log = new FakeOutput();
  const daemon = new Daemon({
    instance: 'bench',
    document: 'bench.json',
    read: () => parseApart(machine, document, 'bench.json'),
    start,
    machine,
    journal: new Journal(log, false),
    salt: '',
    mostChecks: Math.min(1000, openFiles() >> 1),
  });
  await daemon.begin();
  const running = daemon.run();
  const all = scenario.services * scenario.servers;
  /** Servers that get connections, by the changes of the kernel: to look at all of it would take longer than a change. */
  let weighted = 0;
  let changed = 0;
  kernel.onChange = (change) => {
    if (change.kind === 'add-server' && change.server.weight > 0) weighted++;
    if (change.kind === 'edit-server') weighted += change.server.weight > 0 ? 1 : -1;
    changed = Date.now();
    return undefined;
  };
  try {
    await until(() => weighted === all, 60, `all servers up${log.text}`);
    await setTimeout(scenario.warming * 1000);

    const lateness: number[] = [];
    const before = { cpu: process.cpuUsage(), time: performance.now(), ended };
    while (performance.now() - before.time < scenario.measuring * 1000) {
      await setTimeout(Math.min(200, scenario.measuring * 500));
      lateness.push(...daemon.lateness);
    }
    const { user, system } = process.cpuUsage(before.cpu);
    const seconds = (performance.now() - before.time) / 1000;
    const checks = ended - before.ended;
    const steady = {
      rate: checks / seconds,
      cost: (user + system) / checks,
      share: (user + system) / 1e6 / seconds,
      lateness: percentile(lateness, 0.99),
    };
    const memory = (): number => process.resourceUsage().maxRSS / 1024;
    if (!scenario.reloads) return { ...steady, pause: 0, reload: 0, failing: 0, memory: memory() };

    const reloads: number[] = [];
    const pauses: number[] = [];
    for (let round = 0; round < rounds; round++) {
      const delay = monitorEventLoopDelay({ resolution });
      delay.enable();
      const began = performance.now();
      const problem = await daemon.reload();
      if (problem !== undefined) throw new Error(problem);
      reloads.push((performance.now() - began) / 1000);
      // What a reload leaves to be done belongs to it.
      await setTimeout(300);
      delay.disable();
      pauses.push(Math.max(0, delay.max / 1e6 - resolution));
    }
    if (kernel.changes.length !== scenario.services + all)
      throw new Error('a reload of the same has changed something');

    child.send('close');
    await until(() => weighted === 0, 60, 'all servers down');
    // The answer to what follows is not the daemon's every day.
    const peak = memory();
    const { services } = (await machine.control.ask('run-bench', { do: 'checks' })) as Snapshot;
    const verdicts = services.flatMap(({ servers }) => servers.map(({ since }) => Date.parse(since)));
    const last = verdicts.reduce((a, b) => Math.max(a, b), 0);
    return {
      ...steady,
      pause: percentile(pauses, 0.5),
      reload: percentile(reloads, 0.5),
      failing: Math.max(0, changed - last) / 1000,
      memory: peak,
    };
  } finally {
    daemon.stop();
    await running;
    await daemon.end();
    child.disconnect();
  }
}

const scenario = JSON.parse(process.argv[2] ?? '') as Scenario;
console.log(JSON.stringify(await measure(scenario)));
