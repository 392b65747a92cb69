import { errnoName } from '../errors.js';
import { AttributeSet } from './attributes.js';
import { commandAttributes, controllerAttributes, controllerFamily, infoAttributes, ipvsCommand } from './tables.js';
import { hostIsLittleEndian } from './writer.js';

// Messages as text, for a person who debugs. Never throws, whatever the bytes are.

/** NLMSG_*. Source: include/uapi/linux/netlink.h. */
const controlNames: Readonly<Record<number, string>> = {
  1: 'NLMSG_NOOP',
  2: 'NLMSG_ERROR',
  3: 'NLMSG_DONE',
  4: 'NLMSG_OVERRUN',
};
const headerLength = 16;
const genericHeaderLength = 4;

/** IPVS_CMD_* by number. */
const commandNames = new Map<number, string>(
  Object.entries(ipvsCommand).map(([name, number]) => [
    number,
    `IPVS_CMD_${name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`,
  ]),
);

/** The messages of a datagram, each on a line, with the kernel's names of commands and attributes. */
export function describeMessages(datagram: Uint8Array): string[] {
  const view = new DataView(datagram.buffer, datagram.byteOffset, datagram.byteLength);
  const lines: string[] = [];
  for (let at = 0; at + headerLength <= view.byteLength;) {
    const length = view.getUint32(at, hostIsLittleEndian);
    if (length < headerLength || at + length > view.byteLength) break;
    lines.push(describeMessage(new DataView(view.buffer, view.byteOffset + at, length)));
    at += (length + 3) & ~3;
  }
  return lines;
}

function describeMessage(view: DataView): string {
  const type = view.getUint16(4, hostIsLittleEndian);
  const flags = view.getUint16(6, hostIsLittleEndian);
  const head = `seq ${view.getUint32(8, hostIsLittleEndian)} flags 0x${flags.toString(16)}`;
  const control = controlNames[type];
  if (control !== undefined) {
    const errno = view.byteLength < headerLength + 4 ? 0 : view.getInt32(headerLength, hostIsLittleEndian);
    return `${control} ${head}${errno === 0 ? '' : ` ${errnoName(Math.abs(errno))}`}`;
  }
  const start = headerLength + genericHeaderLength;
  if (view.byteLength < start) return `type ${type} ${head}`;
  const command = view.getUint8(headerLength);
  const isController = type === controllerFamily.type;
  const name = isController ? `GENL_ID_CTRL command ${command}` : (commandNames.get(command) ?? `command ${command}`);
  // The reply to getInfo has the command setInfo.
  const others = command === ipvsCommand.setInfo ? infoAttributes : commandAttributes;
  return `${name} ${head} ${describeNest(isController ? controllerAttributes : others, view, start, view.byteLength)}`;
}

function describeNest(set: Describable, view: DataView, start: number, end: number): string {
  const parts: string[] = [];
  for (let at = start; at + 4 <= end;) {
    const size = view.getUint16(at, hostIsLittleEndian);
    if (size < 4 || at + size > end) {
      parts.push(`(${end - at} bytes that are no attribute)`);
      break;
    }
    const type = view.getUint16(at + 2, hostIsLittleEndian) & 0x3fff;
    parts.push(`${set.name(type)}=${describeValue(set, type, view, at + 4, size - 4)}`);
    at += (size + 3) & ~3;
  }
  return `{ ${parts.join(' ')} }`;
}

/** What is needed of an `AttributeSet`, whatever its table is. */
type Describable = Pick<AttributeSet<never>, 'codec' | 'name'>;

function describeValue(set: Describable, type: number, view: DataView, offset: number, length: number): string {
  const codec = set.codec(type);
  if (codec instanceof AttributeSet) return describeNest(codec, view, offset, offset + length);
  const bytes = Buffer.from(view.buffer, view.byteOffset + offset, length);
  const isWhole = codec?.size === undefined || codec.size === length;
  const value = codec === undefined || !isWhole ? bytes : codec.decode(view, offset, length, '');
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex');
  return typeof value === 'bigint' ? String(value) : JSON.stringify(value);
}
