import { kernelText } from '../command/kernel-text.js';
import { constants } from 'node:os';
import { applyPlan, type Applied } from '../table/apply.js';
import { readTable } from '../table/read.js';
import { writeAll } from '../command/write-all.js';
import type { IpvsClient } from '../client/client.js';
import { ApplyError, type KernelError } from '../errors.js';
import type { EndSignal, Io } from '../ports/io.js';
import { compareTables, isSame } from '../plan/difference.js';
import { formatDifference } from '../format/format-difference.js';
import { isEmpty, planChanges } from '../plan/plan.js';
import { ComparedFile } from '../command/compare.js';
import {
  comparedFile,
  comparisonOptions,
  tellingTrouble,
  writeDifference,
  type ComparisonOptions,
} from './comparison.js';
import { defineVerb } from './verb.js';

interface ApplyOptions extends ComparisonOptions {
  dryRun: boolean;
  drain: number;
  wait: number;
}

/** Exit status when the table is not what the file says: refused, locked, or changed by somebody else. */
const failure = 1;

/** Longest time that can be waited for: a day. */
const longestWait = 86400;

function seconds(option: string): (value: unknown) => number {
  return (value) => {
    if (typeof value === 'number' && value >= 0 && value <= longestWait) return value;
    throw new Error(`--${option} takes one number of seconds, 0..${longestWait}`);
  };
}

/** `ipvsadm apply`: makes the kernel's table that of a file. */
export const apply = defineVerb<ApplyOptions>({
  name: 'apply',
  file: comparedFile,
  options: {
    ...comparisonOptions,
    'dry-run': { type: 'boolean', default: false, describe: 'show what would be done, as diff does' },
    drain: {
      type: 'number',
      default: 0,
      requiresArg: true,
      coerce: seconds('drain'),
      describe: 'servers that go away get weight 0 first, and this many seconds for their active connections to end',
    },
    wait: {
      type: 'number',
      default: 10,
      requiresArg: true,
      coerce: seconds('wait'),
      describe: 'seconds to wait for another apply to end',
    },
  },
  examples: [
    ['$0 apply web.yaml', 'make the table that of the document, changing only what differs'],
    ['$0 apply --drain 60 web.yaml', 'the same, after connections of removed servers have ended'],
    ['$0 export | $0 apply --dry-run -', 'nothing to do'],
  ],
  run: (io, options) =>
    tellingTrouble(io, failure, () =>
      ComparedFile.withKernel(io, options.file, async (client, file) => {
        if (options.dryRun) return dryRun(io, client, file, options);
        const lock = await io.machine.lockTable({
          waitSeconds: options.wait,
          purpose: `${io.programName} apply ${options.file}`,
          onWait: (holder) => void io.stderr.write(`waiting for ${holder}\n`),
        });
        try {
          return await applyTable(io, client, file, options);
        } finally {
          await lock.release();
        }
      }),
    ),
});

async function dryRun(io: Io, client: IpvsClient, file: ComparedFile, options: ApplyOptions): Promise<number> {
  const { difference } = planChanges(await readTable(client), await file.table(), options);
  await writeDifference(io, difference, options.json);
  return 0;
}

async function applyTable(io: Io, client: IpvsClient, file: ComparedFile, options: ApplyOptions): Promise<number> {
  const plan = planChanges(await readTable(client), await file.table(), options);
  // Before it is done: whatever happens, the log has what was meant to happen.
  await writeDifference(io, plan.difference, options.json);
  if (isEmpty(plan)) return 0;
  const display = options.drain > 0 ? (await import('./drain-display.js')).drainDisplay(io.stderr) : undefined;
  const ending = new AbortController();
  let received: EndSignal | undefined;
  const deaf = io.machine.onSignal((signal) => {
    received ??= signal;
    ending.abort();
  });
  let applied: Applied;
  try {
    applied = await applyPlan(client, plan, {
      drainSeconds: options.drain,
      onDrain: async (progress) => display?.show(progress),
      signal: ending.signal,
      clock: io.machine.clock,
    });
  } catch (error) {
    if (!(error instanceof ApplyError)) throw error;
    await tellRefusal(io, error);
    return failure;
  } finally {
    deaf();
  }
  await display?.finish(applied.drained);
  if (!applied.complete) {
    await tellInterruption(io, applied);
    return received === undefined ? failure : 128 + constants.signals[received];
  }
  return verify(io, client, file, options);
}

async function tellRefusal(io: Io, { refusal, undoFailures, recreated }: ApplyError): Promise<void> {
  const lines = [refusalText(refusal)];
  if (undoFailures.length === 0) lines.push('everything was undone: the table is configured as before');
  else lines.push('not everything could be undone:', ...undoFailures.map(refusalText));
  for (const subject of recreated) {
    lines.push(`removed and added again: ${subject}; its counters start anew, its connections may be lost`);
  }
  await io.stderr.write(lines.map((line) => `${io.programName}: ${line}\n`).join(''));
}

function refusalText({ errno, operation, subject }: KernelError): string {
  return `${operation}${subject === '' ? '' : ` ${subject}`}: ${kernelText(errno, operation)}`;
}

async function tellInterruption(io: Io, { drained }: Applied): Promise<void> {
  const text =
    drained === undefined
      ? 'interrupted: everything was undone'
      : `interrupted while draining: all else is done, and ${drained.servers} to be removed stay with weight 0`;
  await io.stderr.write(`${io.programName}: ${text}\n`);
}

/** Reads the table back: only somebody else can have made a difference. @returns the exit status. */
async function verify(io: Io, client: IpvsClient, file: ComparedFile, options: ApplyOptions): Promise<number> {
  const left = compareTables(await readTable(client), await file.table(), options);
  if (isSame(left)) return 0;
  await io.stderr.write(`${io.programName}: somebody else changed the table meanwhile; it would still take:\n`);
  await writeAll(io.stderr, formatDifference(left));
  return failure;
}
