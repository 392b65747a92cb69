// Messages of DNS: one question, and what the reply says. RFC 1035, and RFC 3596 and 2782 for AAAA and SRV.
import { DecodeError } from '../errors.js';
import { formatAddress } from '../model/address.js';
import type { CheckOf } from './target.js';

/** A type of records. */
export type RecordType = CheckOf<'dns'>['recordType'];
/** A response code. */
export type ResponseCode = CheckOf<'dns'>['expectCode'][number];

const headLength = 12;
/** Class of the Internet. */
const internet = 1;
const recursionDesired = 0x0100;
const isReply = 0x8000;
const isTruncated = 0x0200;
/** The two bits that make a pointer of a length. */
const pointer = 0xc0;
const longestLabel = 63;
const longestName = 255;

const typeNumbers: Readonly<Record<RecordType, number>> = {
  A: 1,
  NS: 2,
  CNAME: 5,
  SOA: 6,
  PTR: 12,
  MX: 15,
  TXT: 16,
  AAAA: 28,
  SRV: 33,
};

const typesByNumber = new Map(Object.entries(typeNumbers).map(([type, number]) => [number, type as RecordType]));

const responseCodes: readonly ResponseCode[] = ['NOERROR', 'FORMERR', 'SERVFAIL', 'NXDOMAIN', 'NOTIMP', 'REFUSED'];

/** A question. */
export interface Question {
  readonly id: number;
  /** With or without its last dot. */
  readonly name: string;
  readonly type: RecordType;
}

/** Data of a record as text, in parts: names without their last dot, texts as they are. */
export interface Answer {
  readonly type: RecordType;
  readonly parts: readonly string[];
}

/** What a reply says. */
export interface Reply {
  /** Such as `NOERROR`, or the number of one that has no name here. */
  readonly code: string;
  /** There was more than fits. */
  readonly isTruncated: boolean;
  /** Records of the types that are known here. */
  readonly answers: readonly Answer[];
}

/** A name in small letters without its last dot. */
export function plainName(name: string): string {
  return name.toLowerCase().replace(/\.$/, '');
}

/** The message of a question; undefined where the name is none. */
export function encodeQuestion({ id, name, type }: Question): Buffer | undefined {
  const plain = name.replace(/\.$/, '');
  const labels = plain === '' ? [] : plain.split('.').map((label) => Buffer.from(label, 'latin1'));
  if (labels.some(({ length }) => length === 0 || length > longestLabel)) return undefined;
  const words = Buffer.alloc(headLength);
  words.writeUInt16BE(id, 0);
  words.writeUInt16BE(recursionDesired, 2);
  words.writeUInt16BE(1, 4);
  const end = Buffer.of(0, 0, typeNumbers[type], 0, internet);
  const message = Buffer.concat([words, ...labels.flatMap((label) => [Buffer.of(label.length), label]), end]);
  return message.length - headLength - 4 > longestName ? undefined : message;
}

/** Reads a message; what ends too early, or is no message, throws a DecodeError. */
class Reader {
  readonly #bytes: Buffer;
  place: number;

  constructor(bytes: Buffer, place: number) {
    this.#bytes = bytes;
    this.place = place;
  }

  take(length: number): Buffer {
    const end = this.place + length;
    if (end > this.#bytes.length) throw new DecodeError('a message of DNS ends too early');
    const taken = this.#bytes.subarray(this.place, end);
    this.place = end;
    return taken;
  }

  number8(): number {
    return this.take(1).readUInt8();
  }

  number16(): number {
    return this.take(2).readUInt16BE();
  }

  number32(): number {
    return this.take(4).readUInt32BE();
  }

  /** A name, whose end may be elsewhere in the message, without its last dot. */
  name(): string {
    const labels: string[] = [];
    let length = 0;
    let back: number | undefined;
    for (;;) {
      const start = this.place;
      const size = this.number8();
      if (size === 0) break;
      if (size >= pointer) {
        const target = ((size & ~pointer) << 8) | this.number8();
        // Only what came before may be pointed to, so that there is an end.
        if (target >= start) throw new DecodeError('a name points ahead');
        back ??= this.place;
        this.place = target;
      } else {
        length += size + 1;
        if (size > longestLabel || length > longestName) throw new DecodeError('a name is too long');
        labels.push(this.take(size).toString('latin1'));
      }
    }
    if (back !== undefined) this.place = back;
    return labels.join('.');
  }

  /** Texts until that place, put together. */
  texts(end: number): string {
    const pieces: Buffer[] = [];
    while (this.place < end) pieces.push(this.take(this.number8()));
    return Buffer.concat(pieces).toString('utf8');
  }

  numbers(...sizes: readonly (2 | 4)[]): string[] {
    return sizes.map((size) => String(size === 2 ? this.number16() : this.number32()));
  }
}

/** How the data of each type is read, up to its end. */
const readData: Readonly<Record<RecordType, (reader: Reader, end: number) => readonly string[]>> = {
  A: (reader) => [formatAddress('inet', reader.take(4))],
  AAAA: (reader) => [formatAddress('inet6', reader.take(16))],
  CNAME: (reader) => [reader.name()],
  NS: (reader) => [reader.name()],
  PTR: (reader) => [reader.name()],
  MX: (reader) => [...reader.numbers(2), reader.name()],
  SRV: (reader) => [...reader.numbers(2, 2, 2), reader.name()],
  SOA: (reader) => [reader.name(), reader.name(), ...reader.numbers(4, 4, 4, 4, 4)],
  TXT: (reader, end) => [reader.texts(end)],
};

function readAnswer(reader: Reader): Answer | undefined {
  reader.name();
  const type = typesByNumber.get(reader.number16());
  const recordClass = reader.number16();
  reader.number32();
  const length = reader.number16();
  const end = reader.place + length;
  if (type === undefined || recordClass !== internet) {
    reader.take(length);
    return undefined;
  }
  const parts = readData[type](reader, end);
  if (reader.place !== end) throw new DecodeError('a record is longer or shorter than it says');
  return { type, parts };
}

/**
 * Reads the reply to a question.
 * @returns `other`: no reply to that question; `malformed`: one that can't be read.
 */
export function decodeReply(bytes: Buffer, { id, name, type }: Question): Reply | 'other' | 'malformed' {
  if (bytes.length < headLength) return 'other';
  const flags = bytes.readUInt16BE(2);
  if (bytes.readUInt16BE(0) !== id || (flags & isReply) === 0) return 'other';
  const code = responseCodes[flags & 15] ?? String(flags & 15);
  const reader = new Reader(bytes, headLength);
  try {
    const questions = bytes.readUInt16BE(4);
    // A server that did not take the question need not repeat it.
    if (questions === 0) return code === 'NOERROR' ? 'malformed' : { code, isTruncated: false, answers: [] };
    const isOurs = questions === 1 && plainName(reader.name()) === plainName(name);
    if (!isOurs || reader.number16() !== typeNumbers[type] || reader.number16() !== internet) return 'other';
    const answers: Answer[] = [];
    // What was cut off may have been cut off anywhere.
    if ((flags & isTruncated) !== 0) return { code, isTruncated: true, answers };
    for (let left = bytes.readUInt16BE(6); left > 0; left--) {
      const answer = readAnswer(reader);
      if (answer !== undefined) answers.push(answer);
    }
    return { code, isTruncated: false, answers };
  } catch (cause) {
    if (cause instanceof DecodeError) return 'malformed';
    throw cause;
  }
}
