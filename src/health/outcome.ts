// What a check found out, and what it asked.

import type { AddressFamily } from '../model/address.js';
import type { Check } from '../documents/health-schema.js';

/** A weight that a server wishes for itself: a part of the document's, or a weight. */
export type WeightWish =
  /** 0..100. */
  { readonly percent: number } | { readonly weight: number };

/** The server is well. */
export interface Passed {
  readonly kind: 'pass';
  /** What it said, for people; printable, one line. */
  readonly reason: string;
  /** Undefined: it wishes for nothing. */
  readonly wish?: WeightWish | undefined;
  /** It wants no new connections, though it is well: an agent's `drain` and `maint`. */
  readonly drains?: boolean | undefined;
  /** When the certificate that it showed ends, in milliseconds since 1970. */
  readonly certificateEnds?: number | undefined;
}

/** The server is not well, or nothing was found out about it. */
export interface NotPassed {
  /**
   * `unreachable`: nobody answered in time, or the network or the host refused.
   * `said-no`: it answered, and not as it should.
   * `unknown`: this host could not ask, such as for want of descriptors; it says nothing about the server.
   */
  readonly kind: 'unreachable' | 'said-no' | 'unknown';
  /** Why, for people; printable, one line. */
  readonly reason: string;
}

/** What a check found out. */
export type Outcome = Passed | NotPassed;

/** Whom a check asks. */
export interface CheckTarget {
  readonly check: Check;
  readonly family: AddressFamily;
  readonly address: string;
  /** 0 where the check needs none. */
  readonly port: number;
  /**
   * The service that is meant, for programs that are told (`%v`, `%V`): its address and port, or its firewall mark and 0.
   * Undefined where the check does not ask for it, so that services share it.
   */
  readonly virtual?: { readonly address: string; readonly port: number } | undefined;
}

/**
 * Starts a check. `done` is called once, never before this returns; after `stop` it is not called any more, and nothing of the
 * check is left: no socket, no timer, no process.
 * @returns stop
 */
export type StartCheck = (target: CheckTarget, done: (outcome: Outcome) => void) => () => void;
