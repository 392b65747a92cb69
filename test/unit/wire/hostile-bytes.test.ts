import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { DecodeError } from '../../../src/errors.js';
import type { AddressFamily } from '../../../src/model/address.js';
import { ServerRows } from '../../../src/model/server-rows.js';
import { appendServer } from '../../../src/wire/decode-rows.js';
import {
  daemonOf,
  infoOf,
  serverEntryOf,
  serverStateOf,
  serviceEntryOf,
  timeoutsOf,
} from '../../../src/wire/decode.js';
import type { ReplyPayload } from '../../../src/wire/message.js';
import { commandAttributes, controllerAttributes, infoAttributes } from '../../../src/wire/tables.js';
import { bytesOf } from '../support/hexadecimal.js';
import { attribute } from '../support/netlink-bytes.js';
import { repliesOf } from '../support/replies.js';
import { entryOf } from '../support/server-rows.js';
import { captures } from './captures.js';

const datagrams = captures.flatMap(({ request, replies }) => [request, ...replies]).map(bytesOf);

function unlessDecodeError(run: () => void): void {
  try {
    run();
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    assert.match(error.message, /\S/);
    assert.doesNotMatch(error.message, /undefined|NaN|\n/);
  }
}

/** Everything that is ever done with a datagram. Each step may only fail with a DecodeError. */
function readAll(datagram: Uint8Array): void {
  unlessDecodeError(() => {
    for (const reply of repliesOf(datagram)) {
      if (reply.kind !== 'data') assert.ok(Number.isInteger(reply.errno));
      else readPayload(reply.payload);
    }
  });
}

function readPayload({ view, offset, length }: ReplyPayload): void {
  unlessDecodeError(() => infoOf(infoAttributes.decode(view, offset, length, 'answer')));
  unlessDecodeError(() => controllerAttributes.decode(view, offset, length, 'answer'));
  unlessDecodeError(() => {
    const values = commandAttributes.decode(view, offset, length, 'answer');
    unlessDecodeError(() => serviceEntryOf(values.service ?? {}));
    unlessDecodeError(() => daemonOf(values.daemon ?? {}));
    unlessDecodeError(() => timeoutsOf(values));
  });
  for (const family of ['inet', 'inet6'] as const) {
    for (const counters of [true, false]) {
      unlessDecodeError(() => {
        readServer({ view, offset, length }, family, counters);
      });
    }
  }
}

/** A server is read for a listing as it is read for the library. */
function readServer({ view, offset, length }: ReplyPayload, serviceFamily: AddressFamily, counters: boolean): void {
  const rows = new ServerRows(counters);
  const outcomes = [
    () => {
      appendServer(rows, { view, offset, length }, serviceFamily);
      const { statistics, ...state } = entryOf(rows, 0);
      return counters ? { ...state, statistics } : state;
    },
    () => {
      const { server } = commandAttributes.decode(view, offset, length, 'IPVS reply');
      if (server === undefined) throw new DecodeError('IPVS_CMD_ATTR_DEST: missing');
      return counters ? serverEntryOf(server, serviceFamily) : serverStateOf(server, serviceFamily);
    },
  ].map((read) => {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      return undefined;
    }
  });
  // One may stumble over what the other doesn't look at.
  if (outcomes[0] !== undefined && outcomes[1] !== undefined) assert.deepEqual(outcomes[0], outcomes[1]);
}

test('any bytes at all are data or a DecodeError', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), readAll), { numRuns: 2000 });
});

test('any attributes in a proper message are data or a DecodeError', () => {
  const leaf = fc
    .tuple(fc.integer({ min: 0, max: 0xffff }), fc.uint8Array({ maxLength: 24 }))
    .map(([type, bytes]) => attribute(type, bytes));
  const nest = fc
    .tuple(fc.integer({ min: 0, max: 16 }), fc.array(leaf, { maxLength: 8 }))
    .map(([type, inner]) => attribute(type, Buffer.concat(inner)));
  fc.assert(
    fc.property(fc.array(fc.oneof(leaf, nest), { maxLength: 8 }), (parts) => {
      const attributes = Buffer.concat(parts);
      const view = new DataView(attributes.buffer, attributes.byteOffset, attributes.length);
      readPayload({ view, offset: 0, length: attributes.length });
    }),
    { numRuns: 2000 },
  );
});

test('a real datagram with some bytes changed is data or a DecodeError', () => {
  const changes = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 6 });
  fc.assert(
    fc.property(fc.constantFrom(...datagrams), changes, (datagram, places) => {
      const bytes = Uint8Array.from(datagram);
      for (const [place, value] of places) bytes[place % bytes.length] = value;
      readAll(bytes);
    }),
    { numRuns: 3000 },
  );
});

test('a real datagram that is cut short anywhere but between two messages is a DecodeError', () => {
  for (const datagram of datagrams) {
    const bytes = Buffer.from(datagram);
    const ends = new Set<number>([0]);
    // Padding behind a message may be missing.
    for (let at = 0; at < bytes.length;) {
      const length = bytes.readUInt32LE(at);
      for (let end = at + length; end <= at + ((length + 3) & ~3); end++) ends.add(end);
      at += (length + 3) & ~3;
    }
    for (let end = 0; end < bytes.length; end++) {
      if (ends.has(end)) assert.doesNotThrow(() => repliesOf(bytes.subarray(0, end)));
      else assert.throws(() => repliesOf(bytes.subarray(0, end)), DecodeError, `${end} of ${bytes.length} bytes`);
    }
  }
});

test('bytes in the middle of a larger buffer are read without a look at their neighbours', () => {
  for (const datagram of datagrams) {
    const surrounded = Buffer.concat([Buffer.alloc(5, 0xff), datagram, Buffer.alloc(7, 0xff)]);
    const inner = surrounded.subarray(5, 5 + datagram.length);
    const kinds = (bytes: Uint8Array): string[] => repliesOf(bytes).map(({ kind }) => kind);
    assert.deepEqual(kinds(inner), kinds(datagram));
  }
});
