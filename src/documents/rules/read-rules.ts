import { UsageError } from '../../errors.js';
import type { ClassicCommand } from '../../grammar/command.js';
import { parseCommand, type ParseContext } from '../../grammar/parse.js';
import type { NameResolver } from '../../ports/resolver.js';
import { RuleTable } from './rule-table.js';
import { ruleWords } from './words.js';

/** A line that can't be taken. */
export interface RuleProblem {
  /** Number of the line, from 1. */
  readonly line: number;
  readonly message: string;
}

/** What a rule dump says. */
export interface RulesRead {
  readonly rules: RuleTable;
  readonly problems: readonly RuleProblem[];
}

/** Names of hosts in rules are looked up once each. */
function remembering(names: NameResolver): NameResolver {
  const known = new Map<string, Promise<readonly string[]>>();
  return {
    hostAddresses(name) {
      const addresses = known.get(name) ?? names.hostAddresses(name);
      known.set(name, addresses);
      return addresses;
    },
    hostName: (address) => names.hostName(address),
    servicePort: (name, protocol) => names.servicePort(name, protocol),
    serviceName: (port, protocol) => names.serviceName(port, protocol),
  };
}

/** What a dump may not have, as it only shows something or reads another dump. */
function refusal(kind: ClassicCommand['kind']): string {
  return `a command that is no part of a table (${kind}): a dump has -A, -a, -E, -e, -D, -d, -C, --set, --start-daemon and --stop-daemon`;
}

/**
 * Reads a rule dump by the grammar of the command line, each rule applied to what came before, starting from nothing.
 * @param names looks up the names of hosts and ports.
 */
export async function readRules(text: string, names: NameResolver): Promise<RulesRead> {
  const rules = new RuleTable();
  const problems: RuleProblem[] = [];
  const context: ParseContext = { programName: 'ipvsadm', posixlyCorrect: false, restoring: true };
  const resolver = remembering(names);
  for (let start = 0, line = 1, end; start < text.length; start = end + 1, line++) {
    end = text.indexOf('\n', start);
    if (end < 0) end = text.length;
    const words = ruleWords(text.slice(start, end));
    if (words.length === 0) continue;
    try {
      const command = await parseCommand(words, context, resolver);
      const message = command.kind === 'change' ? rules.apply(command.change, line) : refusal(command.kind);
      if (message !== undefined) problems.push({ line, message });
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      const message = error.kind === 'try' ? 'expected a rule, such as -A -t 192.0.2.1:80' : error.message.trim();
      problems.push({ line, message });
    }
  }
  return { rules, problems };
}
