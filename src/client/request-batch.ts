import type { Codec } from '../wire/codec.js';
import { numberMessage, writeFence, writeRequest } from '../wire/message.js';
import { Writer } from '../wire/writer.js';

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
const batchSize = 128;

/**
 * Requests that answer with nothing but success or an error number, in one datagram that is complete but for the
 * numbers of its messages. Refusals are always answered, success only when asked for: one answer to the fence at the
 * end stands for all that succeeded. It also ends the wait for a request that is never answered: the kernel says
 * nothing at all when a request ends in EINTR, as stopping a synchronisation daemon does that has not run yet.
 */
export class RequestBatch {
  readonly #writer = new Writer();
  /** Where the messages start, the fence last. */
  readonly #starts: number[] = [];

  private constructor(requests: readonly Request<unknown>[]) {
    const writer = this.#writer;
    for (const { family, version, command, attributes, values } of requests) {
      this.#starts.push(writer.length);
      writeRequest(writer, { family, version, command, flags: 0, sequence: 0 }, attributes, values);
    }
    this.#starts.push(writer.length);
    writeFence(writer, 0);
  }

  /** Puts requests into as many datagrams as they need. @throws {ValueError} for the first value that does not fit. */
  static ofAll<T>(requests: readonly Request<T>[]): RequestBatch[] {
    const batches: RequestBatch[] = [];
    for (let start = 0; start < requests.length; start += batchSize) {
      batches.push(new RequestBatch(requests.slice(start, start + batchSize)));
    }
    return batches;
  }

  /** How many requests there are; the fence, which comes after them, is none. */
  get size(): number {
    return this.#starts.length - 1;
  }

  /** The datagram, its messages numbered from `first` on. */
  numberedFrom(first: number): Uint8Array {
    for (const [index, start] of this.#starts.entries()) numberMessage(this.#writer, start, first + index);
    return this.#writer.bytes();
  }
}
