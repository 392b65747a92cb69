import { describeFailure } from './failure.js';
import type { IpvsClient } from '../client/client.js';
import type { Io } from '../ports/io.js';
import { connect } from './connect.js';

/** What a command works with. */
export interface Session {
  readonly io: Io;
  readonly client: IpvsClient;
}

/**
 * Opens a conversation with the kernel for a command, and closes it after.
 * @param changing whether the command changes anything; decides the exit status of a conversation that breaks.
 * @returns the exit status; failures are told.
 */
export async function withSession(
  io: Io,
  changing: boolean,
  run: (session: Session) => Promise<number>,
): Promise<number> {
  return tellingFailures(io, changing, async () => {
    const client = await connect(io.machine);
    try {
      return await run({ io, client });
    } finally {
      client.close();
    }
  });
}

/** Runs something and tells its failure; `changing` as above. @returns the exit status. */
export async function tellingFailures(io: Io, changing: boolean, run: () => Promise<number>): Promise<number> {
  try {
    return await run();
  } catch (error) {
    const { text, status } = describeFailure(error, io.programName, changing);
    await io.stderr.write(`${text}\n`);
    return status;
  }
}
