// What the tests of checkers have in common: checks as a document has them, and servers that are real.
import { createSocket } from 'node:dgram';
import { readFileSync } from 'node:fs';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { resolve } from 'node:path';
import type { TestContext } from 'node:test';
import * as v from 'valibot';
import { busyHost } from '../../../src/checkers/failures.js';
import { startCheck } from '../../../src/checkers/start-check.js';
import { checkSchema, type CheckInput } from '../../../src/documents/health-schema.js';
import type { CheckTarget, Outcome } from '../../../src/health/outcome.js';
import { familyOf } from '../../../src/model/address.js';

const fixture = (name: string): string => resolve('test/unit/checkers/fixtures', name);

/** Files: of an authority, and of a server that proves www.example.test and 127.0.0.1 by it. */
export const files = { ca: fixture('ca.pem'), certificate: fixture('server.pem'), key: fixture('key.pem') } as const;

/** The same, as servers want them. */
export const identity = { cert: readFileSync(files.certificate), key: readFileSync(files.key) } as const;

/** A certificate for the same names that has expired. */
export const expiredIdentity = { cert: readFileSync(fixture('expired.pem')), key: identity.key } as const;

/** Whom a check asks. Without a timeout of its own a check has half a second. */
export function targetOf(input: CheckInput, port = 0, address = '127.0.0.1'): CheckTarget {
  const check = v.parse(checkSchema, { timeout: 0.5, ...input });
  return { check, family: familyOf(address), address, port };
}

/** What a check finds out. */
export async function find(target: CheckTarget): Promise<Outcome> {
  for (let tries = 1; ; tries++) {
    const outcome = await new Promise<Outcome>((done) => {
      startCheck(target, done);
    });
    // Other tests keep the machine busy: nothing was found out.
    if (outcome.reason !== busyHost.reason || tries === 20) return outcome;
  }
}

/** What a check finds out of a port, as one line: its kind and reason. */
export async function ask(input: CheckInput, port = 0, address = '127.0.0.1'): Promise<string> {
  const { kind, reason } = await find(targetOf(input, port, address));
  return `${kind}: ${reason}`;
}

/** Something that listens until the test is over. */
export interface Closable {
  close(): void;
}

/** The port of a server that listens now, until the test is over. */
export async function listen(t: TestContext, server: Server, address = '127.0.0.1'): Promise<number> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => {
    sockets.add(socket.on('error', () => undefined));
  });
  await new Promise<void>((listening) => server.listen(0, address, listening));
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

/** The port of a server that treats its connections so. */
export async function serve(t: TestContext, treat: (socket: Socket) => void, address?: string): Promise<number> {
  return listen(t, createServer({ allowHalfOpen: true }, treat), address);
}

/** A server that answers with that once something has come, and closes. */
export async function answer(t: TestContext, text: string | Buffer): Promise<number> {
  return serve(t, (socket) => {
    socket.once('data', () => socket.end(text));
  });
}

/** A port that nobody listens at. */
export async function closedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const { port } = server.address() as AddressInfo;
  await new Promise((closed) => server.close(closed));
  return port;
}

/** What this process has open that a check might have left. */
export function openHandles(): string[] {
  return process
    .getActiveResourcesInfo()
    .filter((name) =>
      /^(TCPSocketWrap|TLSWrap|UDPWrap|ProcessWrap|PipeWrap|Timeout|Immediate|TCPConnectWrap)/.test(name),
    )
    .sort();
}

/** The port of a server that answers each datagram with those. */
export async function serveDatagrams(
  t: TestContext,
  answerTo: (message: Buffer, from: string) => readonly Buffer[],
  address = '127.0.0.1',
  port = 0,
): Promise<number> {
  const socket = createSocket(familyOf(address) === 'inet' ? 'udp4' : 'udp6');
  socket.on('message', (message, from) => {
    for (const reply of answerTo(message, from.address)) socket.send(reply, from.port, from.address);
  });
  await new Promise<void>((listening) => socket.bind(port, address, listening));
  t.after(() => socket.close());
  return socket.address().port;
}
