import type { TextWriter } from '../text/text-writer.js';

/** Units, each with the first counter that is too large for it. */
const units = [
  ['K', 1e3, 1e9],
  ['M', 1e6, 1e11],
  ['G', 1e9, 1e14],
] as const;

/** The largest unit, for all that is larger still. */
const largestUnit = ['T', 1e12] as const;

/** Counters from here on are shortened. */
const shortened = 1e8;

const blank = 32;

/**
 * Appends a counter in a column of nine characters, the blank before it included; shortened with K, M, G or T (powers of
 * 1000) unless it is to be exact.
 */
export function writeCounter(out: TextWriter, value: number | bigint, exact: boolean): void {
  const start = out.length;
  if (exact) {
    out.byte(blank);
    writeInteger(out, value);
    out.padStart(start + 1, 8);
  } else if (value < shortened) {
    writeInteger(out, value);
    out.padStart(start, 9);
  } else {
    const [letter, unit] = units.find(([, , limit]) => value < limit) ?? largestUnit;
    writeInteger(out, typeof value === 'bigint' ? value / BigInt(unit) : Math.floor(value / unit));
    out.padStart(start, 8);
    out.text(letter);
  }
}

function writeInteger(out: TextWriter, value: number | bigint): void {
  if (typeof value === 'number') out.number(value);
  else out.text(String(value));
}
