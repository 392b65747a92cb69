import type { Output } from '../io.js';

/** Characters that are gathered before they are written: system calls cost more than memory. */
const blockSize = 65536;

/** Writes many small pieces in large blocks, at the reader's pace; stops early when nobody reads any more. */
export async function writeAll(output: Output, pieces: AsyncIterable<string> | Iterable<string>): Promise<void> {
  let block: string[] = [];
  let length = 0;
  const flush = async (): Promise<void> => {
    const text = block.join('');
    block = [];
    length = 0;
    if (text !== '') await output.write(text);
  };
  try {
    for await (const piece of pieces) {
      block.push(piece);
      length += piece.length;
      if (length < blockSize) continue;
      await flush();
      if (output.readerGone) return;
    }
  } finally {
    // What was made before a failure is shown, and before the failure is.
    await flush();
  }
}
