import { release } from 'node:os';
import type { IpvsClient } from '../client/client.js';
import { InputError } from '../errors.js';
import type { Io } from '../ports/io.js';
import { missingInProc, ProcTable, procTable, type TableReader } from '../table/proc-table.js';
import { isPrivileged } from './privileges.js';
import { connect } from './connect.js';
import { reportFailures, type CommandKind } from './failure.js';
import { readText } from './read-text.js';

/** What a command that only reads works with. */
export interface ReadSession {
  readonly io: Io;
  readonly client: TableReader;
}

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

/**
 * The same for a command that only reads: where this process may not ask IPVS, it reads the text that everybody may read, and
 * says so once.
 */
export async function withReader(
  io: Io,
  kind: CommandKind,
  run: (session: ReadSession) => Promise<number>,
): Promise<number> {
  return reportFailures(io, kind, async () => {
    const proc = await tableForAll(io);
    if (proc === undefined) return withSession(io, kind, run);
    await sayUnprivileged(io);
    return run({ io, client: proc });
  });
}

/** Says what is missing in what everybody may read. */
export async function sayUnprivileged(io: Io): Promise<void> {
  await io.stderr.write(
    `${io.programName}: not privileged (CAP_NET_ADMIN): read from ${procTable}, ${missingInProc}\n`,
  );
}

/**
 * The table of `/proc/net/ip_vs`. Where the kernel's configuration can't be read, it says that persistence timeouts are in ticks.
 * @throws {InputError}
 */
export async function openProcTable(io: Io): Promise<ProcTable> {
  const text = await readText(io.machine, procTable);
  const ticks = text.includes(' persistent ') ? await ticksPerSecond(io) : 1;
  if (ticks === undefined)
    await io.stderr.write(
      `${io.programName}: persistence timeouts are in ticks of the kernel (CONFIG_HZ is not known)\n`,
    );
  return new ProcTable(text, ticks ?? 1);
}

/** CONFIG_HZ of the kernel that runs, from where distributions put its configuration; undefined where it is not there. */
async function ticksPerSecond(io: Io): Promise<number | undefined> {
  try {
    const digits = /^CONFIG_HZ=(\d+)$/m.exec(await readText(io.machine, `/boot/config-${release()}`))?.[1];
    return digits === undefined ? undefined : Number(digits);
  } catch (error) {
    if (error instanceof InputError) return undefined;
    throw error;
  }
}

/** The same, for a process that may not ask IPVS; undefined where it may, and where the file can't be read. */
export async function tableForAll(io: Io): Promise<ProcTable | undefined> {
  if (isPrivileged(io.machine)) return undefined;
  try {
    const table = await openProcTable(io);
    return table.info.version.major === 0 ? undefined : table;
  } catch (error) {
    if (error instanceof InputError) return undefined;
    throw error;
  }
}
