/** A line of input with its number, from 1. */
export interface NumberedLine {
  readonly number: number;
  readonly text: string;
  /** The line was longer than allowed, and `text` is only its start. */
  readonly cut: boolean;
}

const newline = 10;

/**
 * Splits bytes into lines, each piece's whole lines at a time, so that a caller can act on what has come before it
 * waits for more. Bytes that are no UTF-8 become U+FFFD.
 * @param limit longest line in bytes; of a longer one only the start is kept.
 */
export async function* readLines(
  pieces: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  limit: number,
): AsyncGenerator<NumberedLine[]> {
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  let number = 0;
  // The start of a line that goes on in the next piece; at most one byte more than the limit is kept.
  let rest: Uint8Array = new Uint8Array();
  const keep = (end: Uint8Array): Uint8Array => Buffer.concat([rest, end.subarray(0, limit + 1 - rest.length)]);
  const finish = (end: Uint8Array): NumberedLine => {
    const line = rest.length === 0 ? end : keep(end);
    rest = new Uint8Array();
    const cut = line.length > limit;
    return { number: ++number, text: decoder.decode(cut ? line.subarray(0, limit) : line), cut };
  };
  for await (const piece of pieces) {
    const lines: NumberedLine[] = [];
    let start = 0;
    for (let end = piece.indexOf(newline); end >= 0; end = piece.indexOf(newline, start)) {
      lines.push(finish(piece.subarray(start, end)));
      start = end + 1;
    }
    if (start < piece.length) rest = keep(piece.subarray(start));
    if (lines.length > 0) yield lines;
  }
  if (rest.length > 0) yield [finish(new Uint8Array())];
}
