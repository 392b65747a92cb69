import { RawNetlinkSocket } from 'netlink/dist/raw.js';
import type { Transport } from '../client/transport.js';
import { TransportError } from '../errors.js';

/** NETLINK_GENERIC. Source: include/uapi/linux/netlink.h. */
const genericProtocol = 16;

/**
 * A dump comes in pieces as large as the reader's buffer, from 8 KiB (NLMSG_GOODSIZE in include/linux/netlink.h) up to
 * 32 KiB. Each piece is made and thrown away whole, so in between is fastest for small services and large ones alike.
 */
const pieceSize = 16384;

/** Room for answers to a whole window of refused requests; the system may give less. */
const receiveBufferSize = 1 << 20;

/**
 * Opens a generic netlink socket.
 * @throws {TransportError} when the system gives none.
 */
export function openNetlinkTransport(): Transport {
  let socket: RawNetlinkSocket;
  try {
    socket = new RawNetlinkSocket(genericProtocol, {
      messagePeeking: false,
      msgBufferSize: pieceSize,
      recvBufferSize: receiveBufferSize,
      sendBufferSize: receiveBufferSize,
    });
  } catch (cause) {
    throw new TransportError(`can't open a netlink socket: ${(cause as Error).message}`, { cause });
  }
  return new NetlinkTransport(socket);
}

function closedError(): TransportError {
  return new TransportError('the netlink socket is closed');
}

class NetlinkTransport implements Transport {
  readonly #socket: RawNetlinkSocket;
  #arrived: (Uint8Array | Error)[] = [];
  #waiting: { resolve: (datagram: Uint8Array) => void; reject: (error: Error) => void } | undefined;
  #closed = false;

  constructor(socket: RawNetlinkSocket) {
    this.#socket = socket;
    socket.on('message', (datagram, { port }) => {
      // Any process can send us a datagram; only port 0 is the kernel.
      if (port === 0) this.#deliver(datagram);
    });
    socket.on('truncatedMessage', (_, { truncated }) => {
      this.#deliver(new TransportError(`a message of ${truncated ?? 'unknown'} bytes is longer than ${pieceSize}`));
    });
    socket.on('error', (cause) => {
      this.#deliver(
        new TransportError(
          cause.code === 'ENOBUFS' ? 'the kernel dropped answers: no buffer space (ENOBUFS)' : cause.message,
          { cause },
        ),
      );
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
    const bytes = Buffer.from(datagram.buffer, datagram.byteOffset, datagram.length);
    this.#socket.send(bytes, {}, (error) => {
      if (error !== undefined) this.#deliver(new TransportError(error.message, { cause: error }));
    });
  }

  async receive(): Promise<Uint8Array> {
    const next = this.#arrived.shift();
    if (next instanceof Error) throw next;
    if (next !== undefined) return next;
    if (this.#closed) throw closedError();
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
