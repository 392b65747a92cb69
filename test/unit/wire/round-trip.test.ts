import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import type { Change } from '../../../src/model/change.js';
import { counterCount, rowSize } from '../../../src/model/server-rows.js';
import { ChangeWriter } from '../../../src/wire/change-writer.js';
import {
  changeValues,
  daemonOf,
  daemonValues,
  infoOf,
  serverValues,
  serviceEntryOf,
  serviceKeyValues,
  serviceValues,
  timeoutsOf,
} from '../../../src/wire/convert.js';
import type { Codec } from '../../../src/wire/codec.js';
import { writeRequest } from '../../../src/wire/message.js';
import { commandAttributes, daemonAttributes, infoAttributes, serviceAttributes } from '../../../src/wire/tables.js';
import { Writer } from '../../../src/wire/writer.js';
import * as any from '../support/arbitraries.js';
import { noTraffic } from '../support/entries.js';
import { repliesOf } from '../support/replies.js';
import { payloadOf, rowsFrom, rowsOf } from '../support/server-rows.js';

function passOn<T>(codec: Codec<T>, values: T): T {
  const writer = new Writer(1);
  codec.encode(writer, values, 'test');
  const bytes = writer.bytes();
  return codec.decode(new DataView(bytes.buffer, bytes.byteOffset, bytes.length), 0, bytes.length, 'test');
}

test('a service comes out of its attributes as it went in', () => {
  fc.assert(
    fc.property(any.service(), any.statistics, (service, statistics) => {
      const values = passOn(serviceAttributes, { ...serviceValues(service), statistics64: statistics });
      assert.deepEqual(serviceEntryOf(values), { ...service, statistics });
    }),
  );
});

test("a service's key comes out of its attributes as it went in", () => {
  fc.assert(
    fc.property(any.serviceKey, (key) => {
      const values = passOn(serviceAttributes, {
        ...serviceKeyValues(key),
        scheduler: 'wlc',
        netmask: new Uint8Array(4),
      });
      assert.deepEqual(serviceEntryOf(values).key, key);
    }),
  );
});

test('a real server comes out of its attributes as it went in', () => {
  fc.assert(
    fc.property(any.server, any.statistics, fc.nat(), any.family, (server, statistics, count, serviceFamily) => {
      const counts = { activeConnections: count, inactiveConnections: 4294967295, persistentConnections: 1 };
      const values = { ...serverValues(server), ...counts, statistics64: statistics };
      const payload = payloadOf({ server: values });
      const rows = rowsFrom([payload], serviceFamily);
      assert.deepEqual(
        rows.map((row) => rows.entry(row)),
        [{ ...server, ...counts, statistics }],
      );
      const states = rowsFrom([payload], serviceFamily, false);
      assert.deepEqual(
        states.map((row) => states.state(row)),
        [{ ...server, ...counts }],
      );
    }),
  );
});

test('a sync daemon comes out of its attributes as it went in', () => {
  fc.assert(
    fc.property(any.daemon, (daemon) => {
      assert.deepEqual(daemonOf(passOn(daemonAttributes, daemonValues(daemon))), daemon);
    }),
  );
});

test('timeouts come out of their attributes as they went in', () => {
  fc.assert(
    fc.property(any.timeouts, (timeouts) => {
      const { values } = changeValues({ kind: 'set-timeouts', timeouts });
      assert.deepEqual(timeoutsOf(passOn(commandAttributes, values)), timeouts);
    }),
  );
});

test('the version and table size come out of their attributes as they went in', () => {
  fc.assert(
    fc.property(fc.nat(255), fc.nat(255), fc.nat(255), fc.nat(), (major, minor, patch, connectionTableSize) => {
      const values = { version: major * 65536 + minor * 256 + patch, connectionTableSize };
      assert.deepEqual(infoOf(passOn(infoAttributes, values)), {
        version: { major, minor, patch },
        connectionTableSize,
      });
    }),
  );
});

test('statistics in 32 bits are read where there are none in 64, and missing ones are zero', () => {
  fc.assert(
    fc.property(any.service(), fc.nat(), (service, connections) => {
      const values = passOn(serviceAttributes, { ...serviceValues(service), statistics32: { connections } });
      assert.deepEqual(serviceEntryOf(values).statistics, { ...noTraffic, connections: BigInt(connections) });
    }),
  );
});

test("a server's statistics in 32 bits are read where there are none in 64, and missing ones are zero", () => {
  fc.assert(
    fc.property(any.server, fc.nat(), fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }), (server, connections, bytes) => {
      const statistics32 = { connections, outgoingBytes: bytes };
      const rows = rowsFrom([payloadOf({ server: { ...serverValues(server), statistics32 } })], 'inet');
      assert.deepEqual(rows.entry(0).statistics, {
        ...noTraffic,
        connections: BigInt(connections),
        outgoingBytes: bytes,
      });
    }),
  );
});

test('many servers come out of their attributes as they went in, in their order', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(any.server, any.statistics), { maxLength: 200, size: 'max' }), (servers) => {
      const rows = rowsFrom(
        servers.map(([server, statistics]) =>
          payloadOf({ server: { ...serverValues(server), statistics64: statistics } }),
        ),
        'inet',
      );
      const none = { activeConnections: 0, inactiveConnections: 0, persistentConnections: 0 };
      assert.deepEqual(
        rows.map((row) => rows.entry(row)),
        servers.map(([server, statistics]) => ({ ...server, ...none, statistics })),
      );
    }),
    { numRuns: 20 },
  );
});

test('a server that the kernel reports has the very numbers of one that is appended as an object', () => {
  fc.assert(
    fc.property(any.server, any.statistics, (server, statistics) => {
      const read = rowsFrom([payloadOf({ server: { ...serverValues(server), statistics64: statistics } })], 'inet');
      const made = rowsOf([{ ...server, statistics }]);
      assert.deepEqual(read.numbers.subarray(0, rowSize), made.numbers.subarray(0, rowSize));
      for (let counter = 0; counter < counterCount; counter++) {
        assert.equal(read.counter(0, counter), made.counter(0, counter));
      }
    }),
  );
});

function withoutAbsent(values: object): object {
  return Object.fromEntries(
    Object.entries(values)
      .filter(([, value]) => value !== undefined)
      .map(([name, value]: [string, unknown]) => [
        name,
        typeof value === 'object' && value !== null && !(value instanceof Uint8Array) ? withoutAbsent(value) : value,
      ]),
  );
}

/** Changes of which many name the very service that others do, as those of a plan. */
const changesOfFew: fc.Arbitrary<Change[]> = fc.array(any.serviceKey, { minLength: 1, maxLength: 2 }).chain((keys) => {
  const key = fc.constantFrom(...keys);
  return fc.array(
    fc.oneof(
      any.change,
      fc.record({ kind: fc.constantFrom('add-server', 'edit-server'), key, server: any.server }),
      fc.record({ kind: fc.constant('delete-server'), key, server: any.server }),
    ),
    { minLength: 1, maxLength: 12 },
  );
});

test('every change comes out of a datagram of several as it went in', () => {
  fc.assert(
    fc.property(changesOfFew, (changes) => {
      const writer = new Writer(1);
      const changeWriter = new ChangeWriter(writer, 0x20);
      for (const change of changes) changeWriter.write(change);
      const read = repliesOf(writer.bytes()).map((reply) => {
        assert.ok(reply.kind === 'data');
        const { view, offset, length } = reply.payload;
        return commandAttributes.decode(view, offset, length, 'test');
      });
      assert.deepEqual(
        read.map(withoutAbsent),
        changes.map((change) => withoutAbsent(changeValues(change).values)),
      );
    }),
    { numRuns: 500 },
  );
});

test('a datagram of changes is byte by byte what each of them is alone', () => {
  fc.assert(
    fc.property(changesOfFew, (changes) => {
      const together = new Writer(1);
      const changeWriter = new ChangeWriter(together, 0x20);
      const alone = changes.map((change) => {
        changeWriter.write(change);
        const writer = new Writer(1);
        const { command, values } = changeValues(change);
        writeRequest(writer, { family: 0x20, version: 1, command, flags: 0, sequence: 0 }, commandAttributes, values);
        return writer.bytes();
      });
      assert.deepEqual(Buffer.from(together.bytes()), Buffer.concat(alone));
    }),
    { numRuns: 500 },
  );
});

test('messages and attributes start at multiples of four bytes', () => {
  fc.assert(
    fc.property(any.change, (change) => {
      const writer = new Writer(1);
      const { command, values } = changeValues(change);
      writeRequest(writer, { family: 0x20, version: 1, command, flags: 0, sequence: 1 }, commandAttributes, values);
      assert.equal(writer.length % 4, 0);
    }),
  );
});
