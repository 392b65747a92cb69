/**
 * The verbs, with what each does in one line. They are named apart from their definitions, because the first word of
 * a command line has to be recognised without loading them.
 */
export const verbSummaries = {
  status: 'overview for people: services, servers, weights, connections',
  export: 'the table as YAML, JSON or rules, to keep, compare and apply',
  diff: 'what a document or rule dump would change in the table',
  apply: 'make the table that of a document or rule dump, changing only what differs',
} as const;

/** A word that starts the verbs' grammar. */
export type VerbName = keyof typeof verbSummaries;

/** True for a word that starts the verbs' grammar. */
export function isVerb(word: string | undefined): word is VerbName {
  return word !== undefined && Object.hasOwn(verbSummaries, word);
}
