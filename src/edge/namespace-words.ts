// Apart from what enters a namespace: every command looks for these words before it loads anything.

/** Names a network namespace, anywhere among the words of a command. */
export const namespaceOption = '--netns';

/** True for a command line that asks for another network namespace. */
export function asksForNamespace(words: readonly string[]): boolean {
  const end = words.indexOf('--');
  return words
    .slice(0, end < 0 ? undefined : end)
    .some((word) => word === namespaceOption || word.startsWith(`${namespaceOption}=`));
}

/** A namespace as words name it, and the words without it. */
export interface NamespaceWords {
  /** As it was written: a name below /run/netns, or a path. Undefined: it is missing. */
  readonly name: string | undefined;
  readonly words: readonly string[];
}

/** Splits the words of a command line that asks for a namespace; of several, the last counts. */
export function splitNamespace(given: readonly string[]): NamespaceWords {
  const words: string[] = [];
  let name: string | undefined;
  for (let index = 0; index < given.length; index++) {
    const word = given[index] ?? '';
    if (word === '--') return { name, words: [...words, ...given.slice(index)] };
    if (word === namespaceOption) name = given[++index];
    else if (word.startsWith(`${namespaceOption}=`)) name = word.slice(namespaceOption.length + 1);
    else words.push(word);
  }
  return { name, words };
}
