import { printable } from '../format/printable.js';

/** The way to a value of a document: names of members, numbers of items from 0. */
export type Path = readonly (string | number)[];

/** Something wrong with a table, told by the words of a document. */
export interface TableProblem {
  readonly path: Path;
  /** What was expected and what was found; may hold any characters of the input. */
  readonly message: string;
}

/** A path as people write it: `services[0].servers[1].port`; empty for the whole document. */
export function pathText(path: Path): string {
  return path.reduce<string>(
    (text, step) => (typeof step === 'number' ? `${text}[${step}]` : `${text}${text === '' ? '' : '.'}${step}`),
    '',
  );
}

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
