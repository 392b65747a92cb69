import { closeSync, openSync, readSync } from 'node:fs';

/** The kernel fills at most this much of a reader's buffer at a time. */
const pieceSize = 1 << 16;

/**
 * A file in pieces. Plain reads: those of /proc never wait, and the threads that Node would read with are kept for
 * look-ups. Each piece holds until the next one is asked for.
 */
export function* readPieces(path: string): Generator<Uint8Array> {
  const fd = openSync(path, 'r');
  const piece = Buffer.allocUnsafeSlow(pieceSize);
  try {
    for (;;) {
      const length = readSync(fd, piece);
      if (length === 0) return;
      yield piece.subarray(0, length);
    }
  } finally {
    closeSync(fd);
  }
}
