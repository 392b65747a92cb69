// Arguments and an `Io` in, an exit status out: the classic command line of the three commands.

import { basename } from 'node:path';
import { UsageError } from './errors.js';
import { parseCommand } from './grammar/parse.js';
import type { ClassicCommand } from './grammar/command.js';
import { reportFailures } from './command/failure.js';
import { show, showAbout } from './command/show.js';
import { keepPresent } from './command/previous.js';
import { parseContext } from './command/parse-context.js';
import { replaceTable, restore } from './command/restore.js';
import { openProcTable, withSession } from './command/session.js';
import { warnOfKeepers } from './command/warn-kept.js';
import { restoreUsage, saveUsage } from './format/help.js';
import type { Io } from './ports/io.js';
import { printable } from './text/printable.js';

/** The command without arguments: the whole table, with names. */
const defaultCommand: ClassicCommand = {
  kind: 'list',
  key: undefined,
  layout: 'plain',
  numeric: false,
  exact: false,
  sorted: true,
  json: false,
  proc: false,
};

/**
 * Runs `ipvsadm` with the arguments after the program's name, which are no verb's.
 * @returns the exit status. Failures that a user can understand are reported on `io.stderr`; others are thrown.
 */
export async function classic(argv: readonly string[], io: Io): Promise<number> {
  const parsed = argv.length === 0 ? defaultCommand : await parseArguments(argv, io);
  if (!(parsed instanceof UsageError) && (parsed.kind === 'help' || parsed.kind === 'version')) {
    return reportFailures(io, 'listing', async () => {
      await showAbout(io, parsed.kind);
      return 0;
    });
  }
  if (!(parsed instanceof UsageError) && parsed.kind === 'list' && parsed.proc)
    return reportFailures(io, 'listing', async () => show({ io, client: await openProcTable(io) }, parsed));
  const changing = !(parsed instanceof UsageError) && (parsed.kind === 'change' || parsed.kind === 'restore');
  // The original connects to the kernel before it parses its arguments: without IPVS it reports that.
  return withSession(io, changing ? 'change' : 'listing', async (session) => {
    if (parsed instanceof UsageError) throw parsed;
    switch (parsed.kind) {
      case 'change':
        if (parsed.change.kind === 'flush') await keepPresent(session, '-C');
        await session.client.change(parsed.change);
        await warnOfKeepers(io, parsed.change);
        return 0;
      case 'restore': {
        const status = await restore(session);
        await warnOfKeepers(io, undefined);
        return status;
      }
      case 'save': {
        const status = await show(session, parsed);
        if (io.stdout.isTerminal) await io.stderr.write(`${io.programName}: ${notSaved}\n`);
        return status;
      }
      default:
        return show(session, parsed);
    }
  });
}

/** A hint for users who expect that `--save` saves to a file. */
const notSaved = 'nothing was saved, the table was only shown; to save it: ipvsadm-save -n >FILE';

/** Runs `ipvsadm-save`: the table as rules. @returns the exit status. */
export async function mainSave(argv: readonly string[], io: Io): Promise<number> {
  const name = basename(io.programName);
  const unknown = argv.find((word) => word !== '-n');
  if (unknown === undefined) return classic(argv.length > 0 ? ['-S', '-n'] : ['-S'], asIpvsadm(io));
  // Options as in the original; it ignores other words, but who writes one expects it to have an effect.
  const option = argv.some((word) => word.startsWith('-') && word !== '-n');
  await io.stderr.write(option ? saveUsage(name) : `${unexpected(name, unknown)}\n${saveUsage(name)}`);
  return option ? 1 : 2;
}

/** Runs `ipvsadm-restore`: replaces the table by the rules on standard input. @returns the exit status. */
export async function mainRestore(argv: readonly string[], io: Io): Promise<number> {
  const [first] = argv;
  if (first === undefined) {
    return withSession(asIpvsadm(io), 'change', async (session) => {
      const status = await replaceTable(session);
      await warnOfKeepers(session.io, undefined);
      return status;
    });
  }
  const name = basename(io.programName);
  if (argv.includes('-h') || argv.includes('--help')) {
    return reportFailures(io, 'listing', async () => {
      await io.stdout.write(restoreUsage(name));
      return 0;
    });
  }
  await io.stderr.write(`${unexpected(name, first)}; the table was not touched\n${restoreUsage(name)}`);
  return 2;
}

function unexpected(name: string, word: string): string {
  // Word processors turn hyphens into dashes.
  const dash = /^[\p{Pd}\u2212]/u.test(word) && !word.startsWith('-') ? ' (its dash is not a hyphen)' : '';
  return `${name}: unexpected argument ${printable(word)}${dash}`;
}

/** Messages about rules are those of ipvsadm. */
function asIpvsadm(io: Io): Io {
  return Object.create(io, { programName: { value: 'ipvsadm' } }) as Io;
}

async function parseArguments(argv: readonly string[], io: Io): Promise<ClassicCommand | UsageError> {
  try {
    return await parseCommand(argv, parseContext(io, false), io.names);
  } catch (error) {
    if (error instanceof UsageError) return error;
    throw error;
  }
}
