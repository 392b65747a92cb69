// A table to be made in, its difference shown, the changes made, and what is left reported. The exit status out.

import type { IpvsClient } from '../client/client.js';
import { kernelText } from '../command/kernel-text.js';
import { Keepers, keptText } from '../command/keepers.js';
import { keepPrevious } from '../command/previous.js';
import { writeAll } from '../command/write-all.js';
import { ApplyError, InterruptedError, isUndone, StateError, type KernelError, type Undone } from '../errors.js';
import type { PortRange } from '../documents/port-ranges.js';
import { formatDifference } from '../format/format-difference.js';
import { serviceName } from '../model/entity-name.js';
import type { Table } from '../model/table.js';
import { compareTables, isSame } from '../plan/difference.js';
import { isEmpty, planChanges, type Plan, type PlanOptions } from '../plan/plan.js';
import type { Io } from '../ports/io.js';
import { applyPlan } from '../table/apply.js';
import { forgetReturned } from '../table/drain-record.js';
import { readTable } from '../table/read.js';
import { counted } from '../text/counted.js';
import { writeDifference } from './comparison.js';
import { Ending } from './ending.js';

/** Exit status when the table is not what it was to be: refused, locked, or changed by another process. */
export const failure = 1;

/** Longest time to wait, in seconds: a day. */
const longestWait = 86400;

/** Reads seconds, 0..86400. */
export function readSeconds(option: string): (value: unknown) => number {
  return (value) => {
    if (typeof value === 'number' && value >= 0 && value <= longestWait) return value;
    throw new Error(`--${option} takes one number of seconds, 0..${longestWait}`);
  };
}

/** How long a verb waits for another one that changes the table. */
export const waitOption = {
  wait: {
    type: 'number',
    default: 10,
    requiresArg: true,
    coerce: readSeconds('wait'),
    describe: 'seconds to wait for another command that changes the table to end',
  },
} as const;

/** Runs something while no other verb of ours, and no script that takes the lock, changes the table. */
export async function withLock<R>(io: Io, waitSeconds: number, purpose: string, run: () => Promise<R>): Promise<R> {
  const lock = await io.machine.lockTable({
    waitSeconds,
    purpose: `${io.programName} ${purpose}`,
    onWait: (holder) => void io.stderr.write(`waiting for ${holder}\n`),
  });
  try {
    return await run();
  } finally {
    await lock.release();
  }
}

/** How a table is made. */
export interface MakeOptions extends PlanOptions {
  /** The verb, for messages and for `undo`. */
  readonly verb: string;
  /** What differs is shown as JSON. */
  readonly json: boolean;
  /** Nothing is shown. */
  readonly quiet?: boolean | undefined;
  readonly dryRun?: boolean | undefined;
  /** False: the table before is not kept for `undo`, as for what goes on with a change. Default: true. */
  readonly keep?: boolean | undefined;
  /** True: services that daemons keep are left as they are, instead of being a failure. */
  readonly leavesKept?: boolean | undefined;
  /** As `writeDifference` has them. */
  readonly ranges?: readonly PortRange[] | undefined;
  /** As `ApplyOptions` has it. */
  readonly drainSeconds?: number | undefined;
}

/**
 * Makes the kernel's table, which is `from`, the table `wanted`, as a whole or not at all: shows what differs, changes it,
 * and looks whether it is so. The table before can be had back by `undo`.
 * @returns the exit status.
 */
export async function makeTable(
  io: Io,
  client: IpvsClient,
  from: Table,
  asked: Table,
  options: MakeOptions,
): Promise<number> {
  const { verb, json, drainSeconds = 0 } = options;
  const { wanted, plan } = await planWithoutKept(io, from, asked, options);
  // Written first: whatever happens, the log has what was planned.
  if (options.quiet !== true) await writeDifference(io, plan.difference, json, options.ranges);
  if (isEmpty(plan) || options.dryRun === true) return 0;
  if (options.keep !== false) keepPrevious(io, from, verb);
  const display = drainSeconds > 0 ? (await import('./drain-display.js')).drainDisplay(io.stderr) : undefined;
  const ending = new Ending(io.machine);
  try {
    const { drained } = await applyPlan(client, plan, {
      drainSeconds,
      onDrain: async (progress) => display?.show(progress),
      signal: ending.signal,
      clock: io.machine.clock,
    });
    await display?.finish(drained);
  } catch (error) {
    const lines = reportLines(error, ending.signal);
    if (lines === undefined) throw error;
    await display?.finish(undefined);
    await io.stderr.write(lines.map((line) => `${io.programName}: ${line}\n`).join(''));
    return ending.status ?? failure;
  } finally {
    ending.stop();
  }
  return verify(io, client, wanted, options);
}

/**
 * The plan for all services but those that daemons keep: their tables are made by them alone.
 * @throws {StateError} where one of these would be changed, unless they are left alone.
 */
async function planWithoutKept(
  io: Io,
  from: Table,
  wanted: Table,
  options: MakeOptions,
): Promise<{ readonly wanted: Table; readonly plan: Plan }> {
  const plan = planChanges(from, wanted, options);
  const keepers = isEmpty(plan) ? undefined : await Keepers.find(io.machine);
  const kept = plan.difference.services.filter(({ key }) => keepers?.ownerOf(key) !== undefined);
  const [first] = kept;
  if (keepers === undefined || first === undefined) return { wanted, plan };
  if (options.leavesKept !== true) {
    const keeper = keepers.ownerOf(first.key);
    if (keeper !== undefined) throw new StateError(keptText(serviceName(first.key), keeper));
  }
  const names = kept.slice(0, 10).map(({ key }) => serviceName(key));
  const more = kept.length > names.length ? ` and ${kept.length - names.length} more` : '';
  await io.stderr.write(`${io.programName}: kept by ipvsadm run, left alone: ${names.join(', ')}${more}\n`);
  const others = keepers.leaveAlone(from, wanted);
  return { wanted: others, plan: planChanges(from, others, options) };
}

/** Message lines for a plan that was not carried out; undefined for every other error. */
function reportLines(error: unknown, signal: AbortSignal): string[] | undefined {
  if (error instanceof ApplyError) return [refusalText(error.refusal), ...undoLines(error.undone)];
  if (error instanceof InterruptedError) {
    if (error.undone !== undefined) return ['interrupted', ...undoLines(error.undone)];
    const servers = counted(error.quiesced, 'server');
    return [`interrupted while draining: other changes applied; ${servers} left at weight 0, run again to remove them`];
  }
  if (signal.aborted && error === signal.reason) return ['interrupted: everything was undone'];
  return undefined;
}

function undoLines(undone: Undone): string[] {
  const { failures, kept, recreated, error } = undone;
  const lines: string[] = [];
  if (isUndone(undone)) lines.push('everything was undone: the table is configured as before');
  else lines.push('not everything could be undone; these changes are left:', ...failures.map(refusalText));
  for (const change of kept)
    lines.push(`${change}: kept, its service would have no server of weight above 0 without it`);
  if (error !== undefined) lines.push(`undoing was cut short: ${error.message}; see what is left with: ipvsadm diff`);
  for (const subject of recreated) {
    lines.push(`removed and added again: ${subject}; its counters start anew, its connections may be lost`);
  }
  return lines;
}

function refusalText({ errno, operation, subject }: KernelError): string {
  return `${operation}${subject === '' ? '' : ` ${subject}`}: ${kernelText(errno, operation)}`;
}

/** Reads the table again: a difference was made by another process. @returns the exit status. */
async function verify(io: Io, client: IpvsClient, wanted: Table, options: MakeOptions): Promise<number> {
  const present = await readTable(client);
  // Servers that have a weight again are not drained any more, whoever gave it to them.
  // Those that daemons keep are theirs, in the table or not.
  forgetReturned(io.machine.state, (await Keepers.find(io.machine)).complete(present));
  const left = compareTables(present, wanted, options);
  if (isSame(left)) return 0;
  await io.stderr.write(
    `${io.programName}: the table was changed by another process during ${options.verb}; remaining differences:\n`,
  );
  await writeAll(io.stderr, formatDifference(left));
  return failure;
}
