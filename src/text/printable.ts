/** Control characters, C0 and C1, and the line separators that some terminals obey. */
const controls = /[\p{Cc}\u2028\u2029]/gu;

/** Text from outside without control characters, which could drive a terminal: each is shown as `?`. */
export function printable(text: string): string {
  return text.replace(controls, '?');
}
