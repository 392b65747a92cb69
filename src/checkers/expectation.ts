import { shown } from './shown.js';

/** Bytes of a text that a regular expression looks at. */
export const longestText = 1 << 16;

/** What a reply has to contain. */
export interface Expectation {
  /** For people. */
  readonly text: string;
  /** @param from where to begin: what is before was looked at already. Regular expressions look at all of it. */
  matches(bytes: Buffer, from?: number): boolean;
  /** How much of what was looked at may be the beginning of it. */
  readonly overlap: number;
}

function expectBytes(needle: Buffer, text: string): Expectation {
  return {
    text: `"${shown(text)}"`,
    matches: (bytes, from = 0) => bytes.includes(needle, from),
    overlap: needle.length - 1,
  };
}

/** A text, or a regular expression between slashes. */
export function expectText(text: string): Expectation {
  const [, source] = /^\/(.*)\/$/s.exec(text) ?? [];
  if (source === undefined) return expectBytes(Buffer.from(text), text);
  const pattern = new RegExp(source, 'u');
  return {
    text: shown(text),
    matches: (bytes) => pattern.test(bytes.toString('utf8', 0, longestText)),
    overlap: 0,
  };
}

/** The bytes of a text, or those that `hex:` has two digits for each of. */
export function bytesOf(text: string): Buffer {
  return text.startsWith('hex:') ? Buffer.from(text.slice('hex:'.length), 'hex') : Buffer.from(text);
}

/** A text, or bytes such as `hex:00ff`. */
export function expectContained(text: string): Expectation {
  return expectBytes(bytesOf(text), text);
}
