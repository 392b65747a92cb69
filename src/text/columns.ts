import stringWidth from 'string-width';

/** What every terminal shows in one column a character: nearly all text here. */
const plain = /^[\x20-\x7e]*$/;

/** Columns of a terminal that text takes: two for a wide character, none for a combining one or a colour. */
export function textColumns(text: string): number {
  // Taking text apart into characters costs a hundred times as much.
  return plain.test(text) ? text.length : stringWidth(text);
}
