/**
 * The verbs, with what each does in one line. They are named apart from their definitions, because the first word of
 * a command line has to be recognised without loading them.
 */
export const verbSummaries = {
  status: 'overview for people: services, servers, weights, connections',
  export: 'the table as YAML, JSON or rules, to keep, compare and apply',
  diff: 'what a document or rule dump would change in the table',
  apply: 'make the table that of a document or rule dump, changing only what differs',
  doctor: 'what keeps a cluster from working, why it matters, and what fixes it',
  completion: 'print a script that completes verbs and their options in bash or zsh',
} as const;

/** A word that starts the verbs' grammar. */
export type VerbName = keyof typeof verbSummaries;

/** What the completion script starts a command line with that is to be completed; yargs' protocol. */
export const completionWord = '--get-yargs-completions';

/** True for a word that starts the verbs' grammar. */
export function isVerb(word: string | undefined): boolean {
  return word !== undefined && (Object.hasOwn(verbSummaries, word) || word === completionWord);
}
