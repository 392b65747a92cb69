import { readdirSync, readlinkSync, readSync, writeSync } from 'node:fs';
import { RawNetlinkSocket } from 'netlink/dist/raw.js';
import { TransportError } from '../errors.js';
import type { Transport } from '../ports/transport.js';
import { messageFlag, portOf, writeNoop } from '../wire/message.js';
import { Writer } from '../wire/writer.js';

/** NETLINK_GENERIC. Source: include/uapi/linux/netlink.h. */
const genericProtocol = 16;

/**
 * The largest piece that a dump comes in: the kernel fills the reader's buffer up to 32 KiB. Source: netlink_recvmsg
 * and netlink_dump in net/netlink/af_netlink.c.
 */
const pieceSize = 32768;

/** Room for replies to a whole window of refused requests; the system may give less. */
const bufferSize = 1 << 20;

/** How often to try where another thread opens sockets at the very same time. */
const mostTries = 10;

/**
 * The package's socket, but never bound by it. Binding starts libuv's poll, which keeps the process alive and turns an
 * error of an idle socket (POLLERR) into an abort of the process. The kernel binds a socket by itself when it is first
 * written to. The base class sets the buffer's size just before it would bind.
 */
class UnboundSocket extends RawNetlinkSocket {
  override setRecvBufferSize(size: number): void {
    super.setRecvBufferSize(size);
    Object.defineProperty(Reflect.get(this, '__native'), 'bind', { value: () => undefined });
  }
}

/**
 * Opens a generic netlink socket. It does not keep the process alive.
 * @throws {TransportError} when the system gives none, or /proc is not mounted: the socket's descriptor is found there.
 */
export function openNetlinkTransport(): Transport {
  try {
    for (let tries = 0; tries < mostTries; tries++) {
      const before = openSockets();
      const socket = new UnboundSocket(genericProtocol, { recvBufferSize: bufferSize, sendBufferSize: bufferSize });
      const [descriptor, other] = [...openSockets()].flatMap(([number, inode]) =>
        before.get(number) === inode ? [] : [number],
      );
      // The only new socket is ours. Of several, opened by other threads meanwhile, nothing tells which.
      if (descriptor !== undefined && other === undefined) return boundTransport(socket, descriptor);
      socket.close();
    }
  } catch (cause) {
    if (cause instanceof TransportError) throw cause;
    throw new TransportError(`can't open a netlink socket: ${(cause as Error).message}`, { cause });
  }
  throw new TransportError("can't open a netlink socket: other threads keep opening sockets at the same time");
}

/** Has the kernel bind a socket, which it does when that is written to. */
function boundTransport(socket: UnboundSocket, descriptor: number): Transport {
  try {
    const writer = new Writer();
    writeNoop(writer, messageFlag.request, 0);
    writeSync(descriptor, writer.bytes());
    const { port } = socket.address();
    if (port === 0) throw new Error('the kernel gave it no port');
    return new NetlinkTransport(socket, descriptor, port);
  } catch (error) {
    socket.close();
    throw error;
  }
}

/** The sockets of this process: their descriptors, and for each a text with its inode. */
function openSockets(): Map<number, string> {
  const sockets = new Map<number, string>();
  for (const name of descriptors()) {
    const target = linkTarget(`/proc/self/fd/${name}`);
    if (target?.startsWith('socket:') === true) sockets.set(Number(name), target);
  }
  return sockets;
}

/** Undefined where it was closed since it was listed, as the descriptor of the directory itself. */
function linkTarget(link: string): string | undefined {
  try {
    return readlinkSync(link);
  } catch {
    return undefined;
  }
}

function descriptors(): string[] {
  try {
    return readdirSync('/proc/self/fd');
  } catch (cause) {
    throw new TransportError("can't open a netlink socket: /proc is not mounted, or can't be read", { cause });
  }
}

/** Repeats a system call that a signal interrupted before it did anything (EINTR). */
function uninterrupted<T>(call: () => T): T {
  for (;;) {
    try {
      return call();
    } catch (error) {
      if (codeOf(error) !== 'EINTR') throw error;
    }
  }
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code;
}

/** What a failed system call on the socket means. */
function socketError(cause: unknown, outOfBuffer: string): TransportError {
  const isFull = codeOf(cause) === 'ENOBUFS';
  return new TransportError(isFull ? `${outOfBuffer}: no buffer space (ENOBUFS)` : (cause as Error).message, { cause });
}

/** Plain reads and writes on the descriptor: the package's own go through the event loop, and need its poll. */
class NetlinkTransport implements Transport {
  readonly #socket: UnboundSocket;
  readonly #descriptor: number;
  readonly #piece = Buffer.allocUnsafeSlow(pieceSize);
  readonly #view = new DataView(this.#piece.buffer);
  /** The socket's address, which the kernel writes into every reply. */
  readonly #port: number;
  #isClosed = false;

  constructor(socket: UnboundSocket, descriptor: number, port: number) {
    this.#socket = socket;
    this.#descriptor = descriptor;
    this.#port = port;
  }

  send(datagram: Uint8Array): void {
    this.#checkOpen();
    try {
      uninterrupted(() => writeSync(this.#descriptor, datagram));
    } catch (cause) {
      throw socketError(cause, "the kernel can't take a request");
    }
  }

  receive(): Uint8Array | undefined {
    this.#checkOpen();
    for (;;) {
      const length = this.#read();
      if (length === undefined) return undefined;
      // Any privileged process can send us a datagram; what the kernel sends has our port in its header.
      if (portOf(this.#view, length) === this.#port) return this.#piece.subarray(0, length);
    }
  }

  /** Reads a datagram. @returns its length; undefined where there is none. */
  #read(): number | undefined {
    try {
      return uninterrupted(() => readSync(this.#descriptor, this.#piece));
    } catch (cause) {
      if (codeOf(cause) === 'EAGAIN') return undefined;
      throw socketError(cause, 'the kernel dropped replies');
    }
  }

  #checkOpen(): void {
    if (this.#isClosed) throw new TransportError('the netlink socket is closed');
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#socket.close();
  }
}
