import { UsageError } from '../../errors.js';
import type { ClassicCommand } from '../../grammar/command.js';
import { parseCommand, type ParseContext } from '../../grammar/parse.js';
import { canonicalTable } from '../../model/canonical.js';
import type { Path } from '../../model/problem.js';
import type { Table } from '../../model/table.js';
import type { NameResolver } from '../../ports/resolver.js';
import { checkTable } from '../check-table.js';
import { documentError, keptProblems } from '../report.js';
import { replacement, SourceText } from '../source-text.js';
import { RuleTable } from './rule-table.js';
import { ruleWords } from './words.js';

/** Something wrong with a line, by its number from 1. */
interface RuleProblem {
  readonly line: number | undefined;
  readonly message: string;
}

/** A resolver that looks up each name of a host once. */
function caching(names: NameResolver): NameResolver {
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

/** The message for a command that only shows something or reads another dump. */
function notInDump(kind: ClassicCommand['kind']): string {
  return `a command that is not part of a table (${kind}): a dump has -A, -a, -E, -e, -D, -d, -C, --set, --start-daemon and --stop-daemon`;
}

/** The lines of a text, without their ends. */
function* splitLines(text: string): Generator<string> {
  for (let start = 0, end; start < text.length; start = end + 1) {
    end = text.indexOf('\n', start);
    if (end < 0) end = text.length;
    yield text.slice(start, end);
  }
}

/**
 * Reads a rule dump by the grammar of the command line, each rule applied to what came before, starting from an empty
 * table.
 * @param replaced whether bytes that are not UTF-8 were replaced: allowed in a comment, not in a rule.
 * @param source the name of the text in messages.
 * @param names looks up the names of hosts and ports.
 * @throws {DocumentError}
 */
export async function readRules(text: string, replaced: boolean, source: string, names: NameResolver): Promise<Table> {
  const rules = new RuleTable();
  const problems: RuleProblem[] = [];
  const context: ParseContext = { programName: 'ipvsadm', posixlyCorrect: false, restoring: true };
  const resolver = caching(names);
  let line = 0;
  for (const content of splitLines(text)) {
    line++;
    const words = ruleWords(content);
    if (words.length === 0) continue;
    if (replaced && words.some((word) => word.includes(replacement))) {
      problems.push({ line, message: 'invalid UTF-8' });
      continue;
    }
    try {
      const command = await parseCommand(words, context, resolver);
      const message = command.kind === 'change' ? rules.apply(command.change, line) : notInDump(command.kind);
      if (message !== undefined) problems.push({ line, message });
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      const message = error.kind === 'try' ? 'expected a rule, such as -A -t 192.0.2.1:80' : error.message.trim();
      problems.push({ line, message });
    }
  }
  // Settings without effect are allowed on the command line.
  const table = canonicalTable(rules.table);
  const lineOf = ([list, index, member, number]: Path): number | undefined =>
    (list === 'services' || list === 'syncDaemons') && typeof index === 'number'
      ? rules.lineOf(list, index, member === 'servers' && typeof number === 'number' ? number : undefined)
      : undefined;
  for (const { path, message } of checkTable(table, (first) => `in line ${lineOf(first) ?? ''}`)) {
    problems.push({ line: lineOf(path), message });
  }
  if (problems.length === 0) return table;
  const kept = problems.slice(0, keptProblems).map((problem) => ({ ...problem, column: undefined, path: '' }));
  throw documentError(source, kept, new SourceText(text), problems.length - kept.length);
}
