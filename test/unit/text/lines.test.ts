import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { readLineBlocks, readLines } from '../../../src/text/lines.js';
import { pieces } from '../support/fake-io.js';
import { digitsOf } from '../support/hexadecimal.js';

async function lines(input: readonly Uint8Array[], limit = 1000): Promise<string[]> {
  const found: string[] = [];
  for await (const block of readLines(pieces(input), limit)) {
    for (const { number, text } of block) {
      found.push(text);
      assert.equal(number, found.length);
    }
  }
  return found;
}

const inputs: readonly (readonly [what: string, text: string, lines: readonly string[]])[] = [
  ['nothing', '', []],
  ['one line', 'a\n', ['a']],
  ['a last line without its newline', 'a\nb', ['a', 'b']],
  ['empty lines', '\n\na\n\n', ['', '', 'a', '']],
  ['carriage returns, which are kept', 'a\r\nb\r', ['a\r', 'b\r']],
  ['NUL bytes', 'a\0b\n', ['a\0b']],
  ['letters of several bytes', 'é\u{1f600}\n', ['é\u{1f600}']],
  ['byte order marks', '\ufeffa\n\ufeffb', ['\ufeffa', '\ufeffb']],
];

for (const [what, text, expected] of inputs) {
  test(`splits ${what}`, async () => {
    assert.deepEqual(await lines([Buffer.from(text)]), expected);
  });
}

test('gives the same lines however the bytes are cut into pieces', async () => {
  const byte = fc.oneof(fc.constantFrom(10, 13, 0, 0xc3, 0xa9, 0xff), fc.nat(255));
  const input = fc.array(fc.uint8Array({ maxLength: 8 }), { maxLength: 12 });
  await fc.assert(
    fc.asyncProperty(input, fc.array(byte, { maxLength: 30 }), async (cut, more) => {
      const all = [...cut, Uint8Array.from(more)];
      assert.deepEqual(await lines(all, 20), await lines([Buffer.concat(all)], 20));
    }),
    { numRuns: 500 },
  );
});

test('gives the lines of a piece before it asks for the next one', async () => {
  let asked = 0;
  async function* slow(): AsyncGenerator<Uint8Array> {
    for (const text of ['a\nb\nc', 'd\n']) {
      asked++;
      await Promise.resolve();
      yield Buffer.from(text);
    }
  }
  const blocks = readLines(slow(), 100);
  const first = await blocks.next();
  assert.ok(first.done !== true);
  assert.deepEqual(
    Array.from(first.value, ({ text }) => text),
    ['a', 'b'],
  );
  assert.equal(asked, 1);
  const second = await blocks.next();
  assert.ok(second.done !== true);
  assert.deepEqual(
    Array.from(second.value, ({ number, text }) => [number, text]),
    [[3, 'cd']],
  );
});

test('keeps no more of a line than its limit, however long it is', async () => {
  const piece = Buffer.alloc(1 << 16, 'x');
  const found = await lines([...Array<Uint8Array>(200).fill(piece), Buffer.from('\nshort\n')], 100);
  assert.deepEqual(found, ['x'.repeat(100), 'short']);
});

test('turns bytes that are no UTF-8 into replacement characters', async () => {
  assert.deepEqual(await lines([Buffer.from([0x61, 0xff, 0xfe, 0x0a, 0xc3])]), ['a\ufffd\ufffd', '\ufffd']);
});

test('keeps the start of a line although the buffer it came in is used again', async () => {
  const buffer = Buffer.from('aaaa');
  async function* reusing(): AsyncGenerator<Uint8Array> {
    await Promise.resolve();
    yield buffer;
    buffer.write('bbb\n');
    yield buffer;
  }
  const found: string[] = [];
  for await (const block of readLines(reusing(), 100)) found.push(...Array.from(block, ({ text }) => text));
  assert.deepEqual(found, ['aaaabbb']);
});

interface Line {
  readonly number: number;
  readonly bytes: string;
  readonly cut: boolean;
}

function line(number: number, bytes: Uint8Array, cut: boolean): Line {
  return { number, bytes: digitsOf(bytes), cut };
}

/** The lines of each block. Looked at before the next block is asked for. */
async function blockLines(input: readonly Uint8Array[], limit: number): Promise<Line[][]> {
  const blocks: Line[][] = [];
  for await (const { bytes, number, cut } of readLineBlocks(pieces(input), limit)) {
    blocks.push(linesIn(bytes).map((each, index) => line(number + index, each, cut)));
  }
  return blocks;
}

/** A plain split, as a reference. */
function linesIn(bytes: Uint8Array): Uint8Array[] {
  const found: Uint8Array[] = [];
  let current: number[] = [];
  for (const byte of bytes) {
    if (byte === 10) {
      found.push(Uint8Array.from(current));
      current = [];
    } else {
      current.push(byte);
    }
  }
  return current.length === 0 ? found : [...found, Uint8Array.from(current)];
}

test('keeps long lines between short ones apart, and the numbers of all', async () => {
  const input = Buffer.from('a\nbb\nlonger than five\n\ncc\nlong again\nlong, too\nddddd\n');
  const text = (blocks: Line[][]) =>
    blocks.map((lines) => lines.map(({ number, bytes, cut }) => [number, Buffer.from(bytes, 'hex').toString(), cut]));
  assert.deepEqual(text(await blockLines([input], 5)), [
    [
      [1, 'a', false],
      [2, 'bb', false],
    ],
    [[3, 'longe', true]],
    [
      [4, '', false],
      [5, 'cc', false],
    ],
    [[6, 'long ', true]],
    [[7, 'long,', true]],
    [[8, 'ddddd', false]],
  ]);
});

test('blocks hold the lines of a plain split, however the bytes are cut into pieces', async () => {
  const byte = fc.oneof({ weight: 2, arbitrary: fc.constant(10) }, { weight: 5, arbitrary: fc.nat(255) });
  const piece = fc.array(byte, { maxLength: 24 }).map((bytes) => Uint8Array.from(bytes));
  await fc.assert(
    fc.asyncProperty(fc.array(piece, { maxLength: 6 }), fc.integer({ min: 1, max: 8 }), async (input, limit) => {
      const blocks = await blockLines(input, limit);
      const expected = linesIn(Buffer.concat(input)).map((each, index) =>
        line(index + 1, each.subarray(0, limit), each.length > limit),
      );
      assert.deepEqual(blocks.flat(), expected);
      for (const lines of blocks) assert.ok(lines.length === 1 || lines.every(({ cut }) => !cut));
    }),
    { numRuns: 1000 },
  );
});

test('the lines of a piece come in one block, but for what began in the piece before', async () => {
  const blocks = await blockLines([Buffer.from('a\nb\nc'), Buffer.from('d\ne\nf\n')], 100);
  assert.deepEqual(
    blocks.map((lines) => lines.map(({ number }) => number)),
    [[1, 2], [3], [4, 5]],
  );
});

test('lines are decoded when they are asked for, as text that stays', async () => {
  const found: { number: number; text: string; cut: boolean }[] = [];
  for await (const block of readLines(pieces([Buffer.from('a\nlonger\n'), Buffer.from('b\nc')]), 3)) {
    found.push(...block);
  }
  assert.deepEqual(found, [
    { number: 1, text: 'a', cut: false },
    { number: 2, text: 'lon', cut: true },
    { number: 3, text: 'b', cut: false },
    { number: 4, text: 'c', cut: false },
  ]);
});
