import { ConnectionLine } from '../format/connections.js';
import { UnitWriter, writeKey, type ConnectionKey } from './connection-keys.js';
import { sortedInTurns, Turns } from './turns.js';

/** What connections can be listed by: one of their keys, or the seconds that are left to them. */
export type LineOrder = ConnectionKey | 'expires';

const chunkSize = 1 << 20;

/** Lines of the connection table that are kept to be sorted: their bytes, and what they are sorted by. */
export class KeptLines {
  readonly #order: LineOrder;
  readonly #writer = new UnitWriter();
  readonly #keys: string[] = [];
  readonly #lines: Uint8Array[] = [];
  #chunk = Buffer.allocUnsafeSlow(chunkSize);
  #used = 0;

  constructor(order: LineOrder) {
    this.#order = order;
  }

  /** Keeps a line. */
  add(line: ConnectionLine): void {
    const { bytes } = line;
    if (this.#used + bytes.length > this.#chunk.length) {
      this.#chunk = Buffer.allocUnsafeSlow(Math.max(chunkSize, bytes.length));
      this.#used = 0;
    }
    this.#chunk.set(bytes, this.#used);
    this.#lines.push(new Uint8Array(this.#chunk.buffer, this.#used, bytes.length));
    this.#used += bytes.length;
    this.#keys.push(this.#keyOf(line));
  }

  #keyOf(line: ConnectionLine): string {
    const out = this.#writer;
    out.clear();
    if (this.#order === 'expires') {
      for (const unit of [2 ** 32, 2 ** 16, 1]) out.unit(Math.floor(line.expires / unit) % 2 ** 16);
    } else {
      writeKey(out, this.#order, line);
    }
    return out.toString();
  }

  /**
   * The lines in order; equal ones in that in which they came. Each is valid until the next one is requested.
   * @param limit how many, the first of them.
   */
  async *sorted(limit = Infinity): AsyncGenerator<ConnectionLine, void, undefined> {
    const keys = this.#keys;
    const compare = (a: number, b: number): number => {
      const left = keys[a] ?? '';
      const right = keys[b] ?? '';
      return left < right ? -1 : left > right ? 1 : a - b;
    };
    const turns = new Turns();
    const line = new ConnectionLine();
    const places = keys.map((_, place) => place);
    for (const place of await sortedInTurns(places, compare, limit)) {
      const bytes = this.#lines[place] ?? new Uint8Array();
      line.read(bytes, 0, bytes.length);
      yield line;
      await turns.take();
    }
  }
}
