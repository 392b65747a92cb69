import { printable } from '../text/printable.js';

/** Characters of a found value that a message shows. */
const shownLength = 60;

/** A value from outside for a message: short, and without characters that drive a terminal. */
export function describeValue(value: unknown): string {
  if (value === undefined || value === null) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a mapping';
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (typeof value !== 'string') return `a ${typeof value}`;
  const shown = value.length > shownLength ? `${value.slice(0, shownLength)}...` : value;
  return `"${printable(shown)}"`;
}
