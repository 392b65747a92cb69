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
  /** The rows by the kernel's number. */
  readonly #rowByType: readonly (Row | undefined)[];

  constructor(table: T) {
    this.#rows = Object.entries(table).map(([field, [type, name, codec]]) => ({ field, type, name, codec }));
    const rowByType: (Row | undefined)[] = [];
    for (const row of this.#rows) rowByType[row.type] = row;
    this.#rowByType = Array.from(rowByType);
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
    const values: Record<string, unknown> = {};
    const end = offset + length;
    for (let at = offset; at < end;) {
      const size = end - at < headerLength ? 0 : view.getUint16(at, hostIsLittleEndian);
      if (size < headerLength || at + size > end) {
        throw new DecodeError(`${around}: an attribute of ${size} bytes where ${end - at} are left`);
      }
      const row = this.#rowByType[view.getUint16(at + 2, hostIsLittleEndian) & typeMask];
      if (row !== undefined) {
        const { codec, name } = row;
        const valueLength = size - headerLength;
        if (codec.size !== undefined && codec.size !== valueLength) {
          throw new DecodeError(`${name}: expected ${codec.size} bytes, got ${valueLength}`);
        }
        values[row.field] = codec.decode(view, at + headerLength, valueLength, name);
      }
      at += (size + 3) & ~3;
    }
    return values as AttributeValues<T>;
  }
}
