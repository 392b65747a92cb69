import type { Writer } from './writer.js';

const wordSize = 4;

/**
 * Messages without what each has in common with the one before: those of a plan differ in an address and little more,
 * and thousands of them wait until all are made. Of each message there are its length in words, how many words differ
 * from the message before (from zeros where that is of another length), and the place and value of each of these.
 */
export class PackedMessages {
  readonly #packed: Uint32Array;

  /** @param datagram complete messages, in memory that is aligned to words; each starts with its length in host order. */
  constructor(datagram: Uint8Array) {
    const words = new Uint32Array(datagram.buffer, datagram.byteOffset, datagram.byteLength / wordSize);
    const packed: number[] = [];
    let length = 0;
    for (let at = 0, previous = 0; at < words.length; previous = at, at += length) {
      const before = length;
      length = wordsOf(words[at] ?? 0);
      const head = packed.push(length, 0) - 1;
      for (let place = 0; place < length; place++) {
        const word = words[at + place] ?? 0;
        if (word !== (length === before ? words[previous + place] : 0)) packed.push(place, word);
      }
      packed[head] = (packed.length - head - 1) / 2;
    }
    this.#packed = Uint32Array.from(packed);
  }

  /** Appends the messages. */
  unpack(writer: Writer): void {
    const packed = this.#packed;
    let length = 0;
    for (let at = 0, previous = 0; at < packed.length;) {
      const before = length;
      length = packed[at++] ?? 0;
      const start = writer.reserve(length * wordSize);
      if (length === before) writer.copy(previous, start, length * wordSize);
      for (let left = packed[at++] ?? 0; left > 0; left--) {
        writer.setU32(start + (packed[at++] ?? 0) * wordSize, packed[at++] ?? 0);
      }
      previous = start;
    }
  }
}

function wordsOf(bytes: number): number {
  return Math.ceil(bytes / wordSize);
}
