import type { Options } from 'yargs';
import { writeAll } from '../command/write-all.js';
import { noteText, type ImportNote } from '../documents/foreign/draft.js';
import { foreignKinds, type ForeignKind } from '../documents/foreign/kinds.js';
import { formatJson } from '../format/json.js';
import type { Io } from '../ports/io.js';
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
};

/** Tells what the file of another program has and a table can't have. */
export function noteTeller(io: Io): (note: ImportNote) => Promise<void> {
  return (note) => io.stderr.write(`${io.programName}: ${noteText(note)}\n`);
}

/** Writes a difference: text for people, or JSON. */
export async function writeDifference(io: Io, difference: TableDifference, json: boolean): Promise<void> {
  if (json) {
    await writeAll(io.stdout, [formatJson(differenceJson(difference)), '\n']);
    return;
  }
  await writeAll(io.stdout, formatDifference(difference, wantsColour(io) ? await differencePaint(io) : noPaint));
}

async function differencePaint(io: Io): Promise<Paint> {
  const { colours } = await import('./colours.js');
  const { green, red, yellow } = colours(io);
  return { ...noPaint, added: green, removed: red, edited: yellow };
}
