import { digitsOf } from './hexadecimal.js';

// Deliberately apart from src/wire and as plain as can be: it is what src/wire is checked against.

/** NLA_F_NESTED. */
const nestedFlag = 0x8000;

/** A request as it is in a datagram. */
export interface RequestBytes {
  readonly family: number;
  readonly flags: number;
  readonly sequence: number;
  readonly command: number;
  readonly version: number;
  /** Every attribute on a line, `1.3 0a000001`: the numbers on the way to it, and its bytes. */
  readonly attributes: readonly string[];
}

/** Takes the requests of a datagram apart. */
export function requestsOf(datagram: Uint8Array): RequestBytes[] {
  const bytes = Buffer.from(datagram);
  const requests: RequestBytes[] = [];
  for (let at = 0; at < bytes.length;) {
    const length = bytes.readUInt32LE(at);
    requests.push({
      family: bytes.readUInt16LE(at + 4),
      flags: bytes.readUInt16LE(at + 6),
      sequence: bytes.readUInt32LE(at + 8),
      // A message that is nothing but its header has no command.
      command: length < 20 ? 0 : bytes.readUInt8(at + 16),
      version: length < 20 ? 0 : bytes.readUInt8(at + 17),
      attributes: attributeLines(bytes.subarray(at + 20, at + length), ''),
    });
    at += (length + 3) & ~3;
  }
  return requests;
}

function attributeLines(bytes: Buffer, path: string): string[] {
  const lines: string[] = [];
  for (let at = 0; at < bytes.length;) {
    const length = bytes.readUInt16LE(at);
    const type = bytes.readUInt16LE(at + 2);
    const value = bytes.subarray(at + 4, at + length);
    const name = `${path}${type & ~nestedFlag}`;
    if ((type & nestedFlag) === 0) lines.push(`${name} ${digitsOf(value)}`);
    else lines.push(...attributeLines(value, `${name}.`));
    at += (length + 3) & ~3;
  }
  return lines;
}

/** An attribute with its header and padding. */
export function attribute(type: number, value: Uint8Array): Uint8Array {
  const header = Buffer.alloc(4);
  header.writeUInt16LE(4 + value.length, 0);
  header.writeUInt16LE(type, 2);
  return Buffer.concat([header, value, Buffer.alloc(-value.length & 3)]);
}

function message(type: number, flags: number, sequence: number, body: Uint8Array): Uint8Array {
  const header = Buffer.alloc(16);
  header.writeUInt32LE(16 + body.length, 0);
  header.writeUInt16LE(type, 4);
  header.writeUInt16LE(flags, 6);
  header.writeUInt32LE(sequence, 8);
  return Buffer.concat([header, body, Buffer.alloc(-body.length & 3)]);
}

function signed32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value, 0);
  return bytes;
}

/** The kernel's answer to a request that was carried out (0) or refused (a positive error number). */
export function resultMessage(sequence: number, errno: number): Uint8Array {
  return message(2, 0x100, sequence, Buffer.concat([signed32(-errno), Buffer.alloc(16)]));
}

/** The end of a dump. */
export function doneMessage(sequence: number, errno = 0): Uint8Array {
  return message(3, 2, sequence, signed32(-errno));
}

/** An answer with attributes. */
export function dataMessage(sequence: number, family: number, attributes: Uint8Array, flags = 0): Uint8Array {
  return message(family, flags, sequence, Buffer.concat([Buffer.from([1, 1, 0, 0]), attributes]));
}

/** The same datagram with another sequence number in each of its messages. */
export function withSequence(datagram: Uint8Array, sequence: number): Uint8Array {
  const bytes = Buffer.from(datagram);
  for (let at = 0; at < bytes.length; at += (bytes.readUInt32LE(at) + 3) & ~3) bytes.writeUInt32LE(sequence, at + 8);
  return bytes;
}
