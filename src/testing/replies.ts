import type { ServerEntry, ServiceEntry, Statistics, SyncDaemon } from '../model/state.js';
import type { AttributeSet, AttributeTable, AttributeValues } from '../wire/attributes.js';
import { daemonValues, serverValues, serviceValues } from '../wire/encode.js';
import { beginRequest, controlType, endRequest, netlinkHeaderLength } from '../wire/message.js';
import type { RawMessage } from '../wire/raw-message.js';
import {
  commandAttributes,
  ipvsCommand,
  ipvsFamilyVersion,
  type CommandValues,
  type ServerValues,
  type ServiceValues,
} from '../wire/tables.js';
import { Writer } from '../wire/writer.js';

/** NLM_F_MULTI: part of a list. NLM_F_CAPPED: of the request only the header is repeated. */
const flag = { multi: 0x2, capped: 0x100 } as const;

/** IP_VS_SVC_F_HASHED, which every service of the kernel's table has. Source: include/uapi/linux/ip_vs.h. */
const hashed = 0x2;

/** The kernel fills the reader's buffer up to this many bytes with messages of a list. */
const pieceSize = 32768;

/** The kernel's attributes of a service, counters in both widths. */
export function serviceEntryValues(entry: ServiceEntry): ServiceValues {
  const { flags, ...values } = serviceValues(entry);
  return {
    ...values,
    flags: { flags: (flags?.flags ?? 0) | hashed, mask: 0xffffffff },
    ...statisticsValues(entry.statistics),
  };
}

/** The kernel's attributes of a server, counters in both widths. */
export function serverEntryValues(entry: ServerEntry): ServerValues {
  const { activeConnections, inactiveConnections, persistentConnections } = entry;
  return {
    ...serverValues(entry),
    ...{ activeConnections, inactiveConnections, persistentConnections },
    ...statisticsValues(entry.statistics),
  };
}

function statisticsValues(counters: Statistics): Pick<ServiceValues, 'statistics32' | 'statistics64'> {
  const narrow = (value: bigint): number => Number(BigInt.asUintN(32, value));
  return {
    statistics32: {
      connections: narrow(counters.connections),
      incomingPackets: narrow(counters.incomingPackets),
      outgoingPackets: narrow(counters.outgoingPackets),
      incomingBytes: counters.incomingBytes,
      outgoingBytes: counters.outgoingBytes,
      connectionRate: narrow(counters.connectionRate),
      incomingPacketRate: narrow(counters.incomingPacketRate),
      outgoingPacketRate: narrow(counters.outgoingPacketRate),
      incomingByteRate: narrow(counters.incomingByteRate),
      outgoingByteRate: narrow(counters.outgoingByteRate),
    },
    statistics64: counters,
  };
}

/** A message with IPVS attributes: its command, the set of the attributes, and their values. */
type ListedMessage = [command: number, attributes: typeof commandAttributes, values: CommandValues];

/** What the kernel reports of each part of its table. */
export const listed = {
  service: (service: ServiceEntry): ListedMessage => [
    ipvsCommand.newService,
    commandAttributes,
    { service: serviceEntryValues(service) },
  ],
  server: (server: ServerEntry): ListedMessage => [
    ipvsCommand.newDest,
    commandAttributes,
    { server: serverEntryValues(server) },
  ],
  daemon: (daemon: SyncDaemon): ListedMessage => [
    ipvsCommand.newDaemon,
    commandAttributes,
    { daemon: daemonValues(daemon) },
  ],
};

/** A message with attributes, in a datagram of its own. */
export function dataDatagram<T extends AttributeTable>(
  { type, sequence }: RawMessage,
  command: number,
  attributes: AttributeSet<T>,
  values: AttributeValues<T>,
): Uint8Array {
  const writer = new Writer();
  writeData(writer, { family: type, sequence, flags: 0, command }, attributes, values);
  return writer.bytes();
}

interface DataHeader {
  readonly family: number;
  readonly sequence: number;
  readonly flags: number;
  readonly command: number;
}

function writeData<T extends AttributeTable>(
  writer: Writer,
  header: DataHeader,
  attributes: AttributeSet<T>,
  values: AttributeValues<T>,
): void {
  const start = beginRequest(writer, { ...header, version: ipvsFamilyVersion });
  // Requests have a flag of their own.
  writer.setU16(start + 6, header.flags);
  attributes.encode(writer, values);
  endRequest(writer, start);
}

/** A list in as many datagrams as it takes, and the end of it. */
export function listDatagrams({ type, sequence }: RawMessage, messages: readonly ListedMessage[]): Uint8Array[] {
  const datagrams: Uint8Array[] = [];
  let piece = new Writer();
  for (const [command, attributes, values] of messages) {
    const one = new Writer();
    writeData(one, { family: type, sequence, flags: flag.multi, command }, attributes, values);
    if (piece.length + one.length > pieceSize) {
      datagrams.push(piece.bytes());
      piece = new Writer();
    }
    piece.append(one.bytes());
  }
  if (piece.length > 0) datagrams.push(piece.bytes());
  return [...datagrams, controlDatagram(controlType.done, flag.multi, sequence, 0)];
}

/** How a request ended. @param errno positive error number; 0: it was carried out. */
export function resultDatagram({ sequence, bytes }: RawMessage, errno: number): Uint8Array {
  return errno === 0
    ? controlDatagram(controlType.error, flag.capped, sequence, 0, bytes.subarray(0, netlinkHeaderLength))
    : controlDatagram(controlType.error, 0, sequence, errno, bytes);
}

function controlDatagram(
  type: number,
  flags: number,
  sequence: number,
  errno: number,
  request?: Uint8Array,
): Uint8Array {
  const writer = new Writer();
  writer.reserve(netlinkHeaderLength + 4);
  if (request !== undefined) writer.append(request);
  writer.setU32(0, writer.length);
  writer.setU16(4, type);
  writer.setU16(6, flags);
  writer.setU32(8, sequence);
  // Error numbers travel negative.
  writer.setU32(netlinkHeaderLength, -errno >>> 0);
  writer.align();
  return writer.bytes();
}
