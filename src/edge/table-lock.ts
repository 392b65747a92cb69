import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, fstatSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { Socket } from 'node:net';
import { dirname } from 'node:path';
import { LockedError } from '../errors.js';
import type { LockOptions, TableLock } from '../ports/lock.js';
import { printable } from '../text/printable.js';
import { ownNamespace } from './own-namespace.js';
import { ensureOwnDirectory, failureText, stateDirectory } from './state-files.js';

/** Node has no flock(2), util-linux and busybox have it as a program. */
const flock = '/usr/bin/flock';

/** Environment of the programs that are started here: what root runs must not depend on who set PATH. */
const environment = { PATH: '/usr/bin:/bin', LC_ALL: 'C' };

/** Exit status of flock where another process has the lock. */
const conflict = 1;

/** Longest description of a holder that is read, in bytes. */
const longestDescription = 1024;

/** The file of the lock on the table of this network namespace. */
export function tableLockFile(): string {
  // Only root can write there, so nobody else can hold the lock or write the name of its holder.
  return `${stateDirectory}/${ownNamespace.inode()}.lock`;
}

/**
 * Takes the lock on the table of this network namespace, which `ipvsadm apply` takes too: flock(2) on a file below
 * /run/ipvsadm, so that scripts can take it with flock(1). It is released by `release`, or when the process ends,
 * however that ends.
 * @param file for tests; that of the table by default.
 * @throws {LockedError} when another process holds it for longer than that, or the file can't be locked.
 */
export async function lockTable({ waitSeconds, purpose, onWait }: LockOptions, file?: string): Promise<TableLock> {
  const path = file ?? tableLockFile();
  createLockFile(path);
  let lock = await takeLock(path, ['-n']);
  if (lock === undefined && waitSeconds > 0) {
    onWait?.(describeHolder(path));
    lock = await takeLock(path, ['-w', String(waitSeconds)]);
  }
  if (lock === undefined) {
    throw new LockedError(`${describeHolder(path)} has locked the table; waited ${waitSeconds} s for it`);
  }
  try {
    writeFileSync(path, `${JSON.stringify({ pid: process.pid, purpose, since: new Date().toISOString() })}\n`);
  } catch {
    // It only tells others who holds the lock: there may be no room for it.
  }
  return lock;
}

/** Makes the file where there is none; a link or a directory that others may write to is refused. */
function createLockFile(path: string): void {
  try {
    ensureOwnDirectory(dirname(path));
    const { O_CREAT, O_NOFOLLOW, O_RDWR } = constants;
    const descriptor = openSync(path, O_RDWR | O_CREAT | O_NOFOLLOW, 0o600);
    const { uid, mode } = fstatSync(descriptor);
    closeSync(descriptor);
    if (uid !== process.geteuid?.() || (mode & 0o022) !== 0) throw new Error('others may write it, remove it');
  } catch (cause) {
    throw new LockedError(`can't lock the table: ${failureText(path, cause)}`, { cause });
  }
}

/**
 * A child process holds the lock for as long as its standard input is open, which is until this process closes it or
 * ends. It has a session of its own: Ctrl-C is for this process, which may have changes to undo.
 * @returns undefined where another process holds the lock.
 */
async function takeLock(path: string, options: readonly string[]): Promise<TableLock | undefined> {
  const child = spawn(flock, ['-x', ...options, path, 'cat'], {
    detached: true,
    env: environment,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let errorOutput = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errorOutput += text));
  // Without the lock it ends before it has read anything.
  child.stdin.on('error', () => undefined);
  const ended = once(child, 'close') as Promise<[number | null]>;
  ended.catch(() => undefined);
  // cat runs only under the lock: its first byte means that the lock is held.
  child.stdin.write('\n');
  try {
    const [status] = await Promise.race([once(child.stdout, 'data').then(() => [undefined] as const), ended]);
    if (status === conflict) return undefined;
    if (status !== undefined)
      throw new Error(printable(errorOutput.trim()) || `flock ended with ${status ?? 'a signal'}`);
  } catch (cause) {
    const missing = (cause as NodeJS.ErrnoException).code === 'ENOENT';
    const reason = missing ? `${flock} is missing: install util-linux` : (cause as Error).message;
    throw new LockedError(`can't lock the table: ${reason}`, { cause });
  }
  // Who forgets to release the lock is not kept alive by it.
  const handles = [child, ...[child.stdin, child.stdout, child.stderr].filter((stream) => stream instanceof Socket)];
  for (const handle of handles) handle.unref();
  const release = async (): Promise<void> => {
    for (const handle of handles) handle.ref();
    child.stdin.end();
    await ended;
  };
  return { release, [Symbol.asyncDispose]: release };
}

/** The holder of the lock, for people, from what it wrote into the file. */
function describeHolder(path: string): string {
  const { pid, purpose, since } = readDescription(path);
  const who = pid === undefined ? 'another process' : `process ${pid}`;
  return `${who}${purpose === undefined ? '' : ` (${purpose})`}${since === undefined ? '' : `, since ${since},`}`;
}

function readDescription(path: string): { pid?: number; purpose?: string; since?: string } {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, 'utf8').slice(0, longestDescription));
  } catch {
    // A script that holds the lock writes nothing.
    return {};
  }
  if (typeof value !== 'object' || value === null) return {};
  return {
    ...('pid' in value && typeof value.pid === 'number' ? { pid: value.pid } : {}),
    ...('purpose' in value && typeof value.purpose === 'string' ? { purpose: printable(value.purpose) } : {}),
    ...('since' in value && typeof value.since === 'string' ? { since: printable(value.since) } : {}),
  };
}
