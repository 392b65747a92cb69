import yargs, { type Argv } from 'yargs';
import { connect } from '../../command/connect.js';
import type { Session } from '../../command/session.js';
import type { Io } from '../../io.js';
import { describeFailure } from '../classic/failure.js';
import { verbSummaries } from './names.js';
import { status } from './status.js';

/** Exit status for a wrong command line. */
const usageFailure = 2;

/** A verb: what it takes, and what it does. */
export interface Verb<T> {
  readonly name: keyof typeof verbSummaries;
  /** Declares options and examples. */
  readonly options: (parser: Argv) => Argv<T>;
  /** @returns the exit status. */
  readonly run: (session: Session, options: T) => Promise<number>;
}

const width = (io: Io): number => Math.min(io.stdout.columns ?? 100, 100);

/**
 * Runs a verb; the first word is its name.
 * @returns the exit status: 2 where the words or values make no sense or IPVS can't be reached.
 */
export async function runVerb(argv: readonly string[], io: Io): Promise<number> {
  let exitStatus = 0;
  let chosen: ((session: Session) => Promise<number>) | undefined;
  const parser = yargs()
    .scriptName(io.programName)
    .usage('$0 VERB [options]')
    .locale('en')
    .wrap(width(io))
    .version(false)
    .help()
    .alias('help', 'h')
    .strict()
    .exitProcess(false)
    .command(
      status.name,
      verbSummaries[status.name],
      (verb) => status.options(verb),
      (options) => {
        chosen = (session) => status.run(session, options);
      },
    );
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
  try {
    if (output !== '') await io.stdout.write(`${output}\n`);
    if (chosen === undefined) return exitStatus;
    const client = await connect(io.machine);
    try {
      exitStatus = await chosen({ io, client });
    } finally {
      client.close();
    }
    return exitStatus;
  } catch (error) {
    const { text, status: failed } = describeFailure(error, io.programName, false);
    await io.stderr.write(`${text}\n`);
    return failed;
  }
}
