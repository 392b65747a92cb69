import { reportFailures } from '../command/failure.js';
import { kernelText } from '../command/kernel-text.js';
import { constants } from 'node:os';
import { applyPlan } from '../table/apply.js';
import { readTable } from '../table/read.js';
import { writeAll } from '../command/write-all.js';
import type { Table } from '../model/table.js';
import type { IpvsClient } from '../client/client.js';
import { ApplyError, InterruptedError, isUndone, type KernelError, type Undone } from '../errors.js';
import type { EndSignal, Io } from '../ports/io.js';
import { compareTables, isSame } from '../plan/difference.js';
import { counted } from '../text/counted.js';
import { formatDifference } from '../format/format-difference.js';
import { isEmpty, planChanges } from '../plan/plan.js';
import { withTableAndKernel } from '../command/compare.js';
import { comparedFile, comparisonOptions, writeDifference, type ComparisonOptions } from './comparison.js';
import { defineVerb } from './verb.js';

interface ApplyArguments extends ComparisonOptions {
  dryRun: boolean;
  drain: number;
  wait: number;
}

/** Exit status when the table is not that of the file: refused, locked, or changed by another process. */
const failure = 1;

/** Longest time to wait, in seconds: a day. */
const longestWait = 86400;

function readSeconds(option: string): (value: unknown) => number {
  return (value) => {
    if (typeof value === 'number' && value >= 0 && value <= longestWait) return value;
    throw new Error(`--${option} takes one number of seconds, 0..${longestWait}`);
  };
}

/** `ipvsadm apply`: makes the kernel's table that of a file. */
export const apply = defineVerb<ApplyArguments>({
  name: 'apply',
  file: comparedFile,
  options: {
    ...comparisonOptions,
    'dry-run': { type: 'boolean', default: false, describe: 'show what would be done, as diff does' },
    drain: {
      type: 'number',
      default: 0,
      requiresArg: true,
      coerce: readSeconds('drain'),
      describe: 'servers that go away get weight 0 first, and this many seconds for their active connections to end',
    },
    wait: {
      type: 'number',
      default: 10,
      requiresArg: true,
      coerce: readSeconds('wait'),
      describe: 'seconds to wait for another apply to end',
    },
  },
  examples: [
    ['$0 apply web.yaml', 'make the table that of the document, changing only what differs'],
    ['$0 apply --drain 60 web.yaml', 'the same, after connections of removed servers have ended'],
    ['$0 export | $0 apply --dry-run -', 'nothing to do'],
  ],
  run: (io, options) =>
    reportFailures(io, 'apply', () =>
      withTableAndKernel(io, options.file, { from: options.from, whole: true }, async (client, wanted) => {
        if (options.dryRun) return dryRun(io, client, wanted, options);
        const lock = await io.machine.lockTable({
          waitSeconds: options.wait,
          purpose: `${io.programName} apply ${options.file}`,
          onWait: (holder) => void io.stderr.write(`waiting for ${holder}\n`),
        });
        try {
          return await applyTable(io, client, wanted, options);
        } finally {
          await lock.release();
        }
      }),
    ),
});

async function dryRun(io: Io, client: IpvsClient, wanted: Table, options: ApplyArguments): Promise<number> {
  const { difference } = planChanges(await readTable(client), wanted, options);
  await writeDifference(io, difference, options.json);
  return 0;
}

async function applyTable(io: Io, client: IpvsClient, wanted: Table, options: ApplyArguments): Promise<number> {
  const plan = planChanges(await readTable(client), wanted, options);
  // Written first: whatever happens, the log has what was planned.
  await writeDifference(io, plan.difference, options.json);
  if (isEmpty(plan)) return 0;
  const display = options.drain > 0 ? (await import('./drain-display.js')).drainDisplay(io.stderr) : undefined;
  const ending = new AbortController();
  let received: EndSignal | undefined;
  const unsubscribe = io.machine.onSignal((signal) => {
    received ??= signal;
    ending.abort();
  });
  try {
    const { drained } = await applyPlan(client, plan, {
      drainSeconds: options.drain,
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
    return received === undefined ? failure : 128 + constants.signals[received];
  } finally {
    unsubscribe();
  }
  return verify(io, client, wanted, options);
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
async function verify(io: Io, client: IpvsClient, wanted: Table, options: ApplyArguments): Promise<number> {
  const left = compareTables(await readTable(client), wanted, options);
  if (isSame(left)) return 0;
  await io.stderr.write(
    `${io.programName}: the table was changed by another process during apply; remaining differences:\n`,
  );
  await writeAll(io.stderr, formatDifference(left));
  return failure;
}
