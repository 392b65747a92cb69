// Problems and the text that they are in, in; a DocumentError with excerpts of the text out.

import { DocumentError, type DocumentProblem } from '../errors.js';
import { printable } from '../text/printable.js';
import type { SourceText } from './source-text.js';

/** Largest text that is read, in bytes: some 100,000 real servers as formatted JSON. */
export const largestText = 1 << 24;

/** Problems that are located in the text and kept; the rest is counted. */
export const keptProblems = 1000;

/** Problems that a message shows. */
const shownProblems = 50;

/** Characters of a line that a message shows. */
const shownWidth = 100;

/** The line and a mark under the column, each with a margin; of a long line the part around the column. */
function excerpt(source: SourceText, line: number, column: number | undefined): string {
  const characters = Array.from(printable(source.line(line).replaceAll('\t', ' ').replace(/\r$/, '')));
  const at = (column ?? 1) - 1;
  const start = characters.length > shownWidth && at > shownWidth / 2 ? at - shownWidth / 2 : 0;
  const shown = characters.slice(start, start + shownWidth).join('');
  return `    ${shown}${column === undefined ? '' : `\n    ${' '.repeat(at - start)}^`}`;
}

/**
 * The error with all problems in the order of the text.
 * @param text undefined where there is none to show.
 * @param left how many more there are.
 */
export function documentError(
  name: string,
  problems: readonly DocumentProblem[],
  text?: SourceText,
  left = 0,
): DocumentError {
  const source = printable(name);
  const sorted = problems
    .map((problem) => ({ ...problem, path: printable(problem.path), message: printable(problem.message) }))
    .sort((a, b) => (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0));
  const shown = sorted.slice(0, shownProblems).map(({ line, column, path, message }) => {
    const place = [source, line, column].filter((part) => part !== undefined).join(':');
    const head = `${place}: ${path === '' ? '' : `${path}: `}${message}`;
    return text === undefined || line === undefined ? head : `${head}\n${excerpt(text, line, column)}`;
  });
  const rest = sorted.length - shown.length + Math.max(left, 0);
  if (rest > 0) shown.push(`and ${rest} more ${rest === 1 ? 'problem' : 'problems'}`);
  return new DocumentError(shown.join('\n'), source, sorted);
}

/** An error about a text as a whole, without an excerpt. */
export function unreadable(name: string, message: string): DocumentError {
  return documentError(name, [{ line: undefined, column: undefined, path: '', message }]);
}

/** The error for a text that is larger than `largestText`. */
export function tooLarge(name: string): DocumentError {
  return unreadable(name, `exceeds the limit of ${largestText >> 20} MiB`);
}
