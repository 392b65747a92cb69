import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { userInfo } from 'node:os';
import { systemClock } from '../ports/clock.js';
import { LookError } from '../errors.js';
import { printable } from '../text/printable.js';
import { systemErrorText } from '../text/errno-text.js';
import type { EndSignal, HelperProgram, Machine, ProgramResult } from '../ports/io.js';
import { readPieces } from './read-pieces.js';
import { controlSockets } from './control-sockets.js';
import { replaceFile, stateFiles } from './state-files.js';

const modprobe = '/sbin/modprobe';

const endSignals: readonly EndSignal[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/** PATH is not used: what root runs must not depend on who set it. */
const programPaths: Readonly<Record<HelperProgram, readonly string[]>> = {
  ip: ['/sbin/ip', '/usr/sbin/ip', '/bin/ip', '/usr/bin/ip'],
};

/** Timeout of a program in milliseconds; 10,000 `ip route get` take under a second. */
const programTimeout = 30_000;

/**
 * The machine that the process runs on.
 * @param parser the program of the thread that parses documents; undefined: there is none.
 */
export function createMachine(parser?: string): Machine {
  return {
    async openSocket() {
      const { openNetlinkTransport } = await import('../socket/netlink-transport.js');
      return openNetlinkTransport();
    },
    async loadModule() {
      const { spawn } = await import('node:child_process');
      await new Promise<void>((resolve) => {
        const child = spawn(modprobe, ['--', 'ip_vs'], { stdio: 'inherit' });
        child.once('error', () => {
          resolve();
        });
        child.once('close', () => {
          resolve();
        });
        // Whether it worked shows when the kernel is tried again.
      }).catch(() => undefined);
    },
    running: (names) => {
      const commands = runningCommands();
      return names.filter((name) => commands.has(name));
    },
    capabilities() {
      try {
        const match = /^CapEff:\s*([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'utf8'));
        return BigInt(`0x${match?.[1] ?? '0'}`);
      } catch {
        // Unknown without /proc: leaves the decision to the kernel.
        return (1n << 64n) - 1n;
      }
    },
    readFile: readPieces,
    listDirectory: (path) => readdirSync(path),
    clock: systemClock,
    date: () => Date.now(),
    get user() {
      return userName();
    },
    onSignal(listener) {
      for (const signal of endSignals) process.on(signal, listener);
      return () => {
        for (const signal of endSignals) process.off(signal, listener);
      };
    },
    async openTerminal(events) {
      const { openTerminal } = await import('./terminal.js');
      return openTerminal(events);
    },
    async lockTable(options) {
      const { lockTable } = await import('./table-lock.js');
      return lockTable(options);
    },
    state: stateFiles(),
    control: controlSockets(),
    async notify(state) {
      if ((process.env['NOTIFY_SOCKET'] ?? '') === '') return;
      const { notifyManager } = await import('./notify.js');
      await notifyManager(state);
    },
    async runHook(command, input, seconds) {
      const { runHook } = await import('./run-hook.js');
      return runHook(command, input, seconds);
    },
    async parseApart(request, seconds) {
      if (parser === undefined) return undefined;
      const { runThread } = await import('./run-thread.js');
      return runThread(parser, request, seconds);
    },
    replaceFile(path, text) {
      if (text === undefined) rmSync(path, { force: true });
      else replaceFile(path, text, 0o644);
    },
    async run(program, args, input = '') {
      for (const path of programPaths[program]) {
        const result = await runHelper(path, args, input);
        if (result !== undefined) return result;
      }
      return undefined;
    },
  };
}

/** The commands of all processes that can be seen. */
function runningCommands(): Set<string> {
  const commands = new Set<string>();
  try {
    for (const process of readdirSync('/proc')) {
      if (/^\d/.test(process)) commands.add(commandOf(process));
    }
  } catch {
    // Without /proc nothing is known to run.
  }
  return commands;
}

function commandOf(process: string): string {
  try {
    return readFileSync(`/proc/${process}/comm`, 'latin1').trimEnd();
  } catch {
    // It has ended since it was listed.
    return '';
  }
}

/** SUDO_USER is no proof, but root can write what it wants anyway. */
function userName(): string {
  const given = process.env['SUDO_USER'] ?? '';
  if (given !== '') return printable(given);
  try {
    return printable(userInfo().username);
  } catch {
    // A number without a name.
    return String(process.getuid?.() ?? '');
  }
}

/** Undefined where there is no such program. @throws {LookError} where it can't be executed. */
async function runHelper(path: string, args: readonly string[], input: string): Promise<ProgramResult | undefined> {
  const { spawn } = await import('node:child_process');
  return new Promise<ProgramResult | undefined>((resolve, reject) => {
    // Some failures are thrown, others are emitted.
    const child = spawn(path, args, { env: { LC_ALL: 'C' }, timeout: programTimeout, killSignal: 'SIGKILL' });
    child.once('error', reject);
    if (child.pid === undefined) return;
    const texts = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].setEncoding('utf8').on('data', (text: string) => (texts[name] += text));
    }
    child.once('close', (status) => {
      resolve({ ...texts, status: status ?? undefined });
    });
    // A program that ends without reading all of its input reports the reason itself.
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
  }).catch((cause: unknown) => {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new LookError(`can't execute ${path}: ${systemErrorText(cause)}`, { cause });
  });
}
