import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { start } from '../programs.mjs';
import { ensureDebianPackages } from './debian.mjs';
import { whatLabDoes } from './hang.mjs';
import { umlPackages, userModeLinux } from './uml.mjs';

/**
 * @typedef {object} LabOptions
 * @property {'auto' | 'host' | 'uml'} [kernel] whose IPVS: this machine's, user-mode Linux's, or the first of them that works
 * @property {boolean} [bare] load no IPVS module beforehand
 * @property {boolean} [noIpvs] make ip_vs impossible to load; user-mode Linux only
 * @property {readonly string[]} [needs] what the kernel must have besides IPVS: `iptables`
 * @property {number} [timeout] seconds, boot included; default 900
 * @property {string} [memory] of user-mode Linux, such as `512M`; default `1G`
 * @property {string} [cwd]
 * @property {NodeJS.ProcessEnv} [env]
 * @property {NodeJS.ReadStream | import('node:stream').Readable | null} [stdin] null: /dev/null
 * @property {NodeJS.WritableStream} [stdout]
 * @property {NodeJS.WritableStream} [stderr]
 * @property {AbortSignal} [signal] ends the lab early
 *
 * @typedef {Required<Omit<LabOptions, 'signal'>> & { run: string, signal: AbortSignal }} Lab
 */

/** Exit statuses of the lab itself, as `timeout` and `docker run` have them. */
export const status = { timeout: 124, failed: 125 };

/**
 * Milliseconds that user-mode Linux has to switch itself off once the command has ended and all of its output is written. It
 * has been seen to hang there; nothing is lost by killing it.
 */
const powerOffTime = 3000;

const here = path.dirname(fileURLToPath(import.meta.url));
const init = path.join(here, 'init.sh');
const ignore = () => undefined;

/**
 * Debian packages that a lab needs on this machine.
 * @param {LabOptions} [options]
 */
export function labPackages(options = {}) {
  return ['ipvsadm', 'iproute2', 'kmod', 'util-linux', ...(chooseKernel(options) === 'uml' ? umlPackages : [])];
}

/**
 * Gets the kernel of a lab, if it is not there yet, which takes seconds.
 * @param {LabOptions} [options]
 */
export function ensureKernel(options = {}) {
  if (chooseKernel(options) === 'uml') userModeLinux(options.needs ?? []);
}

/**
 * Runs a command as root in a throw-away IPVS kernel: nothing that it does to the network, and in user-mode Linux nothing
 * that it does to files, outlives it.
 * @param {string[]} command
 * @param {LabOptions} [options]
 * @returns {Promise<number>} the command's exit status, 128 + n when signal n killed it, 124 on timeout, 125 without a kernel
 */
export async function runInLab(command, options = {}) {
  const kernel = chooseKernel(options);
  ensureDebianPackages(labPackages(options));

  const settings = {
    bare: false,
    noIpvs: false,
    needs: [],
    timeout: 900,
    memory: '1G',
    cwd: process.cwd(),
    env: process.env,
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    ...options,
    kernel,
  };
  const timeout = new AbortController();
  const signal = AbortSignal.any([timeout.signal, ...(options.signal ? [options.signal] : [])]);
  const run = fs.mkdtempSync(path.join(fs.realpathSync(os.tmpdir()), 'ipvsadm-lab-'));
  const lab = { ...settings, run, signal };
  let doing = '';
  const stopHung = async () => {
    doing = await whatLabDoes(run).catch(String);
    timeout.abort();
  };
  const timer = setTimeout(() => void stopHung(), Math.min(lab.timeout * 1000, 0x7fffffff));
  try {
    fs.writeFileSync(path.join(run, 'command'), [lab.cwd, ...command].map(terminated).join(''));
    const environ = Object.entries(lab.env).map(([name, value]) => terminated(`${name}=${value}`));
    fs.writeFileSync(path.join(run, 'environ'), environ.join(''));
    const details = await (kernel === 'uml' ? runInUml(lab) : runOnHost(lab));
    const result = readStatus(path.join(run, 'status'));
    if (result !== undefined) return result;
    if (timeout.signal.aborted) {
      lab.stderr.write(`lab: stopped after ${lab.timeout} seconds (--timeout); what it was doing:\n${doing}${details}`);
      return status.timeout;
    }
    if (!signal.aborted) lab.stderr.write(`lab: the ${kernel} kernel failed\n${details}`);
    return status.failed;
  } finally {
    clearTimeout(timer);
    fs.rmSync(run, { recursive: true, force: true });
  }
}

/** @param {string} text */
function terminated(text) {
  if (text.includes('\0')) throw new Error('no argument or variable can contain a NUL');
  return `${text}\0`;
}

/** @param {string} file */
function readStatus(file) {
  const text = fs.existsSync(file) ? fs.readFileSync(file, 'latin1') : '';
  return text.endsWith('\n') ? Number(text) : undefined;
}

/**
 * @param {LabOptions} options
 * @returns {'host' | 'uml'}
 */
function chooseKernel({ kernel = 'auto', noIpvs = false }) {
  if (kernel === 'host' && noIpvs)
    throw new Error('--no-ipvs needs --kernel uml: nobody unloads ip_vs of this machine');
  if (kernel === 'uml' || noIpvs) return 'uml';
  const problem = hostProblem();
  if (problem === undefined) return 'host';
  if (kernel === 'host') throw new Error(`--kernel host: ${problem}`);
  return 'uml';
}

const unshare = ['--net', '--mount', '--uts', '--pid', '--fork', '--mount-proc', '--kill-child'];

/** Why the machine's own kernel can't be used, if it can't. */
function hostProblem() {
  if (process.getuid?.() !== 0) return 'only root can make a network namespace';
  const present = () => fs.existsSync('/proc/net/ip_vs');
  if (!present()) spawnSync('modprobe', ['-q', 'ip_vs'], { stdio: 'ignore' });
  if (!present()) return 'this kernel has no ip_vs';
  if (spawnSync('unshare', [...unshare, 'true'], { stdio: 'ignore' }).status !== 0)
    return 'no right to make namespaces';
  return undefined;
}

/**
 * @param {Lab} lab
 * @returns {Promise<string>} details of a failure, if there are any
 */
async function runOnHost(lab) {
  const project = path.resolve(here, '../..');
  const keep = [project, lab.cwd, path.dirname(process.execPath)];
  const { stdin, stdout, stderr } = lab;
  const { child, ended } = start('unshare', [...unshare, '/bin/bash', init], {
    env: {
      ...process.env,
      LAB_KERNEL: 'host',
      LAB_RUN: lab.run,
      LAB_BARE: lab.bare ? '1' : '',
      LAB_KEEP: keep.join('\n'),
    },
    stdio: [
      stdin === process.stdin ? 'inherit' : stdin ? 'pipe' : 'ignore',
      stdout === process.stdout ? 'inherit' : 'pipe',
      stderr === process.stderr ? 'inherit' : 'pipe',
    ],
  });
  if (child.stdin) stdin?.pipe(child.stdin).on('error', ignore);
  child.stdout?.pipe(stdout, { end: false });
  child.stderr?.pipe(stderr, { end: false });
  await endOf(ended, lab.signal, () => child.kill('SIGKILL'));
  return '';
}

/**
 * @param {Lab} lab
 * @returns {Promise<string>} the kernel's console
 */
async function runInUml(lab) {
  const { run } = lab;
  const kernel = userModeLinux(lab.needs);
  const file = (/** @type {string} */ name) => path.join(run, name);
  const terminal = terminalSettings(lab);

  fs.mkdirSync(file('dev'));
  fs.symlinkSync('/proc/self/fd', file('dev/fd'));
  for (const [fd, name] of ['stdin', 'stdout', 'stderr'].entries()) {
    fs.symlinkSync(`/proc/self/fd/${fd}`, file(`dev/${name}`));
  }

  const settings = {
    LAB_KERNEL: 'uml',
    LAB_RUN: run,
    LAB_MODULES: kernel.modules,
    LAB_BARE: lab.bare ? '1' : '',
    LAB_NO_IPVS: lab.noIpvs ? '1' : '',
    LAB_TTY: terminal ? `${process.stdout.rows}x${process.stdout.columns}` : '',
  };
  const args = [
    `mem=${lab.memory}`,
    ...['root=/dev/root', 'rootfstype=hostfs', 'rootflags=/', 'rw', `init="${init}"`],
    // Catches system calls and page faults with less work, where kernel and machine can do it.
    'seccomp=auto',
    `uml_dir=${run}`,
    ...['con=null', 'ssl=null', 'con0=fd:0,fd:1', terminal ? 'con1=fd:3,fd:4' : 'con1=null', 'quiet'],
    // Together more than a second of the boot: a benchmark for RAID (by its name in older and in newer kernels), measuring
    // how long a loop takes that nobody here waits by, and terminals of a kind that nobody uses.
    ...['initcall_blacklist=raid6_select_algo,raid6_init', 'lpj=10000000', 'pty.legacy_count=0'],
    ...Object.entries(settings).map(([name, value]) => `${name}="${value}"`),
  ];

  const over = new AbortController();
  const copies = [follow(file('out'), lab.stdout, over.signal), follow(file('err'), lab.stderr, over.signal)];
  const stopFeeding = feed(lab.stdin, run);
  const console = fs.openSync(file('console'), 'w+');
  const cpu = quietCpu();
  started.set(cpu, (started.get(cpu) ?? 0) + 1);
  const [program = '', ...programArgs] = [...umlLauncher(cpu), kernel.program, ...args];
  const { child, ended } = start(program, programArgs, {
    cwd: kernel.cwd,
    env: umlEnvironment(run, lab.memory),
    // Its own process group, so that the helper processes of the kernel can be killed with it.
    detached: true,
    stdio: ['ignore', console, console, ...(terminal ? [0, 1] : [])],
  });
  fs.closeSync(console);
  const hung = new AbortController();
  const watch = setInterval(() => {
    // It stands still after a panic, and there is nothing to wait for.
    if (fs.readFileSync(file('console'), 'latin1').includes('Kernel panic - not syncing')) hung.abort();
    if (readStatus(file('status')) === undefined) return;
    clearInterval(watch);
    setTimeout(() => {
      hung.abort();
    }, powerOffTime).unref();
  }, 200);
  try {
    const signal = AbortSignal.any([lab.signal, hung.signal]);
    await endOf(ended, signal, () => process.kill(-(child.pid ?? NaN), 'SIGKILL'));
  } finally {
    started.set(cpu, (started.get(cpu) ?? 0) - 1);
    clearInterval(watch);
    over.abort();
    stopFeeding();
    if (terminal) spawnSync('stty', [terminal], { stdio: 'inherit' });
  }
  await Promise.all(copies);
  return fs.readFileSync(file('console'), 'utf8');
}

/** The settings of the terminal that the command is to have, if it is to have one: user-mode Linux changes them. */
function terminalSettings(/** @type {Lab} */ { stdin, stdout }) {
  if (stdin !== process.stdin || stdout !== process.stdout || !process.stdin.isTTY || !process.stdout.isTTY)
    return undefined;
  return spawnSync('stty', ['-g'], { encoding: 'utf8', stdio: ['inherit', 'pipe', 'ignore'] }).stdout.trim();
}

/**
 * What starts the kernel: on one CPU, and killed should this process be. Where it may have a process namespace, not one of its
 * many helper processes survives it.
 */
function umlLauncher(/** @type {number} */ cpu) {
  const launcher = ['taskset', '-c', String(cpu), 'setpriv', '--pdeathsig', 'KILL'];
  const namespace = ['--pid', '--fork', '--kill-child'];
  const allowed = spawnSync('unshare', [...namespace, 'true'], { stdio: 'ignore' }).status === 0;
  return allowed ? [...launcher, 'unshare', ...namespace] : launcher;
}

/**
 * How many labs of this process run on each CPU: of two that start at the same time, neither sees the other's kernel yet.
 * @type {Map<number, number>}
 */
const started = new Map();

/**
 * Every system call and page fault in user-mode Linux is a switch between two processes of the machine. They are three times
 * faster on one CPU, which should not be one that another lab has chosen.
 */
function quietCpu() {
  /** @param {string} process */
  const allowed = (process) => {
    const list = /^Cpus_allowed_list:\s*(.*)$/m.exec(fs.readFileSync(`/proc/${process}/status`, 'latin1'))?.[1] ?? '0';
    return list.split(',').flatMap((range) => {
      const [first = 0, last = first] = range.split('-').map(Number);
      return Array.from({ length: last - first + 1 }, (_, index) => first + index);
    });
  };
  const labs = new Map(allowed('self').map((cpu) => [cpu, Math.random() + (started.get(cpu) ?? 0)]));
  for (const process of fs.readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      const [program = ''] = fs.readFileSync(`/proc/${process}/cmdline`, 'latin1').split('\0');
      if (path.basename(program) !== 'linux.uml') continue;
      const [cpu = -1, other] = allowed(process);
      const count = labs.get(cpu);
      if (count !== undefined && other === undefined) labs.set(cpu, count + 1);
    } catch {
      // it has ended in the meantime
    }
  }
  return [...labs].sort(([, a], [, b]) => a - b)[0]?.[0] ?? 0;
}

/**
 * User-mode Linux keeps its memory in an unlinked file: on /dev/shm, where it is fast, unless that is too small or forbids
 * execution, as in many containers.
 * @param {string} run
 * @param {string} memory
 */
function umlEnvironment(run, memory) {
  const { PATH = '/usr/bin:/bin', HOME = '/' } = process.env;
  const mount = /^\S+ \/dev\/shm tmpfs (\S+)/m.exec(fs.readFileSync('/proc/mounts', 'utf8'));
  const size = Number.parseInt(memory) * 1024 ** Math.max(0, ' KMG'.indexOf(memory.slice(-1).toUpperCase()));
  const free = () => fs.statfsSync('/dev/shm').bavail * fs.statfsSync('/dev/shm').bsize;
  const fits = mount && !mount[1]?.split(',').includes('noexec') && free() > size;
  return fits ? { PATH, HOME } : { PATH, HOME, TMPDIR: run };
}

/**
 * @param {Promise<unknown>} ended
 * @param {AbortSignal} signal
 * @param {() => unknown} kill
 */
async function endOf(ended, signal, kill) {
  const stop = () => {
    try {
      kill();
    } catch {
      // it has just ended by itself
    }
  };
  signal.addEventListener('abort', stop);
  try {
    if (signal.aborted) stop();
    await ended;
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

/**
 * Copies what is added to a file, and returns when the rest has been copied after the end.
 * @param {string} file
 * @param {NodeJS.WritableStream} stream
 * @param {AbortSignal} over nothing will be added any more
 */
async function follow(file, stream, over) {
  const descriptor = fs.openSync(file, 'w+');
  const buffer = Buffer.alloc(1 << 20);
  try {
    for (let position = 0, last = false; !last;) {
      // asked before reading, so that what was added before the end is read
      last = over.aborted;
      for (let length; (length = fs.readSync(descriptor, buffer, 0, buffer.length, position)) > 0; position += length) {
        const data = Buffer.from(buffer.subarray(0, length));
        await new Promise((resolve) => stream.write(data, resolve));
      }
      if (!last) await sleep(20, undefined, { signal: over }).catch(ignore);
    }
  } finally {
    fs.closeSync(descriptor);
  }
}

/**
 * Hands standard input over in numbered files, see feed in init.sh. Not as one file copied beforehand: a pipe that nobody
 * closes would keep the command from starting.
 * @param {Lab['stdin']} stdin
 * @param {string} run
 * @returns {() => void} stops reading
 */
function feed(stdin, run) {
  if (!stdin || (stdin === process.stdin && (process.stdin.isTTY || fs.fstatSync(0).isCharacterDevice())))
    return ignore;
  let pieces = 0;
  /** @type {Buffer[]} */
  let waiting = [];
  const put = (/** @type {string} */ name, /** @type {Uint8Array} */ data) => {
    // renamed, because the other side must not find half a piece
    fs.writeFileSync(path.join(run, 'piece'), data);
    fs.renameSync(path.join(run, 'piece'), path.join(run, name));
  };
  const flush = () => {
    if (waiting.length > 0) put(`in.${pieces++}`, Buffer.concat(waiting));
    waiting = [];
  };
  const onData = (/** @type {Buffer} */ data) => waiting.push(data);
  const onEnd = () => {
    flush();
    put('in.end', Buffer.alloc(0));
  };
  put('stdin', Buffer.alloc(0));
  // Few large pieces: each costs the other side the start of a program.
  const timer = setInterval(flush, 50);
  if (stdin.readableEnded || stdin.destroyed) onEnd();
  else stdin.on('data', onData).once('end', onEnd).once('error', onEnd);
  return () => {
    clearInterval(timer);
    stdin.off('data', onData).off('end', onEnd).off('error', onEnd);
    stdin.destroy();
  };
}
