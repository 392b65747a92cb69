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
export async function* readLines(pieces: AsyncIterable<Uint8Array>, limit: number): AsyncGenerator<NumberedLine[]> {
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  let number = 0;
  let rest: Uint8Array[] = [];
  let restLength = 0;
  const keep = (bytes: Uint8Array): void => {
    const room = limit - restLength;
    if (room > 0) rest.push(bytes.slice(0, room));
    restLength += bytes.length;
  };
  const finish = (): NumberedLine => {
    const text = decoder.decode(Buffer.concat(rest));
    const cut = restLength > limit;
    rest = [];
    restLength = 0;
    return { number: ++number, text, cut };
  };
  for await (const piece of pieces) {
    const lines: NumberedLine[] = [];
    let start = 0;
    for (let end = piece.indexOf(newline); end >= 0; end = piece.indexOf(newline, start)) {
      keep(piece.subarray(start, end));
      lines.push(finish());
      start = end + 1;
    }
    if (start < piece.length) keep(piece.subarray(start));
    if (lines.length > 0) yield lines;
  }
  if (restLength > 0) yield [finish()];
}
