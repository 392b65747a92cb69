import assert from 'node:assert/strict';
import test from 'node:test';
import { writeAll, writeBlocks } from '../../../src/command/write-all.js';
import { OutputError } from '../../../src/errors.js';
import { FakeOutput } from '../support/fake-io.js';

test('writes small pieces in few large blocks', async () => {
  const output = new FakeOutput();
  await writeAll(output, Array<string>(10_000).fill('0123456789\n'));
  assert.equal(output.text, '0123456789\n'.repeat(10_000));
  assert.ok(output.writes <= 3, `${output.writes} writes`);
});

test('writes nothing where there is nothing', async () => {
  const output = new FakeOutput();
  await writeAll(output, ['', '']);
  assert.equal(output.writes, 0);
});

test('stops asking for more once nobody reads', async () => {
  const output = new FakeOutput();
  output.readerGone = true;
  let made = 0;
  function* endless(): Generator<string> {
    for (;;) {
      made++;
      yield 'x'.repeat(1000);
    }
  }
  await writeAll(output, endless());
  assert.ok(made < 100);
});

test('writes what was made before a failure, and passes the failure on', async () => {
  const output = new FakeOutput();
  function* failing(): Generator<string> {
    yield 'before\n';
    throw new TypeError('broken');
  }
  await assert.rejects(writeAll(output, failing()), new TypeError('broken'));
  assert.equal(output.text, 'before\n');
});

test('passes a failure to write on', async () => {
  const output = new FakeOutput();
  output.failure = new OutputError('full');
  await assert.rejects(writeAll(output, ['text']), new OutputError('full'));
});

test('writes what is appended between two steps whole, in blocks that use the same memory', async () => {
  const output = new FakeOutput();
  await writeBlocks(output, function* (out) {
    for (let line = 0; line < 20_000; line++) {
      out.number(line, 8);
      out.text(' é\n');
      if (line % 100 === 99) yield;
    }
  });
  const lines = Array.from({ length: 20_000 }, (_, line) => `${String(line).padStart(8, '0')} é\n`);
  assert.equal(output.text, lines.join(''));
  assert.ok(output.writes > 1 && output.writes <= 5, `${output.writes} writes`);
});

test('ends what produces the text where nobody reads any more', async () => {
  const output = new FakeOutput();
  output.readerGone = true;
  let ended = false;
  await writeBlocks(output, async function* (out) {
    try {
      for (;;) {
        out.text('x'.repeat(1000));
        await Promise.resolve();
        yield;
      }
    } finally {
      ended = true;
    }
  });
  assert.ok(ended);
  assert.equal(output.text, '');
});
