/** Numbers that only depend on where they start, so that a case can be made again without those before it. */
export class Random {
  #state: number;

  /** @param seed any numbers and names, such as the seed of a run, the name of a kind and the number of a case. */
  constructor(...seed: readonly (number | string)[]) {
    // FNV-1a, over the text of the seed.
    this.#state = 0x811c9dc5;
    for (const letter of seed.join('/')) this.#state = Math.imul(this.#state ^ letter.charCodeAt(0), 0x01000193);
  }

  /** An integer from 0 to 2^32 - 1. Mulberry32. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return (mixed ^ (mixed >>> 14)) >>> 0;
  }

  /** An integer from 0 to `limit` - 1; 0 for a limit of 0. */
  below(limit: number): number {
    return limit === 0 ? 0 : this.next() % limit;
  }

  /** True once in so many times. */
  once(times: number): boolean {
    return this.below(times) === 0;
  }

  /** One of a list that is not empty. */
  pick<T>(list: readonly T[]): T {
    const found = list[this.below(list.length)];
    if (found === undefined) throw new Error('nothing to pick from');
    return found;
  }

  /** So many bytes. */
  bytes(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => this.below(256));
  }
}
