import assert from 'node:assert/strict';
import { test } from 'node:test';
import { printable } from '../../../src/text/printable.js';

/** Characters that must not reach a terminal, by their first and last code point. */
const controls: readonly (readonly [what: string, first: number, last: number])[] = [
  ['C0 controls', 0x00, 0x1f],
  ['DEL and C1 controls', 0x7f, 0x9f],
  ['line separators', 0x2028, 0x2029],
  ['the Arabic letter mark', 0x61c, 0x61c],
  ['directional marks', 0x200e, 0x200f],
  ['bidirectional embeddings and overrides', 0x202a, 0x202e],
  ['bidirectional isolates', 0x2066, 0x2069],
];

for (const [what, first, last] of controls) {
  test(`shows ${what} as question marks`, () => {
    for (let code = first; code <= last; code++) {
      assert.equal(printable(`a${String.fromCodePoint(code)}b`), 'a?b', code.toString(16));
    }
  });
}

test('leaves letters, marks and blanks of any script as they are', () => {
  for (const text of ['web-1.example', 'é😀', 'שרת', 'خادم', '\u{e9}\u0301', 'a\u00a0b', '\u200b\u202f\u2065']) {
    assert.equal(printable(text), text);
  }
});
