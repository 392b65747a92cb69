// The only way to make HTML here: what is put into a template is escaped, whatever it is and wherever it comes from.

import { printable } from '../text/printable.js';

/** Text that is HTML already; only `html` makes it. */
export class Html {
  readonly text: string;

  /** @internal */
  constructor(text: string) {
    this.text = text;
  }
}

/** What a template may have in it. True, false and undefined are nothing. */
export type Part = string | number | Html | undefined | boolean | readonly Part[];

const escapes: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Text for HTML, also between quotes in a tag. Control characters are shown as `?`. */
export function escaped(text: string): string {
  return printable(text).replace(/[&<>"']/g, (character) => escapes[character] ?? '');
}

function partText(part: Part): string {
  if (part === undefined || typeof part === 'boolean') return '';
  if (part instanceof Html) return part.text;
  if (typeof part === 'number') return String(part);
  return typeof part === 'string' ? escaped(part) : part.map(partText).join('');
}

/** HTML of a template. Attributes with something in them have to be between quotes. */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Html {
  let text = strings[0] ?? '';
  for (const [index, part] of parts.entries()) text += partText(part) + (strings[index + 1] ?? '');
  return new Html(text);
}
