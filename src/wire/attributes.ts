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
const headerLength = 4;
/** NLA_F_NESTED, which marks an attribute that holds attributes. */
const nestedFlag = 0x8000;
/** NLA_TYPE_MASK: the type without NLA_F_NESTED and NLA_F_NET_BYTEORDER. */
const typeMask = 0x3fff;

/**
 * The codec of a nest, made from its table, so that both directions come from the same rows. Attributes are encoded in
 * the table's order, those that are undefined left out; unknown ones are skipped when decoding, because a newer kernel
 * must not break us.
 */
export class AttributeSet<T extends AttributeTable> implements Codec<AttributeValues<T>> {
  readonly size = undefined;
  readonly #rows: readonly Row[];
  /** Bytes that the value of each type has, where all have the same; else 0. */
  readonly #sizes: Uint32Array;
  readonly #borrowed: Borrowed;

  constructor(table: T) {
    this.#rows = Object.entries(table).map(([field, [type, name, codec]]) => ({ field, type, name, codec }));
    const types = Math.max(...this.#rows.map(({ type }) => type)) + 1;
    this.#sizes = new Uint32Array(types);
    for (const { type, codec } of this.#rows) this.#sizes[type] = codec.size ?? 0;
    this.#borrowed = borrowedValues(this.#rows, types);
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
    const { offsets, lengths } = this.#locate(view, offset, length, around);
    const values: Record<string, unknown> = {};
    for (const { field, type, name, codec } of this.#rows) {
      const at = offsets[type] ?? 0;
      if (at !== 0) values[field] = codec.decode(view, at, lengths[type] ?? 0, name);
    }
    return values as AttributeValues<T>;
  }

  /**
   * A view of the attributes, each decoded when it is read: a listing reads few of those of thousands of servers. The
   * object is used again: read its values before the next call.
   * @throws {DecodeError} where an attribute is longer than the bytes around it, or of another size than its kind has;
   * reading a value throws what its kind does.
   */
  borrow(view: DataView, offset: number, length: number, around: string): AttributeValues<T> {
    return this.#locate(view, offset, length, around).values;
  }

  #locate(view: DataView, offset: number, length: number, around: string): Borrowed {
    const borrowed = this.#borrowed;
    const { offsets, lengths } = borrowed;
    const sizes = this.#sizes;
    borrowed.view = view;
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
          const name = this.#rows.find((row) => row.type === type)?.name ?? String(type);
          throw new DecodeError(`${name}: expected ${expected} bytes, got ${size - headerLength}`);
        }
        offsets[type] = at + headerLength;
        lengths[type] = size - headerLength;
      }
      at += (size + 3) & ~3;
    }
    return borrowed;
  }
}

/** Where the attributes of a message are. */
interface Borrowed {
  view: DataView;
  /** Looks like decoded values: has a getter for each row. */
  readonly values: object;
  /** Offset of each value by its type; 0 where there is none (headers come first). */
  readonly offsets: Uint32Array;
  readonly lengths: Uint32Array;
}

function borrowedValues(rows: readonly Row[], types: number): Borrowed {
  const borrowed: Borrowed = {
    view: new DataView(new ArrayBuffer(0)),
    values: {},
    offsets: new Uint32Array(types),
    lengths: new Uint32Array(types),
  };
  for (const { field, type, name, codec } of rows) {
    const read =
      codec instanceof AttributeSet
        ? (at: number, length: number): unknown => codec.borrow(borrowed.view, at, length, name)
        : (at: number, length: number): unknown => codec.decode(borrowed.view, at, length, name);
    Object.defineProperty(borrowed.values, field, {
      get: () => {
        const at = borrowed.offsets[type] ?? 0;
        return at === 0 ? undefined : read(at, borrowed.lengths[type] ?? 0);
      },
    });
  }
  return borrowed;
}
