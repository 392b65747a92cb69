import { TextWriter } from '../text/text-writer.js';
import type { Output } from '../ports/io.js';

/** Bytes that are gathered before they are written: system calls cost more than memory. */
const blockSize = 65536;

/**
 * Writes text in large blocks, at the reader's pace; stops early when the reader has closed its end.
 * @param produce appends to the text, and yields regularly where a block may be written.
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
    // After a failure, what was produced before is written, before the failure is reported.
    await flush();
  }
}

/** Writes many small pieces in the same way. */
export async function writeAll(output: Output, pieces: Iterable<string>): Promise<void> {
  await writeBlocks(output, function* (out) {
    for (const piece of pieces) {
      out.text(piece);
      if (out.length >= blockSize) yield;
    }
  });
}
