import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import {
  daemonOf,
  infoOf,
  serverEntryOf,
  serverKeyOf,
  serverStateOf,
  serviceEntryOf,
  serviceKeyOf,
  timeoutsOf,
} from '../../../src/wire/decode.js';
import { changeValues, daemonValues, serverValues, serviceKeyValues, serviceValues } from '../../../src/wire/encode.js';
import type { Codec } from '../../../src/wire/codec.js';
import { writeRequest } from '../../../src/wire/message.js';
import {
  commandAttributes,
  daemonAttributes,
  infoAttributes,
  keyAttributes,
  serverAttributes,
  serverStateAttributes,
  serviceAttributes,
} from '../../../src/wire/tables.js';
import { Writer } from '../../../src/wire/writer.js';
import * as any from '../support/arbitraries.js';
import { noTraffic } from '../support/entries.js';
import { repliesOf } from '../support/replies.js';
import { entryOf, payloadOf, rowsFrom } from '../support/server-rows.js';

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
      assert.deepEqual(serviceKeyOf(passOn(keyAttributes, { service: serviceKeyValues(key) }).service ?? {}), key);
    }),
  );
});

test('a real server comes out of its attributes as it went in', () => {
  fc.assert(
    fc.property(any.server, any.statistics, fc.nat(), any.family, (server, statistics, count, serviceFamily) => {
      const counts = { activeConnections: count, inactiveConnections: 4294967295, persistentConnections: 1 };
      const values = { ...serverValues(server), ...counts, statistics64: statistics };
      const payload = payloadOf({ server: values });
      const { view, offset, length } = payload;
      const entry = { ...server, ...counts, statistics };
      const decode = <T>(codec: Codec<T>): T => codec.decode(view, offset, length, 'test');
      assert.deepEqual(serverEntryOf(decode(commandAttributes).server ?? {}, serviceFamily), entry);
      assert.deepEqual(serverStateOf(decode(serverStateAttributes).server ?? {}, serviceFamily), {
        ...server,
        ...counts,
      });
      const { family, address, port } = server;
      assert.deepEqual(serverKeyOf(decode(keyAttributes).server ?? {}, serviceFamily), { family, address, port });
      assert.deepEqual(entryOf(rowsFrom([payload], serviceFamily), 0), entry);
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
      const values = { ...serverValues(server), statistics32: { connections, outgoingBytes: bytes } };
      const statistics = { ...noTraffic, connections: BigInt(connections), outgoingBytes: bytes };
      assert.deepEqual(serverEntryOf(passOn(serverAttributes, values), 'inet').statistics, statistics);
      assert.deepEqual(entryOf(rowsFrom([payloadOf({ server: values })], 'inet'), 0).statistics, statistics);
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
        rows.map((row) => entryOf(rows, row)),
        servers.map(([server, statistics]) => ({ ...server, ...none, statistics })),
      );
    }),
    { numRuns: 20 },
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

test('every change comes out of a datagram of several as it went in', () => {
  fc.assert(
    fc.property(fc.array(any.change, { minLength: 1, maxLength: 12 }), (changes) => {
      const writer = new Writer(1);
      for (const change of changes) {
        const { command, values } = changeValues(change);
        writeRequest(writer, { family: 0x20, version: 1, command, flags: 0, sequence: 0 }, commandAttributes, values);
      }
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
