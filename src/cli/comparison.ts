import { describeFailure } from '../command/failure.js';
import { writeAll } from '../command/write-all.js';
import { IpvsError } from '../errors.js';
import { formatJson } from '../format/json.js';
import type { Io } from '../ports/io.js';
import type { TableDifference } from '../plan/difference.js';
import { differenceJson } from '../format/difference-json.js';
import { formatDifference, plainPaint, type Paint } from '../format/format-difference.js';
import type { OptionTable } from './verb.js';
import { wantsColour } from './wants-colour.js';

/** Options that decide what is compared, and how it is shown. */
export interface ComparisonOptions {
  file: string;
  json: boolean;
  prune: boolean;
  keepWeights: boolean;
}

/** The file of a comparison. */
export const comparedFile = 'a document (YAML or JSON) or a rule dump; - is the standard input';

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
};

/** Writes a difference: text for people, or JSON. */
export async function writeDifference(io: Io, difference: TableDifference, json: boolean): Promise<void> {
  if (json) {
    await writeAll(io.stdout, [formatJson(differenceJson(difference)), '\n']);
    return;
  }
  await writeAll(io.stdout, formatDifference(difference, wantsColour(io) ? await differencePaint(io) : plainPaint));
}

async function differencePaint(io: Io): Promise<Paint> {
  const { colours } = await import('./colours.js');
  const { green, red, yellow } = colours(io);
  return { ...plainPaint, added: green, removed: red, edited: yellow };
}

/** Exit status for wrong usage, bad input, and for a kernel without IPVS. */
const badInputStatus = 2;

/** Errors of what was given to us. */
const badInput: readonly string[] = ['IPVS_DOCUMENT', 'IPVS_INPUT', 'IPVS_VALUE'];

/**
 * Runs a verb and tells its failure.
 * @param otherwise the exit status of a failure that is not the input's; undefined: what the classic commands have.
 * @returns the exit status.
 */
export async function tellingTrouble(
  io: Io,
  otherwise: number | undefined,
  run: () => Promise<number>,
): Promise<number> {
  try {
    return await run();
  } catch (error) {
    const { text, status } = describeFailure(error, io.programName, false);
    await io.stderr.write(`${text}\n`);
    if (error instanceof IpvsError && badInput.includes(error.code)) return badInputStatus;
    return otherwise ?? status;
  }
}
