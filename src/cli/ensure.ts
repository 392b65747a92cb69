import { reportFailures } from '../command/failure.js';
import { parseContext } from '../command/parse-context.js';
import { withSession } from '../command/session.js';
import { checkTable } from '../documents/check-table.js';
import { ruleWords } from '../documents/rules/words.js';
import { UsageError, ValueError } from '../errors.js';
import { parseCommand } from '../grammar/parse.js';
import type { VerbName } from '../grammar/verbs.js';
import type { Change } from '../model/change.js';
import { pathText } from '../model/problem.js';
import type { Table } from '../model/table.js';
import { isRuleFor, withRules, type Presence } from '../plan/rules.js';
import type { Io } from '../ports/io.js';
import { readTable } from '../table/read.js';
import { makeTable, waitOption, withLock } from './make-table.js';
import { linesOfInput } from './named-servers.js';
import { defineVerb, type DefinedVerb, type Example } from './verb.js';

interface RuleOptions {
  words: readonly string[];
  dryRun: boolean;
  json: boolean;
  wait: number;
}

const expected: Readonly<Record<Presence, string>> = {
  present: '-A or -a, with what is to be there',
  absent: '-D or -d, with what is to be gone',
};

function ruleVerb(name: VerbName, presence: Presence, examples: readonly Example[]): DefinedVerb {
  return defineVerb<RuleOptions>({
    name,
    operands: {
      name: 'rule',
      areRule: true,
      describe: `words of ipvsadm: ${expected[presence]}; - reads rules from the standard input, one a line`,
    },
    options: {
      'dry-run': { type: 'boolean', default: false, describe: 'show what would be changed' },
      json: { type: 'boolean', default: false, describe: 'for programs: JSON with stable names' },
      ...waitOption,
    },
    examples,
    run: (io, { words, dryRun, json, wait }) =>
      reportFailures(io, 'apply', async () => {
        const rules = await readRules(io, words, presence);
        return withSession(io, 'apply', ({ client }) => {
          const make = async (): Promise<number> => {
            const from = await readTable(client);
            const wanted = withRules(from, rules);
            refuseConflicts(wanted, from);
            return makeTable(io, client, from, wanted, { verb: name, json, dryRun });
          };
          return dryRun ? make() : withLock(io, wait, name, make);
        });
      }),
  });
}

/** `ipvsadm ensure`: adds what is missing, and gives what is there the settings of the rules. */
export const ensure = ruleVerb('ensure', 'present', [
  ['$0 ensure -A -t 192.0.2.10:80 -s wlc', 'a service, whether it is there or not'],
  ['$0 ensure -a -t 192.0.2.10:80 -r 10.0.1.2:8080 -m -w 5', 'a server, with these settings'],
  ['$0 ensure - <rules', 'all of the rules, or none of them'],
]);

/** `ipvsadm absent`: removes what is there. */
export const absent = ruleVerb('absent', 'absent', [
  ['$0 absent -d -t 192.0.2.10:80 -r 10.0.1.2:8080', 'a server, whether it is there or not'],
  ['$0 absent -D -t 192.0.2.10:80', 'a service with its servers'],
]);

/** @throws {ValueError} with the place of a rule that is none, or is none for this verb. */
async function readRules(io: Io, words: readonly string[], presence: Presence): Promise<Change[]> {
  const lines = words.length === 1 && words[0] === '-' ? await linesOfInput(io) : undefined;
  const rules: Change[] = [];
  for (const [index, line] of (lines ?? [words]).entries()) {
    const ruleOfLine = typeof line === 'string' ? ruleWords(line) : line;
    if (ruleOfLine.length === 0) continue;
    const place = lines === undefined ? '' : `line ${index + 1}: `;
    rules.push(await readRule(io, ruleOfLine, place, presence));
  }
  return rules;
}

async function readRule(io: Io, words: readonly string[], place: string, presence: Presence): Promise<Change> {
  try {
    const command = await parseCommand(words, parseContext(io, true), io.names);
    if (command.kind === 'change' && isRuleFor(presence, command.change)) return command.change;
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    if (error.kind !== 'try') throw new ValueError(`${place}${error.message.trim()}`);
  }
  throw new ValueError(`${place}expected ${expected[presence]}`);
}

/** @throws {ValueError} for settings that conflict, unless they were there before. */
function refuseConflicts(wanted: Table, from: Table): void {
  const before = new Set(checkTable(from, pathText).map(({ message }) => message));
  const problem = checkTable(wanted, pathText).find(({ message }) => !before.has(message));
  if (problem !== undefined) throw new ValueError(problem.message);
}
