import type { IpvsClient } from '../client/client.js';
import type { Io } from '../ports/io.js';
import { connect } from './connect.js';
import { reportFailures, type CommandKind } from './failure.js';

/** What a command works with. */
export interface Session {
  readonly io: Io;
  readonly client: IpvsClient;
}

/**
 * Connects to the kernel for a command, and closes the connection after it.
 * @returns the exit status; failures are reported.
 */
export async function withSession(
  io: Io,
  kind: CommandKind,
  run: (session: Session) => Promise<number>,
): Promise<number> {
  return reportFailures(io, kind, async () => {
    const client = await connect(io.machine);
    try {
      return await run({ io, client });
    } finally {
      client.close();
    }
  });
}
