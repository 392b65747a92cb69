import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { ChangeWriter } from '../../../src/wire/change-writer.js';
import { PackedMessages } from '../../../src/wire/packed-messages.js';
import { Writer } from '../../../src/wire/writer.js';
import * as any from '../support/arbitraries.js';

/** What is left of a datagram after it was packed, with what stood in the writer before it. */
function unpacked(datagram: Uint8Array, before: Uint8Array = new Uint8Array()): Buffer {
  const writer = new Writer(1);
  writer.append(before);
  new PackedMessages(datagram).unpack(writer);
  return Buffer.from(writer.bytes().subarray(before.length));
}

test('changes come out of their packing as they went in', () => {
  fc.assert(
    fc.property(fc.array(any.change, { maxLength: 20 }), (changes) => {
      const writer = new Writer(1);
      const changeWriter = new ChangeWriter(writer, 0x20);
      for (const change of changes) changeWriter.write(change);
      assert.deepEqual(unpacked(writer.bytes()), Buffer.from(writer.bytes()));
    }),
    { numRuns: 500 },
  );
});

/** Messages of few lengths and few words, so that many are alike; the last word of a message may be part of it only. */
const messages = fc.array(
  fc.record({
    words: fc.array(fc.constantFrom(0, 1, 0x80000000, 0xffffffff), { maxLength: 3 }),
    missing: fc.integer({ min: 0, max: 3 }),
  }),
  { maxLength: 12 },
);

test('messages of any words and lengths do too, wherever they are put', () => {
  fc.assert(
    fc.property(messages, fc.constantFrom(0, 4, 64), (list, before) => {
      const writer = new Writer(1);
      for (const { words, missing } of list) {
        const size = 4 * (1 + words.length);
        const start = writer.reserve(size);
        writer.setU32(start, size - missing);
        for (const [index, word] of words.entries()) writer.setU32(start + 4 * (1 + index), word);
      }
      const datagram = Buffer.from(writer.bytes());
      assert.deepEqual(unpacked(writer.bytes(), new Uint8Array(before).fill(7)), datagram);
    }),
    { numRuns: 1000 },
  );
});
