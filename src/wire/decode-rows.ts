import { DecodeError } from '../errors.js';
import type { AddressFamily } from '../model/address.js';
import { column, counterCount, rowSize, type ServerRows } from '../model/server-rows.js';
import { u64 } from './codec.js';
import { familyName } from './decode.js';
import type { ReplyPayload } from './message.js';
import { forwardingMask, tunnelChecksumMask } from './numbers.js';
import { commandAttributes, serverAttributes, statistics32, statistics64 } from './tables.js';
import { hostIsLittleEndian } from './writer.js';

// The same as serverStateOf and serverEntryOf of decode.ts, into rows of numbers for the classic listings.

/** The kernel's numbers of a server's attributes, taken from the table once. */
const type = {
  server: commandAttributes.type('server'),
  address: serverAttributes.type('address'),
  port: serverAttributes.type('port'),
  forwarding: serverAttributes.type('forwarding'),
  weight: serverAttributes.type('weight'),
  family: serverAttributes.type('family'),
  tunnelType: serverAttributes.type('tunnelType'),
  tunnelPort: serverAttributes.type('tunnelPort'),
  tunnelFlags: serverAttributes.type('tunnelFlags'),
  statistics32: serverAttributes.type('statistics32'),
  statistics64: serverAttributes.type('statistics64'),
};

/** Attributes of 32 bits whose number goes into a row as it is. */
const plainNumbers = (
  [
    'weight',
    'upperThreshold',
    'lowerThreshold',
    'activeConnections',
    'inactiveConnections',
    'persistentConnections',
  ] as const
).map((field) => ({ type: serverAttributes.type(field), place: column[field] }));

/** Where an attribute is that has to be there. */
function requiredAt(offsets: Uint32Array, attribute: number): number {
  const at = offsets[attribute] ?? 0;
  if (at === 0) throw new DecodeError(`${serverAttributes.name(attribute)}: missing`);
  return at;
}

/**
 * Adds the real server of a reply to the rows. This is where a listing spends its time, so no object is made.
 * @param serviceFamily the family of its service: kernels before 3.18 knew no other for its servers, and did not say it.
 */
export function appendServer(
  rows: ServerRows,
  { view, offset, length }: ReplyPayload,
  serviceFamily: AddressFamily,
): void {
  commandAttributes.locate(view, offset, length, 'IPVS reply');
  const nest = commandAttributes.offsets[type.server] ?? 0;
  if (nest === 0) throw new DecodeError('IPVS_CMD_ATTR_DEST: missing');
  serverAttributes.locate(view, nest, commandAttributes.lengths[type.server] ?? 0, 'IPVS_CMD_ATTR_DEST');
  const { offsets } = serverAttributes;
  const address = requiredAt(offsets, type.address);
  const port = requiredAt(offsets, type.port);
  const forwarding = requiredAt(offsets, type.forwarding);
  requiredAt(offsets, type.weight);
  const familyAt = offsets[type.family] ?? 0;
  const family =
    familyAt === 0
      ? serviceFamily
      : familyName(view.getUint16(familyAt, hostIsLittleEndian), 'IPVS_DEST_ATTR_ADDR_FAMILY');

  const row = rows.add();
  const { numbers } = rows;
  const start = row * rowSize;
  const words = family === 'inet' ? 1 : 4;
  for (let word = 0; word < 4; word++) {
    numbers[start + column.address + word] = word < words ? view.getUint32(address + 4 * word) : 0;
  }
  numbers[start + column.inet6] = family === 'inet' ? 0 : 1;
  numbers[start + column.port] = view.getUint16(port);
  numbers[start + column.forwarding] = view.getUint32(forwarding, hostIsLittleEndian) & forwardingMask;
  for (let index = 0; index < plainNumbers.length; index++) {
    const plain = plainNumbers[index];
    if (plain === undefined) continue;
    const at = offsets[plain.type] ?? 0;
    numbers[start + plain.place] = at === 0 ? 0 : view.getUint32(at, hostIsLittleEndian);
  }
  const tunnelType = offsets[type.tunnelType] ?? 0;
  const tunnelPort = offsets[type.tunnelPort] ?? 0;
  const tunnelFlags = offsets[type.tunnelFlags] ?? 0;
  numbers[start + column.tunnelType] = tunnelType === 0 ? 0 : view.getUint8(tunnelType);
  numbers[start + column.tunnelPort] = tunnelPort === 0 ? 0 : view.getUint16(tunnelPort);
  numbers[start + column.tunnelChecksum] =
    tunnelFlags === 0 ? 0 : view.getUint16(tunnelFlags, hostIsLittleEndian) & tunnelChecksumMask;
  if (rows.keepsCounters) setCounters(rows, row, view, offsets);
}

/** Counters in 64 bits where the kernel sends them so, else in 32; 0 where a counter is missing. */
function setCounters(rows: ServerRows, row: number, view: DataView, offsets: Uint32Array): void {
  const at64 = offsets[type.statistics64] ?? 0;
  const at32 = offsets[type.statistics32] ?? 0;
  const statistics = at64 === 0 ? statistics32 : statistics64;
  const attribute = at64 === 0 ? type.statistics32 : type.statistics64;
  const at = at64 === 0 ? at32 : at64;
  if (at === 0) statistics.offsets.fill(0);
  else statistics.locate(view, at, serverAttributes.lengths[attribute] ?? 0, serverAttributes.name(attribute));
  for (let index = 0; index < counterCount; index++) {
    // The kernel counts its attributes from 1.
    const counterAt = statistics.offsets[index + 1] ?? 0;
    if (counterAt === 0) rows.setCounter(row, index, 0);
    else if (statistics.lengths[index + 1] === 8) rows.setCounter(row, index, u64.decode(view, counterAt, 8, ''));
    else rows.setCounter(row, index, view.getUint32(counterAt, hostIsLittleEndian));
  }
}
