import { TransportError, ValueError } from '../errors.js';
import type { Codec } from '../wire/codec.js';
import { messageFlag, ReplyReader, writeRequest, type ReplyPayload } from '../wire/message.js';
import { Writer } from '../wire/writer.js';
import type { RequestBatch } from './request-batch.js';
import type { Transport } from '../ports/transport.js';

/** A request that answers with data. */
export interface Request<T> {
  readonly family: number;
  readonly version: number;
  readonly command: number;
  readonly attributes: Codec<T>;
  readonly values: T;
}

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
   * Sends batches of requests, one after the other. The kernel works them off in order.
   * @returns an error number for each request, 0 where it was carried out.
   * @throws {TransportError} when answers were lost; how many requests were carried out is then unknown.
   */
  async execute(batches: readonly RequestBatch[]): Promise<number[]> {
    return this.#inTurn(async () => {
      const results: number[] = [];
      for (const batch of batches) results.push(...(await this.#executeBatch(batch)));
      return results;
    });
  }

  async #executeBatch(batch: RequestBatch): Promise<number[]> {
    const first = this.#sequence + 1;
    const fence = first + batch.size;
    this.#sequence = fence;
    const results = Array<number>(batch.size).fill(0);
    this.#transport.send(batch.write(this.#writer, first));
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
    const { family, version, command, attributes, values } = request;
    const sequence = ++this.#sequence;
    const flags = dump ? messageFlag.dump : messageFlag.ack;
    writeRequest(writer, { family, version, command, flags, sequence }, attributes, values);
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
