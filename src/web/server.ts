// The page's socket: requests are read and answers written, within limits.

import { chmodSync, chownSync, lstatSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createSecureServer, Server as SecureServer } from 'node:https';
import { createConnection, type AddressInfo } from 'node:net';
import { TLSSocket } from 'node:tls';
import { StateError } from '../errors.js';
import { printable } from '../text/printable.js';
import { systemErrorText } from '../text/errno-text.js';
import type { WebApp, WebAnswer } from './app.js';
import { cellsOf, changedCells, type Cells } from './cells.js';
import { longestBody, refuse, securityHeaders, type Asked } from './guard.js';
import type { Look, Sampler } from './sampler.js';

/** Where a page is reached. */
export type ListenAt =
  { readonly path: string; readonly group: number | undefined } | { readonly address: string; readonly port: number };

/** Streams of events at a time. */
const mostStreams = 32;

/** Connections at a time. */
const mostConnections = 256;

/** Bytes that may wait for a slow reader of events: it is cut off, and comes back by itself. */
const mostWaiting = 4 * 1024 * 1024;

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
    void handle(request, response, parts, streams);
  };
  const server = tls === undefined ? createServer(limits, onRequest) : secureServer(tls, onRequest);
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
  if ('path' in at) await removeDead(at.path);
  const mask = process.umask(0o177);
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      if ('path' in at) server.listen(at.path, resolve);
      else server.listen(at.port, at.address, resolve);
    });
  } finally {
    process.umask(mask);
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
    socket.on('error', () => {
      resolve(false);
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
    send(response, { status: 400, headers: securityHeaders, body: 'that address can not be read\n' }, false);
    return;
  }
  const isHead = asked.method === 'HEAD';
  if (asked.path === '/events' || asked.path === '/api/events') {
    if (refuse(asked, hosts) !== undefined || (await app.visitorOf(asked)) === undefined)
      send(response, { status: 403, headers: securityHeaders, body: 'not allowed\n' }, isHead);
    else if (streams.size >= mostStreams)
      send(
        response,
        { status: 503, headers: { ...securityHeaders, 'Retry-After': '30' }, body: 'too many watch\n' },
        isHead,
      );
    else streams.add(response, Number(asked.query.get('n')));
    return;
  }
  let form = new URLSearchParams();
  if (asked.method === 'POST') {
    const body = await bodyOf(request);
    if (body === undefined) {
      send(response, { status: 413, headers: { ...securityHeaders, Connection: 'close' }, body: 'too long\n' }, isHead);
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
async function bodyOf(request: IncomingMessage): Promise<string | undefined> {
  const pieces: Buffer[] = [];
  let length = 0;
  try {
    for await (const piece of request as AsyncIterable<Buffer>) {
      length += piece.length;
      if (length > longestBody) return undefined;
      pieces.push(piece);
    }
  } catch {
    return undefined;
  }
  return Buffer.concat(pieces).toString();
}

function send(response: ServerResponse, { status, headers, body }: WebAnswer, isHead: boolean): void {
  response.writeHead(status, { ...headers, 'Content-Length': String(Buffer.byteLength(body)) });
  response.end(isHead ? undefined : body);
}

function writeEvent(response: ServerResponse, name: string, data: string): void {
  if (response.writableLength > mostWaiting) response.destroy();
  else response.write(`event: ${name}\ndata: ${data}\n\n`);
}

/** Streams of events. What changed from one look to the next is found once for all of them. */
class Streams {
  readonly #sampler: Sampler;
  /** Each with the number of the look that its reader has. */
  readonly #readers = new Map<ServerResponse, number>();
  readonly #pulse: NodeJS.Timeout;
  #cells: Cells | undefined;
  #number = 0;
  #stop: (() => void) | undefined;

  constructor(sampler: Sampler) {
    this.#sampler = sampler;
    this.#pulse = setInterval(() => {
      for (const reader of this.#readers.keys()) reader.write(': here\n\n');
    }, streamPulse);
    this.#pulse.unref();
  }

  get size(): number {
    return this.#readers.size;
  }

  /** @param seen the number of the look that the page was made of. */
  add(response: ServerResponse, seen: number): void {
    response.writeHead(200, { ...securityHeaders, 'Content-Type': 'text/event-stream', 'X-Accel-Buffering': 'no' });
    response.socket?.setTimeout(0);
    response.write('retry: 3000\n\n');
    this.#readers.set(response, seen);
    response.once('close', () => {
      this.#readers.delete(response);
      if (this.#readers.size > 0) return;
      // The sampler sleeps when nobody watches.
      this.#stop?.();
      this.#stop = undefined;
      this.#cells = undefined;
    });
    this.#stop ??= this.#sampler.watch((look) => {
      this.#tell(look);
    });
  }

  #tell(look: Look): void {
    if (look.number === this.#number && this.#cells !== undefined) return;
    const cells = cellsOf(look);
    const changed = this.#cells && changedCells(this.#cells, cells);
    const data = changed === undefined ? undefined : JSON.stringify(changed);
    for (const [reader, seen] of this.#readers) {
      // Who has another look than the one before has to begin anew.
      if (data !== undefined && seen === this.#number) writeEvent(reader, 'cells', data);
      else if (seen !== look.number) writeEvent(reader, 'renew', '{}');
      this.#readers.set(reader, look.number);
    }
    this.#cells = cells;
    this.#number = look.number;
  }

  end(): void {
    clearInterval(this.#pulse);
    this.#stop?.();
    for (const reader of this.#readers.keys()) reader.destroy();
  }
}
