/** A line of input with its number, from 1. */
export interface NumberedLine {
  readonly number: number;
  readonly text: string;
  /** The line was longer than allowed, and `text` is only its start. */
  readonly cut: boolean;
}

/** Complete lines as bytes, each with its newline; the last line of the input may lack it. */
export interface LineBlock {
  /** Valid until the next block is requested. */
  readonly bytes: Uint8Array;
  /** Number of the first line, from 1. */
  readonly number: number;
  /** The block is a single line that was longer than allowed, and `bytes` is only its start. */
  readonly cut: boolean;
}

const newline = 10;

/**
 * Splits bytes into blocks of complete lines as they arrive, so that lines can be handled before more input comes.
 * @param limit longest line in bytes; of a longer one only the start is kept.
 */
export async function* readLineBlocks(
  pieces: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  limit: number,
): AsyncGenerator<LineBlock> {
  let number = 1;
  // The start of a line that goes on in the next piece; at most one byte more than the limit is kept.
  let rest: Uint8Array = new Uint8Array();
  const keep = (end: Uint8Array): Uint8Array => Buffer.concat([rest, end.subarray(0, limit + 1 - rest.length)]);
  const lineOf = (line: Uint8Array): LineBlock => {
    const cut = line.length > limit;
    return { bytes: cut ? line.subarray(0, limit) : line, number: number++, cut };
  };
  for await (const piece of pieces) {
    let start = 0;
    const first = piece.indexOf(newline);
    if (first < 0) {
      rest = keep(piece);
      continue;
    }
    if (rest.length > 0) {
      yield lineOf(keep(piece.subarray(0, first)));
      rest = new Uint8Array();
      start = first + 1;
    }
    const end = piece.lastIndexOf(newline) + 1;
    for (const block of blocksOf(piece.subarray(start, end), limit)) {
      yield block.cut ? lineOf(block.bytes) : { ...block, number };
      if (!block.cut) number += block.lines;
    }
    if (end < piece.length) rest = keep(piece.subarray(end));
  }
  if (rest.length > 0) yield lineOf(rest);
}

/** Splits at lines that are too long, which get a block of their own. */
function* blocksOf(bytes: Uint8Array, limit: number): Generator<{ bytes: Uint8Array; lines: number; cut: boolean }> {
  let start = 0;
  let lines = 0;
  for (let at = 0; at < bytes.length;) {
    const end = bytes.indexOf(newline, at);
    if (end - at > limit) {
      if (lines > 0) yield { bytes: bytes.subarray(start, at), lines, cut: false };
      yield { bytes: bytes.subarray(at, end), lines: 1, cut: true };
      start = end + 1;
      lines = 0;
    } else {
      lines++;
    }
    at = end + 1;
  }
  if (lines > 0) yield { bytes: bytes.subarray(start), lines, cut: false };
}

/**
 * Splits bytes into lines of text, a block at a time; each block has to be consumed before the next one is
 * requested. Bytes that are no UTF-8 become U+FFFD.
 * @param limit as above
 */
export async function* readLines(
  pieces: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  limit: number,
): AsyncGenerator<Iterable<NumberedLine>> {
  for await (const block of readLineBlocks(pieces, limit)) yield linesOf(block);
}

function* linesOf({ bytes, number, cut }: LineBlock): Generator<NumberedLine> {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  let line = number;
  for (let start = 0, end; start < bytes.length; start = end + 1) {
    end = bytes.indexOf(newline, start);
    if (end < 0) end = bytes.length;
    yield { number: line++, text: buffer.toString('utf8', start, end), cut };
  }
}
