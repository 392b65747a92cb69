import { chmodSync, lstatSync, rmSync } from 'node:fs';
import { createConnection, createServer, type Server, type Socket } from 'node:net';
import { dirname } from 'node:path';
import { StateError } from '../errors.js';
import type { ControlServer, Respond } from '../ports/control.js';
import { ensureOwnDirectory, failureText } from './state-files.js';

/** Longest request or answer, in bytes. */
const longestMessage = 64 * 1024 * 1024;

/** Longest time for a request to come in, in milliseconds. */
const requestTime = 5000;

/** Connections at a time. */
const mostConnections = 32;

/** Answers requests at a socket. @throws {StateError} */
export async function serveAt(path: string, respond: Respond): Promise<ControlServer> {
  try {
    ensureOwnDirectory(dirname(path));
    await removeDead(path);
    return await listen(path, respond);
  } catch (cause) {
    if (cause instanceof StateError) throw cause;
    throw new StateError(failureText(path, cause), { cause });
  }
}

/** Removes a socket whose process has ended. @throws {StateError} where it has not. */
async function removeDead(path: string): Promise<void> {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return;
  if (!stat.isSocket()) throw new Error('it is no socket, remove it');
  const socket = await connectTo(path);
  if (socket !== undefined) {
    socket.destroy();
    throw new StateError(`another process answers at ${path}`);
  }
  rmSync(path, { force: true });
}

/** Undefined where nobody listens. */
async function connectTo(path: string): Promise<Socket | undefined> {
  return new Promise((resolve, reject) => {
    const socket = createConnection(path);
    socket.once('connect', () => {
      resolve(socket);
    });
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT' || error.code === 'ECONNREFUSED') resolve(undefined);
      else reject(error);
    });
  });
}

async function listen(path: string, respond: Respond): Promise<ControlServer> {
  const server: Server = createServer({ allowHalfOpen: true }, (socket) => {
    answer(socket, respond);
  });
  server.maxConnections = mostConnections;
  const open = new Set<Socket>();
  server.on('connection', (socket) => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
  });
  const mask = process.umask(0o177);
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject).listen(path, resolve);
    });
  } finally {
    process.umask(mask);
  }
  chmodSync(path, 0o600);
  return {
    close: () =>
      new Promise<void>((resolve) => {
        // Removes the socket's file, too.
        server.close(() => {
          resolve();
        });
        for (const socket of open) socket.destroy();
      }),
  };
}

function answer(socket: Socket, respond: Respond): void {
  let text = '';
  socket.setEncoding('utf8').setTimeout(requestTime, () => socket.destroy());
  socket.on('error', () => socket.destroy());
  socket.on('data', (piece: string) => {
    text += piece;
    if (text.length > longestMessage) socket.destroy();
  });
  socket.once('end', () => {
    socket.setTimeout(0);
    void respondTo(text, respond).then((reply) => socket.end(reply));
  });
}

async function respondTo(text: string, respond: Respond): Promise<string> {
  try {
    return JSON.stringify({ answer: await respond(JSON.parse(text)) });
  } catch (error) {
    return JSON.stringify({ error: error instanceof Error ? error.message : String(error) });
  }
}

/** Asks who listens at a socket; undefined where nobody does. @throws {StateError} */
export async function askAt(path: string, request: unknown, seconds: number): Promise<unknown> {
  let reply: unknown;
  try {
    const socket = await connectTo(path);
    if (socket === undefined) return undefined;
    reply = JSON.parse(await exchange(socket, JSON.stringify(request), seconds));
  } catch (cause) {
    throw new StateError(failureText(path, cause), { cause });
  }
  if (typeof reply === 'object' && reply !== null) {
    if ('error' in reply && typeof reply.error === 'string') throw new StateError(reply.error);
    if ('answer' in reply) return reply.answer;
  }
  throw new StateError(`${path}: no answer that is understood`);
}

function exchange(socket: Socket, request: string, seconds: number): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    const fail = (error: Error): void => {
      socket.destroy();
      reject(error);
    };
    socket.setEncoding('utf8').setTimeout(seconds * 1000, () => {
      fail(new Error(`no answer within ${seconds} s`));
    });
    socket.on('error', fail);
    socket.on('data', (piece: string) => {
      text += piece;
      if (text.length > longestMessage) fail(new Error('the answer is too long'));
    });
    socket.once('end', () => {
      if (text === '') fail(new Error('the answer was cut short'));
      else resolve(text);
      socket.destroy();
    });
    socket.end(request);
  });
}
