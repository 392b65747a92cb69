/**
 * Control characters, C0 and C1, the line separators that some terminals obey, and those that change the direction of
 * the text around them (Unicode's Bidi_Control): these can make a line read as another one.
 */
const controls = /[\p{Cc}\u2028\u2029\p{Bidi_Control}]/gu;

/** Text from outside without control characters, which could drive a terminal: each is shown as `?`. */
export function printable(text: string): string {
  return text.replace(controls, '?');
}

/** JSON that shows them as escapes, as it does most of them anyway: it means the same. */
export function printableJson(json: string): string {
  return json.replace(controls, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
