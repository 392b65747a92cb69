import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { TextWriter } from '../../../src/text/text-writer.js';
import { formatIpv4 } from '../../../src/model/address.js';
import { written } from '../support/written.js';

const numbers: readonly (readonly [value: number, digits: number, text: string])[] = [
  [0, 1, '0'],
  [9, 1, '9'],
  [10, 1, '10'],
  [0, 2, '00'],
  [7, 2, '07'],
  [99, 2, '99'],
  [100, 2, '100'],
  [44640, 2, '44640'],
  [4294967295, 1, '4294967295'],
  [9007199254740991, 1, '9007199254740991'],
  [9007199254740991, 16, '9007199254740991'],
  [9007199254740991, 17, '09007199254740991'],
];

for (const [value, digits, text] of numbers) {
  test(`writes ${value} with ${digits} digits at least as ${text}`, () => {
    assert.equal(
      written((out) => {
        out.number(value, digits);
      }),
      text,
    );
  });
}

test('writes any whole number below 2^53', () => {
  const value = fc.oneof(
    fc.maxSafeNat(),
    fc.nat(),
    fc.integer({ min: 0, max: 15 }).chain((power) => fc.integer({ min: -1, max: 1 }).map((near) => 10 ** power + near)),
  );
  fc.assert(
    fc.property(value, fc.integer({ min: 1, max: 19 }), (number, digits) => {
      assert.equal(
        written((out) => {
          out.number(number);
          out.byte(44);
          out.number(number, digits);
        }),
        `${number},${String(number).padStart(digits, '0')}`,
      );
    }),
    { numRuns: 2000 },
  );
});

test('writes any IPv4 address', () => {
  const part = fc.oneof(fc.constantFrom(0, 1, 9, 10, 19, 99, 100, 101, 109, 110, 199, 200, 255), fc.nat(255));
  fc.assert(
    fc.property(fc.tuple(part, part, part, part), (parts) => {
      const value = parts.reduce((sum, each) => sum * 256 + each, 0);
      const text = written((out) => {
        out.ipv4(value);
        out.text(':');
      });
      assert.equal(text, `${parts.join('.')}:`);
      assert.equal(text, `${formatIpv4(value)}:`);
    }),
    { numRuns: 1000 },
  );
});

/** Text of all kinds: short and long, of one to four bytes a character, with halves of surrogate pairs. */
const anyText = fc.oneof(
  fc.string({ maxLength: 40 }),
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.string({ unit: fc.constantFrom('a', 'é', '€', '\u{1f600}', '\ud83d', '\ude00', '\0'), maxLength: 40 }),
  fc.string({ minLength: 25, maxLength: 40 }).map((text) => `${text}é`),
);

test('text of all kinds is what Buffer.from makes of it', () => {
  fc.assert(
    fc.property(fc.array(anyText, { maxLength: 8 }), fc.integer({ min: 0, max: 64 }), (texts, capacity) => {
      const out = new TextWriter(capacity);
      for (const text of texts) out.text(text);
      const expected = Buffer.concat(texts.map((text) => Buffer.from(text)));
      assert.deepEqual(Buffer.from(out.bytes()), expected);
      assert.equal(out.length, expected.length);
      assert.equal(out.toString(), expected.toString());
    }),
    { numRuns: 1000 },
  );
});

test('whatever is appended, growing keeps what was written, and clearing starts again in the same memory', () => {
  type Step = readonly [append: (out: TextWriter) => void, bytes: Buffer];
  const step: fc.Arbitrary<Step> = fc.oneof(
    anyText.map((text): Step => [
      (out) => {
        out.text(text);
      },
      Buffer.from(text),
    ]),
    fc.uint8Array({ maxLength: 100 }).map((bytes): Step => [
      (out) => {
        out.append(bytes);
      },
      Buffer.from(bytes),
    ]),
    fc.nat(255).map((code): Step => [
      (out) => {
        out.byte(code);
      },
      Buffer.from([code]),
    ]),
    fc.maxSafeNat().map((value): Step => [
      (out) => {
        out.number(value);
      },
      Buffer.from(String(value)),
    ]),
    fc.nat(0xffffffff).map((value): Step => [
      (out) => {
        out.ipv4(value);
      },
      Buffer.from(formatIpv4(value)),
    ]),
    fc.nat(100).map((width): Step => [
      (out) => {
        out.padEnd(out.length, width);
      },
      Buffer.alloc(width, ' '),
    ]),
    fc.tuple(fc.maxSafeNat(), fc.nat(100)).map(([value, width]): Step => [
      (out) => {
        const start = out.length;
        out.number(value);
        out.padStart(start, width);
      },
      Buffer.from(String(value).padStart(width)),
    ]),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), fc.integer({ min: 0, max: 64 }), (steps, capacity) => {
      const out = new TextWriter(capacity);
      for (let round = 0; round < 2; round++) {
        for (const [append] of steps) append(out);
        assert.deepEqual(Buffer.from(out.bytes()), Buffer.concat(steps.map(([, bytes]) => bytes)));
        out.clear();
        assert.equal(out.bytes().length, 0);
        assert.equal(out.toString(), '');
      }
    }),
    { numRuns: 500 },
  );
});

const paddings: readonly (readonly [text: string, width: number, end: string, start: string])[] = [
  ['', 0, '', ''],
  ['', 3, '   ', '   '],
  ['ab', 1, 'ab', 'ab'],
  ['ab', 2, 'ab', 'ab'],
  ['ab', 5, 'ab   ', '   ab'],
  ['é', 4, 'é  ', '  é'],
];

for (const [text, width, end, start] of paddings) {
  test(`fills "${text}" up to ${width} bytes, and leaves what was before it alone`, () => {
    const padded = (pad: (out: TextWriter, from: number) => void): string =>
      written((out) => {
        out.text('<');
        const from = out.length;
        out.text(text);
        pad(out, from);
        out.text('>');
      });
    assert.equal(
      padded((out, from) => {
        out.padEnd(from, width);
      }),
      `<${end}>`,
    );
    assert.equal(
      padded((out, from) => {
        out.padStart(from, width);
      }),
      `<${start}>`,
    );
  });
}

const cuts: readonly (readonly [text: string, limit: number, left: string])[] = [
  ['abc', 5, 'abc'],
  ['abc', 3, 'abc'],
  ['abc', 2, 'ab'],
  ['abc', 0, ''],
  ['aé', 2, 'a'],
  ['aé', 3, 'aé'],
  ['€', 2, ''],
  ['a\u{1f600}b', 4, 'a'],
  ['a\u{1f600}b', 5, 'a\u{1f600}'],
];

for (const [text, limit, left] of cuts) {
  test(`cuts "${text}" at ${limit} bytes to "${left}"`, () => {
    assert.equal(
      written((out) => {
        const start = out.length;
        out.text(text);
        out.cut(start, limit);
      }),
      left,
    );
  });
}

test('a cut leaves the longest start of whole characters that fits', () => {
  const text = fc.string({ unit: 'binary', maxLength: 20 });
  fc.assert(
    fc.property(text, text, fc.nat(40), (before, cut, limit) => {
      let left = '';
      for (const character of cut) {
        if (Buffer.byteLength(left + character) > limit) break;
        left += character;
      }
      assert.equal(
        written((out) => {
          out.text(before);
          const start = out.length;
          out.text(cut);
          out.cut(start, limit);
          out.text('|');
        }),
        `${before}${left}|`,
      );
    }),
    { numRuns: 1000 },
  );
});
