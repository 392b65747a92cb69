// Who may look, and which forms are ours: tokens are kept as digests only, and compared in constant time.

import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Users } from './users.js';

/** How long somebody stays logged in, in milliseconds. */
const sessionTime = 12 * 3600 * 1000;

/** Sessions at a time; the oldest ends. */
const mostSessions = 100;

/** Wrong tokens within `attemptTime` milliseconds, of all clients together: guessing 256 bits takes longer. */
const mostAttempts = 20;
const attemptTime = 60_000;

/** The name of the cookie. */
const cookieName = 'ipvsadm';

/** Somebody who may look. */
export interface Visitor {
  /** For the log: who it is. */
  readonly name: string;
  /** What form tokens are bound to. */
  readonly session: string;
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

/** The value of our cookie in a header; undefined where there is none. */
export function cookieOf(header: string | undefined): string | undefined {
  for (const pair of (header ?? '').split(';')) {
    const [name = '', value] = pair.trim().split('=', 2);
    if (name === cookieName) return value;
  }
  return undefined;
}

/** Tokens, sessions and form tokens of one server. */
export class Sessions {
  readonly #secret = randomBytes(32);
  readonly #tokenDigest: Buffer | undefined;
  readonly #sessions = new Map<string, { readonly name: string; readonly until: number }>();
  readonly #now: () => number;
  #attempts: number[] = [];
  #users: Users | undefined;

  /**
   * @param token what opens the page; undefined: whoever can connect may look.
   * @param now milliseconds of a monotonic clock.
   */
  constructor(token: string | undefined, now: () => number) {
    this.#tokenDigest = token === undefined ? undefined : digest(token);
    this.#now = now;
  }

  /** Whether a token is needed. */
  get isClosed(): boolean {
    return this.#tokenDigest !== undefined;
  }

  /** Lets users in by their names and passwords, in place of those before; a token and users don't go together. */
  setUsers(users: Users | undefined): void {
    this.#users = users;
  }

  /** How a program proves who it is: the header `WWW-Authenticate`. */
  get challenge(): string {
    return this.#users === undefined ? 'Bearer' : 'Basic realm="ipvsadm", charset="UTF-8"';
  }

  /** Who sends a request; undefined: nobody that is known. */
  async visitor(cookie: string | undefined, authorization: string | undefined): Promise<Visitor | undefined> {
    if (this.#users !== undefined) return this.#user(this.#users, authorization);
    if (this.#tokenDigest === undefined) return { name: 'local', session: 'local' };
    const [, bearer] = /^Bearer ([\w-]{1,128})$/.exec(authorization ?? '') ?? [];
    if (bearer !== undefined) return this.#accepts(bearer) ? { name: 'token', session: 'token' } : undefined;
    const id = cookie === undefined ? undefined : digest(cookie).toString('hex');
    const session = id === undefined ? undefined : this.#sessions.get(id);
    if (id === undefined || session === undefined) return undefined;
    if (session.until > this.#now()) return { name: session.name, session: id };
    this.#sessions.delete(id);
    return undefined;
  }

  async #user(users: Users, authorization: string | undefined): Promise<Visitor | undefined> {
    const [, encoded] = /^Basic ([A-Za-z0-9+/=]{1,1024})$/.exec(authorization ?? '') ?? [];
    if (encoded === undefined || !this.#mayTry()) return undefined;
    const text = Buffer.from(encoded, 'base64').toString();
    const colon = text.indexOf(':');
    const name = text.slice(0, Math.max(0, colon));
    if (await users.accepts(name, text.slice(colon + 1))) return { name, session: `user ${name}` };
    this.#attempts.push(this.#now());
    return undefined;
  }

  #mayTry(): boolean {
    const now = this.#now();
    this.#attempts = this.#attempts.filter((at) => now - at < attemptTime);
    return this.#attempts.length < mostAttempts;
  }

  /** Exchanges a token for a cookie. @returns the header `Set-Cookie`; undefined where the token is wrong. */
  logIn(token: string, isSecure: boolean): string | undefined {
    if (!this.#accepts(token)) return undefined;
    const cookie = randomBytes(32).toString('base64url');
    const [oldest] = this.#sessions.keys();
    if (this.#sessions.size >= mostSessions && oldest !== undefined) this.#sessions.delete(oldest);
    this.#sessions.set(digest(cookie).toString('hex'), { name: 'token', until: this.#now() + sessionTime });
    const attributes = `HttpOnly; SameSite=Strict; Path=/; Max-Age=${sessionTime / 1000}${isSecure ? '; Secure' : ''}`;
    return `${cookieName}=${cookie}; ${attributes}`;
  }

  #accepts(token: string): boolean {
    if (this.#tokenDigest === undefined || !this.#mayTry()) return false;
    if (timingSafeEqual(digest(token), this.#tokenDigest)) return true;
    this.#attempts.push(this.#now());
    return false;
  }

  /** What a form of this visitor has in it, so that no other page can send it. */
  formToken({ session }: Visitor): string {
    return createHmac('sha256', this.#secret).update(session).digest('base64url');
  }

  /** Whether a form is ours. */
  isOurForm(visitor: Visitor, token: string): boolean {
    const expected = digest(this.formToken(visitor));
    return timingSafeEqual(expected, digest(token));
  }
}

/** A token of 256 bits. */
export function newToken(): string {
  return randomBytes(32).toString('base64url');
}
