import { DecodeError } from '../errors.js';
import { genericHeaderLength, netlinkHeaderLength, type ReplyPayload } from './message.js';
import { hostIsLittleEndian } from './writer.js';

/** A message of a datagram, whichever way it goes; its payload is the attributes after the generic header, if any. */
export interface RawMessage extends ReplyPayload {
  /** A control type, or the number of a family. */
  readonly type: number;
  readonly flags: number;
  readonly sequence: number;
  /** 0 where there is no generic header. */
  readonly command: number;
  /** The whole message, without padding. */
  readonly bytes: Uint8Array;
}

/**
 * The messages of a datagram. The client's own readers don't make an object of each: this is for what need not be fast.
 * @throws {DecodeError} when a message is cut short.
 */
export function* rawMessages(datagram: Uint8Array): Generator<RawMessage> {
  const view = new DataView(datagram.buffer, datagram.byteOffset, datagram.length);
  for (let at = 0; at < view.byteLength;) {
    const left = view.byteLength - at;
    const size = left < netlinkHeaderLength ? 0 : view.getUint32(at, hostIsLittleEndian);
    if (size < netlinkHeaderLength || size > left) {
      throw new DecodeError(`netlink message of ${size} bytes where ${left} are left`);
    }
    const headers = netlinkHeaderLength + genericHeaderLength;
    yield {
      type: view.getUint16(at + 4, hostIsLittleEndian),
      flags: view.getUint16(at + 6, hostIsLittleEndian),
      sequence: view.getUint32(at + 8, hostIsLittleEndian),
      command: size < headers ? 0 : view.getUint8(at + netlinkHeaderLength),
      bytes: datagram.subarray(at, at + size),
      view,
      offset: at + Math.min(size, headers),
      length: Math.max(0, size - headers),
    };
    at += (size + 3) & ~3;
  }
}
