import { numberMessages, writeFence } from '../wire/message.js';
import { PackedMessages } from '../wire/packed-messages.js';
import type { Writer } from '../wire/writer.js';

/**
 * Requests in one datagram. Every one of them may be refused, and the answers have to fit into the socket's receive
 * buffer (212,992 bytes unless an administrator changed net.core.rmem_default), where one takes up to 1.3 KiB.
 */
const mostRequests = 128;

/**
 * Requests that answer with nothing but success or an error number, in one datagram. Refusals are always answered,
 * success only when asked for: one answer to the fence at the end stands for all that succeeded. It also ends the wait
 * for a request that is never answered: the kernel says nothing at all when a request ends in EINTR, as stopping a
 * synchronisation daemon does that has not run yet.
 */
export class RequestBatch {
  readonly #messages: PackedMessages | Uint8Array;
  /** How many requests there are; the fence, which comes after them, is none. */
  readonly size: number;

  private constructor(messages: PackedMessages | Uint8Array, size: number) {
    this.#messages = messages;
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
    const isAlone = items.length <= mostRequests;
    for (let start = 0; start < items.length; start += mostRequests) {
      const some = items.slice(start, start + mostRequests);
      writer.clear();
      some.forEach(write);
      const messages = writer.bytes();
      // What is sent at once is not worth packing.
      batches.push(new RequestBatch(isAlone ? messages.slice() : new PackedMessages(messages), some.length));
    }
    return batches;
  }

  /** Writes the datagram, its messages numbered from `first` on; what the writer held is gone. */
  write(writer: Writer, first: number): Uint8Array {
    writer.clear();
    if (this.#messages instanceof PackedMessages) this.#messages.unpack(writer);
    else writer.append(this.#messages);
    writeFence(writer, 0);
    const datagram = writer.bytes();
    numberMessages(datagram, first);
    return datagram;
  }
}
