import type { AddressFamily } from '../../../src/model/address.js';
import { ServerRows, type KnownServer } from '../../../src/model/server-rows.js';
import { appendServer } from '../../../src/wire/convert.js';
import type { ReplyPayload } from '../../../src/wire/message.js';
import { commandAttributes, type CommandValues } from '../../../src/wire/tables.js';
import { Writer } from '../../../src/wire/writer.js';

/** Servers as rows, with their counters. */
export function rowsOf(servers: readonly KnownServer[]): ServerRows {
  const rows = new ServerRows(true);
  for (const server of servers) rows.append(server);
  return rows;
}

/** Attributes as an answer of the kernel holds them. */
export function payloadOf(values: CommandValues): ReplyPayload {
  const writer = new Writer(1);
  commandAttributes.encode(writer, values);
  const { buffer, byteOffset, length } = writer.bytes();
  return { view: new DataView(buffer, byteOffset, length), offset: 0, length };
}

/** The servers of answers, read as a listing reads them. */
export function rowsFrom(payloads: readonly ReplyPayload[], serviceFamily: AddressFamily, counters = true): ServerRows {
  const rows = new ServerRows(counters);
  for (const payload of payloads) appendServer(rows, payload, serviceFamily);
  return rows;
}
