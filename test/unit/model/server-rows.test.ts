import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { column, counterCount, rowSize, ServerRows } from '../../../src/model/server-rows.js';
import { counterNames } from '../../../src/model/state.js';
import * as any from '../support/arbitraries.js';
import { noTraffic, plainServer } from '../support/entries.js';
import { rowsOf } from '../support/server-rows.js';

const none = { activeConnections: 0, inactiveConnections: 0, persistentConnections: 0 };

test('each place of a row is one of its own, and the address has four', () => {
  const places = Object.values(column).flatMap((place) =>
    place === column.address ? [place, place + 1, place + 2, place + 3] : [place],
  );
  assert.deepEqual(
    [...places].sort((a, b) => a - b),
    Array.from({ length: rowSize }, (_, index) => index),
  );
  assert.equal(counterCount, Object.keys(noTraffic).length);
});

test('a growing table keeps its rows and their counters', () => {
  const count = 1000;
  for (const keepsCounters of [true, false]) {
    const rows = new ServerRows(keepsCounters);
    assert.equal(rows.keepsCounters, keepsCounters);
    const servers = Array.from({ length: count }, (_, index) => ({
      ...plainServer,
      port: index,
      weight: 4294967295 - index,
      // Every third counter is too large for a number.
      statistics: { ...noTraffic, connections: BigInt(index), outgoingByteRate: 2n ** (index % 3 === 0 ? 63n : 52n) },
    }));
    for (const [index, server] of servers.entries()) {
      rows.append(server);
      assert.equal(rows.length, index + 1);
    }
    for (const [row, server] of servers.entries()) {
      if (keepsCounters) assert.deepEqual(rows.entry(row), server);
      assert.deepEqual({ ...rows.state(row), statistics: server.statistics }, server);
    }
  }
});

test('rows come out as they went in', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(any.server, any.statistics)), (pairs) => {
      const servers = pairs.map(([server, statistics]) => ({ ...server, ...none, statistics }));
      const rows = rowsOf(servers);
      assert.deepEqual(
        rows.map((row) => rows.entry(row)),
        servers,
      );
    }),
  );
});

test('a cleared table is empty, and knows nothing of its counters any more', () => {
  const large = { ...plainServer, statistics: { ...noTraffic, incomingBytes: 2n ** 64n - 1n } };
  const rows = rowsOf(Array(200).fill(large));
  const { numbers, counters } = rows;
  rows.clear();
  assert.equal(rows.length, 0);
  assert.deepEqual(
    rows.map((row) => rows.entry(row)),
    [],
  );
  for (let index = 0; index < 200; index++) rows.append({ ...plainServer, port: index });
  assert.deepEqual(
    rows.map((row) => rows.entry(row)),
    Array.from({ length: 200 }, (_, port) => ({ ...plainServer, port })),
  );
  assert.ok(rows.numbers === numbers && rows.counters === counters, 'the memory is used again');
});

const values: readonly (readonly [given: number | bigint, kept: number | bigint])[] = [
  [0, 0],
  [4294967296, 4294967296],
  [9007199254740991, 9007199254740991],
  [9007199254740992n, 9007199254740992n],
  [9007199254740993n, 9007199254740993n],
  [18446744073709551615n, 18446744073709551615n],
];

for (const [given, kept] of values) {
  test(`keeps a counter of ${given} as a ${typeof kept}, beside others`, () => {
    const rows = rowsOf([plainServer, plainServer]);
    for (let counter = 0; counter < counterCount; counter++) {
      rows.setCounter(1, counter, given);
      assert.equal(rows.counter(1, counter), kept);
      assert.equal(rows.entry(1).statistics[counterNames[counter] ?? 'connections'], BigInt(given));
    }
    assert.deepEqual(rows.entry(0), plainServer);
    // A large counter that is set anew is what was set last.
    rows.setCounter(1, 0, 7);
    assert.equal(rows.counter(1, 0), 7);
  });
}

test('the text of an address is that of the address module', () => {
  fc.assert(
    fc.property(fc.array(any.server), (servers) => {
      const rows = rowsOf(servers);
      assert.deepEqual(
        rows.map((row) => rows.address(row)),
        // The generator makes it with formatIpv4 and formatIpv6.
        servers.map(({ address }) => address),
      );
    }),
    { numRuns: 500 },
  );
});
