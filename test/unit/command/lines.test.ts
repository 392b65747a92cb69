import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { readLines, type NumberedLine } from '../../../src/command/lines.js';
import { pieces } from '../support/fake-io.js';

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
  const first: IteratorResult<NumberedLine[], undefined> = await blocks.next();
  assert.deepEqual(
    first.value?.map(({ text }) => text),
    ['a', 'b'],
  );
  assert.equal(asked, 1);
  const second: IteratorResult<NumberedLine[], undefined> = await blocks.next();
  assert.deepEqual(
    second.value?.map(({ number, text }) => [number, text]),
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
  for await (const block of readLines(reusing(), 100)) found.push(...block.map(({ text }) => text));
  assert.deepEqual(found, ['aaaabbb']);
});
