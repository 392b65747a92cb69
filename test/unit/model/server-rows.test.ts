import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { column, counterCount, ServerRows } from '../../../src/model/server-rows.js';
import { serverId } from '../../../src/model/server.js';
import { server as anyServer, statistics } from '../support/arbitraries.js';
import { plainServer } from '../support/entries.js';
import { entryOf, rowsOf } from '../support/server-rows.js';

test('rows that are cleared use their memory again', () => {
  const rows = rowsOf(Array.from({ length: 200 }, (_, port) => ({ ...plainServer, port })));
  const { numbers, counters } = rows;
  rows.clear();
  assert.equal(rows.length, 0);
  for (let row = 0; row < 200; row++) assert.equal(rows.add(), row);
  assert.ok(rows.numbers === numbers && rows.counters === counters);
});

const values: readonly (number | bigint)[] = [
  0,
  4294967296,
  9007199254740991,
  9007199254740992n,
  9007199254740993n,
  18446744073709551615n,
];

for (const value of values) {
  test(`keeps a counter of ${value} as a ${typeof value}, beside others`, () => {
    const rows = rowsOf([plainServer, plainServer]);
    for (let counter = 0; counter < counterCount; counter++) {
      rows.setCounter(1, counter, value);
      assert.equal(rows.counter(1, counter), value);
    }
    assert.deepEqual(entryOf(rows, 0), plainServer);
    // A large counter that is set anew is what was set last.
    rows.setCounter(1, 0, 7);
    assert.equal(rows.counter(1, 0), 7);
  });
}

test('rows without counters have none', () => {
  const rows = new ServerRows(false);
  assert.equal(rows.number(rows.add(), column.weight), 0);
  assert.equal(rows.counters.length, 0);
});

test('of servers that are there several times the first stays, with all that belongs to it', () => {
  const counts = { activeConnections: 0, inactiveConnections: 0, persistentConnections: 0 };
  const known = fc.tuple(anyServer, statistics).map(([server, of]) => ({ ...server, ...counts, statistics: of }));
  const again = fc
    .array(known, { minLength: 1, maxLength: 8 })
    .chain((few) => fc.array(fc.tuple(fc.constantFrom(...few), fc.nat(9)), { maxLength: 30 }));
  fc.assert(
    fc.property(again, (picked) => {
      const servers = picked.map(([server, weight]) => ({ ...server, weight }));
      const first = new Map([...servers].reverse().map((server) => [serverId(server), server]));
      const expected = servers.filter((server) => first.get(serverId(server)) === server);
      const rows = rowsOf(servers);
      assert.equal(rows.dropRepeats(), servers.length - expected.length);
      assert.deepEqual(
        rows.map((row) => entryOf(rows, row)),
        expected,
      );
    }),
    { numRuns: 300 },
  );
});
