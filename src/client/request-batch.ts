import type { Codec } from '../wire/codec.js';
import { numberMessages, writeFence, writeRequest } from '../wire/message.js';
import type { Writer } from '../wire/writer.js';

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
const mostRequests = 128;

/**
 * Requests that answer with nothing but success or an error number, in one datagram that is complete but for the
 * numbers of its messages. Refusals are always answered, success only when asked for: one answer to the fence at the
 * end stands for all that succeeded. It also ends the wait for a request that is never answered: the kernel says
 * nothing at all when a request ends in EINTR, as stopping a synchronisation daemon does that has not run yet.
 */
export class RequestBatch {
  readonly #datagram: Uint8Array;
  /** How many requests there are; the fence, which comes after them, is none. */
  readonly size: number;

  private constructor(writer: Writer, size: number) {
    writeFence(writer, 0);
    this.#datagram = writer.bytes().slice();
    this.size = size;
  }

  /**
   * Puts requests into as many datagrams as they need.
   * @param writer memory to write them in; what it held is gone.
   * @param requestOf makes the request for an item: one at a time, so that none lives longer than it has to.
   * @throws {ValueError} for the first value that does not fit.
   */
  static ofAll<I, T>(items: readonly I[], writer: Writer, requestOf: (item: I) => Request<T>): RequestBatch[] {
    const batches: RequestBatch[] = [];
    for (let start = 0; start < items.length; start += mostRequests) {
      const some = items.slice(start, start + mostRequests);
      writer.clear();
      for (const item of some) {
        const { family, version, command, attributes, values } = requestOf(item);
        writeRequest(writer, { family, version, command, flags: 0, sequence: 0 }, attributes, values);
      }
      batches.push(new RequestBatch(writer, some.length));
    }
    return batches;
  }

  /** The datagram, its messages numbered from `first` on. */
  numberedFrom(first: number): Uint8Array {
    numberMessages(this.#datagram, first);
    return this.#datagram;
  }
}
