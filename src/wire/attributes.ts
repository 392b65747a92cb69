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
  readonly #rows: readonly (readonly [field: string, row: AttributeRow<unknown>])[];
  readonly #highestType: number;
  readonly #borrowed: Borrowed;

  constructor(table: T) {
    this.#rows = Object.entries(table);
    this.#highestType = Math.max(...this.#rows.map(([, [type]]) => type));
    this.#borrowed = borrowedValues(this.#rows, 2 * this.#highestType + 2);
  }

  encode(writer: Writer, values: AttributeValues<T>): void {
    for (const [field, [type, name, codec]] of this.#rows) {
      const value: unknown = values[field];
      if (value === undefined) continue;
      const start = writer.reserve(headerLength);
      codec.encode(writer, value, name);
      writer.setU16(start, writer.length - start);
      writer.setU16(start + 2, codec instanceof AttributeSet ? type | nestedFlag : type);
      writer.align();
    }
  }

  decode(view: DataView, offset: number, length: number, around: string): AttributeValues<T> {
    const borrowed = this.#locate(view, offset, length, around);
    const values: Record<string, unknown> = {};
    for (const [field, [type, name, codec]] of this.#rows) {
      const at = borrowed.places[2 * type] ?? 0;
      if (at !== 0) values[field] = codec.decode(view, at, borrowed.places[2 * type + 1] ?? 0, name);
    }
    return values as AttributeValues<T>;
  }

  /**
   * The attributes, each decoded when it is asked for: a listing of a large table needs few of them, and memory costs
   * more than arithmetic. Always the same object, so its values have to be taken before the next call.
   * @throws {DecodeError} here where an attribute is longer than the bytes around it, and later where a value is none.
   */
  borrow(view: DataView, offset: number, length: number, around: string): AttributeValues<T> {
    return this.#locate(view, offset, length, around).values;
  }

  /** Notes where the value of each attribute is. */
  #locate(view: DataView, offset: number, length: number, around: string): Borrowed {
    const borrowed = this.#borrowed;
    const { places } = borrowed;
    borrowed.view = view;
    places.fill(0);
    const end = offset + length;
    for (let at = offset; at < end;) {
      const size = end - at < headerLength ? 0 : view.getUint16(at, hostIsLittleEndian);
      if (size < headerLength || at + size > end) {
        throw new DecodeError(`${around}: an attribute of ${size} bytes where ${end - at} are left`);
      }
      const type = view.getUint16(at + 2, hostIsLittleEndian) & typeMask;
      if (type <= this.#highestType) {
        places[2 * type] = at + headerLength;
        places[2 * type + 1] = size - headerLength;
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
  /** Offset and length of each value, at twice its type; offset 0 where there is none (headers come first). */
  readonly places: Uint32Array;
}

function borrowedValues(
  rows: readonly (readonly [field: string, row: AttributeRow<unknown>])[],
  size: number,
): Borrowed {
  const borrowed: Borrowed = { view: new DataView(new ArrayBuffer(0)), values: {}, places: new Uint32Array(size) };
  for (const [field, [type, name, codec]] of rows) {
    const read =
      codec instanceof AttributeSet
        ? (at: number, length: number): unknown => codec.borrow(borrowed.view, at, length, name)
        : (at: number, length: number): unknown => codec.decode(borrowed.view, at, length, name);
    Object.defineProperty(borrowed.values, field, {
      get: () => {
        const at = borrowed.places[2 * type] ?? 0;
        return at === 0 ? undefined : read(at, borrowed.places[2 * type + 1] ?? 0);
      },
    });
  }
  return borrowed;
}
