// The two messages of grpc.health.v1.Health/Check, in the encoding of protocol buffers, and their frames.

/** What a server says about a service, by its number. */
export const servingStates: readonly string[] = ['UNKNOWN', 'SERVING', 'NOT_SERVING', 'SERVICE_UNKNOWN'];

const frameHead = 5;
/** Wire types of fields. */
const varint = 0;
const lengthDelimited = 2;
/** Bytes of the fixed types. */
const fixed: Readonly<Record<number, number>> = { 1: 8, 5: 4 };

function writeVarint(value: number): number[] {
  const bytes: number[] = [];
  for (; value > 127; value >>>= 7) bytes.push((value & 127) | 128);
  return [...bytes, value];
}

/** A framed HealthCheckRequest. */
export function encodeHealthRequest(service: string): Buffer {
  const name = Buffer.from(service);
  const message = name.length === 0 ? [] : [(1 << 3) | lengthDelimited, ...writeVarint(name.length), ...name];
  const frame = Buffer.alloc(frameHead);
  frame.writeUInt32BE(message.length, 1);
  return Buffer.concat([frame, Buffer.from(message)]);
}

/** The state's number in a framed HealthCheckResponse, 0 where it has none; undefined where the bytes are no such thing. */
export function decodeHealthResponse(bytes: Buffer): number | undefined {
  if (bytes.length < frameHead || bytes[0] !== 0) return undefined;
  const end = frameHead + bytes.readUInt32BE(1);
  if (bytes.length < end) return undefined;
  let place = frameHead;
  /** Numbers above 2^31 and broken ones read as NaN, which nothing equals. */
  const readVarint = (): number => {
    let value = 0;
    for (let shift = 0; place < end && shift < 70; shift += 7) {
      const byte = bytes[place++] ?? 0;
      value += (byte & 127) * 2 ** shift;
      if (byte < 128) return value;
    }
    return Number.NaN;
  };
  let state = 0;
  while (place < end) {
    const key = readVarint();
    const type = key % 8;
    if (type === varint) {
      const value = readVarint();
      if (Number.isNaN(value)) return undefined;
      if (key >> 3 === 1) state = value;
    } else {
      const length = type === lengthDelimited ? readVarint() : fixed[type];
      if (length === undefined || Number.isNaN(length) || place + length > end) return undefined;
      place += length;
    }
  }
  return state;
}
