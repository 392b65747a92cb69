import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls, type ConnectionOptions, TLSSocket } from 'node:tls';
import type { CheckTarget, Passed } from '../health/outcome.js';
import type { Attempt } from './attempt.js';
import { closedEarly } from './failures.js';
import { guard } from './guard.js';
import { ipVersion } from './target.js';

/** Addresses are literals: whatever is looked up is a fault. */
function neverLookUp(host: string): never {
  throw new TypeError(`not an address: ${host}`);
}

/** Has errors, and the end of the connection, end the attempt, and the end of that close the socket. */
function watch(attempt: Attempt, socket: Socket, readyEvent: string, ready: () => void): void {
  attempt.onEnd(() => {
    socket.destroy();
  });
  socket.on('error', (cause) => {
    attempt.fail(cause, socket instanceof TLSSocket);
  });
  socket.on('close', () => {
    attempt.lost(closedEarly);
  });
  socket.once(readyEvent, () => {
    guard(attempt, ready);
  });
}

/**
 * Connects. Errors end the attempt, and its end closes the socket.
 * @param tls undefined: without TLS.
 * @param ready is called when there is a connection, with TLS where that is wanted.
 * @param refused what it says that the connection is refused; undefined: that nobody can be reached.
 */
export function openSocket(
  attempt: Attempt,
  { address, port, family, check: { source } }: CheckTarget,
  tls: ConnectionOptions | undefined,
  ready: (socket: Socket) => void,
  refused?: Passed,
): void {
  const options = {
    host: address,
    port,
    family: ipVersion({ family }),
    autoSelectFamily: false,
    lookup: neverLookUp,
    ...(source === undefined ? {} : { localAddress: source }),
  };
  const socket = tls === undefined ? connectTcp(options) : connectTls({ ...options, ...tls });
  if (refused !== undefined) {
    socket.on('error', ({ code }: NodeJS.ErrnoException) => {
      if (code === 'ECONNREFUSED') attempt.end(refused);
    });
  }
  watch(attempt, socket, tls === undefined ? 'connect' : 'secureConnect', () => {
    ready(socket);
  });
}

/** Begins TLS on a connection of `openSocket`. */
export function secure(
  attempt: Attempt,
  socket: Socket,
  tls: ConnectionOptions,
  ready: (socket: TLSSocket) => void,
): void {
  // What lies below belongs to TLS now, which closes it. To destroy it before TLS would crash Node.js 20.
  socket.removeAllListeners('data').removeAllListeners('close');
  const wrapped = connectTls({ ...tls, socket });
  watch(attempt, wrapped, 'secureConnect', () => {
    ready(wrapped);
  });
}

/** When the certificate that was shown ends, in milliseconds since 1970; undefined where there is no TLS. */
export function certificateEnd(socket: Socket): number | undefined {
  if (!(socket instanceof TLSSocket)) return undefined;
  const end = Date.parse(socket.getPeerX509Certificate()?.validTo ?? '');
  return Number.isNaN(end) ? undefined : end;
}
