import { DecodeError } from '../errors.js';
import type { Codec } from './codec.js';
import { hostIsLittleEndian, type Writer } from './writer.js';

/** A row of an attribute table: the kernel's number and name, and how its value is written. */
export type AttributeRow<T> = readonly [type: number, name: string, codec: Codec<T>];

/** Attributes of one nest, by the name that our code gives them. */
export type AttributeTable = Readonly<Record<string, AttributeRow<unknown>>>;

/** What a table decodes to. Any attribute may be absent. */
export type AttributeValues<T extends AttributeTable> = {
  -readonly [K in keyof T]?: (T[K] extends AttributeRow<infer V> ? V : never) | undefined;
};

/** A row with the name that our code gives it. */
interface Row {
  readonly field: string;
  readonly type: number;
  readonly name: string;
  readonly codec: Codec<unknown>;
}

/** NLA_HDRLEN. Source: include/uapi/linux/netlink.h. */
export const headerLength = 4;
/** NLA_F_NESTED, which marks an attribute that holds attributes. */
const nestedFlag = 0x8000;
/** NLA_TYPE_MASK: the type without NLA_F_NESTED and NLA_F_NET_BYTEORDER. */
export const typeMask = 0x3fff;

/**
 * The codec of a nest, made from its table, so that both directions come from the same rows. Attributes are encoded in
 * the table's order, those that are undefined left out; unknown ones are skipped when decoding, because a newer kernel
 * must not break us.
 */
export class AttributeSet<T extends AttributeTable> implements Codec<AttributeValues<T>> {
  readonly size = undefined;
  /**
   * Where `locate` found attributes, by the kernel's number: offset (0: absent, as headers come first) and length of
   * each value.
   */
  readonly offsets: Uint32Array;
  readonly lengths: Uint32Array;
  readonly #table: T;
  readonly #rows: readonly Row[];
  /** Bytes that the value of each type has, where all have the same; else 0. */
  readonly #sizes: Uint32Array;

  constructor(table: T) {
    this.#table = table;
    this.#rows = Object.entries(table).map(([field, [type, name, codec]]) => ({ field, type, name, codec }));
    const types = Math.max(...this.#rows.map(({ type }) => type)) + 1;
    this.offsets = new Uint32Array(types);
    this.lengths = new Uint32Array(types);
    this.#sizes = new Uint32Array(types);
    for (const { type, codec } of this.#rows) this.#sizes[type] = codec.size ?? 0;
  }

  encode(writer: Writer, values: AttributeValues<T>): void {
    // By index: what iterates over lists makes an object a step, for every attribute of every rule of a restore.
    for (let index = 0; index < this.#rows.length; index++) {
      const row = this.#rows[index];
      const value: unknown = row === undefined ? undefined : values[row.field];
      if (row === undefined || value === undefined) continue;
      const { type, name, codec } = row;
      const start = writer.reserve(headerLength);
      codec.encode(writer, value, name);
      writer.setU16(start, writer.length - start);
      writer.setU16(start + 2, codec instanceof AttributeSet ? type | nestedFlag : type);
      writer.align();
    }
  }

  decode(view: DataView, offset: number, length: number, around: string): AttributeValues<T> {
    this.locate(view, offset, length, around);
    const values: Record<string, unknown> = {};
    for (const { field, type, name, codec } of this.#rows) {
      const at = this.offsets[type] ?? 0;
      if (at !== 0) values[field] = codec.decode(view, at, this.lengths[type] ?? 0, name);
    }
    return values as AttributeValues<T>;
  }

  /**
   * Finds the attributes, without decoding any: `offsets` and `lengths` hold until the next call. A listing reads few of
   * those of thousands of servers, and an object for each costs more than reading does.
   * @throws {DecodeError} where an attribute is longer than the bytes around it, or of another size than its kind has.
   */
  locate(view: DataView, offset: number, length: number, around: string): void {
    const { offsets, lengths } = this;
    const sizes = this.#sizes;
    offsets.fill(0);
    const end = offset + length;
    for (let at = offset; at < end;) {
      const size = end - at < headerLength ? 0 : view.getUint16(at, hostIsLittleEndian);
      if (size < headerLength || at + size > end) {
        throw new DecodeError(`${around}: an attribute of ${size} bytes where ${end - at} are left`);
      }
      const type = view.getUint16(at + 2, hostIsLittleEndian) & typeMask;
      if (type < sizes.length) {
        const expected = sizes[type] ?? 0;
        if (expected !== 0 && expected !== size - headerLength) {
          throw new DecodeError(`${this.name(type)}: expected ${expected} bytes, got ${size - headerLength}`);
        }
        offsets[type] = at + headerLength;
        lengths[type] = size - headerLength;
      }
      at += (size + 3) & ~3;
    }
  }

  /** The row of an attribute, by the kernel's number; undefined: it is not in the table. */
  row(type: number): AttributeRow<unknown> | undefined {
    return Object.values(this.#table).find(([number]) => number === type);
  }

  /** The kernel's number of an attribute. */
  type(field: keyof T): number {
    return this.#table[field]?.[0] ?? 0;
  }

  /** The kernel's name of an attribute. */
  name(type: number): string {
    return this.#rows.find((row) => row.type === type)?.name ?? String(type);
  }
}
