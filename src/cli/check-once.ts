// All checks of a document once, for whoever tries it before it is used.

import { nameOfFile, readConfigurationFile } from '../command/read-table-file.js';
import { servicesView } from '../director/snapshot.js';
import { formatJson } from '../format/json.js';
import type { Outcome, StartCheck } from '../health/outcome.js';
import { Watch, type Probe } from '../health/watch.js';
import type { Io } from '../ports/io.js';
import { counted } from '../text/counted.js';
import { checksTable } from './checks-table.js';
import { colours } from './colours.js';
import { Ending } from './ending.js';

/** How checks are made once. */
export interface OnceOptions {
  readonly file: string;
  readonly json: boolean;
  /** Checks at a time. */
  readonly mostChecks: number;
}

/** What only a daemon knows. */
const omittedColumns = ['Since', 'Weight', 'Next'];

/** Makes all checks of a document once and shows the results. @returns the exit status: 1 where one was no success. */
export async function checkOnce(io: Io, start: StartCheck, { file, json, mostChecks }: OnceOptions): Promise<number> {
  const { machine, stdout, stderr } = io;
  const configuration = await readConfigurationFile(io, file);
  const watch = new Watch({ expiresTemplates: false });
  watch.load(configuration, [], machine.clock.now());
  const probes = [...watch.probes.values()];
  const ending = new Ending(machine);
  try {
    await makeAll(io, start, watch, probes, mostChecks, ending.signal);
  } finally {
    ending.stop();
  }
  if (ending.status !== undefined) return ending.status;
  watch.settle(machine.clock.now());
  const date = machine.date();
  const services = await servicesView({
    watch,
    checking: { nextOf: () => undefined },
    now: machine.clock.now(),
    date,
  });
  const failed = probes.filter(({ state }) => state.last?.outcome.kind !== 'pass').length;
  if (json) await stdout.write(`${formatJson({ services })}\n`);
  else if (probes.length > 0) {
    await stdout.write(`${checksTable(services, date, colours(io), omittedColumns)}\n`);
    const count = failed === 0 ? 'all passed' : `${failed} did not pass`;
    await stdout.write(`${counted(probes.length, 'check')}: ${count}\n`);
  }
  if (probes.length === 0) await stderr.write(`${io.programName}: ${nameOfFile(file)} has no checks\n`);
  return failed === 0 ? 0 : 1;
}

async function makeAll(
  { machine: { clock } }: Io,
  start: StartCheck,
  watch: Watch,
  probes: readonly Probe[],
  most: number,
  signal: AbortSignal,
): Promise<void> {
  const left = [...probes];
  const lane = async (): Promise<void> => {
    for (let probe = left.shift(); probe !== undefined && !signal.aborted; probe = left.shift()) {
      const began = clock.now();
      const outcome = await result(start, probe, signal);
      const at = clock.now();
      if (outcome !== undefined) watch.result(probe, { outcome, at, took: at - began });
    }
  };
  await Promise.all(Array.from({ length: Math.min(most, left.length) }, lane));
}

/** Undefined: it was interrupted. */
async function result(start: StartCheck, { target }: Probe, signal: AbortSignal): Promise<Outcome | undefined> {
  return new Promise((resolve) => {
    const stop = start(target, (outcome) => {
      signal.removeEventListener('abort', abort);
      resolve(outcome);
    });
    const abort = (): void => {
      stop();
      resolve(undefined);
    };
    signal.addEventListener('abort', abort, { once: true });
  });
}
