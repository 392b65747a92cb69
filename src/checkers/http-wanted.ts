import { constants, gunzipSync } from 'node:zlib';
import type { Outcome, WeightWish } from '../health/outcome.js';
import type { Range } from '../model/limits.js';
import { expectText, type Expectation } from './expectation.js';
import { quoted } from './shown.js';
import { perCheck, type CheckOf } from './target.js';
import { parseWeight } from './weight.js';

/** Largest body in bytes, unpacked. */
const longestUnpacked = 1 << 20;

/** What a check wants of an answer, of whatever version of HTTP. */
export interface Wanted {
  readonly statuses: readonly Range[];
  /** Such as `200-299 or 304`. */
  readonly statusText: string;
  readonly body: Expectation | undefined;
  /** In small letters. */
  readonly weightHeader: string | undefined;
}

/** What the check wants. */
export const wantedBy = perCheck(({ expectStatus, expectBody, weightHeader }: CheckOf<'http'>): Wanted => {
  const statuses = expectStatus.map((item) => {
    const [lowest = 0, highest = lowest] = String(item).split('-').map(Number);
    return { lowest, highest };
  });
  return {
    statuses,
    statusText: expectStatus.join(' or '),
    body: expectBody === undefined ? undefined : expectText(expectBody),
    weightHeader: weightHeader?.toLowerCase(),
  };
});

/** What there is of an answer. */
export interface Answer {
  readonly status: number;
  /** By names in small letters; undefined: not read yet. */
  readonly header: ((name: string) => string | undefined) | undefined;
  /** Undefined: not read yet. */
  readonly body: Buffer | undefined;
}

/** What an answer says, or undefined where more of it has to be read. */
export function judge(wanted: Wanted, { status, header, body }: Answer): Outcome | undefined {
  if (!wanted.statuses.some(({ lowest, highest }) => status >= lowest && status <= highest)) {
    return { kind: 'said-no', reason: `HTTP ${status} instead of ${wanted.statusText}` };
  }
  if (wanted.weightHeader === undefined && wanted.body === undefined) return { kind: 'pass', reason: `HTTP ${status}` };
  if (header === undefined) return undefined;
  if (wanted.body !== undefined) {
    if (body === undefined) return undefined;
    const unpacked = unpack(body, header('content-encoding'));
    if (typeof unpacked === 'string') return { kind: 'said-no', reason: unpacked };
    if (!wanted.body.matches(unpacked)) {
      return { kind: 'said-no', reason: `the body does not contain ${wanted.body.text}` };
    }
  }
  const wish = wanted.weightHeader === undefined ? undefined : wishIn(header(wanted.weightHeader));
  return { kind: 'pass', reason: `HTTP ${status}`, ...(wish === undefined ? {} : { wish }) };
}

function wishIn(value: string | undefined): WeightWish | undefined {
  const weight = value === undefined ? undefined : parseWeight(value);
  return weight === undefined ? undefined : { weight };
}

/** A body that is packed though nobody asked for that, or what is wrong with it. */
function unpack(body: Buffer, encoding = 'identity'): Buffer | string {
  const name = encoding.toLowerCase();
  if (name === 'identity' || name === '') return body;
  if (name !== 'gzip' && name !== 'x-gzip') return `the body is packed by ${quoted(name)}`;
  try {
    // Its end may have been cut off.
    return gunzipSync(body, { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: longestUnpacked });
  } catch {
    return 'the body can not be unpacked';
  }
}
