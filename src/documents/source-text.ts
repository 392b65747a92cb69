/** U+FFFD, which stands in a text for bytes that are not UTF-8. */
export const replacement = '\ufffd';

/** A text with the places of its lines. */
export class SourceText {
  readonly #text: string;
  readonly #starts: number[] = [0];

  constructor(text: string) {
    this.#text = text;
    for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) this.#starts.push(at + 1);
  }

  /** Line and column, from 1, of an offset. */
  place(offset: number): { line: number; column: number } {
    let low = 0;
    let high = this.#starts.length;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if ((this.#starts[middle] ?? 0) <= offset) low = middle;
      else high = middle;
    }
    // Columns are for people: a character beyond U+FFFF is one.
    const before = this.#text.slice(this.#starts[low], offset);
    return { line: low + 1, column: Array.from(before).length + 1 };
  }

  /** The text of a line, from 1. */
  line(number: number): string {
    const start = this.#starts[number - 1] ?? 0;
    const next = this.#starts[number];
    return this.#text.slice(start, next === undefined ? undefined : next - 1);
  }
}
