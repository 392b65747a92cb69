import { UsageError } from './errors.js';
import { parseCommand } from './grammar/parse.js';
import type { ClassicCommand } from './grammar/command.js';
import { isVerb } from './grammar/verbs.js';
import { show, showAbout } from './command/show.js';
import { parseContext } from './command/parse-context.js';
import { replaceTable, restore } from './command/restore.js';
import { tellingFailures, withSession } from './command/session.js';
import type { Io } from './ports/io.js';

/** What no argument at all asks for: the whole table, with names. */
const defaultCommand: ClassicCommand = {
  kind: 'list',
  key: undefined,
  layout: 'plain',
  numeric: false,
  exact: false,
  sorted: true,
  json: false,
};

/**
 * Runs `ipvsadm` with the arguments after the program's name.
 * @returns the exit status. Failures that a person can understand are told on `io.stderr`; others are thrown.
 */
export async function main(argv: readonly string[], io: Io): Promise<number> {
  const [first] = argv;
  if (isVerb(first)) {
    const { runVerb } = await import('./cli/run-verb.js');
    return runVerb(argv, io);
  }
  const parsed = argv.length === 0 ? defaultCommand : await readCommand(argv, io);
  if (!(parsed instanceof UsageError) && (parsed.kind === 'help' || parsed.kind === 'version')) {
    return tellingFailures(io, false, async () => {
      await showAbout(io, parsed.kind);
      return 0;
    });
  }
  // The original reaches for the kernel before it reads its arguments: without IPVS that is what it tells.
  const changing = !(parsed instanceof UsageError) && (parsed.kind === 'change' || parsed.kind === 'restore');
  return withSession(io, changing, async (session) => {
    if (parsed instanceof UsageError) throw parsed;
    switch (parsed.kind) {
      case 'change':
        await session.client.change(parsed.change);
        return 0;
      case 'restore':
        return restore(session);
      default:
        return show(session, parsed);
    }
  });
}

/** Runs `ipvsadm-save`: the table as rules. @returns the exit status. */
export async function mainSave(argv: readonly string[], io: Io): Promise<number> {
  if (argv.some((word) => word.startsWith('-') && word !== '-n')) {
    await io.stderr.write(`${io.programName}: prints the IPVS table as rules\n   -n  addresses and ports as numbers\n`);
    return 1;
  }
  return main(argv.includes('-n') ? ['-S', '-n'] : ['-S'], asIpvsadm(io));
}

/** Runs `ipvsadm-restore`: replaces the table by the rules on standard input. @returns the exit status. */
export async function mainRestore(_argv: readonly string[], io: Io): Promise<number> {
  return withSession(asIpvsadm(io), true, replaceTable);
}

/** Rules are those of ipvsadm, and so are the messages about them. */
function asIpvsadm(io: Io): Io {
  return Object.create(io, { programName: { value: 'ipvsadm' } }) as Io;
}

async function readCommand(argv: readonly string[], io: Io): Promise<ClassicCommand | UsageError> {
  try {
    return await parseCommand(argv, parseContext(io, false), io.names);
  } catch (error) {
    if (error instanceof UsageError) return error;
    throw error;
  }
}
