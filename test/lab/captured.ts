import type { Output } from '../../src/ports/io.js';

/** What a captured output pretends to be, and who wants to hear at once what is written to it. */
export interface Screen {
  readonly isTerminal?: boolean;
  readonly columns?: number | undefined;
  readonly heard?: ((text: string) => void) | undefined;
}

/** An output that keeps what was written. */
export class Captured implements Output {
  readonly isTerminal: boolean;
  readonly columns: number | undefined;
  readonly readerGone = false;
  readonly #heard: ((text: string) => void) | undefined;
  readonly #pieces: Buffer[] = [];

  constructor({ isTerminal = false, columns, heard }: Screen = {}) {
    this.isTerminal = isTerminal;
    this.columns = columns;
    this.#heard = heard;
  }

  write(text: string | Uint8Array): Promise<void> {
    // The bytes are the writer's again when this returns.
    const piece = Buffer.from(text);
    this.#pieces.push(piece);
    this.#heard?.(piece.toString());
    return Promise.resolve();
  }

  get text(): string {
    return Buffer.concat(this.#pieces).toString();
  }

  /** One character per byte. */
  get bytes(): string {
    return Buffer.concat(this.#pieces).toString('latin1');
  }
}
