import { fstatSync, readSync, writeSync } from 'node:fs';
import { OutputError } from '../errors.js';
import type { Output } from '../ports/io.js';
import { systemErrorText } from '../text/errno-text.js';

/** Milliseconds between two tries of a descriptor that another process has made non-blocking. */
const retryDelay = 5;

async function pause(): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, retryDelay);
  });
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code;
}

/** Major number of the devices null, zero and full. Source: Documentation/admin-guide/devices.txt of Linux. */
const memoryDevices = 1;

/** False where a descriptor is certainly not a terminal, found out without creating a stream. */
function canBeTerminal(fd: number): boolean {
  try {
    const status = fstatSync(fd);
    return status.isCharacterDevice() && ((status.rdev >>> 8) & 0xfff) !== memoryDevices;
  } catch {
    return false;
  }
}

/**
 * A standard descriptor to write to. Synchronous system calls: they wait for a slow reader, report every failure at once, and
 * cost nothing to set up, which matters to commands that run for milliseconds.
 */
class DescriptorOutput implements Output {
  readonly #fd: number;
  readonly #name: string;
  readonly #stream: () => NodeJS.WriteStream;
  #readerGone = false;

  /** @param stream Node's own stream for the descriptor; creating it costs milliseconds, so it is done when needed. */
  constructor(fd: number, name: string, stream: () => NodeJS.WriteStream) {
    this.#fd = fd;
    this.#name = name;
    this.#stream = stream;
  }

  get isTerminal(): boolean {
    return canBeTerminal(this.#fd) && this.#stream().isTTY;
  }

  get columns(): number | undefined {
    return this.isTerminal ? this.#stream().columns : undefined;
  }

  get readerGone(): boolean {
    return this.#readerGone;
  }

  async write(text: string | Uint8Array): Promise<void> {
    let rest = typeof text === 'string' ? Buffer.from(text) : text;
    while (rest.length > 0 && !this.#readerGone) {
      try {
        rest = rest.subarray(writeSync(this.#fd, rest));
      } catch (cause) {
        await this.#failed(cause);
      }
    }
  }

  async #failed(cause: unknown): Promise<void> {
    const code = codeOf(cause);
    if (code === 'EPIPE') {
      this.#readerGone = true;
    } else if (code === 'EAGAIN') {
      await pause();
    } else {
      throw new OutputError(`can't write ${this.#name}: ${systemErrorText(cause)}`, { cause });
    }
  }
}

/** Standard output. */
export const standardOutput: Output = new DescriptorOutput(1, 'standard output', () => process.stdout);

/** A failure to write messages can't be reported either: the exit status has to be enough. */
class LenientOutput extends DescriptorOutput {
  override async write(text: string | Uint8Array): Promise<void> {
    try {
      await super.write(text);
    } catch (error) {
      if (!(error instanceof OutputError)) throw error;
    }
  }
}

/** Standard error. Writing to it never fails. */
export const standardError: Output = new LenientOutput(2, 'standard error', () => process.stderr);

/** Standard input in pieces as they arrive; each is valid until the next one is requested. */
export async function* standardInput(): AsyncGenerator<Uint8Array> {
  const piece = Buffer.allocUnsafeSlow(65536);
  for (;;) {
    let length: number;
    try {
      length = readSync(0, piece);
    } catch (cause) {
      const code = codeOf(cause);
      if (code === 'EOF') return;
      if (code !== 'EAGAIN') throw cause;
      await pause();
      continue;
    }
    if (length === 0) return;
    yield piece.subarray(0, length);
  }
}
