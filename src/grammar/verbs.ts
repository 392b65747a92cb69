/**
 * The verbs, each with a summary of one line. They are listed separately from their definitions, because the first word
 * of a command line has to be recognised without loading them.
 */
export const verbSummaries = {
  status: 'overview for people: services, servers, weights, connections',
  top: 'services, servers, hosts and clients live: new connections, packets, bytes',
  connections: 'who is connected to what: filtered, counted, or bound by persistence',
  export: 'the table as YAML, JSON or rules, to keep, compare and apply',
  import: 'a document made of keepalived.conf, ldirectord.cf or lvs.cf, health checks too',
  diff: 'what a document or rule dump would change in the table',
  apply: 'make the table that of a document or rule dump, changing only what differs',
  run: 'keep the table of a document: check its servers, take out the dead, bring back the living',
  checks: 'what `run` checks: states, results and their reasons',
  reload: 'let `run` take its document anew',
  set: 'change some settings of services and servers, and leave the others',
  drain: 'take servers out of service: no new connections, wait until the last one has ended',
  undrain: 'put drained servers back, with the weights that they had',
  ensure: 'make what rules say be there, whether it was or not',
  absent: 'make what rules name be gone, whether it was there or not',
  undo: 'put back the table before the last change that removed much',
  doctor: 'what keeps a cluster from working, why it matters, and what fixes it',
  web: 'a page with the table live, and metrics for whoever collects them',
  metrics: 'the table once as metrics for Prometheus, for node_exporter to collect',
  completion: 'print a script that completes verbs and their options in bash or zsh',
} as const;

/** The name of a verb. */
export type VerbName = keyof typeof verbSummaries;

/** First word of a command line that the completion script asks to complete; yargs' protocol. */
export const completionWord = '--get-yargs-completions';

/** True for the name of a verb, and for the completion word. */
export function isVerb(word: string | undefined): boolean {
  return word !== undefined && (Object.hasOwn(verbSummaries, word) || word === completionWord);
}
