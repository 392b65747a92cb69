import assert from 'node:assert/strict';
import { IpvsError } from '../../src/errors.js';
import type { Random } from './random.js';

/** Something that is fed with generated input for a long time. */
export interface Kind {
  /** A word, as it is given on the command line and part of the names of kept inputs. */
  readonly name: string;
  /** Cases of a whole run. */
  readonly cases: number;
  /** Seconds that a case may take, where it takes long by itself. */
  readonly longest?: number;
  /** Cases that the unit tests try, where the usual number would take too long. */
  readonly tries?: number;
  /** Makes an input. Depends on nothing but the numbers. */
  readonly generate: (random: Random) => Uint8Array;
  /** Feeds an input to the program; throws what is wrong with what it did. */
  readonly run: (input: Uint8Array) => Promise<void> | void;
}

/** What a message must never have: text of a fault of the program. */
const faulty = /undefined|\bNaN\b|\[object |^\s+at .*:\d+:\d+\)?$/m;

/** Asserts that an error is one that a person can use. */
export function assertProperError(error: unknown): void {
  if (!(error instanceof IpvsError)) throw error;
  assert.match(error.message, /\S/);
  assert.doesNotMatch(error.message, faulty);
}

/** Characters that could drive a terminal or turn its text around; newlines are none of them. */
// eslint-disable-next-line no-control-regex -- these are what must not be there
const controls = /[\0-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]/;

/** Asserts that text for people can't drive a terminal. */
export function assertPrintable(text: string): void {
  assert.doesNotMatch(text, controls);
}
