import type { Options } from 'yargs';
import { nameOfFile } from '../command/read-table-file.js';
import { writeAll } from '../command/write-all.js';
import { noteText, type ImportNote } from '../documents/foreign/draft.js';
import { foreignKinds, type ForeignKind } from '../documents/foreign/kinds.js';
import type { Health } from '../documents/health.js';
import type { PortRange } from '../documents/port-ranges.js';
import { formatJson } from '../format/json.js';
import { serviceId } from '../model/service.js';
import type { Io } from '../ports/io.js';
import { counted } from '../text/counted.js';
import { printable } from '../text/printable.js';
import type { TableDifference } from '../plan/difference.js';
import { differenceJson } from '../format/difference-json.js';
import { formatDifference, noPaint, type Paint } from '../format/format-difference.js';
import type { OptionTable } from './verb.js';
import { wantsColour } from './wants-colour.js';

/** Options that decide what is compared, and how it is shown. */
export interface ComparisonOptions {
  file: string;
  json: boolean;
  prune: boolean;
  keepWeights: boolean;
  verbose: boolean;
  from?: ForeignKind;
}

/** The file of a comparison. */
export const comparedFile =
  'a document (YAML or JSON), a rule dump, or keepalived.conf, ldirectord.cf or lvs.cf; - is the standard input';

/** Declares which program a file is for. */
export const fromOption: Options = {
  choices: foreignKinds,
  requiresArg: true,
  describe: 'the program that the file is for; otherwise its text shows it',
};

/** Declares the options of a comparison. */
export const comparisonOptions: OptionTable<Omit<ComparisonOptions, 'file'>> = {
  json: { type: 'boolean', default: false, describe: 'for programs: JSON with stable names' },
  prune: {
    type: 'boolean',
    default: true,
    describe: 'what the file does not have is to go; --no-prune leaves it alone',
  },
  'keep-weights': {
    type: 'boolean',
    default: false,
    describe: 'leave the weights of servers alone that are there already',
  },
  from: fromOption,
  verbose: {
    type: 'boolean',
    default: false,
    describe: 'tell, too, what of the file is not looked at, such as health checks',
  },
};

/** Tells which services and servers of another program's file a table can't have; all that it can't have, if verbose. */
export function noteTeller(
  io: Io,
  { verbose }: Pick<ComparisonOptions, 'verbose'>,
): (note: ImportNote) => Promise<void> {
  return async (note) => {
    if (note.isLoss || verbose) await io.stderr.write(`${io.programName}: ${noteText(note)}\n`);
  };
}

/** Tells that a file says something about health, if verbose. */
export async function tellOfHealth(
  io: Io,
  { file, verbose }: Pick<ComparisonOptions, 'file' | 'verbose'>,
  health: Health,
): Promise<void> {
  if (!verbose || !(await import('../documents/health.js')).asksForChecks(health)) return;
  await io.stderr.write(`${io.programName}: ${printable(nameOfFile(file))}: health checks are not looked at here\n`);
}

/**
 * Writes a difference: text for people, or JSON.
 * @param ranges services that were written as ranges of ports: how many there are and how many differ is told.
 */
export async function writeDifference(
  io: Io,
  difference: TableDifference,
  json: boolean,
  ranges: readonly PortRange[] = [],
): Promise<void> {
  for (const line of rangeLines(ranges, difference)) await io.stderr.write(`${io.programName}: ${line}\n`);
  if (json) {
    await writeAll(io.stdout, [formatJson(differenceJson(difference)), '\n']);
    return;
  }
  await writeAll(io.stdout, formatDifference(difference, wantsColour(io) ? await differencePaint(io) : noPaint));
}

/** How many services there are for each range of ports that something differs in. */
function rangeLines(ranges: readonly PortRange[], { services }: TableDifference): string[] {
  if (ranges.length === 0) return [];
  const kinds = new Map(services.map(({ key, service }) => [serviceId(key), service.kind]));
  return ranges.flatMap(({ ports, keys }) => {
    const found = keys.flatMap((key) => kinds.get(serviceId(key)) ?? []);
    if (found.length === 0) return [];
    const added = found.filter((kind) => kind === 'added').length;
    const changes = [
      added > 0 ? `${added} to add` : '',
      found.length > added ? `${found.length - added} to change` : '',
    ];
    return [`ports ${ports}: ${counted(keys.length, 'service')}, ${changes.filter((text) => text !== '').join(', ')}`];
  });
}

async function differencePaint(io: Io): Promise<Paint> {
  const { colours } = await import('./colours.js');
  const { green, red, yellow } = colours(io);
  return { ...noPaint, added: green, removed: red, edited: yellow };
}
