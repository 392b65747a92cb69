// An error in, its text for people and the exit status out, by the kind of command.

import { constants } from 'node:os';
import { IpvsError, KernelError, UnavailableError, UsageError, type ErrorCode, type UsageKind } from '../errors.js';
import type { Io } from '../ports/io.js';
import { kernelText, unavailableText } from './kernel-text.js';
import { isPrivileged } from './privileges.js';

/** Kinds of command, by what their exit statuses mean. */
export type CommandKind = 'listing' | 'change' | 'export' | 'diff' | 'apply' | 'doctor';

/** Exit status of each kind of usage error, with every command. */
export const usageStatus: Readonly<Record<UsageKind, number>> = { scan: 255, usage: 2, try: 255 };

/** Exit status of a line or a command that the kernel refused. */
export const refusedStatus = 255;

type StatusTable = Readonly<Record<ErrorCode, number>>;

const listing: StatusTable = {
  IPVS_USAGE: usageStatus.usage,
  IPVS_UNAVAILABLE: 2,
  IPVS_KERNEL: 1,
  IPVS_TRANSPORT: 1,
  IPVS_DECODE: 1,
  IPVS_VALUE: 1,
  IPVS_INPUT: 1,
  IPVS_OUTPUT: 1,
  IPVS_DOCUMENT: 2,
  IPVS_APPLY: 1,
  IPVS_INTERRUPTED: 1,
  IPVS_LOCKED: 1,
  IPVS_STATE: 1,
};

/** For commands whose statuses 0 and 1 are results: every failure is 2. */
const resultsAreStatuses: StatusTable = {
  IPVS_USAGE: usageStatus.usage,
  IPVS_UNAVAILABLE: 2,
  IPVS_KERNEL: 2,
  IPVS_TRANSPORT: 2,
  IPVS_DECODE: 2,
  IPVS_VALUE: 2,
  IPVS_INPUT: 2,
  IPVS_OUTPUT: 2,
  IPVS_DOCUMENT: 2,
  IPVS_APPLY: 2,
  IPVS_INTERRUPTED: 2,
  IPVS_LOCKED: 2,
  IPVS_STATE: 2,
};

/** Exit statuses by kind of command and code of the error. */
const statuses: Readonly<Record<CommandKind, StatusTable>> = {
  listing,
  // A change that may have been made in part is worse than a listing cut short.
  change: { ...listing, IPVS_KERNEL: refusedStatus, IPVS_TRANSPORT: refusedStatus, IPVS_DECODE: refusedStatus },
  // The table contains what the format can't express: the input is not at fault.
  export: { ...listing, IPVS_DOCUMENT: 1 },
  diff: resultsAreStatuses,
  // 1: the table is not that of the file; 2: the file can't be used, or IPVS is not available.
  apply: { ...listing, IPVS_INPUT: 2, IPVS_VALUE: 2 },
  doctor: resultsAreStatuses,
};

/** Text and exit status of a failure. */
export interface Failure {
  readonly text: string;
  readonly status: number;
}

/**
 * Converts an error to a text and an exit status.
 * @throws the error itself where it is not one that this package throws on purpose: a fault of the program.
 */
export function describeFailure(
  error: unknown,
  { programName, machine }: Pick<Io, 'programName' | 'machine'>,
  kind: CommandKind,
): Failure {
  if (!(error instanceof IpvsError)) throw error;
  if (error instanceof UsageError) return { text: error.message, status: usageStatus[error.kind] };
  const status = statuses[kind][error.code];
  if (error instanceof KernelError) return { text: kernelText(error.errno, error.operation), status };
  if (error instanceof UnavailableError) {
    const confined = error.errno === constants.errno.EPERM && isPrivileged(machine);
    return { text: `${unavailableText(error.errno)}${confined ? `\n${programName}: ${confinedText}` : ''}`, status };
  }
  return { text: `${programName}: ${error.message}`, status };
}

/** For EPERM in spite of all capabilities: those of another user namespace don't count. */
const confinedText =
  'IPVS needs CAP_NET_ADMIN in the initial user namespace; ' +
  'root of another user namespace (unshare -U, a rootless container) does not have it';

/**
 * Runs a command; a failure becomes a message on the standard error output.
 * @returns the exit status.
 * @throws what is not an IpvsError: a fault of the program.
 */
export async function reportFailures(io: Io, kind: CommandKind, run: () => Promise<number>): Promise<number> {
  try {
    return await run();
  } catch (error) {
    const { text, status } = describeFailure(error, io, kind);
    await io.stderr.write(`${text}\n`);
    return status;
  }
}
