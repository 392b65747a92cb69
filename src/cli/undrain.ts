import type { IpvsClient } from '../client/client.js';
import { Keepers, type KeptServers } from '../command/keepers.js';
import { reportFailures } from '../command/failure.js';
import { withSession } from '../command/session.js';
import { serverName } from '../model/entity-name.js';
import { weights } from '../model/limits.js';
import type { RealServer } from '../model/server.js';
import type { ServiceKey } from '../model/service.js';
import type { Table } from '../model/table.js';
import { selectServers, withServers, type Selected } from '../plan/selection.js';
import type { Io } from '../ports/io.js';
import { drainedEntry, readDrainRecord, writeDrainRecord } from '../table/drain-record.js';
import { partOf, rampProblem, returningServers, withReturned, type Returning } from '../table/drained-servers.js';
import { readTable } from '../table/read.js';
import { isSelection, selectionOptions, type Batch } from './drain.js';
import { Ending } from './ending.js';
import { askKeepers, selectedOf, showAsked } from './kept-servers.js';
import { makeTable, readSeconds, waitOption, withLock } from './make-table.js';
import { readServers, serverOperands } from './named-servers.js';
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
  check: (values) => {
    if (isSelection(values) || values['all'] === true) return true;
    throw new Error('which servers? name some, or give --all, --service or --batch');
  },
  examples: [
    ['$0 undrain 10.0.1.2', 'a host, in all services, with the weights that it had'],
    ['$0 undrain --all --ramp 120', 'all that were drained, in steps over two minutes'],
  ],
  run: (io, options) =>
    reportFailures(io, 'apply', async () => {
      const { names, patterns } = await readServers(io, options.words);
      return withSession(io, 'apply', async ({ client }) => {
        const choose = (table: Table, keepers: Keepers): Selected[] => {
          const { service: services, batch, ifPresent: optional } = options;
          const selected = selectServers(table, patterns, { services, batch, optional });
          if (!options.all) return selected;
          const record = readDrainRecord(io.machine.state);
          return selected.filter(
            ({ key, server }) =>
              keepers.isDrained(serverName(key, server)) || drainedEntry(record, key, server) !== undefined,
          );
        };
        return putBack(io, client, choose, options, `undrain ${names.join(' ')}`.trimEnd());
      });
    }),
});

async function putBack(
  io: Io,
  client: IpvsClient,
  choose: (table: Table, keepers: Keepers) => Selected[],
  options: UndrainOptions,
  purpose: string,
): Promise<number> {
  const { json, dryRun, ramp, weight } = options;
  const keepers = await Keepers.find(io.machine);
  const from = await readTable(client);
  const selected = choose(keepers.complete(from), keepers);
  const { own, kept } = keepers.split(selected);
  const asked = await undrainKept(io, keepers, kept, selected, keepers.complete(from), options);
  if (own.length === 0 && kept.size > 0) return asked;
  const returning = returningServers(readDrainRecord(io.machine.state), own, weight);
  const problem = ramp > 0 ? rampProblem(from, returning) : undefined;
  if (problem !== undefined) await io.stderr.write(`${io.programName}: ${problem}\n`);
  if (dryRun) return makeTable(io, client, from, withReturned(from, returning, 1), { verb: 'undrain', json, dryRun });
  const highest = Math.max(1, ...returning.map((one) => one.weight));
  const steps = ramp > 0 ? Math.max(1, Math.min(mostSteps, Math.floor(ramp), highest)) : 1;
  const way = new Return(io, client, returning, json);
  const ending = new Ending(io.machine);
  try {
    for (let step = 1; step <= steps; step++) {
      // Others may change the table between two steps.
      const status = await withLock(io, options.wait, purpose, () => way.take(step / steps, step === 1));
      if (step === steps) return status;
      if (status === 0) await io.machine.clock.sleep((1000 * ramp) / steps, ending.signal);
      if (status !== 0 || ending.status !== undefined) {
        await way.tell();
        return ending.status ?? status;
      }
    }
    return 0;
  } finally {
    ending.stop();
  }
}

/** Lets daemons put back servers that they keep. @returns the exit status. */
async function undrainKept(
  io: Io,
  keepers: Keepers,
  kept: KeptServers,
  selected: readonly Selected[],
  from: Table,
  { dryRun, weight, ramp, all, words, service, batch }: UndrainOptions,
): Promise<number> {
  // All that are drained are those, too, that left the document since.
  const isAll = all && words.length === 0 && service.length === 0 && batch === undefined;
  const asked = isAll ? keepers.drained : kept;
  if (asked.size === 0) return 0;
  // What is down is not drained by that; the daemon puts it back itself.
  const drained = selectedOf(kept, selected).filter(({ key, server }) => keepers.isDrained(serverName(key, server)));
  const back = (server: RealServer, key: ServiceKey): RealServer => ({
    ...server,
    weight: weight ?? keepers.weightOf(serverName(key, server)) ?? 0,
  });
  await showAsked(io, asked, from, withServers(from, drained, back));
  if (dryRun) return 0;
  await askKeepers(io, asked, (servers) => ({ do: 'undrain', servers, ...(ramp > 0 ? { ramp } : {}) }));
  if (weight === undefined) return 0;
  const names = new Set(drained.map(({ key, server }) => serverName(key, server)));
  await askKeepers(io, asked, (servers) => ({
    do: 'weigh',
    weights: Object.fromEntries(servers.filter((name) => names.has(name)).map((name) => [name, weight])),
    by: io.machine.user,
  }));
  return 0;
}

/** Servers on their way back, whose weights are raised as long as nobody else changes them. */
class Return {
  readonly #io: Io;
  readonly #client: IpvsClient;
  readonly #json: boolean;
  /** What is still to be raised, and the weight that it has. */
  #servers: { readonly returning: Returning; readonly has: number }[];

  constructor(io: Io, client: IpvsClient, returning: readonly Returning[], json: boolean) {
    this.#io = io;
    this.#client = client;
    this.#json = json;
    this.#servers = returning.map((one) => ({ returning: one, has: one.server.weight }));
  }

  /** Gives servers a part of their weights. @returns the exit status. */
  async take(part: number, isFirst: boolean): Promise<number> {
    const from = await readTable(this.#client);
    const left: { returning: Returning; has: number; server: Selected }[] = [];
    const places = new Map(selectServers(from, []).map((one) => [serverName(one.key, one.server), one]));
    for (const { returning, has } of this.#servers) {
      const name = serverName(returning.key, returning.server);
      const present = places.get(name);
      if (present?.server.weight === has) left.push({ returning, has, server: present });
      else await this.#leave(name, present?.server.weight);
    }
    const present = left.map(({ returning, server }) => ({ ...server, weight: returning.weight }));
    const wanted = withReturned(from, present, part);
    const next = left.map(({ returning }) => ({ returning, has: partOf(returning.weight, part) }));
    // Before the change: what ends in between leaves a record of both weights.
    if (part < 1) this.#remember(left, next);
    const status = await makeTable(this.#io, this.#client, from, wanted, {
      verb: 'undrain',
      json: this.#json,
      keep: isFirst,
    });
    if (status === 0) this.#servers = next;
    return status;
  }

  /** Says where servers have stopped, and how it goes on. */
  async tell(): Promise<void> {
    const { programName, stderr } = this.#io;
    for (const { returning, has } of this.#servers.slice(0, 20))
      await stderr.write(`${serverName(returning.key, returning.server)} has weight ${has} of ${returning.weight}\n`);
    await stderr.write(
      `${programName}: ended on the way: undrain goes on with it, drain takes the servers out again\n`,
    );
  }

  async #leave(name: string, weight: number | undefined): Promise<void> {
    const what = weight === undefined ? 'is gone' : `was given weight ${weight} by another process`;
    await this.#io.stderr.write(`${this.#io.programName}: ${name} ${what}: left alone\n`);
  }

  #remember(before: readonly { returning: Returning; has: number }[], after: readonly { has: number }[]): void {
    const { state, user } = this.#io.machine;
    const record = new Map(readDrainRecord(state));
    const at = new Date(this.#io.machine.date()).toISOString();
    for (const [index, { returning, has }] of before.entries()) {
      const name = serverName(returning.key, returning.server);
      const known = record.get(name) ?? { name, by: user, at };
      record.set(name, { ...known, weight: returning.weight, reached: [has, after[index]?.has ?? has] });
    }
    writeDrainRecord(state, record);
  }
}
