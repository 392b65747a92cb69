import type { AddressFamily } from '../../../src/model/address.js';
import { column, ServerRows } from '../../../src/model/server-rows.js';
import { forwardingMethods, tunnelChecksums, tunnelTypes, type RealServer } from '../../../src/model/server.js';
import { counterNames, type ConnectionCounts, type ServerEntry, type Statistics } from '../../../src/model/state.js';
import { appendServer } from '../../../src/wire/decode-rows.js';
import { serverValues } from '../../../src/wire/encode.js';
import type { ReplyPayload } from '../../../src/wire/message.js';
import { commandAttributes, type CommandValues } from '../../../src/wire/tables.js';
import { Writer } from '../../../src/wire/writer.js';

/** A real server with as much of its state as counts for a test. */
export interface KnownServer extends RealServer, Partial<ConnectionCounts> {
  readonly statistics?: Statistics;
}

/** Servers as rows, with their counters. */
export function rowsOf(servers: readonly KnownServer[]): ServerRows {
  const payloads = servers.map((server) => {
    const { activeConnections, inactiveConnections, persistentConnections, statistics } = server;
    const counts = { activeConnections, inactiveConnections, persistentConnections };
    return payloadOf({ server: { ...serverValues(server), ...counts, statistics64: statistics } });
  });
  return rowsFrom(payloads, 'inet');
}

/** Attributes as a reply of the kernel holds them. */
export function payloadOf(values: CommandValues): ReplyPayload {
  const writer = new Writer(1);
  commandAttributes.encode(writer, values);
  const { buffer, byteOffset, length } = writer.bytes();
  return { view: new DataView(buffer, byteOffset, length), offset: 0, length };
}

/** The servers of replies, read as a listing reads them. */
export function rowsFrom(payloads: readonly ReplyPayload[], serviceFamily: AddressFamily, counters = true): ServerRows {
  const rows = new ServerRows(counters);
  for (const payload of payloads) appendServer(rows, payload, serviceFamily);
  return rows;
}

/** What a row has, as an object. */
export function entryOf(rows: ServerRows, row: number): ServerEntry {
  const number = (place: keyof typeof column): number => rows.number(row, column[place]);
  return {
    family: number('inet6') === 0 ? 'inet' : 'inet6',
    address: rows.address(row),
    port: number('port'),
    forwarding: forwardingMethods[number('forwarding')] ?? 'masquerading',
    weight: number('weight'),
    upperThreshold: number('upperThreshold'),
    lowerThreshold: number('lowerThreshold'),
    tunnel: {
      type: tunnelTypes[number('tunnelType')] ?? number('tunnelType'),
      port: number('tunnelPort'),
      checksum: tunnelChecksums[number('tunnelChecksum')] ?? 'nocsum',
    },
    activeConnections: number('activeConnections'),
    inactiveConnections: number('inactiveConnections'),
    persistentConnections: number('persistentConnections'),
    statistics: Object.fromEntries(
      counterNames.map((name, counter) => [name, BigInt(rows.counter(row, counter))]),
    ) as unknown as Statistics,
  };
}
