import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { sortedInTurns } from '../../../src/table/turns.js';

describe('sorting in turns', () => {
  const compare = (a: number, b: number): number => a - b;
  for (const [length, limit] of [
    [0, Infinity],
    [1, Infinity],
    [4096, Infinity],
    [4097, 5],
    [50_000, Infinity],
    [50_000, 0],
    [50_000, 7000],
  ] as const) {
    test(`of ${length} the first ${limit}`, async () => {
      const items = Array.from({ length }, (_, index) => (index * 7919) % 10_007);
      assert.deepEqual(await sortedInTurns(items, compare, limit), [...items].sort(compare).slice(0, limit));
    });
  }

  test('holds up the event loop for less than 50 ms', async () => {
    const items = Array.from({ length: 300_000 }, (_, index) => (index * 7919) % 1_000_003);
    let longest = 0;
    let last = performance.now();
    const timer = setInterval(() => {
      longest = Math.max(longest, performance.now() - last);
      last = performance.now();
    }, 1);
    try {
      await sortedInTurns(items, compare);
    } finally {
      clearInterval(timer);
    }
    // Generous: other programs take turns on the same cores.
    assert.ok(longest < 500, `${longest} ms`);
  });
});
