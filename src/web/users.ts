// Users with passwords that are kept as hashes only.

import { createHash } from 'node:crypto';
import { compare } from 'bcryptjs';

/** Passwords that were right, by their digests: bcrypt takes a tenth of a second of each request otherwise. */
const mostKnown = 100;

/** A hash for names that are not there: whoever asks can't tell by the time that it takes. */
const nobody = '$2a$10$7EqJtq98hPqEX7fNZaFWoOhiE6JYJ2FXxM2Xr3/3LbQyY8tGFzEeC';

/** Checks names and passwords. */
export class Users {
  readonly #hashes: ReadonlyMap<string, string>;
  readonly #known = new Set<string>();

  /** @param hashes by bcrypt, by the names of users. */
  constructor(hashes: ReadonlyMap<string, string>) {
    this.#hashes = hashes;
  }

  /** How many there are. */
  get size(): number {
    return this.#hashes.size;
  }

  /** Whether a password is that of a user. */
  async accepts(name: string, password: string): Promise<boolean> {
    const hash = this.#hashes.get(name);
    const digest = createHash('sha256')
      .update(`${name}\0${password}\0${hash ?? ''}`)
      .digest('hex');
    if (hash !== undefined && this.#known.has(digest)) return true;
    const isRight = await compare(password, hash ?? nobody);
    if (!isRight || hash === undefined) return false;
    const [oldest] = this.#known;
    if (this.#known.size >= mostKnown && oldest !== undefined) this.#known.delete(oldest);
    this.#known.add(digest);
    return true;
  }
}
