import stringWidth from 'fast-string-width';

/** What every terminal shows in one column a character: nearly all text here. */
const plain = /^[\x20-\x7e]*$/;

/** Columns of a terminal that text takes: two for a wide character, none for a combining one or a colour. */
export function textColumns(text: string): number {
  // Most of a table is such text, and it costs next to nothing.
  return plain.test(text) ? text.length : stringWidth(text);
}
