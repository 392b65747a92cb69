import { closeSync, openSync, readSync } from 'node:fs';

/** The kernel fills at most this many bytes of a reader's buffer at a time. */
const pieceSize = 1 << 16;

/**
 * A file in pieces, each valid until the next one is requested. Synchronous reads: those of /proc never block, and
 * Node's thread pool stays free for look-ups.
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
