import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { writeCounter } from '../../../src/format/counter.js';
import { written } from '../support/written.js';

function counter(value: number | bigint, exact: boolean): string {
  return written((out) => {
    writeCounter(out, value, exact);
  });
}

/** What the original 1.31 prints, in columns of nine characters. */
const counters: readonly (readonly [value: bigint, column: string])[] = [
  [0n, '        0'],
  [1n, '        1'],
  [99_999_999n, ' 99999999'],
  [100_000_000n, '  100000K'],
  [999_999_999n, '  999999K'],
  [1_000_000_000n, '    1000M'],
  [9_999_999_999n, '    9999M'],
  [99_999_999_999n, '   99999M'],
  [100_000_000_000n, '     100G'],
  [999_999_999_999n, '     999G'],
  [1_234_567_890_123n, '    1234G'],
  [99_999_999_999_999n, '   99999G'],
  [100_000_000_000_000n, '     100T'],
  [9_999_999_999_999_999n, '    9999T'],
  [18_446_744_073_709_551_615n, '18446744T'],
];

for (const [value, column] of counters) {
  test(`shows ${value} as "${column}"`, () => {
    assert.equal(counter(value, false), column);
  });
}

const exact: readonly (readonly [value: bigint, column: string])[] = [
  [0n, '        0'],
  [99_999_999n, ' 99999999'],
  [100_000_000n, ' 100000000'],
  [18_446_744_073_709_551_615n, ' 18446744073709551615'],
];

for (const [value, column] of exact) {
  test(`shows ${value} in full as "${column}"`, () => {
    assert.equal(counter(value, true), column);
  });
}

test('shows a number as it shows the same value in 64 bits', () => {
  const edges = [...counters, ...exact].map(([value]) => value).filter((value) => value <= Number.MAX_SAFE_INTEGER);
  const value = fc.oneof(fc.maxSafeNat(), fc.constantFrom(...edges.map(Number), Number.MAX_SAFE_INTEGER));
  fc.assert(
    fc.property(value, fc.boolean(), (number, inFull) => {
      assert.equal(counter(number, inFull), counter(BigInt(number), inFull));
    }),
    { numRuns: 500 },
  );
});
