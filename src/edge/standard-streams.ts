import { fstatSync, readSync, writeSync } from 'node:fs';
import { OutputError } from '../errors.js';
import type { Output } from '../ports/io.js';
import { systemErrorText } from '../text/errno-text.js';

/** How long to wait for a descriptor that somebody else has made non-blocking, in milliseconds. */
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

/** False where a descriptor is no terminal for certain, which is known without making a stream. */
function canBeTerminal(fd: number): boolean {
  try {
    const status = fstatSync(fd);
    return status.isCharacterDevice() && ((status.rdev >>> 8) & 0xfff) !== memoryDevices;
  } catch {
    return false;
  }
}

/**
 * A standard descriptor to write to. Plain system calls: they wait for a slow reader, report every failure at once, and
 * cost nothing to set up, which matters to commands that run for milliseconds.
 */
class DescriptorOutput implements Output {
  readonly #fd: number;
  readonly #name: string;
  readonly #stream: () => NodeJS.WriteStream;
  #readerGone = false;

  /** @param stream Node's own stream for the descriptor; costs milliseconds to make, so it is made only when asked. */
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

/** Where messages can't be written, that can't be reported either: the exit status has to do. */
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

/** Standard input in pieces as they come; each holds until the next one is asked for. */
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
