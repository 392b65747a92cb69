import { closeSync, fstatSync, openSync, readFileSync, readSync, writeSync } from 'node:fs';
import { RawNetlinkSocket } from 'netlink/dist/raw.js';
import type { Transport } from '../ports/transport.js';
import { TransportError } from '../errors.js';

/** NETLINK_GENERIC. Source: include/uapi/linux/netlink.h. */
const genericProtocol = 16;

/**
 * The largest piece that a dump comes in: the kernel fills the reader's buffer up to 32 KiB. Source: netlink_recvmsg
 * and netlink_dump in net/netlink/af_netlink.c.
 */
const pieceSize = 32768;

/** Room for answers to a whole window of refused requests; the system may give less. */
const bufferSize = 1 << 20;

/** How often to try where another thread may have taken the descriptor that was to be the socket's. */
const mostTries = 10;

/**
 * Opens a generic netlink socket.
 * @throws {TransportError} when the system gives none.
 */
export function openNetlinkTransport(): Transport {
  try {
    for (let tries = 0; tries < mostTries; tries++) {
      const descriptor = nextDescriptor();
      const socket = new RawNetlinkSocket(genericProtocol, {
        messagePeeking: false,
        msgBufferSize: pieceSize,
        recvBufferSize: bufferSize,
        sendBufferSize: bufferSize,
      });
      if (isSocketOf(descriptor, socket.address().port)) return new NetlinkTransport(socket, descriptor);
      socket.close();
    }
  } catch (cause) {
    throw new TransportError(`can't open a netlink socket: ${(cause as Error).message}`, { cause });
  }
  throw new TransportError("can't tell which descriptor is the netlink socket's");
}

/** The number that the system gives to what is opened next: the lowest free one. */
function nextDescriptor(): number {
  const descriptor = openSync('/dev/null', 'r');
  closeSync(descriptor);
  return descriptor;
}

/** Whether a descriptor is the generic netlink socket of a port; without /proc, whether it is a socket at all. */
function isSocketOf(descriptor: number, port: number): boolean {
  try {
    const status = fstatSync(descriptor);
    if (!status.isSocket()) return false;
    const rows = netlinkSockets().map((line) => line.trim().split(/ +/));
    return (
      rows.length === 0 ||
      rows.some((row) => row[1] === String(genericProtocol) && row[2] === String(port) && row[9] === String(status.ino))
    );
  } catch {
    return false;
  }
}

function netlinkSockets(): string[] {
  try {
    return readFileSync('/proc/net/netlink', 'latin1').trim().split('\n').slice(1);
  } catch {
    return [];
  }
}

function closedError(): TransportError {
  return new TransportError('the netlink socket is closed');
}

/** What a failed call on the socket means. */
function socketError(cause: NodeJS.ErrnoException): TransportError {
  const lost = cause.code === 'ENOBUFS';
  return new TransportError(lost ? 'the kernel dropped answers: no buffer space (ENOBUFS)' : cause.message, { cause });
}

/**
 * The kernel answers within the call that asks, so plain reads and writes on the descriptor find everything there. The
 * package reads through the event loop, into a fresh buffer each time: that costs several system calls and page faults
 * a datagram, and is left to what should ever come late.
 */
class NetlinkTransport implements Transport {
  readonly #socket: RawNetlinkSocket;
  readonly #descriptor: number;
  readonly #piece = Buffer.allocUnsafeSlow(pieceSize);
  /** What came late. */
  #arrived: (Uint8Array | Error)[] = [];
  #waiting: { resolve: (datagram: Uint8Array) => void; reject: (error: Error) => void } | undefined;
  #closed = false;

  constructor(socket: RawNetlinkSocket, descriptor: number) {
    this.#socket = socket;
    this.#descriptor = descriptor;
    socket.on('message', (datagram, { port }) => {
      // Any privileged process can send us a datagram; only port 0 is the kernel.
      if (port === 0) this.#deliver(datagram);
    });
    socket.on('truncatedMessage', (_, { truncated }) => {
      this.#deliver(new TransportError(`a message of ${truncated ?? 'unknown'} bytes is longer than ${pieceSize}`));
    });
    socket.on('error', (cause) => {
      this.#deliver(socketError(cause));
    });
  }

  #deliver(what: Uint8Array | Error): void {
    const waiting = this.#waiting;
    if (waiting === undefined) {
      this.#arrived.push(what);
      return;
    }
    this.#waiting = undefined;
    if (what instanceof Error) waiting.reject(what);
    else waiting.resolve(what);
  }

  send(datagram: Uint8Array): void {
    if (this.#closed) throw closedError();
    try {
      writeSync(this.#descriptor, datagram);
    } catch (cause) {
      throw socketError(cause as NodeJS.ErrnoException);
    }
  }

  receive(): Uint8Array | Promise<Uint8Array> {
    const late = this.#arrived.shift();
    if (late instanceof Error) throw late;
    if (late !== undefined) return late;
    if (this.#closed) throw closedError();
    try {
      return this.#piece.subarray(0, readSync(this.#descriptor, this.#piece));
    } catch (cause) {
      const { code } = cause as NodeJS.ErrnoException;
      if (code !== 'EAGAIN' && code !== 'EINTR') throw socketError(cause as NodeJS.ErrnoException);
    }
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
    });
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#socket.close();
    this.#deliver(closedError());
  }
}
