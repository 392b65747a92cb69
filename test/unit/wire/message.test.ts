import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { DecodeError } from '../../../src/errors.js';
import { ReplyReader } from '../../../src/wire/message.js';
import { bytesOf, digitsOf } from '../support/hexadecimal.js';
import { attribute, dataMessage, doneMessage, resultMessage } from '../support/netlink-bytes.js';
import { repliesOf, type Reply } from '../support/replies.js';

const noop = bytesOf('10000000 01000000 00000000 00000000');

/** What counts of a message, in a word. */
function describe({ kind, sequence, errno, payload: { view, offset, length } }: Reply): string {
  if (kind !== 'data') return `${kind} ${sequence} ${errno}`;
  return `${kind} ${sequence} ${digitsOf(new Uint8Array(view.buffer, view.byteOffset + offset, length))}`;
}

const message = fc
  .record({
    kind: fc.constantFrom('data', 'done', 'result'),
    sequence: fc.nat(0xffffffff),
    errno: fc.nat(4095),
    body: fc.uint8Array({ maxLength: 20 }),
  })
  .map(({ kind, sequence, errno, body }): readonly [bytes: Uint8Array, what: string] => {
    switch (kind) {
      case 'data': {
        const attributes = attribute(1, body);
        return [dataMessage(sequence, 0x1c, attributes), `data ${sequence} ${digitsOf(attributes)}`];
      }
      case 'done':
        return [doneMessage(sequence, errno), `done ${sequence} ${errno}`];
      case 'result':
        return [resultMessage(sequence, errno), `result ${sequence} ${errno}`];
    }
  });

test('one reader reads the messages of many datagrams, and skips what says nothing', () => {
  const datagram = fc.array(fc.oneof(message, fc.constant([noop, undefined] as const)), { maxLength: 6 });
  fc.assert(
    fc.property(fc.array(datagram, { maxLength: 5 }), (datagrams) => {
      const replies = repliesOf(...datagrams.map((parts) => Buffer.concat(parts.map(([bytes]) => bytes))));
      assert.deepEqual(
        replies.map(describe),
        datagrams.flat().flatMap(([, what]) => what ?? []),
      );
    }),
    { numRuns: 500 },
  );
});

test('a datagram that is opened before the last one was read to its end takes its place', () => {
  const reader = new ReplyReader();
  assert.equal(reader.next(), false);
  reader.open(Buffer.concat([resultMessage(1, 3), resultMessage(2, 3)]));
  assert.equal(reader.next(), true);
  reader.open(doneMessage(7));
  assert.equal(reader.next(), true);
  assert.deepEqual([reader.kind, reader.sequence, reader.errno], ['done', 7, 0]);
  assert.equal(reader.next(), false);
  assert.equal(reader.next(), false);
});

test('after a datagram that is broken the next one is read as any other', () => {
  const reader = new ReplyReader();
  reader.open(Buffer.concat([resultMessage(1, 3), bytesOf('0102')]));
  assert.equal(reader.next(), true);
  assert.throws(() => reader.next(), new DecodeError('netlink message of 0 bytes where 2 are left'));
  reader.open(resultMessage(2, 17));
  assert.equal(reader.next(), true);
  assert.deepEqual([reader.kind, reader.sequence, reader.errno], ['result', 2, 17]);
});

const broken: readonly (readonly [what: string, digits: string, message: string])[] = [
  ['a header cut short', '10000000 02000000', 'netlink message of 0 bytes where 8 are left'],
  [
    'a length below that of the header',
    '0f000000 02000000 00000000 00000000',
    'netlink message of 15 bytes where 16 are left',
  ],
  [
    'a result without its number',
    '10000000 02000000 00000000 00000000',
    'netlink result of 0 bytes, expected at least 4',
  ],
  ['data without its command', '12000000 1c000000 00000000 00000000 0101 0000', 'generic netlink header of 2 bytes'],
  ['an overrun', '10000000 04000000 00000000 00000000', 'netlink overrun: the kernel lost data'],
];

for (const [what, digits, text] of broken) {
  test(`tells of ${what}`, () => {
    assert.throws(() => repliesOf(bytesOf(digits)), new DecodeError(text));
  });
}
