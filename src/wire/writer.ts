import { endianness } from 'node:os';

/** Netlink speaks the machine's own byte order except where an attribute says otherwise. */
export const hostIsLittleEndian = endianness() === 'LE';

/** A growing buffer that messages are written into. */
export class Writer {
  #bytes: Uint8Array;
  #view: DataView;
  #length = 0;

  constructor(capacity = 512) {
    this.#bytes = new Uint8Array(capacity);
    this.#view = new DataView(this.#bytes.buffer);
  }

  /** Bytes written so far. */
  get length(): number {
    return this.#length;
  }

  /** What was written; valid until the next write. */
  bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  /** Starts again, in the same memory. */
  clear(): void {
    this.#bytes.fill(0, 0, this.#length);
    this.#length = 0;
  }

  /** Appends `size` zero bytes and returns where they start. */
  reserve(size: number): number {
    const start = this.#length;
    const end = start + size;
    if (end > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(end, 2 * this.#bytes.length));
      larger.set(this.#bytes);
      this.#bytes = larger;
      this.#view = new DataView(larger.buffer);
    }
    this.#length = end;
    return start;
  }

  /** Appends zero bytes up to the next multiple of four, which every message and attribute starts at. */
  align(): void {
    this.reserve(-this.#length & 3);
  }

  /** Copies bytes from one reserved place to another. */
  copy(from: number, to: number, size: number): void {
    this.#bytes.copyWithin(to, from, from + size);
  }

  /** Writes a byte at a reserved place. */
  setU8(offset: number, value: number): void {
    this.#view.setUint8(offset, value);
  }

  /** Writes 16 bits at a reserved place, in host order unless told. */
  setU16(offset: number, value: number, littleEndian = hostIsLittleEndian): void {
    this.#view.setUint16(offset, value, littleEndian);
  }

  /** Writes 32 bits at a reserved place, in host order. */
  setU32(offset: number, value: number): void {
    this.#view.setUint32(offset, value, hostIsLittleEndian);
  }

  /** Writes 64 bits at a reserved place, in host order. */
  setU64(offset: number, value: bigint): void {
    this.#view.setBigUint64(offset, value, hostIsLittleEndian);
  }

  /** Appends bytes. */
  append(bytes: Uint8Array): void {
    const start = this.reserve(bytes.length);
    this.#bytes.set(bytes, start);
  }
}
