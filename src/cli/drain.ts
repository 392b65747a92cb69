import type { IpvsClient } from '../client/client.js';
import { Keepers } from '../command/keepers.js';
import { reportFailures } from '../command/failure.js';
import { readText } from '../command/read-text.js';
import { withSession } from '../command/session.js';
import { writeAll } from '../command/write-all.js';
import { ValueError } from '../errors.js';
import { formatJson } from '../format/json.js';
import { formatRule } from '../documents/rules/format-rule.js';
import { parseServiceName, serverName, serviceName } from '../model/entity-name.js';
import { serverId } from '../model/server.js';
import { serviceId, type ServiceKey } from '../model/service.js';
import type { Table } from '../model/table.js';
import { hostsOf, selectServers, withServers, type Selected } from '../plan/selection.js';
import type { Io } from '../ports/io.js';
import { cleanRecord, longestReason, readDrainRecord, writeDrainRecord } from '../table/drain-record.js';
import { drainServers, drainWarnings, refuseOutage } from '../table/drained-servers.js';
import { drain as waitUntilEmpty, type EmptyRule } from '../table/drain.js';
import { readTable } from '../table/read.js';
import { counted } from '../text/counted.js';
import { printable } from '../text/printable.js';
import { drainDisplay } from './drain-display.js';
import { Ending } from './ending.js';
import { askKeepers, selectedOf, showAsked } from './kept-servers.js';
import { failure, makeTable, readSeconds, waitOption, withLock } from './make-table.js';
import { readServers, serverOperands } from './named-servers.js';
import { defineVerb, type OptionValues } from './verb.js';

/** Which part of the hosts: `1/2` is every second one, beginning with the first. */
export interface Batch {
  readonly part: number;
  readonly of: number;
}

interface DrainOptions {
  words: readonly string[];
  service: readonly ServiceKey[];
  batch: Batch | undefined;
  noWait: boolean;
  timeout: number;
  until: EmptyRule;
  remove: boolean;
  reason: string | undefined;
  force: boolean;
  ifPresent: boolean;
  dryRun: boolean;
  format: DrainFormat;
  wait: number;
}

const drainFormats = ['table', 'json', 'name', 'rules'] as const;
type DrainFormat = (typeof drainFormats)[number];

/** Programs that set weights by themselves. */
const managers = ['keepalived', 'ldirectord'];

/** Reads `K/N`. */
export function readBatch(word: unknown): Batch {
  const [, part, of] = /^(\d{1,4})\/(\d{1,4})$/.exec(String(word)) ?? [];
  if (Number(part) >= 1 && Number(part) <= Number(of)) return { part: Number(part), of: Number(of) };
  throw new Error(`--batch takes a part such as 1/2, not ${String(word)}`);
}

/** Options that choose among servers. */
export const selectionOptions = {
  service: {
    type: 'string',
    array: true,
    default: [],
    coerce: (words: readonly string[]) => words.map(parseServiceName),
    describe: 'only in this service, such as tcp:192.0.2.10:80; may be given several times',
  },
  batch: {
    type: 'string',
    requiresArg: true,
    coerce: readBatch,
    describe: 'a part of the hosts, sorted by address: 1/2 is every second one, 2/2 the others',
  },
} as const;

/** Whether words and options choose any servers, as `selectionOptions` declares them. */
export function isSelection({ words, batch, service }: OptionValues): boolean {
  const isGiven = (list: unknown): boolean => Array.isArray(list) && list.length > 0;
  return isGiven(words) || isGiven(service) || batch !== undefined;
}

/** `ipvsadm drain`: no new connections for servers, until they have none. */
export const drain = defineVerb<DrainOptions>({
  name: 'drain',
  operands: { ...serverOperands, required: false },
  options: {
    ...selectionOptions,
    'no-wait': { type: 'boolean', default: false, describe: 'do not wait for connections to end' },
    timeout: {
      type: 'number',
      default: 0,
      requiresArg: true,
      coerce: readSeconds('timeout'),
      describe: 'longest time to wait in seconds; 0: as long as it takes',
    },
    until: {
      choices: ['open', 'all'],
      default: 'open',
      describe: 'wait for open connections to end, or for all that the kernel remembers, bound clients too',
    },
    remove: { type: 'boolean', default: false, describe: 'remove the servers once they are empty' },
    reason: {
      type: 'string',
      requiresArg: true,
      coerce: (word: unknown) => printable(String(word)).slice(0, longestReason),
      describe: 'why, for others: status shows it',
    },
    force: { type: 'boolean', default: false, describe: 'even the last server of a service' },
    'if-present': { type: 'boolean', default: false, describe: 'servers that are not there are no failure' },
    'dry-run': { type: 'boolean', default: false, describe: 'show what would be done' },
    format: {
      choices: drainFormats,
      default: 'table',
      describe: 'what is shown: changes for people, JSON, the addresses of the hosts, or rules of ipvsadm',
    },
    ...waitOption,
  },
  check: (values) => {
    if (isSelection(values)) return true;
    throw new Error('which servers? name some, or give --service or --batch');
  },
  examples: [
    ['$0 drain 10.0.1.2', 'a host, in all services: wait until its last connection has ended'],
    ["$0 drain --batch 1/2 --reason 'kernel update'", 'every second host: put them back with undrain, then take 2/2'],
    ['$0 drain tcp:192.0.2.10:80/10.0.1.2:8080 --remove', 'one server of one service, which is removed then'],
    ['$0 drain --dry-run --batch 1/2 --format name', 'the hosts that this would be'],
  ],
  run: (io, options) =>
    reportFailures(io, 'apply', async () => {
      const { names, patterns } = await readServers(io, options.words);
      return withSession(io, 'apply', async ({ client }) => {
        const choose = (table: Table): Selected[] => {
          const { service: services, batch, ifPresent: optional } = options;
          const selected = selectServers(table, patterns, { services, batch, optional, inService: true });
          if (selected.length === 0 && !optional) throw new ValueError('there are no such servers');
          return selected;
        };
        if (options.dryRun) return (await takeOut(io, client, choose, options)).status;
        const purpose = `drain ${names.join(' ')}`.trimEnd();
        const { status, selected } = await withLock(io, options.wait, purpose, () =>
          takeOut(io, client, choose, options),
        );
        if (status !== 0 || selected.length === 0 || options.noWait) return status;
        const waited = await waitForEnd(io, client, selected, options);
        if (waited !== 0 || !options.remove) return waited;
        return withLock(io, options.wait, purpose, () => removeServers(io, client, selected));
      });
    }),
});

/** Gives servers weight 0 and remembers the one that they had. */
async function takeOut(
  io: Io,
  client: IpvsClient,
  choose: (table: Table) => Selected[],
  options: DrainOptions,
): Promise<{ status: number; selected: Selected[] }> {
  const { state } = io.machine;
  const keepers = await Keepers.find(io.machine);
  const present = await readTable(client);
  const from = keepers.complete(present);
  const selected = choose(from);
  const { own, kept } = keepers.split(selected);
  const note = { reason: options.reason, by: io.machine.user, at: new Date(io.machine.date()).toISOString() };
  const { table, record } = drainServers(present, cleanRecord(readDrainRecord(state), from), own, note);
  if (!options.force) refuseOutage(present, table, '; --force does it all the same');
  const ask = (dryRun: boolean) => (servers: readonly string[]) =>
    ({ do: 'drain', servers, force: options.force, dryRun, reason: options.reason, by: note.by }) as const;
  // Nothing is done here where a daemon would refuse its part.
  await askKeepers(io, kept, ask(true));
  for (const warning of drainWarnings(from, selected, await drainSettings(io)))
    await io.stderr.write(`${io.programName}: ${warning}\n`);
  const quiet = options.format !== 'table';
  if (quiet) await showSelected(io, selected, options.format);
  else
    await showAsked(
      io,
      kept,
      from,
      withServers(from, selectedOf(kept, selected), (one) => ({ ...one, weight: 0 })),
    );
  // Before the change: if this ends here, the record is of servers that have a weight, which counts as nothing.
  if (!options.dryRun) writeDrainRecord(state, record);
  const { dryRun } = options;
  const status = await makeTable(io, client, present, table, { verb: 'drain', json: false, quiet, dryRun });
  if (dryRun && !quiet) await showShares(io, present, table, own);
  if (status === 0 && !dryRun) await askKeepers(io, kept, ask(false));
  return { status, selected };
}

async function drainSettings(io: Io): Promise<{ expiresTemplates: boolean; managers: readonly string[] }> {
  // Not to be read: as the kernel has it by default.
  const text = await readText(io.machine, '/proc/sys/net/ipv4/vs/expire_quiescent_template').catch(() => '');
  return { expiresTemplates: text.trim() === '1', managers: io.machine.running(managers) };
}

/** Shows servers that are drained, for programs. */
async function showSelected(io: Io, selected: readonly Selected[], format: DrainFormat): Promise<void> {
  if (format === 'name')
    await writeAll(
      io.stdout,
      hostsOf(selected).map((host) => `${host}\n`),
    );
  if (format === 'rules') {
    const rules = selected.map(({ key, server }) =>
      formatRule({ kind: 'edit-server', key, server: { ...server, weight: 0 } }),
    );
    await writeAll(io.stdout, rules);
  }
  if (format === 'json') {
    const servers = selected.map(({ key, server }) => ({ name: serverName(key, server), weight: server.weight }));
    await writeAll(io.stdout, [`${formatJson({ drained: servers })}\n`]);
  }
}

/** What stays of each service, for people. */
async function showShares(io: Io, from: Table, to: Table, selected: readonly Selected[]): Promise<void> {
  const touched = new Set(selected.map(({ key }) => serviceId(key)));
  const lines = from.services.flatMap(({ service, servers }, index) => {
    if (!touched.has(serviceId(service.key))) return [];
    const staying = to.services[index]?.servers.filter(({ weight }) => weight > 0) ?? [];
    const sum = (list: readonly { weight: number }[]): number => list.reduce((total, { weight }) => total + weight, 0);
    const share = Math.round((100 * sum(staying)) / Math.max(1, sum(servers)));
    return [
      `${serviceName(service.key)}: ${staying.length} of ${counted(servers.length, 'server')} stay, ${share} % of the weight\n`,
    ];
  });
  await writeAll(io.stdout, lines);
}

/** Waits until servers are empty. @returns the exit status. */
async function waitForEnd(
  io: Io,
  client: IpvsClient,
  selected: readonly Selected[],
  { timeout, until }: DrainOptions,
): Promise<number> {
  const display = drainDisplay(io.stderr);
  const ending = new Ending(io.machine);
  try {
    const progress = await waitUntilEmpty(client, selected, {
      seconds: timeout === 0 ? Infinity : timeout,
      rule: until,
      endsWhenBack: true,
      clock: io.machine.clock,
      signal: ending.signal,
      onProgress: (seen) => display.show(seen),
    });
    await display.finish(progress);
    if (progress.back.length > 0) {
      const names = progress.back.slice(0, 10).join(', ');
      await io.stderr.write(`${io.programName}: put back by another process meanwhile, not drained: ${names}\n`);
      return failure;
    }
    if (progress.busy.length === 0) return 0;
    const why = ending.status === undefined ? `not empty after ${timeout} s` : 'interrupted';
    await io.stderr.write(`${io.programName}: ${why}: the servers stay at weight 0; undrain puts them back\n`);
    return ending.status ?? failure;
  } finally {
    ending.stop();
  }
}

/** Removes those of the servers that still have weight 0. */
async function removeServers(io: Io, client: IpvsClient, selected: readonly Selected[]): Promise<number> {
  const { own, kept } = (await Keepers.find(io.machine)).split(selected);
  // They are drained already: nobody is left without a server by this.
  await askKeepers(io, kept, (servers) => ({ do: 'drain', servers, remove: true, force: true, by: io.machine.user }));
  const from = await readTable(client);
  const gone = new Set(own.map(({ key, server }) => `${serviceId(key)} ${serverId(server)}`));
  const services = from.services.map(({ service, servers }) => ({
    service,
    servers: servers.filter(
      (server) => server.weight !== 0 || !gone.has(`${serviceId(service.key)} ${serverId(server)}`),
    ),
  }));
  const status = await makeTable(io, client, from, { ...from, services }, { verb: 'drain', json: false, keep: false });
  const staying = services.flatMap(({ service, servers }) =>
    servers.flatMap((server) =>
      gone.has(`${serviceId(service.key)} ${serverId(server)}`) ? [serverName(service.key, server)] : [],
    ),
  );
  if (status !== 0 || staying.length === 0) return status;
  const names = staying.slice(0, 10).join(', ');
  await io.stderr.write(`${io.programName}: put back by another process meanwhile, not removed: ${names}\n`);
  return failure;
}
