/**
 * Splits a line of a rule dump at blanks, as the original does: no quoting, and the program's own name is dropped
 * wherever it stands. So is a comment, which the original doesn't have.
 */
export function ruleWords(line: string): string[] {
  const words: string[] = [];
  for (const word of line.split(/[ \t\r]+/)) {
    if (word.startsWith('#')) break;
    if (word !== '' && word !== 'ipvsadm') words.push(word);
  }
  return words;
}
