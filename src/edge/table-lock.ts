import { connect, createServer, type Server, type Socket } from 'node:net';
import { systemClock } from '../ports/clock.js';
import type { LockOptions, TableLock } from '../ports/lock.js';
import { LockedError } from '../errors.js';
import { printable } from '../text/printable.js';
import { abstractSocketOwner, tableLockName } from './socket-owner.js';

/**
 * An abstract Unix socket: it belongs to the network namespace, as the IPVS table does, and the kernel gives it free
 * when its process ends, however that ends. Filled up to the length of sun_path, because versions of libuv differ in
 * whether they do that themselves.
 */
const addressOf = (name: string): string => `\0${name}`.padEnd(108, '\0');

/** Longest answer of a holder that is looked at. */
const longestAnswer = 1024;

/** Milliseconds that a holder has to answer, and between two tries. */
const answerTime = 2000;
const retryTime = 50;

/**
 * Takes the lock on the table of this network namespace, which `ipvsadm apply` takes too. It is given back by `release`,
 * or when the process ends.
 * @param name for tests; that of the table by default.
 * @throws {LockedError} when somebody else has it for too long.
 */
export async function lockTable(
  { waitSeconds, purpose, onWait }: LockOptions,
  name: string = tableLockName,
): Promise<TableLock> {
  const end = performance.now() + 1000 * waitSeconds;
  let tell = onWait;
  for (;;) {
    const lock = await tryLock(purpose, name);
    if (lock !== undefined) return lock;
    const left = end - performance.now();
    const turn = new AbortController();
    const holder = askHolder(name, turn.signal);
    try {
      const who = describeHolder(await holder.answer, name);
      if (left <= 0) throw new LockedError(`${who} has locked the table; waited ${waitSeconds} s for it`);
      tell?.(who);
      tell = undefined;
      // The holder keeps the connection open for as long as it has the lock.
      await Promise.race([holder.gone, pause(end - performance.now(), turn.signal)]);
    } finally {
      turn.abort();
      holder.hangUp();
    }
    await pause(Math.min(retryTime, end - performance.now()));
  }
}

/** Waits; an aborted signal ends the waiting, so that no timer is left behind. */
async function pause(milliseconds: number, signal?: AbortSignal): Promise<void> {
  await systemClock.sleep(Math.max(0, milliseconds), signal);
}

async function tryLock(purpose: string, name: string): Promise<TableLock | undefined> {
  const asking = new Set<Socket>();
  const answer = `${JSON.stringify({ pid: process.pid, purpose, since: new Date().toISOString() })}\n`;
  const server = createServer((socket) => {
    asking.add(socket);
    socket.on('error', () => socket.destroy()).on('close', () => asking.delete(socket));
    socket.unref();
    socket.write(answer);
  });
  if (!(await listen(server, addressOf(name)))) return undefined;
  server.unref();
  return {
    release: async () => {
      await new Promise<void>((resolve) => {
        server.close(() => {
          resolve();
        });
        for (const socket of asking) socket.destroy();
      });
    },
  };
}

async function listen(server: Server, address: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(false);
      else reject(new LockedError(`can't lock the table: ${error.message}`));
    });
    server.listen(address, () => {
      resolve(true);
    });
  });
}

/** A conversation with whoever has the lock. */
interface Holder {
  /** What it says of itself; empty where it says nothing in time. */
  readonly answer: Promise<string>;
  /** It gave the lock back, or ended. */
  readonly gone: Promise<void>;
  hangUp(): void;
}

/** Asks who has the lock. Whoever listens there is not trusted to say something sensible, or anything at all. */
function askHolder(name: string, signal: AbortSignal): Holder {
  const socket = connect(addressOf(name));
  let said = '';
  const gone = new Promise<void>((resolve) => {
    // An error is followed by `close`.
    socket
      .on('error', () => undefined)
      .on('close', () => {
        resolve();
      });
  });
  const heard = new Promise<void>((resolve) => {
    socket.setEncoding('utf8').on('data', (text: string) => {
      if (said.length < longestAnswer) said += text;
      if (said.includes('\n') || said.length >= longestAnswer) resolve();
    });
  });
  return {
    answer: Promise.race([heard, gone, pause(answerTime, signal)]).then(() => said.slice(0, longestAnswer)),
    gone,
    hangUp: () => {
      socket.destroy();
    },
  };
}

/** For people. What the kernel knows of the holder counts more than what it says itself, unless it is root. */
function describeHolder(answer: string, name: string): string {
  const said = readAnswer(answer);
  const owner = abstractSocketOwner(name);
  if (owner !== undefined && owner.user !== 0) {
    return `process ${owner.pid} of user ${owner.user} (${owner.command})`;
  }
  const pid = owner?.pid ?? said.pid;
  const purpose = said.purpose ?? owner?.command ?? '';
  return [
    pid === undefined ? 'a process that can not be seen from here' : `process ${pid}`,
    purpose === '' ? '' : ` (${purpose})`,
    said.since === undefined ? '' : `, since ${said.since},`,
  ].join('');
}

function readAnswer(answer: string): { pid?: number; purpose?: string; since?: string } {
  let value: unknown;
  try {
    value = JSON.parse(answer);
  } catch {
    return {};
  }
  if (typeof value !== 'object' || value === null) return {};
  return {
    ...('pid' in value && typeof value.pid === 'number' ? { pid: value.pid } : {}),
    ...('purpose' in value && typeof value.purpose === 'string' ? { purpose: printable(value.purpose) } : {}),
    ...('since' in value && typeof value.since === 'string' ? { since: printable(value.since) } : {}),
  };
}
