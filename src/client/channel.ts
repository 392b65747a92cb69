import { constants } from 'node:os';
import { TransportError } from '../errors.js';
import type { Transport } from '../ports/transport.js';
import type { Codec } from '../wire/codec.js';
import { messageFlag, ReplyReader, writeRequest, type ReplyPayload } from '../wire/message.js';
import { Writer } from '../wire/writer.js';
import type { RequestBatch } from './request-batch.js';

/** A request whose reply has data. */
export interface Request<T> {
  readonly family: number;
  readonly version: number;
  readonly command: number;
  readonly attributes: Codec<T>;
  readonly values: T;
}

/** How a request whose reply has data ended. */
export interface QueryResult {
  /** Positive error number; 0: none. */
  readonly errno: number;
  /** How many datagrams the data came in. The kernel fills each at one moment, but other work comes between two. */
  readonly pieces: number;
  /** The kernel noticed that the table changed between two pieces of a dump (NLM_F_DUMP_INTR). */
  readonly interrupted: boolean;
}

const { ENOBUFS } = constants.errno;

/** Milliseconds that exchanges may go on without a turn of the event loop: timers, signals and other work wait so long. */
const longestBlock = 5;

/** How often, and after how many milliseconds each, to look for a reply that is late. None has ever been seen late. */
const lateLooks = 20;
const lateWait = 5;

/** Errors of a socket after which what may be left in it is given up. */
const mostDrainErrors = 3;

/** Milliseconds since the process started. Node loads what `performance.now()` is in when it is first used, for 2 ms. */
function now(): number {
  return 1000 * process.uptime();
}

/** Not for secrecy: a datagram that is not a reply to us should not be taken for one by chance. */
function randomSequence(): number {
  return Math.floor(Math.random() * 2 ** 32);
}

/**
 * Request/reply channel over one netlink socket: numbers the requests and matches the replies to them. One exchange at a
 * time: the caller waits for one before it starts the next. What is left of one that failed is read and dropped, so that
 * the channel stays usable.
 */
export class Channel {
  readonly #transport: Transport;
  readonly #replies = new ReplyReader();
  readonly #writer = new Writer();
  /** Number of the next request, of 32 bits. */
  #sequence: number;
  /** When the event loop turned last, as far as we know. */
  #turned = now();

  /** @param firstSequence number of the first request, of 32 bits. */
  constructor(transport: Transport, firstSequence = randomSequence()) {
    this.#transport = transport;
    this.#sequence = firstSequence;
  }

  /**
   * Sends a batch of requests, which the kernel works off in order.
   * @param signal is looked at before the batch is sent, not any more after that: what was sent is done.
   * @returns an error number for each request, 0 where it was carried out.
   * @throws {TransportError} when replies were lost; how many requests were carried out is then unknown.
   * @throws {DecodeError} when a reply is no valid message; likewise.
   */
  async execute(batch: RequestBatch, family: number, signal?: AbortSignal): Promise<number[]> {
    const { size } = batch;
    const first = this.#takeNumbers(size + 1);
    const results = Array<number>(size).fill(0);
    const datagram = batch.write(this.#writer, family, first);
    await this.#exchange(datagram, first, size, signal, ({ kind, errno }, position) => {
      if (position === size) return true;
      if (kind === 'result') results[position] = errno;
      return false;
    });
    return results;
  }

  /**
   * Sends one request whose reply has data.
   * @param read takes each piece of data as it comes in; what it is given holds only until it returns.
   * @param signal ends the reading when it is aborted.
   * @throws the reason of `signal`.
   * @throws {TransportError} when replies were lost.
   * @throws whatever `read` throws first, and {DecodeError} when a reply is no valid message.
   */
  async query<T>(
    request: Request<T>,
    dump: boolean,
    read: (payload: ReplyPayload) => void,
    signal?: AbortSignal,
  ): Promise<QueryResult> {
    const { family, version, command, attributes, values } = request;
    const sequence = this.#takeNumbers(1);
    const flags = dump ? messageFlag.dump : messageFlag.ack;
    this.#writer.clear();
    writeRequest(this.#writer, { family, version, command, flags, sequence }, attributes, values);
    const result = { errno: 0, pieces: 0, interrupted: false };
    let piece: DataView | undefined;
    await this.#exchange(this.#writer.bytes(), sequence, 0, signal, (reply) => {
      signal?.throwIfAborted();
      if (reply.isInterrupted) result.interrupted = true;
      if (reply.kind !== 'data') {
        // Nobody refuses so: the dump goes on when what is in the socket has been read.
        if (reply.errno === ENOBUFS) throw new TransportError('the kernel dropped replies: no buffer space (ENOBUFS)');
        result.errno = reply.errno;
        return true;
      }
      if (reply.view !== piece) result.pieces++;
      piece = reply.view;
      read(reply);
      return false;
    });
    return result;
  }

  /**
   * Sends a datagram and reads replies until `take` returns true.
   * @param first number of the datagram's first request.
   * @param last position of its last request, counted from 0; a message with any other number is no reply to it.
   */
  async #exchange(
    datagram: Uint8Array,
    first: number,
    last: number,
    signal: AbortSignal | undefined,
    take: (reply: ReplyReader, position: number) => boolean,
  ): Promise<void> {
    try {
      if (this.#isTurnDue()) await this.#letLoopTurn();
      signal?.throwIfAborted();
      this.#transport.send(datagram);
      for (;;) {
        this.#replies.open(this.#transport.receive() ?? (await this.#receiveLate()));
        while (this.#replies.next()) {
          const position = (this.#replies.sequence - first) >>> 0;
          if (position <= last && take(this.#replies, position)) return;
        }
        if (this.#isTurnDue()) await this.#letLoopTurn();
      }
    } catch (error) {
      await this.#drain();
      throw error;
    }
  }

  async #receiveLate(): Promise<Uint8Array> {
    for (let looks = 0; looks < lateLooks; looks++) {
      await new Promise((resolve) => setTimeout(resolve, lateWait));
      const datagram = this.#transport.receive();
      if (datagram !== undefined) return datagram;
    }
    throw new TransportError('no reply from the kernel');
  }

  /** Drops what a failed exchange left in the socket: replies, the rest of a dump. */
  async #drain(): Promise<void> {
    for (let errors = 0; errors < mostDrainErrors;) {
      try {
        if (this.#transport.receive() === undefined) return;
      } catch {
        // Such as that replies were lost: after that the others can be read.
        errors++;
      }
      if (this.#isTurnDue()) await this.#letLoopTurn();
    }
  }

  #isTurnDue(): boolean {
    return now() - this.#turned > longestBlock;
  }

  async #letLoopTurn(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    this.#turned = now();
  }

  /** @returns the first of so many numbers. */
  #takeNumbers(count: number): number {
    const first = this.#sequence;
    this.#sequence = (first + count) >>> 0;
    return first;
  }

  /** Closes the socket. May be called twice. */
  close(): void {
    this.#transport.close();
  }
}
