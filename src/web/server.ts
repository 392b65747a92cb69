// The page's socket: requests are read and answers written, within limits.

import { chmodSync, chownSync, existsSync, lstatSync, mkdirSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createSecureServer, Server as SecureServer } from 'node:https';
import { createConnection, type AddressInfo } from 'node:net';
import { dirname } from 'node:path';
import { TLSSocket } from 'node:tls';
import { StateError } from '../errors.js';
import { printable } from '../text/printable.js';
import { systemErrorText } from '../text/errno-text.js';
import type { WebApp, WebAnswer } from './app.js';
import { cellsOf, changedCells, type Cells } from './cells.js';
import { longestBody, refuse, securityHeaders, type Asked } from './guard.js';
import type { Look, Sampler } from './sampler.js';
import { viewOf, viewQuery, type View } from './view.js';

/** Where a page is reached. */
export type ListenAt =
  { readonly path: string; readonly group: number | undefined } | { readonly address: string; readonly port: number };

/** Streams of events at a time. */
const mostStreams = 32;

/** Connections at a time. */
const mostConnections = 256;

/** Bytes that may wait for a slow reader of events: it is cut off, and comes back by itself. */
const mostWaiting = 4 * 1024 * 1024;

/** Milliseconds that an answer may take on its way: a reader that is slower is cut off. */
const longestAnswer = 60_000;

/** Milliseconds after which a stream without events says that it is there. */
const streamPulse = 15_000;

/** Certificates as Node takes them. */
export interface TlsContext {
  readonly cert: string;
  readonly key: string;
  /** Undefined: clients need no certificate. */
  readonly ca: string | undefined;
  readonly requestCert: boolean;
  readonly rejectUnauthorized: boolean;
  readonly minVersion: 'TLSv1.2' | 'TLSv1.3';
}

/** A page that is served. */
export interface WebServer {
  /** Its port; undefined at a socket in the file system. */
  readonly port: number | undefined;
  /** Takes other certificates from now on. @throws {Error} for some that can't be used. */
  renew(tls: TlsContext): void;
  /** Streams of events that are open. */
  readonly streams: number;
  close(): Promise<void>;
}

/** What a server works with. */
export interface ServerParts {
  readonly app: WebApp;
  readonly sampler: Sampler;
  readonly hosts: readonly string[];
}

/** Limits of every server. */
const limits = {
  maxHeaderSize: 16 * 1024,
  headersTimeout: 10_000,
  requestTimeout: 15_000,
  keepAliveTimeout: 5000,
  connectionsCheckingInterval: 2000,
} as const;

/**
 * Serves a page.
 * @param tls certificates; undefined: no TLS.
 * @throws {StateError} where nobody can listen there, or the certificates can't be used.
 */
export async function serveWeb(at: ListenAt, parts: ServerParts, tls?: TlsContext): Promise<WebServer> {
  const streams = new Streams(parts.sampler);
  const onRequest = (request: IncomingMessage, response: ServerResponse): void => {
    handle(request, response, parts, streams).catch(() => response.destroy());
  };
  const server = tls === undefined ? createServer(limits, onRequest) : secureServer(tls, onRequest);
  // Too few descriptors for a connection is nothing to end for.
  server.on('error', () => undefined);
  server.maxConnections = mostConnections;
  server.maxRequestsPerSocket = 1000;
  server.setTimeout(60_000, (socket) => socket.destroy());
  try {
    await listen(server, at);
  } catch (error) {
    throw error instanceof StateError
      ? error
      : new StateError(`can't listen: ${systemErrorText(error)}`, { cause: error });
  }
  const address = server.address();
  return {
    port: isTcp(address) ? address.port : undefined,
    get streams() {
      return streams.size;
    },
    renew: (context) => {
      if (server instanceof SecureServer) server.setSecureContext(context);
    },
    close: () =>
      new Promise((resolve) => {
        streams.end();
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
}

/** @throws {StateError} for certificates that can't be used. */
function secureServer(
  tls: TlsContext,
  onRequest: (request: IncomingMessage, response: ServerResponse) => void,
): SecureServer {
  try {
    return createSecureServer({ ...limits, ...tls, handshakeTimeout: 10_000 }, onRequest);
  } catch (error) {
    throw new StateError(`the certificates can't be used: ${systemErrorText(error)}`, { cause: error });
  }
}

function isTcp(address: ReturnType<Server['address']>): address is AddressInfo {
  return typeof address === 'object' && address !== null;
}

async function listen(server: Server | SecureServer, at: ListenAt): Promise<void> {
  if ('path' in at) {
    // After a start of the machine it is not there yet. The system calls a directory that is missing one that it denies.
    if (!existsSync(dirname(at.path))) mkdirSync(dirname(at.path), { mode: 0o755 });
    await removeDead(at.path);
  }
  const mask = 'path' in at ? process.umask(0o177) : undefined;
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      if ('path' in at) server.listen(at.path, resolve);
      else server.listen(at.port, at.address, resolve);
    });
  } finally {
    if (mask !== undefined) process.umask(mask);
  }
  if (!('path' in at)) return;
  chmodSync(at.path, at.group === undefined ? 0o600 : 0o660);
  if (at.group !== undefined) chownSync(at.path, -1, at.group);
}

/** Removes the socket of a process that has ended. @throws {StateError} where one listens, or it is no socket. */
async function removeDead(path: string): Promise<void> {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return;
  if (!stat.isSocket()) throw new StateError(`${path} is no socket, remove it`);
  const isAlive = await new Promise<boolean>((resolve) => {
    const socket = createConnection(path, () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', ({ code }: NodeJS.ErrnoException) => {
      // Who may not ask does not know.
      resolve(code !== 'ECONNREFUSED' && code !== 'ENOENT');
    });
  });
  if (isAlive) throw new StateError(`another process serves a page at ${path}`);
  rmSync(path, { force: true });
}

async function handle(
  request: IncomingMessage,
  response: ServerResponse,
  { app, hosts }: ServerParts,
  streams: Streams,
): Promise<void> {
  response.on('error', () => response.destroy());
  const asked = askedOf(request);
  if (asked === undefined) {
    send(response, plainAnswer(400, 'that address can not be read'), false);
    return;
  }
  const isHead = asked.method === 'HEAD';
  if (asked.path === '/events') {
    const refusal = await refusalOfStream(asked, app, hosts, streams);
    if (refusal !== undefined) send(response, refusal, isHead);
    else if (isHead) response.writeHead(200, streamHeaders).end();
    else streams.add(response, asked.query);
    return;
  }
  let form = new URLSearchParams();
  if (asked.method === 'POST') {
    const body = await bodyOf(request);
    if (body === undefined) {
      send(response, plainAnswer(413, 'that is too long', { Connection: 'close' }), isHead);
      return;
    }
    form = new URLSearchParams(body);
  }
  send(response, await app.answer({ ...asked, form }), isHead);
}

/** The name in the certificate of a client; undefined where it had to show none. */
function certificateName(socket: IncomingMessage['socket']): string | undefined {
  if (!(socket instanceof TLSSocket) || !socket.authorized) return undefined;
  const { CN: name } = socket.getPeerCertificate().subject;
  return printable(Array.isArray(name) ? (name[0] ?? '') : (name ?? ''));
}

function plainAnswer(status: number, text: string, headers: Readonly<Record<string, string>> = {}): WebAnswer {
  const type = { 'Content-Type': 'text/plain; charset=utf-8' };
  return { status, headers: { ...securityHeaders, ...type, ...headers }, body: `${text}\n` };
}

/** Why a stream is not given; undefined: it is. */
async function refusalOfStream(
  asked: Asked,
  app: WebApp,
  hosts: readonly string[],
  streams: Streams,
): Promise<WebAnswer | undefined> {
  const refusal = refuse(asked, hosts);
  if (refusal !== undefined) return plainAnswer(refusal.status, refusal.reason);
  if (asked.method === 'POST') return plainAnswer(405, 'only GET and HEAD');
  if ((await app.visitorOf(asked)) === undefined)
    return plainAnswer(401, 'who are you?', { 'WWW-Authenticate': app.challenge });
  return streams.size < mostStreams ? undefined : plainAnswer(503, 'too many watch', { 'Retry-After': '30' });
}

function askedOf({
  method = 'GET',
  url = '/',
  headers,
  socket,
}: IncomingMessage): (Asked & { query: URLSearchParams }) | undefined {
  try {
    // Only the path counts: a whole address in the first line is a proxy's.
    const { pathname, searchParams } = new URL(url, 'http://localhost');
    const single: Record<string, string | undefined> = {};
    for (const [name, value] of Object.entries(headers)) single[name] = Array.isArray(value) ? value.join(', ') : value;
    return { method, path: pathname, query: searchParams, headers: single, certificate: certificateName(socket) };
  } catch {
    return undefined;
  }
}

/** Undefined: it is too long, or did not come. */
function bodyOf(request: IncomingMessage): Promise<string | undefined> {
  return new Promise((resolve) => {
    const pieces: Buffer[] = [];
    let length = 0;
    const end = (body: string | undefined): void => {
      request.removeAllListeners('data');
      // The rest is read and dropped: where it is not, who sends it never reads the answer.
      request.resume();
      resolve(body);
    };
    request.on('data', (piece: Buffer) => {
      length += piece.length;
      if (length > longestBody) end(undefined);
      else pieces.push(piece);
    });
    request.once('end', () => {
      end(Buffer.concat(pieces).toString());
    });
    request.once('close', () => {
      end(undefined);
    });
    request.once('error', () => {
      end(undefined);
    });
  });
}

function send(response: ServerResponse, { status, headers, body }: WebAnswer, isHead: boolean): void {
  const timer = setTimeout(() => response.destroy(), longestAnswer);
  response.once('close', () => {
    clearTimeout(timer);
  });
  response.writeHead(status, { ...headers, 'Content-Length': String(Buffer.byteLength(body)) });
  response.end(isHead ? undefined : body);
}

function writeEvent(response: ServerResponse, name: string, data: string): void {
  if (response.writableLength > mostWaiting) response.destroy();
  else response.write(`event: ${name}\ndata: ${data}\n\n`);
}

const streamHeaders = { ...securityHeaders, 'Content-Type': 'text/event-stream', 'X-Accel-Buffering': 'no' };

/** Those who see the same part of the table. What changed from one look to the next is found once for all of them. */
interface Audience {
  readonly view: View;
  /** Each with the number of the look that it has. */
  readonly readers: Map<ServerResponse, number>;
  /** The cells of a look, and its number. */
  cells: Cells;
  number: number;
}

/** Streams of events. */
class Streams {
  readonly #sampler: Sampler;
  readonly #audiences = new Map<string, Audience>();
  readonly #pulse: NodeJS.Timeout;
  #stop: (() => void) | undefined;

  constructor(sampler: Sampler) {
    this.#sampler = sampler;
    this.#pulse = setInterval(() => {
      for (const { readers } of this.#audiences.values())
        for (const reader of readers.keys()) reader.write(': here\n\n');
    }, streamPulse);
    this.#pulse.unref();
  }

  get size(): number {
    let size = 0;
    for (const { readers } of this.#audiences.values()) size += readers.size;
    return size;
  }

  /** @param query the part of the table, and the number `n` of the look that the page was made of. */
  add(response: ServerResponse, query: URLSearchParams): void {
    response.writeHead(200, streamHeaders);
    response.socket?.setTimeout(0);
    response.write('retry: 3000\n\n');
    const view = viewOf(query);
    const key = viewQuery(view).toString();
    const audience = this.#audiences.get(key) ?? this.#audience(view);
    this.#audiences.set(key, audience);
    audience.readers.set(response, Number(query.get('n')));
    response.once('close', () => {
      audience.readers.delete(response);
      if (audience.readers.size === 0) this.#audiences.delete(key);
      // The sampler sleeps when nobody watches.
      if (this.#audiences.size > 0) return;
      this.#stop?.();
      this.#stop = undefined;
    });
    this.#stop ??= this.#sampler.watch((look) => {
      for (const one of this.#audiences.values()) tell(one, look);
    });
  }

  #audience(view: View): Audience {
    const { last } = this.#sampler;
    return {
      view,
      readers: new Map(),
      cells: last === undefined ? new Map() : cellsOf(last, view),
      number: last?.number ?? 0,
    };
  }

  end(): void {
    clearInterval(this.#pulse);
    this.#stop?.();
    for (const { readers } of this.#audiences.values()) for (const reader of readers.keys()) reader.destroy();
  }
}

/** Tells what changed; who has another look than the one before has to begin anew. */
function tell(audience: Audience, look: Look): void {
  const { readers, view, number } = audience;
  if (look.number === number) return;
  const cells = cellsOf(look, view);
  const changed = changedCells(audience.cells, cells);
  const data = changed && JSON.stringify(changed);
  for (const [reader, seen] of readers) {
    if (data !== undefined && seen === number) writeEvent(reader, 'cells', data);
    else if (seen !== look.number) writeEvent(reader, 'renew', '{}');
    readers.set(reader, look.number);
  }
  audience.cells = cells;
  audience.number = look.number;
}
