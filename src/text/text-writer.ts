const zero = 48;
const dot = 46;
const blank = 32;

/** Longest text that is copied letter by letter: calling the encoder costs more. */
const shortText = 32;

/**
 * Text under construction, as UTF-8 bytes in memory that is used again and again. Large listings are built this way:
 * strings would touch fresh memory for every line.
 */
export class TextWriter {
  #bytes: Buffer;
  /** Bytes written so far. */
  length = 0;

  constructor(capacity = 1024) {
    this.#bytes = Buffer.allocUnsafeSlow(capacity);
  }

  /** What was written; valid until the next write. */
  bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.length);
  }

  /** What was written, as a string. */
  toString(): string {
    return this.#bytes.toString('utf8', 0, this.length);
  }

  /** Starts again, in the same memory. */
  clear(): void {
    this.length = 0;
  }

  /** Makes sure that so many bytes more can be written. */
  #reserve(more: number): Buffer {
    if (this.length + more > this.#bytes.length) {
      const larger = Buffer.allocUnsafeSlow(2 * (this.length + more));
      larger.set(this.bytes());
      this.#bytes = larger;
    }
    return this.#bytes;
  }

  /** Appends text. */
  text(text: string): void {
    // A character takes at most three bytes for each of its UTF-16 units.
    const bytes = this.#reserve(3 * text.length);
    if (text.length > shortText) {
      this.length += bytes.write(text, this.length);
      return;
    }
    let at = this.length;
    for (let index = 0; index < text.length; index++) {
      const code = text.charCodeAt(index);
      if (code > 127) {
        this.length += bytes.write(text, this.length);
        return;
      }
      bytes[at++] = code;
    }
    this.length = at;
  }

  /** Appends bytes as they are. */
  append(bytes: Uint8Array): void {
    this.#reserve(bytes.length).set(bytes, this.length);
    this.length += bytes.length;
  }

  /** Appends a byte, such as an ASCII character. */
  byte(code: number): void {
    this.#reserve(1)[this.length++] = code;
  }

  /** Appends an integer of 0..2^53-1, with zeros before it up to `digits` digits. */
  number(value: number, digits = 1): void {
    const bytes = this.#reserve(20);
    let count = digits;
    for (let limit = 10 ** digits; value >= limit; limit *= 10) count++;
    let rest = value;
    for (let at = this.length + count - 1; at >= this.length; at--) {
      const higher = Math.floor(rest / 10);
      // Digit first: a large number plus 48 would be rounded.
      bytes[at] = rest - higher * 10 + zero;
      rest = higher;
    }
    this.length += count;
  }

  /** Appends an IPv4 address, an unsigned number of 32 bits, as a dotted quad. */
  ipv4(value: number): void {
    const bytes = this.#reserve(16);
    let at = this.length;
    for (let shift = 24; shift >= 0; shift -= 8) {
      const part = (value >>> shift) & 255;
      if (part > 99) bytes[at++] = zero + ((part / 100) | 0);
      if (part > 9) bytes[at++] = zero + (((part / 10) | 0) % 10);
      bytes[at++] = zero + (part % 10);
      bytes[at++] = dot;
    }
    this.length = at - 1;
  }

  /** Appends blanks until the text since `start` is `width` bytes long. */
  padEnd(start: number, width: number): void {
    const end = start + width;
    if (end <= this.length) return;
    const bytes = this.#reserve(width);
    for (let at = this.length; at < end; at++) bytes[at] = blank;
    this.length = end;
  }

  /** Puts blanks before the text since `start` until it is `width` bytes long. */
  padStart(start: number, width: number): void {
    const missing = start + width - this.length;
    if (missing <= 0) return;
    const bytes = this.#reserve(missing);
    bytes.copyWithin(start + missing, start, this.length);
    bytes.fill(blank, start, start + missing);
    this.length += missing;
  }

  /** Cuts the text since `start` at `limit` bytes, without leaving part of a character. */
  cut(start: number, limit: number): void {
    if (this.length - start <= limit) return;
    let end = start + limit;
    while (end > start && ((this.#bytes[end] ?? 0) & 0xc0) === 0x80) end--;
    this.length = end;
  }
}
