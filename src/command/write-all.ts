import { TextWriter } from '../text/text-writer.js';
import type { Output } from '../ports/io.js';

/** Bytes that are gathered before they are written: system calls cost more than memory. */
const blockSize = 65536;

/**
 * Writes text in large blocks, at the reader's pace; stops early when nobody reads any more.
 * @param produce appends to the text, and yields now and then, where a block may be written.
 */
export async function writeBlocks(
  output: Output,
  produce: (out: TextWriter) => AsyncGenerator<void> | Generator<void>,
): Promise<void> {
  const out = new TextWriter(blockSize + blockSize / 4);
  const flush = async (): Promise<void> => {
    if (out.length > 0) await output.write(out.bytes());
    out.clear();
  };
  const steps = produce(out);
  try {
    while ((await steps.next()).done !== true) {
      if (out.length < blockSize) continue;
      await flush();
      if (output.readerGone) return;
    }
  } finally {
    await steps.return(undefined);
    // What was made before a failure is shown, and before the failure is.
    await flush();
  }
}

/** Writes many small pieces, likewise. */
export async function writeAll(output: Output, pieces: Iterable<string>): Promise<void> {
  await writeBlocks(output, function* (out) {
    for (const piece of pieces) {
      out.text(piece);
      if (out.length >= blockSize) yield;
    }
  });
}
