import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { DecodeError, ValueError } from '../../../src/errors.js';
import { AttributeSet } from '../../../src/wire/attributes.js';
import { be16, bytes, flagsAndMask, text, u16, u32, u64, u8, type Codec } from '../../../src/wire/codec.js';
import { Writer } from '../../../src/wire/writer.js';
import { bytesOf, digitsOf } from '../support/hexadecimal.js';
import { attribute } from '../support/netlink-bytes.js';

function encoded<T>(codec: Codec<T>, value: T): string {
  const writer = new Writer(1);
  codec.encode(writer, value, 'NAME');
  return digitsOf(writer.bytes());
}

function decoded<T>(codec: Codec<T>, digits: string): T {
  const value = bytesOf(digits);
  return codec.decode(new DataView(value.buffer, value.byteOffset, value.length), 0, value.length, 'NAME');
}

/** Bytes as a little-endian machine has them; netlink speaks the machine's own order. */
const numbers: readonly (readonly [what: string, codec: Codec<number>, value: number, digits: string])[] = [
  ['u8', u8, 0xa5, 'a5'],
  ['u8 at its limit', u8, 255, 'ff'],
  ['u16 in host order', u16, 0x1234, '3412'],
  ['be16 in network order', be16, 0x1234, '1234'],
  ['be16 at its limit', be16, 65535, 'ffff'],
  ['u32 in host order', u32, 0x12345678, '78563412'],
  ['u32 above 2^31, unsigned', u32, 0x80000000, '00000080'],
  ['u32 at its limit', u32, 0xffffffff, 'ffffffff'],
];

for (const [what, codec, value, digits] of numbers) {
  test(`writes and reads ${what}`, () => {
    assert.equal(encoded(codec, value), digits);
    assert.equal(decoded(codec, digits), value);
  });
}

/** A number is read where it is exact. */
const wide: readonly (readonly [value: number | bigint, digits: string])[] = [
  [0, '0000000000000000'],
  [0xffffffff, 'ffffffff00000000'],
  [0x100000000, '0000000001000000'],
  [9007199254740991, 'ffffffffffff1f00'],
  [9007199254740992n, '0000000000002000'],
  [9007199254740993n, '0100000000002000'],
  [0x0102030405060708n, '0807060504030201'],
  [0x8000000000000000n, '0000000000000080'],
  [18446744073709551615n, 'ffffffffffffffff'],
];

for (const [value, digits] of wide) {
  test(`writes and reads 64 bits: ${value}, a ${typeof value}`, () => {
    assert.equal(encoded(u64, value), digits);
    assert.equal(encoded(u64, BigInt(value)), digits);
    assert.equal(decoded(u64, digits), value);
  });
}

test('64 bits come out as they went in, as a number below 2^53 and as a bigint from there on', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }), fc.nat(63), (any, shift) => {
      const value = any >> BigInt(shift);
      const read = decoded(u64, encoded(u64, value));
      assert.equal(typeof read, value < 2n ** 53n ? 'number' : 'bigint');
      assert.equal(BigInt(read), value);
    }),
  );
});

test('writes and reads flags with their mask', () => {
  assert.equal(encoded(flagsAndMask, { flags: 0x80000001, mask: 0xffffffff }), '01000080ffffffff');
  assert.deepEqual(decoded(flagsAndMask, '01000080ffffffff'), { flags: 0x80000001, mask: 0xffffffff });
});

const names: readonly (readonly [what: string, value: string, digits: string])[] = [
  ['a name', 'wlc', '776c6300'],
  ['an empty name', '', '00'],
  ['a name that fills its room', 'a'.repeat(15), `${'61'.repeat(15)}00`],
  ['a name of more bytes than characters', 'é', 'c3a900'],
  ['a name that starts with a byte order mark', '\ufeffa', 'efbbbf6100'],
];

for (const [what, value, digits] of names) {
  test(`writes and reads ${what}`, () => {
    assert.equal(encoded(text(15), value), digits);
    assert.equal(decoded(text(15), digits), value);
  });
}

const lenient: readonly (readonly [what: string, digits: string, value: string])[] = [
  ['without its closing zero byte', '776c63', 'wlc'],
  ['with rubbish behind the zero byte', '776c6300ff41', 'wlc'],
  ['of no bytes at all', '', ''],
  ['that is no UTF-8', 'ff6100', '\ufffda'],
];

for (const [what, digits, value] of lenient) {
  test(`reads a name ${what}`, () => {
    assert.equal(decoded(text(15), digits), value);
  });
}

const refused: readonly (readonly [what: string, encode: () => unknown, message: string])[] = [
  ['a negative number', () => encoded(u32, -1), 'NAME: expected a whole number of 0..4294967295, got -1'],
  ['a port past its limit', () => encoded(be16, 65536), 'NAME: expected a whole number of 0..65535, got 65536'],
  ['a fraction', () => encoded(u8, 1.5), 'NAME: expected a whole number of 0..255, got 1.5'],
  ['no number', () => encoded(u16, NaN), 'NAME: expected a whole number of 0..65535, got NaN'],
  ['65 bits', () => encoded(u64, 1n << 64n), 'NAME: expected 64 bits, got 18446744073709551616'],
  ['a negative 64-bit number', () => encoded(u64, -1n), 'NAME: expected 64 bits, got -1'],
  ['a long name', () => encoded(text(15), 'a'.repeat(16)), 'NAME: at most 15 bytes, got 16'],
  ['a zero byte in a name', () => encoded(text(15), 'a\0b'), 'NAME: a zero byte inside a name'],
  ['too few bytes', () => encoded(bytes(4), new Uint8Array(3)), 'NAME: expected 4 bytes, got 3'],
];

for (const [what, encode, message] of refused) {
  test(`refuses to write ${what}`, () => {
    assert.throws(encode, new ValueError(message));
  });
}

const wrongLengths: readonly (readonly [codec: Codec<unknown>, digits: string, message: string])[] = [
  [u8, '', 'NAME: expected 1 bytes, got 0'],
  [u16, '010203', 'NAME: expected 2 bytes, got 3'],
  [be16, '01', 'NAME: expected 2 bytes, got 1'],
  [u32, '01020304 05', 'NAME: expected 4 bytes, got 5'],
  [u64, '01020304', 'NAME: expected 8 bytes, got 4'],
  [flagsAndMask, '01020304', 'NAME: expected 8 bytes, got 4'],
  [bytes(16), '01020304', 'NAME: expected 16 bytes, got 4'],
];

for (const [codec, digits, message] of wrongLengths) {
  test(`tells which attribute has a wrong length: ${message}`, () => {
    const holder = new AttributeSet({ value: [1, 'NAME', codec] } as const);
    const bytes = attribute(1, bytesOf(digits));
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    for (const read of ['decode', 'locate'] as const) {
      assert.throws(() => {
        holder[read](view, 0, bytes.length, 'AROUND');
      }, new DecodeError(message));
    }
  });
}

test('tells of a wrong length before it would read past the end', () => {
  const holder = new AttributeSet({ weight: [1, 'NAME', u32] } as const);
  const bytes = Buffer.from(attribute(1, bytesOf('0102'))).subarray(0, 6);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  assert.throws(() => holder.decode(view, 0, bytes.length, 'AROUND'), new DecodeError('NAME: expected 4 bytes, got 2'));
});

test('tells where attributes are, and how long they are', () => {
  const bytes = bytesOf('07000600 72720000 06000400 00500000 0800ff00 01020304');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  set.locate(view, 0, bytes.length, 'AROUND');
  assert.deepEqual([...set.offsets], [0, 0, 0, 0, 12, 0, 4]);
  assert.deepEqual([set.lengths[4], set.lengths[6]], [2, 3]);
  assert.deepEqual([set.type('port'), set.type('name'), set.type('inner')], [4, 6, 2]);
  assert.equal(set.name(4), 'SET_PORT');
  // Nothing is left of what was located before.
  set.locate(view, 8, 8, 'AROUND');
  assert.deepEqual([...set.offsets], [0, 0, 0, 0, 12, 0, 0]);
});

const inner = new AttributeSet({ weight: [1, 'INNER_WEIGHT', u32] } as const);
const set = new AttributeSet({
  port: [4, 'SET_PORT', be16],
  inner: [2, 'SET_INNER', inner],
  name: [6, 'SET_NAME', text(15)],
} as const);

const attributeRows: readonly (readonly [what: string, values: Parameters<typeof set.encode>[1], digits: string])[] = [
  ['nothing', {}, ''],
  ['one attribute with padding', { port: 80 }, '06000400 00500000'],
  ['a nest, marked as one', { inner: { weight: 7 } }, '0c000280 08000100 07000000'],
  ['an empty nest', { inner: {} }, '04000280'],
  ['several in the order of the table', { name: 'rr', port: 1 }, '06000400 00010000 07000600 72720000'],
  ['no attribute for what is undefined', { name: undefined, port: undefined }, ''],
];

for (const [what, values, digits] of attributeRows) {
  test(`writes ${what}`, () => {
    assert.equal(encoded(set, values), digits.replaceAll(' ', ''));
  });
}

const readable: readonly (readonly [what: string, digits: string, values: object])[] = [
  ['a nest that is not marked as one, as the kernel sends it', '0c000200 08000100 07000000', { inner: { weight: 7 } }],
  ['attributes in any order', '07000600 72720000 06000400 00010000', { name: 'rr', port: 1 }],
  ['over an attribute that it does not know', '0800ff00 01020304 06000400 00010000', { port: 1 }],
  ['an attribute with the mark for network order', '06000440 00010000', { port: 1 }],
  ['the last of two of a kind', '06000400 00010000 06000400 00020000', { port: 2 }],
  ['a last attribute without padding', '06000400 0050', { port: 80 }],
];

for (const [what, digits, values] of readable) {
  test(`reads ${what}`, () => {
    assert.deepEqual(decoded(set, digits), values);
  });
}

const broken: readonly (readonly [what: string, digits: string, message: string])[] = [
  ['a header cut short', '0600', 'NAME: an attribute of 0 bytes where 2 are left'],
  ['a length below that of the header', '03000400', 'NAME: an attribute of 3 bytes where 4 are left'],
  ['a length of zero, which would never end', '00000000', 'NAME: an attribute of 0 bytes where 4 are left'],
  ['a length past the end', '0a000400 00500000', 'NAME: an attribute of 10 bytes where 8 are left'],
  ['a broken nest, by its name', '08000200 ff000100', 'SET_INNER: an attribute of 255 bytes where 4 are left'],
  ['a value of the wrong length, by its name', '05000400 00', 'SET_PORT: expected 2 bytes, got 1'],
];

for (const [what, digits, message] of broken) {
  test(`tells of ${what}`, () => {
    assert.throws(() => decoded(set, digits), new DecodeError(message));
  });
}

test('a growing datagram keeps what was written', () => {
  const writer = new Writer(1);
  const written = Array.from({ length: 100 }, (_, index) => attribute(index, Uint8Array.of(index)));
  for (const piece of written) writer.append(piece);
  assert.equal(digitsOf(writer.bytes()), digitsOf(Buffer.concat(written)));
});
