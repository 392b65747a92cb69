import { TextWriter } from '../../../src/text/text-writer.js';

/** The text that is appended, by a writer that has to grow at once and holds something already. */
export function written(append: (out: TextWriter) => void): string {
  const out = new TextWriter(1);
  out.text('before ');
  append(out);
  return out.toString().slice('before '.length);
}
