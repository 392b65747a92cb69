import { readFileSync } from 'node:fs';
import { InputError } from '../errors.js';

/** Who a program runs as. */
export interface Account {
  readonly uid: number;
  readonly gid: number;
}

const file = '/etc/passwd';

/** Milliseconds that the accounts are remembered. */
const lifetime = 60_000;

let accounts: ReadonlyMap<string, Account> = new Map();
let readAt = -Infinity;

/** The accounts in the text of /etc/passwd, by their names. */
export function parseAccounts(text: string): ReadonlyMap<string, Account> {
  const found = new Map<string, Account>();
  for (const line of text.split('\n')) {
    const [, name = '', uid, gid] = /^([^:#]+):[^:]*:(\d+):(\d+):/.exec(line) ?? [];
    // The first of a name counts, as it does for the C library.
    if (name !== '' && !found.has(name)) found.set(name, { uid: Number(uid), gid: Number(gid) });
  }
  return found;
}

/**
 * A local account; undefined where there is none of that name.
 * @throws {InputError} when the accounts can't be read.
 */
export function accountOf(name: string): Account | undefined {
  const now = performance.now();
  if (now - readAt > lifetime) {
    try {
      accounts = parseAccounts(readFileSync(file, 'utf8'));
    } catch (cause) {
      throw new InputError(file, cause);
    }
    readAt = now;
  }
  return accounts.get(name);
}
