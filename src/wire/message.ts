import { DecodeError } from '../errors.js';
import type { Codec } from './codec.js';
import { hostIsLittleEndian, type Writer } from './writer.js';

/** NLM_F_*. Source: include/uapi/linux/netlink.h. */
export const messageFlag = { request: 0x1, ack: 0x4, dump: 0x300 } as const;

/** NLM_F_DUMP_INTR. */
const interruptedFlag = 0x10;

/** NLMSG_*: message types below the families'. Source: include/uapi/linux/netlink.h. */
export const controlType = { noop: 1, error: 2, done: 3, overrun: 4 } as const;

/** struct nlmsghdr. */
export const netlinkHeaderLength = 16;
/** struct genlmsghdr, which comes after it. */
export const genericHeaderLength = 4;

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
  const start = beginRequest(writer, header);
  attributes.encode(writer, values, 'request');
  endRequest(writer, start);
}

/** Appends the headers of a request, whose attributes come next. @returns where it starts, for `endRequest`. */
export function beginRequest(writer: Writer, header: RequestHeader): number {
  const start = writer.reserve(netlinkHeaderLength + genericHeaderLength);
  writer.setU16(start + 4, header.family);
  writer.setU16(start + 6, header.flags | messageFlag.request);
  writer.setU32(start + 8, header.sequence);
  writer.setU8(start + 16, header.command);
  writer.setU8(start + 17, header.version);
  return start;
}

/** Ends a request, all attributes of which are written. */
export function endRequest(writer: Writer, start: number): void {
  writer.setU32(start, writer.length - start);
  writer.align();
}

/**
 * Appends a message that asks for nothing but an answer. The kernel works a datagram off in order, so its answer says
 * that everything before it is done.
 */
export function writeFence(writer: Writer, sequence: number): void {
  writeNoop(writer, messageFlag.request | messageFlag.ack, sequence);
}

/** Appends a message without effect. @param flags bits of `messageFlag`: without `ack` it has no reply. */
export function writeNoop(writer: Writer, flags: number, sequence: number): void {
  const start = writer.reserve(netlinkHeaderLength);
  writer.setU32(start, netlinkHeaderLength);
  writer.setU16(start + 4, controlType.noop);
  writer.setU16(start + 6, flags);
  writer.setU32(start + 8, sequence);
}

/**
 * The port that a datagram's first message names (nlmsg_pid): that of the socket whose request the kernel replies to.
 * @returns undefined where the datagram has no message.
 */
export function portOf(view: DataView, length: number): number | undefined {
  return length < netlinkHeaderLength ? undefined : view.getUint32(12, hostIsLittleEndian);
}

/** Gives the messages of a datagram another family and other numbers than they were written with, from `first` on. */
export function addressMessages(datagram: Uint8Array, family: number, first: number): void {
  const view = new DataView(datagram.buffer, datagram.byteOffset, datagram.byteLength);
  let sequence = first;
  for (let at = 0; at < view.byteLength; at += (view.getUint32(at, hostIsLittleEndian) + 3) & ~3) {
    view.setUint16(at + 4, family, hostIsLittleEndian);
    view.setUint32(at + 8, sequence++, hostIsLittleEndian);
  }
}

/** The attributes of an answer, not yet decoded. */
export interface ReplyPayload {
  readonly view: DataView;
  readonly offset: number;
  readonly length: number;
}

/** What a message from the kernel is: data, the end of a dump, or the result of a request. */
export type ReplyKind = 'data' | 'done' | 'result';

/**
 * Takes datagrams from the kernel apart, one message at a time. The messages of a dump are many, so none gets an object
 * of its own: what is read holds for the message that `next` found, until it is called again.
 */
export class ReplyReader implements ReplyPayload {
  view: DataView = new DataView(new ArrayBuffer(0));
  /** Where the attributes of an answer start. */
  offset = 0;
  /** How many bytes they take. */
  length = 0;
  kind: ReplyKind = 'data';
  sequence = 0;
  /** Positive error number of a result, or of what cut a dump short; 0: none. */
  errno = 0;
  /** The table changed while a dump was made, and the kernel noticed (NLM_F_DUMP_INTR). */
  isInterrupted = false;
  #next = 0;

  /** Turns to a datagram. */
  open(datagram: Uint8Array): void {
    const { buffer, byteOffset, length } = datagram;
    this.view = new DataView(buffer, byteOffset, length);
    this.#next = 0;
  }

  /**
   * Reads the next message.
   * @returns false where there is none.
   * @throws {DecodeError} when it is cut short or no message.
   */
  next(): boolean {
    const { view } = this;
    while (this.#next < view.byteLength) {
      const at = this.#next;
      const left = view.byteLength - at;
      const length = left < netlinkHeaderLength ? 0 : view.getUint32(at, hostIsLittleEndian);
      if (length < netlinkHeaderLength || length > left) {
        throw new DecodeError(`netlink message of ${length} bytes where ${left} are left`);
      }
      this.#next = at + ((length + 3) & ~3);
      if (this.#read(at, length)) return true;
    }
    return false;
  }

  #read(at: number, length: number): boolean {
    const { view } = this;
    this.isInterrupted = (view.getUint16(at + 6, hostIsLittleEndian) & interruptedFlag) !== 0;
    this.sequence = view.getUint32(at + 8, hostIsLittleEndian);
    const body = at + netlinkHeaderLength;
    const bodyLength = length - netlinkHeaderLength;
    switch (view.getUint16(at + 4, hostIsLittleEndian)) {
      case controlType.noop:
        return false;
      case controlType.overrun:
        throw new DecodeError('netlink overrun: the kernel lost data');
      case controlType.error:
        if (bodyLength < 4) throw new DecodeError(`netlink result of ${bodyLength} bytes, expected at least 4`);
        this.kind = 'result';
        this.errno = readErrno(view, body);
        return true;
      case controlType.done:
        this.kind = 'done';
        this.errno = bodyLength < 4 ? 0 : readErrno(view, body);
        return true;
      default:
        if (bodyLength < genericHeaderLength) throw new DecodeError(`generic netlink header of ${bodyLength} bytes`);
        this.kind = 'data';
        this.offset = body + genericHeaderLength;
        this.length = bodyLength - genericHeaderLength;
        return true;
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
