import { TransportError, ValueError } from '../errors.js';
import type { Codec } from '../wire/codec.js';
import { messageFlag, ReplyReader, writeFence, writeRequest, type ReplyPayload } from '../wire/message.js';
import { Writer } from '../wire/writer.js';
import type { Transport } from './transport.js';

/** A request that waits to be sent. */
export interface Request<T> {
  readonly family: number;
  readonly version: number;
  readonly command: number;
  readonly attributes: Codec<T>;
  readonly values: T;
}

/**
 * Requests in one datagram. Every one of them may be refused, and the answers have to fit into the socket's receive
 * buffer (212,992 bytes unless an administrator changed net.core.rmem_default), where one takes up to 1.3 KiB.
 */
const windowSize = 128;

/**
 * A conversation with the kernel over one socket: numbers the requests and matches the answers to them. One request
 * or batch is under way at a time; others wait for their turn. Once answers were lost, what comes in can't be trusted
 * any more: everything after that fails.
 */
export class Channel {
  readonly #transport: Transport;
  readonly #replies = new ReplyReader();
  readonly #writer = new Writer();
  #sequence = 0;
  /** Ends when the exchange before has ended. */
  #turn: Promise<unknown> = Promise.resolve();
  #broken: TransportError | undefined;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /**
   * Sends requests that answer with nothing but success or an error number. The kernel works them off in order.
   * @returns an error number for each request, 0 where it was carried out.
   * @throws {TransportError} when answers were lost; how many requests were carried out is then unknown.
   */
  async execute<T>(requests: readonly Request<T>[]): Promise<number[]> {
    return this.#inTurn(async () => {
      const results: number[] = [];
      for (let start = 0; start < requests.length; start += windowSize) {
        results.push(...(await this.#executeWindow(requests.slice(start, start + windowSize))));
      }
      return results;
    });
  }

  async #executeWindow<T>(requests: readonly Request<T>[]): Promise<number[]> {
    const writer = this.#writer;
    writer.clear();
    const first = this.#sequence + 1;
    // Refusals are always answered, success only when asked for: one answer to the fence at the end stands for all
    // that succeeded. It also ends the wait for a request that is never answered: the kernel says nothing at all when
    // a request ends in EINTR, as stopping a synchronisation daemon does that has not run yet.
    for (const request of requests) this.#append(writer, request, 0);
    const fence = this.#nextSequence();
    writeFence(writer, fence);
    const results = Array<number>(requests.length).fill(0);
    this.#transport.send(writer.bytes());
    for (;;) {
      await this.#receive();
      while (this.#next(first, fence)) {
        const { kind, sequence, errno } = this.#replies;
        if (sequence === fence) return results;
        if (kind === 'result') results[sequence - first] = errno;
      }
    }
  }

  /**
   * Sends one request that answers with data.
   * @param read takes each answer as it comes in; what it is given holds only until it returns.
   * @returns the error number; 0: none.
   */
  async query<T>(request: Request<T>, dump: boolean, read: (payload: ReplyPayload) => void): Promise<number> {
    return this.#inTurn(() => this.#query(request, dump, read));
  }

  async #query<T>(request: Request<T>, dump: boolean, read: (payload: ReplyPayload) => void): Promise<number> {
    const writer = this.#writer;
    writer.clear();
    this.#append(writer, request, dump ? messageFlag.dump : messageFlag.ack);
    const sequence = this.#sequence;
    this.#transport.send(writer.bytes());
    for (;;) {
      await this.#receive();
      while (this.#next(sequence, sequence)) {
        if (this.#replies.kind !== 'data') return this.#replies.errno;
        read(this.#replies);
      }
    }
  }

  async #inTurn<R>(exchange: () => Promise<R>): Promise<R> {
    const result = this.#turn.then(async () => {
      if (this.#broken !== undefined) throw this.#broken;
      try {
        return await exchange();
      } catch (error) {
        // A value that does not fit was refused before anything was sent.
        if (!(error instanceof ValueError)) {
          this.#broken = new TransportError('the conversation with the kernel broke off before', { cause: error });
        }
        throw error;
      }
    });
    this.#turn = result.catch(() => undefined);
    return result;
  }

  #append<T>(writer: Writer, request: Request<T>, flags: number): void {
    const { family, version, command, attributes, values } = request;
    const sequence = this.#nextSequence();
    writeRequest(writer, { family, version, command, flags, sequence }, attributes, values);
  }

  #nextSequence(): number {
    return ++this.#sequence;
  }

  async #receive(): Promise<void> {
    const datagram = this.#transport.receive();
    this.#replies.open(datagram instanceof Promise ? await datagram : datagram);
  }

  /** Reads the next message of the datagram, which has to answer one of the requests. */
  #next(first: number, last: number): boolean {
    if (!this.#replies.next()) return false;
    const { sequence } = this.#replies;
    if (sequence >= first && sequence <= last) return true;
    throw new TransportError(`the kernel answered request ${sequence}, expected ${first} to ${last}`);
  }

  /** Closes the socket. May be called twice. */
  close(): void {
    this.#transport.close();
  }
}
