import imported from 'fast-string-width';

// What is published is CommonJS: require() of an ES module returns its default export as a member.
const stringWidth = 'default' in imported ? (imported.default as typeof imported) : imported;

/** Characters that every terminal shows in one column each: nearly all text here. */
const ascii = /^[\x20-\x7e]*$/;

/** Columns of a terminal that text takes: two for a wide character, none for a combining one or a colour. */
export function textColumns(text: string): number {
  // The fast path: most of a table is such text.
  return ascii.test(text) ? text.length : stringWidth(text);
}
