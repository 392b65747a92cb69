import { addressMessages, writeFence } from '../wire/message.js';
import type { Writer } from '../wire/writer.js';

/**
 * Requests in one datagram. Every one of them may be refused, and the replies have to fit into the socket's receive
 * buffer (212,992 bytes unless an administrator changed net.core.rmem_default), where one takes up to 1.3 KiB.
 */
const mostRequests = 128;

/**
 * Requests that are replied to with nothing but success or an error number, in one datagram. Refusals always have a
 * reply, success only when asked for: the reply to the fence at the end stands for all that succeeded. It also ends the
 * wait for a request without any reply: the kernel sends none when a request ends in EINTR, as stopping a
 * synchronisation daemon does that has not run yet.
 */
export class RequestBatch {
  readonly #messages: Uint8Array;
  /** How many requests there are, without the fence that comes after them. */
  readonly size: number;

  private constructor(messages: Uint8Array, size: number) {
    this.#messages = messages;
    this.size = size;
  }

  /**
   * Puts requests into as many datagrams as they need.
   * @param writer memory to write them in; what it held is gone.
   * @param write appends the request for an item to it, one that asks for no reply.
   * @throws whatever `write` does; nothing has been sent then.
   */
  static ofAll<I>(items: readonly I[], writer: Writer, write: (item: I) => void): RequestBatch[] {
    const batches: RequestBatch[] = [];
    for (let start = 0; start < items.length; start += mostRequests) {
      const some = items.slice(start, start + mostRequests);
      writer.clear();
      some.forEach(write);
      batches.push(new RequestBatch(writer.bytes().slice(), some.length));
    }
    return batches;
  }

  /** Writes the datagram, addressed to a family and numbered from `first` on; what the writer held is gone. */
  write(writer: Writer, family: number, first: number): Uint8Array {
    writer.clear();
    writer.append(this.#messages);
    addressMessages(writer.bytes(), family, first);
    writeFence(writer, first + this.size);
    return writer.bytes();
  }
}
