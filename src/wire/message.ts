import { DecodeError } from '../errors.js';
import type { Codec } from './codec.js';
import { hostIsLittleEndian, type Writer } from './writer.js';

/** NLM_F_*. Source: include/uapi/linux/netlink.h. */
export const messageFlag = { request: 0x1, ack: 0x4, dump: 0x300 } as const;

/** NLMSG_*: message types below the families'. Source: include/uapi/linux/netlink.h. */
const controlType = { noop: 1, error: 2, done: 3, overrun: 4 } as const;

/** struct nlmsghdr, then struct genlmsghdr. */
const netlinkHeaderLength = 16;
const genericHeaderLength = 4;

/** Where a request goes and how it wants to be answered. */
export interface RequestHeader {
  /** Number of the family, given by the kernel at run time. */
  readonly family: number;
  readonly version: number;
  readonly command: number;
  /** Bits of `messageFlag`; `request` is always set. */
  readonly flags: number;
  readonly sequence: number;
}

/** Appends a request with its attributes to a datagram. */
export function writeRequest<T>(writer: Writer, header: RequestHeader, attributes: Codec<T>, values: T): void {
  const start = writer.reserve(netlinkHeaderLength + genericHeaderLength);
  writer.setU16(start + 4, header.family);
  writer.setU16(start + 6, header.flags | messageFlag.request);
  writer.setU32(start + 8, header.sequence);
  writer.setU8(start + 16, header.command);
  writer.setU8(start + 17, header.version);
  attributes.encode(writer, values, 'request');
  writer.setU32(start, writer.length - start);
  writer.align();
}

/**
 * Appends a message that asks for nothing but an answer. The kernel works a datagram off in order, so its answer says
 * that everything before it is done.
 */
export function writeFence(writer: Writer, sequence: number): void {
  const start = writer.reserve(netlinkHeaderLength);
  writer.setU32(start, netlinkHeaderLength);
  writer.setU16(start + 4, controlType.noop);
  writer.setU16(start + 6, messageFlag.request | messageFlag.ack);
  writer.setU32(start + 8, sequence);
}

/** What the kernel answers. */
export type Reply =
  | { readonly kind: 'data'; readonly sequence: number; readonly payload: ReplyPayload }
  /** A dump is complete; errno 0, or the positive number of the error that cut it short. */
  | { readonly kind: 'done'; readonly sequence: number; readonly errno: number }
  /** A request was carried out (errno 0) or refused (positive errno). */
  | { readonly kind: 'result'; readonly sequence: number; readonly errno: number };

/** The attributes of an answer, not yet decoded. */
export interface ReplyPayload {
  readonly view: DataView;
  readonly offset: number;
  readonly length: number;
}

/**
 * Takes a datagram from the kernel apart.
 * @throws {DecodeError} when it is cut short or no message.
 */
export function readReplies(datagram: Uint8Array): Reply[] {
  const view = new DataView(datagram.buffer, datagram.byteOffset, datagram.length);
  const replies: Reply[] = [];
  for (let at = 0; at < view.byteLength;) {
    const left = view.byteLength - at;
    const length = left < netlinkHeaderLength ? 0 : view.getUint32(at, hostIsLittleEndian);
    if (length < netlinkHeaderLength || length > left) {
      throw new DecodeError(`netlink message of ${length} bytes where ${left} are left`);
    }
    const reply = readReply(view, at, length);
    if (reply !== undefined) replies.push(reply);
    at += (length + 3) & ~3;
  }
  return replies;
}

function readReply(view: DataView, at: number, length: number): Reply | undefined {
  const type = view.getUint16(at + 4, hostIsLittleEndian);
  const sequence = view.getUint32(at + 8, hostIsLittleEndian);
  const body = at + netlinkHeaderLength;
  const bodyLength = length - netlinkHeaderLength;
  switch (type) {
    case controlType.noop:
      return undefined;
    case controlType.overrun:
      throw new DecodeError('netlink overrun: the kernel lost data');
    case controlType.error:
      if (bodyLength < 4) throw new DecodeError(`netlink result of ${bodyLength} bytes, expected at least 4`);
      return { kind: 'result', sequence, errno: readErrno(view, body) };
    case controlType.done:
      return {
        kind: 'done',
        sequence,
        errno: bodyLength < 4 ? 0 : readErrno(view, body),
      };
    default: {
      if (bodyLength < genericHeaderLength) throw new DecodeError(`generic netlink header of ${bodyLength} bytes`);
      const payload = { view, offset: body + genericHeaderLength, length: bodyLength - genericHeaderLength };
      return { kind: 'data', sequence, payload };
    }
  }
}

/** The largest error number there can be: MAX_ERRNO in include/linux/err.h. */
const largestErrno = 4095;

/** Error numbers travel negative. */
function readErrno(view: DataView, at: number): number {
  const value = view.getInt32(at, hostIsLittleEndian);
  if (value > 0 || value < -largestErrno) throw new DecodeError(`netlink result with the error number ${value}`);
  return 0 - value;
}
