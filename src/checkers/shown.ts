import { printable } from '../text/printable.js';

/** Longest text of a server in a reason, in characters. */
const longest = 120;

/** The first line of what a server or a program said, for people: printable and not too long. */
export function shown(text: string): string {
  const [line = ''] = text
    .trimStart()
    .slice(0, 4 * longest)
    .split(/[\r\n]/, 1);
  const short = printable(line.trimEnd());
  return short.length > longest ? `${short.slice(0, longest - 1)}…` : short;
}

/** The same in quotation marks. */
export function quoted(text: string): string {
  return `"${shown(text)}"`;
}
