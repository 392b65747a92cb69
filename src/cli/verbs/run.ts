import yargs from 'yargs';
import { tellingFailures } from '../../command/session.js';
import type { Io } from '../../io.js';
import { doctor } from './doctor.js';
import { status } from './status.js';
import type { ChosenVerb, DefinedVerb } from './verb.js';

/** Exit status for a wrong command line. */
const usageFailure = 2;

/** In the order of the help. */
const verbs: readonly DefinedVerb[] = [status, doctor];

const width = (io: Io): number => Math.min(io.stdout.columns ?? 100, 100);

/**
 * Runs a verb; the first word is its name.
 * @returns the exit status: 2 where the words or values make no sense or IPVS can't be reached.
 */
export async function runVerb(argv: readonly string[], io: Io): Promise<number> {
  let chosen: ChosenVerb | undefined;
  const parser = yargs()
    .scriptName(io.programName)
    .usage('$0 VERB [options]')
    .locale('en')
    .wrap(width(io))
    .version(false)
    .help()
    .alias('help', 'h')
    .strict()
    .exitProcess(false);
  for (const verb of verbs) {
    verb.register(parser, (choice) => {
      chosen = choice;
    });
  }
  const { failure, output } = await new Promise<{ failure: Error | undefined; output: string }>((resolve) => {
    void parser.parse([...argv], (error: Error | undefined, _: unknown, text: string) => {
      resolve({ failure: error ?? undefined, output: text });
    });
  });
  if (failure !== undefined) {
    await io.stderr.write(
      `${io.programName}: ${failure.message}\n(${io.programName} ${String(argv[0])} --help tells more)\n`,
    );
    return usageFailure;
  }
  if (chosen !== undefined) return chosen(io);
  return tellingFailures(io, false, async () => {
    await io.stdout.write(`${output}\n`);
    return 0;
  });
}
