import { numberMessages, writeFence } from '../wire/message.js';
import type { Writer } from '../wire/writer.js';

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
   * @param write appends the request for an item to it, one that asks for no answer.
   * @throws whatever `write` does; nothing has been sent then.
   */
  static ofAll<I>(items: readonly I[], writer: Writer, write: (item: I) => void): RequestBatch[] {
    const batches: RequestBatch[] = [];
    for (let start = 0; start < items.length; start += mostRequests) {
      const some = items.slice(start, start + mostRequests);
      writer.clear();
      some.forEach(write);
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
