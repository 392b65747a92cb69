import { DecodeError, errnoName } from '../errors.js';
import { AttributeSet, headerLength, typeMask, type AttributeTable } from './attributes.js';
import { controlType, netlinkHeaderLength } from './message.js';
import { rawMessages, type RawMessage } from './raw-message.js';
import { commandAttributes, controllerAttributes, controllerFamily, infoAttributes, ipvsCommand } from './tables.js';
import { hostIsLittleEndian } from './writer.js';

type AnySet = AttributeSet<AttributeTable>;

/**
 * The messages of a datagram for people, a line each, with the kernel's names and what stands on the wire:
 * `IPVS_CMD_DEL_SERVICE sequence 7 flags 0x1 { IPVS_CMD_ATTR_SERVICE { IPVS_SVC_ATTR_AF 2, IPVS_SVC_ATTR_FWMARK 7 } }`.
 * What is cut short or unknown is shown as bytes.
 */
export function describeMessages(datagram: Uint8Array): string[] {
  const lines: string[] = [];
  try {
    for (const message of rawMessages(datagram)) lines.push(describeMessage(message));
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    lines.push(`${error.message}: ${hexadecimal(datagram)}`);
  }
  return lines;
}

const controlNames: ReadonlyMap<number, string> = new Map([
  [controlType.noop, 'NLMSG_NOOP'],
  [controlType.error, 'NLMSG_ERROR'],
  [controlType.done, 'NLMSG_DONE'],
  [controlType.overrun, 'NLMSG_OVERRUN'],
]);

/** `IPVS_CMD_NEW_SERVICE` for `newService`. */
const commandNames: ReadonlyMap<number, string> = new Map(
  Object.entries(ipvsCommand).map(([name, number]) => [
    number,
    `IPVS_CMD_${name.replace(/[A-Z]/g, '_$&').toUpperCase()}`,
  ]),
);

function describeMessage(message: RawMessage): string {
  const { type, flags, sequence, command, bytes, view, offset, length } = message;
  const numbers = `sequence ${sequence} flags 0x${flags.toString(16)}`;
  const control = controlNames.get(type);
  if (control !== undefined) {
    const isResult = type !== controlType.noop && bytes.length >= netlinkHeaderLength + 4;
    return isResult ? `${control} ${numbers} ${resultName(message)}` : `${control} ${numbers}`;
  }
  if (type === controllerFamily.type) {
    const name = command === controllerFamily.getFamily ? 'CTRL_CMD_GETFAMILY' : `controller command ${command}`;
    return `${name} ${numbers} ${describeAttributes(controllerAttributes, view, offset, length)}`;
  }
  const attributes: AnySet = command === ipvsCommand.setInfo ? infoAttributes : commandAttributes;
  const name = commandNames.get(command) ?? `IPVS command ${command}`;
  return `${name} ${numbers} ${describeAttributes(attributes, view, offset, length)}`;
}

/** The error number of a result; `0`: it was carried out. */
function resultName({ bytes, view }: RawMessage): string {
  const at = bytes.byteOffset - view.byteOffset + netlinkHeaderLength;
  const errno = -view.getInt32(at, hostIsLittleEndian);
  return errno > 0 ? errnoName(errno) : '0';
}

function describeAttributes(set: AnySet, view: DataView, offset: number, length: number): string {
  const parts: string[] = [];
  const end = offset + length;
  for (let at = offset; at < end;) {
    const size = end - at < headerLength ? 0 : view.getUint16(at, hostIsLittleEndian);
    if (size < headerLength || at + size > end) {
      parts.push(`cut short: ${hexadecimal(bytesOf(view, at, end - at))}`);
      break;
    }
    parts.push(describeAttribute(set, view, at, size - headerLength));
    at += (size + 3) & ~3;
  }
  return parts.length === 0 ? '{}' : `{ ${parts.join(', ')} }`;
}

function describeAttribute(set: AnySet, view: DataView, at: number, length: number): string {
  const type = view.getUint16(at + 2, hostIsLittleEndian) & typeMask;
  const offset = at + headerLength;
  const [, name, codec] = set.row(type) ?? [];
  if (name === undefined || codec === undefined)
    return `attribute ${type} ${hexadecimal(bytesOf(view, offset, length))}`;
  if (codec instanceof AttributeSet) return `${name} ${describeAttributes(codec as AnySet, view, offset, length)}`;
  const isWhole = codec.size === undefined || codec.size === length;
  return `${name} ${isWhole ? describeValue(codec.decode(view, offset, length, name)) : hexadecimal(bytesOf(view, offset, length))}`;
}

function describeValue(value: unknown): string {
  return value instanceof Uint8Array
    ? hexadecimal(value)
    : typeof value === 'bigint'
      ? String(value)
      : JSON.stringify(value);
}

function bytesOf(view: DataView, offset: number, length: number): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset + offset, length);
}

function hexadecimal(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex');
}
