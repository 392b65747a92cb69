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

const nestedSets = new WeakSet<object>();

/**
 * Makes the codec of a nest from its table, so that both directions come from the same rows. Attributes are
 * encoded in the table's order, those that are undefined left out; unknown ones are skipped when decoding, because
 * a newer kernel must not break us.
 */
export function attributeSet<T extends AttributeTable>(table: T): Codec<AttributeValues<T>> {
  const rows = Object.entries(table);
  const byType: ([field: string, name: string, codec: Codec<unknown>] | undefined)[] = [];
  for (const [field, [type, name, codec]] of rows) byType[type] = [field, name, codec];

  const set: Codec<AttributeValues<T>> = {
    encode(writer: Writer, values: AttributeValues<T>) {
      for (const [field, [type, name, codec]] of rows) {
        const value: unknown = values[field];
        if (value === undefined) continue;
        const start = writer.reserve(headerLength);
        codec.encode(writer, value, name);
        writer.setU16(start, writer.length - start);
        writer.setU16(start + 2, nestedSets.has(codec) ? type | nestedFlag : type);
        writer.align();
      }
    },
    decode(view, offset, length, around) {
      const values: Record<string, unknown> = {};
      const end = offset + length;
      for (let at = offset; at < end;) {
        const size = end - at < headerLength ? 0 : view.getUint16(at, hostIsLittleEndian);
        if (size < headerLength || at + size > end) {
          throw new DecodeError(`${around}: an attribute of ${size} bytes where ${end - at} are left`);
        }
        const row = byType[view.getUint16(at + 2, hostIsLittleEndian) & typeMask];
        if (row !== undefined) {
          const [field, name, codec] = row;
          values[field] = codec.decode(view, at + headerLength, size - headerLength, name);
        }
        at += (size + 3) & ~3;
      }
      return values as AttributeValues<T>;
    },
  };
  nestedSets.add(set);
  return set;
}
