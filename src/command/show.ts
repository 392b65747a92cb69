import { basename } from 'node:path';
import type { ClassicCommand } from '../grammar/command.js';
import { helpText, versionText } from '../format/help.js';
import { verbSummaries } from '../grammar/verbs.js';
import type { Io } from '../ports/io.js';
import { listConnections } from './connections.js';
import { countersOf, listDaemonsJson, listJson, listTimeoutsJson } from './list-json.js';
import { list, listDaemons, listTimeouts, save } from './list.js';
import type { ReadSession } from './session.js';

/** A command that reads from the kernel and shows it. */
export type ShowCommand = Exclude<ClassicCommand, { kind: 'help' | 'version' | 'restore' | 'change' }>;

/** Shows the help or the version; needs no kernel. */
export async function showAbout(io: Io, kind: 'help' | 'version'): Promise<void> {
  await io.stdout.write(
    kind === 'help' ? helpText(basename(io.programName), Object.entries(verbSummaries)) : versionText(),
  );
}

/**
 * Carries out a command that only reads.
 * @returns the exit status.
 * @throws {KernelError} and every other error of the client or the output.
 */
export async function show(session: ReadSession, command: ShowCommand): Promise<number> {
  switch (command.kind) {
    case 'list':
      if (command.json) await listJson(session, { ...command, counters: countersOf(command.layout) });
      else await list(session, command);
      return 0;
    case 'list-timeouts':
      await (command.json ? listTimeoutsJson : listTimeouts)(session);
      return 0;
    case 'list-daemons':
      await (command.json ? listDaemonsJson : listDaemons)(session);
      return 0;
    case 'save':
      await save(session, command.numeric);
      return 0;
    case 'list-connections':
      return listConnections(session.io, command);
  }
}
