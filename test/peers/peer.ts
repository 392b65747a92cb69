import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { realServerNames, realServers, vip } from '../cluster/standard.js';

/** What directors are given: the same for all, each in its own words. */
export interface Setting {
  /** Seconds between checks. */
  readonly interval: number;
  /** Weight of the first server; the others have 10. */
  readonly firstWeight: number;
}

/** Three failures in a row, a second apart: what `retry 2` is to keepalived, and `failurecount` to ldirectord. */
const failures = 3;
const timeout = 2;

const addresses = realServerNames.map((name) => realServers[name].back.inet);

function weightOf(index: number, { firstWeight }: Setting): number {
  return index === 0 ? firstWeight : 10;
}

/** A program that checks real servers and keeps the table. */
export interface PeerProgram {
  readonly name: string;
  /** Where it reads what it is to do. */
  readonly file: string;
  describe(setting: Setting): string;
  readonly argv: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** What it leaves behind when it is killed, and then would not start. */
  readonly leftovers?: readonly string[];
}

const ours: PeerProgram = {
  name: 'ipvsadm run',
  file: '/run/peer.yaml',
  describe: (setting) => `services:
  - address: ${vip.inet}
    port: 80
    scheduler: wrr
    check: { type: http, path: /health, expectStatus: [200], interval: ${setting.interval}, timeout: ${Math.min(timeout, setting.interval)}, fall: ${failures} }
    servers:
${addresses.map((address, index) => `      - { address: ${address}, port: 80, forwarding: masquerading, weight: ${weightOf(index, setting)} }\n`).join('')}`,
  argv: [process.execPath, resolve('dist/bin/ipvsadm.cjs'), 'run', '/run/peer.yaml'],
};

const keepalived: PeerProgram = {
  name: 'keepalived',
  file: '/run/peer.conf',
  describe: (setting) => `global_defs {
  router_id lab
}
virtual_server ${vip.inet} 80 {
  delay_loop ${setting.interval}
  lb_algo wrr
  lb_kind NAT
  protocol TCP
${addresses
  .map(
    (address, index) => `  real_server ${address} 80 {
    weight ${weightOf(index, setting)}
    HTTP_GET {
      url {
        path /health
        status_code 200
      }
      connect_timeout ${timeout}
      retry ${failures - 1}
      delay_before_retry 1
    }
  }
`,
  )
  .join('')}}
`,
  argv: [
    ...['keepalived', '--check', '--dont-fork', '--use-file', '/run/peer.conf'],
    ...['--pid', '/run/peer.pid', '--checkers_pid', '/run/peer-checkers.pid'],
  ],
  leftovers: ['/run/peer.pid', '/run/peer-checkers.pid'],
};

/** Where the package is unpacked, with the Perl modules that it needs. */
const perlFiles = resolve('.cache/debian/ldirectord');

function perlLibraries(): string {
  const machines = readdirSync(`${perlFiles}/usr/lib`).flatMap((machine) => {
    const directory = `${perlFiles}/usr/lib/${machine}/perl5`;
    return existsSync(directory) ? readdirSync(directory).map((version) => `${directory}/${version}`) : [];
  });
  return [`${perlFiles}/usr/share/perl5`, ...machines].join(':');
}

const ldirectord: PeerProgram = {
  name: 'ldirectord',
  file: '/run/peer.cf',
  describe: (setting) => `checktimeout = ${timeout}
negotiatetimeout = ${timeout}
checkinterval = ${setting.interval}
failurecount = ${failures}
autoreload = no
logfile = "/run/peer.log"
supervised = yes
virtual = ${vip.inet}:80
${addresses.map((address, index) => `\treal = ${address}:80 masq ${weightOf(index, setting)}\n`).join('')}\tservice = http
\tcheckport = 80
\trequest = "health"
\tscheduler = wrr
\tprotocol = tcp
\tchecktype = negotiate
`,
  argv: ['perl', `${perlFiles}/usr/sbin/ldirectord`, '/run/peer.cf', 'start'],
  env: { PERL5LIB: existsSync(perlFiles) ? perlLibraries() : '' },
};

/** The programs that are compared. */
export const programs: readonly PeerProgram[] = [ours, keepalived, ldirectord];

/** A program that runs. */
export class RunningPeer {
  readonly #program: PeerProgram;
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;

  constructor(program: PeerProgram, setting: Setting) {
    this.#program = program;
    for (const file of program.leftovers ?? []) rmSync(file, { force: true });
    writeFileSync(program.file, program.describe(setting));
    const [command = '', ...words] = program.argv;
    const env = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', HOME: '/', ...program.env };
    this.#child = spawn(command, words, { env, stdio: ['ignore', 'ignore', 'ignore'] });
    this.#ended = once(this.#child, 'close');
  }

  get #pid(): number {
    if (this.#child.pid === undefined) throw new Error(`${this.#program.name} was not started`);
    return this.#child.pid;
  }

  /** Whether it still runs. */
  get runs(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Gives it another setting while it runs. */
  reload(setting: Setting): void {
    writeFileSync(this.#program.file, this.#program.describe(setting));
    this.#child.kill('SIGHUP');
  }

  /** Ends it, and waits until it has ended. */
  async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    if (this.runs) this.#child.kill(signal);
    await this.#ended;
  }

  /** Milliseconds of CPU time that it and its children have had so far. */
  get cpu(): number {
    const processes = [this.#pid, ...childrenOf(this.#pid)];
    return processes.reduce((sum, pid) => sum + cpuOf(pid), 0);
  }
}

function childrenOf(pid: number): number[] {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
  return text === '' ? [] : text.split(' ').map(Number);
}

/** Milliseconds of a process with all threads, and of children that have ended. Source: proc_pid_stat(5). */
function cpuOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'latin1')
    .replace(/^.*\) /, '')
    .split(' ');
  const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
  return ticks * 10;
}
