import { ValueError } from '../errors.js';
import { hostIsLittleEndian, type Writer } from './writer.js';

/** Both directions of one kind of value. */
export interface Codec<T> {
  /** @throws {ValueError} when the value does not fit. */
  encode(writer: Writer, value: T, name: string): void;
  /** Bytes that every such value has; undefined: they differ. `AttributeSet` sees to it before it decodes. */
  readonly size: number | undefined;
  /** @throws {DecodeError} when the bytes are no such value; `name` is the kernel's name of the attribute. */
  decode(view: DataView, offset: number, length: number, name: string): T;
}

function integer(
  size: number,
  write: (writer: Writer, offset: number, value: number) => void,
  read: (view: DataView, offset: number) => number,
): Codec<number> {
  const limit = 2 ** (8 * size);
  return {
    size,
    encode(writer, value, name) {
      if (!Number.isInteger(value) || value < 0 || value >= limit) {
        throw new ValueError(`${name}: expected a whole number of 0..${limit - 1}, got ${value}`);
      }
      write(writer, writer.reserve(size), value);
    },
    decode: read,
  };
}

/** Unsigned byte. */
export const u8 = integer(
  1,
  (writer, offset, value) => {
    writer.setU8(offset, value);
  },
  (view, offset) => view.getUint8(offset),
);

/** Unsigned 16 bits in host order. */
export const u16 = integer(
  2,
  (writer, offset, value) => {
    writer.setU16(offset, value);
  },
  (view, offset) => view.getUint16(offset, hostIsLittleEndian),
);

/** Unsigned 16 bits in network order, such as ports. */
export const be16 = integer(
  2,
  (writer, offset, value) => {
    writer.setU16(offset, value, false);
  },
  (view, offset) => view.getUint16(offset, false),
);

/** Unsigned 32 bits in host order. */
export const u32 = integer(
  4,
  (writer, offset, value) => {
    writer.setU32(offset, value);
  },
  (view, offset) => view.getUint32(offset, hostIsLittleEndian),
);

/** Unsigned 64 bits in host order; a number where it is below 2^53, which nearly every counter is. */
export const u64: Codec<number | bigint> = {
  size: 8,
  encode(writer, value, name) {
    const wide = BigInt(value);
    if (wide < 0n || wide >= 1n << 64n) throw new ValueError(`${name}: expected 64 bits, got ${value}`);
    writer.setU64(writer.reserve(8), wide);
  },
  decode(view, offset) {
    const high = view.getUint32(hostIsLittleEndian ? offset + 4 : offset, hostIsLittleEndian);
    if (high >= 0x200000) return view.getBigUint64(offset, hostIsLittleEndian);
    return high * 0x100000000 + view.getUint32(hostIsLittleEndian ? offset : offset + 4, hostIsLittleEndian);
  },
};

/** Flags, and which of them count when setting. Source: struct ip_vs_flags in include/uapi/linux/ip_vs.h. */
export const flagsAndMask: Codec<{ readonly flags: number; readonly mask: number }> = {
  size: 8,
  encode(writer, value, name) {
    u32.encode(writer, value.flags, name);
    u32.encode(writer, value.mask, name);
  },
  decode(view, offset, _, name) {
    return { flags: u32.decode(view, offset, 4, name), mask: u32.decode(view, offset + 4, 4, name) };
  },
};

/** A fixed number of bytes; the decoded ones are those of the datagram, not a copy. */
export function bytes(size: number): Codec<Uint8Array> {
  return {
    size,
    encode(writer, value, name) {
      if (value.length !== size) throw new ValueError(`${name}: expected ${size} bytes, got ${value.length}`);
      writer.append(value);
    },
    decode(view, offset) {
      return new Uint8Array(view.buffer, view.byteOffset + offset, size);
    },
  };
}

const textEncoder = new TextEncoder();
const textDecoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** Text that ends with a zero byte, of at most `limit` bytes without it. */
export function text(limit: number): Codec<string> {
  return {
    size: undefined,
    encode(writer, value, name) {
      const encoded = textEncoder.encode(value);
      if (encoded.length > limit) throw new ValueError(`${name}: at most ${limit} bytes, got ${encoded.length}`);
      if (encoded.includes(0)) throw new ValueError(`${name}: a zero byte inside a name`);
      writer.append(encoded);
      writer.reserve(1);
    },
    decode(view, offset, length) {
      const encoded = new Uint8Array(view.buffer, view.byteOffset + offset, length);
      const end = encoded.indexOf(0);
      return textDecoder.decode(end < 0 ? encoded : encoded.subarray(0, end));
    },
  };
}
