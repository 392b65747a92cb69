import { constants } from 'node:os';
import type { IpvsClient } from '../client/client.js';
import { reportFailures } from '../command/failure.js';
import { withSession } from '../command/session.js';
import { ValueError } from '../errors.js';
import { serverName } from '../model/entity-name.js';
import { weights } from '../model/limits.js';
import type { ServiceKey } from '../model/service.js';
import type { Table } from '../model/table.js';
import { selectServers, type Selected } from '../plan/selection.js';
import type { EndSignal, Io } from '../ports/io.js';
import { cleanRecord, drainedEntry, readDrainRecord, writeDrainRecord } from '../table/drain-record.js';
import { rampProblem, returningServers, withReturned, type Returning } from '../table/drained-servers.js';
import { readTable } from '../table/read.js';
import { counted } from '../text/counted.js';
import { selectionOptions, type Batch } from './drain.js';
import { makeTable, readSeconds, waitOption, withLock } from './make-table.js';
import { readNames, readPatterns, serverOperands } from './named-servers.js';
import { defineVerb } from './verb.js';

interface UndrainOptions {
  words: readonly string[];
  service: readonly ServiceKey[];
  batch: Batch | undefined;
  all: boolean;
  weight: number | undefined;
  ramp: number;
  ifPresent: boolean;
  dryRun: boolean;
  json: boolean;
  wait: number;
}

/** Steps of a ramp: no more than these, and no less than a second apart. */
const mostSteps = 20;

function readWeight(word: unknown): number {
  if (typeof word === 'number' && Number.isInteger(word) && word >= 1 && word <= weights.highest) return word;
  throw new Error(`--weight takes a number from 1 to ${weights.highest}`);
}

/** `ipvsadm undrain`: gives drained servers their weights back. */
export const undrain = defineVerb<UndrainOptions>({
  name: 'undrain',
  operands: { ...serverOperands, required: false },
  options: {
    ...selectionOptions,
    all: { type: 'boolean', default: false, describe: 'all servers that were drained' },
    weight: {
      type: 'number',
      requiresArg: true,
      coerce: readWeight,
      describe: 'this weight, in place of the one that it had',
    },
    ramp: {
      type: 'number',
      default: 0,
      requiresArg: true,
      coerce: readSeconds('ramp'),
      describe: 'raise the weight in steps, over this many seconds',
    },
    'if-present': { type: 'boolean', default: false, describe: 'servers that are not there are no failure' },
    'dry-run': { type: 'boolean', default: false, describe: 'show what would be done' },
    json: { type: 'boolean', default: false, describe: 'for programs: JSON with stable names' },
    ...waitOption,
  },
  check: ({ words, batch, service, all }) => {
    const names = Array.isArray(words) && words.length > 0;
    const services = Array.isArray(service) && service.length > 0;
    if (names || batch !== undefined || services || all === true) return true;
    throw new Error('which servers? name some, or give --all, --service or --batch');
  },
  examples: [
    ['$0 undrain 10.0.1.2', 'a host, in all services, with the weights that it had'],
    ['$0 undrain --all --ramp 120', 'all that were drained, in steps over two minutes'],
  ],
  run: (io, options) =>
    reportFailures(io, 'apply', async () => {
      const names = await readNames(io, options.words);
      if (options.words.length > 0 && names.length === 0) throw new ValueError('no servers are named');
      const patterns = await readPatterns(io, names);
      return withSession(io, 'apply', async ({ client }) => {
        const choose = (table: Table): Selected[] => {
          const { service: services, batch, ifPresent: optional } = options;
          const selected = selectServers(table, patterns, { services, batch, optional });
          if (!options.all || options.weight !== undefined) return selected;
          const record = readDrainRecord(io.machine.state);
          return selected.filter(({ key, server }) => drainedEntry(record, key, server) !== undefined);
        };
        if (options.dryRun) return putBack(io, client, choose, options);
        return withLock(io, options.wait, `undrain ${names.join(' ')}`.trimEnd(), () =>
          putBack(io, client, choose, options),
        );
      });
    }),
});

async function putBack(
  io: Io,
  client: IpvsClient,
  choose: (table: Table) => Selected[],
  options: UndrainOptions,
): Promise<number> {
  const { json, dryRun, ramp, weight } = options;
  let from = await readTable(client);
  const returning = returningServers(readDrainRecord(io.machine.state), choose(from), weight);
  const problem = ramp > 0 ? rampProblem(from, returning) : undefined;
  if (problem !== undefined) await io.stderr.write(`${io.programName}: ${problem}\n`);
  const highest = Math.max(1, ...returning.map((one) => one.weight));
  const steps = ramp > 0 ? Math.max(1, Math.min(mostSteps, Math.floor(ramp), highest)) : 1;
  if (dryRun) return makeTable(io, client, from, withReturned(from, returning, 1), { verb: 'undrain', json, dryRun });
  const ending = new AbortController();
  let received: EndSignal | undefined;
  const unsubscribe = io.machine.onSignal((signal) => {
    received ??= signal;
    ending.abort();
  });
  try {
    for (let step = 1; step <= steps; step++) {
      if (step > 1) {
        await io.machine.clock.sleep((1000 * ramp) / steps, ending.signal);
        if (received !== undefined) break;
        from = await readTable(client);
      }
      // By their places in the table as it is now: other settings may have changed since.
      const present = atTheSamePlaces(from, returning);
      const status = await makeTable(io, client, from, withReturned(from, present, step / steps), {
        verb: 'undrain',
        json,
      });
      if (status !== 0) return status;
    }
  } finally {
    unsubscribe();
  }
  if (received !== undefined) {
    await io.stderr.write(
      `${io.programName}: interrupted: ${counted(returning.length, 'server')} stay at the weight reached; set gives another\n`,
    );
    return 128 + constants.signals[received];
  }
  writeDrainRecord(io.machine.state, cleanRecord(readDrainRecord(io.machine.state), await readTable(client)));
  return 0;
}

/** Servers as another reading of the table has them; those that are gone are left out. */
function atTheSamePlaces(table: Table, returning: readonly Returning[]): Returning[] {
  const weightOf = new Map(returning.map(({ key, server, weight }) => [serverName(key, server), weight]));
  return selectServers(table, []).flatMap((selected) => {
    const weight = weightOf.get(serverName(selected.key, selected.server));
    return weight === undefined ? [] : [{ ...selected, weight }];
  });
}
