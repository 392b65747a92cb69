/**
 * The verbs, with what each does in one line. They are named apart from their definitions, because the first word of
 * a command line has to be recognised without loading them.
 */
export const verbSummaries = {
  status: 'overview for people: services, servers, weights, connections',
  doctor: 'what keeps a cluster from working, why it matters, and what mends it',
} as const;

/** A word that starts the verbs' grammar. */
export type VerbName = keyof typeof verbSummaries;

/** True for a word that starts the verbs' grammar. */
export function isVerb(word: string | undefined): word is VerbName {
  return word !== undefined && Object.hasOwn(verbSummaries, word);
}
