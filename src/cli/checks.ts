import { reportFailures } from '../command/failure.js';
import { StateError } from '../errors.js';
import { daemonCalled, daemonsOf, socketOf } from '../command/keepers.js';
import type { RequestInput } from '../director/requests.js';
import type { ServiceView, Snapshot } from '../director/snapshot.js';
import { formatJson } from '../format/json.js';
import { parseServerName } from '../model/entity-name.js';
import { matchesServer, type ServerPattern } from '../plan/selection.js';
import type { Io } from '../ports/io.js';
import { counted } from '../text/counted.js';
import { Ending } from './ending.js';
import { readServers, serverOperands } from './named-servers.js';
import { defineVerb } from './verb.js';

interface ChecksOptions {
  words: readonly string[];
  name: string | undefined;
  now: boolean;
  json: boolean;
  watch: number | undefined;
}

/** Longest time that checks may take that are made at once, in seconds. */
const longestCheck = 900;

function readSeconds(word: unknown): number {
  if (typeof word === 'number' && word >= 0.5 && word <= 3600) return word;
  throw new Error('--watch takes a number of seconds from 0.5 to 3600');
}

/** `ipvsadm checks`: what daemons check, and what came of it. */
export const checks = defineVerb<ChecksOptions>({
  name: 'checks',
  operands: { ...serverOperands, required: false },
  options: {
    name: { type: 'string', requiresArg: true, describe: 'only of the daemon of this name' },
    now: { type: 'boolean', default: false, describe: 'make the checks of these servers at once, and wait for them' },
    json: { type: 'boolean', default: false, describe: 'for programs: JSON with stable names' },
    watch: {
      type: 'number',
      requiresArg: true,
      coerce: readSeconds,
      describe: 'show them again every so many seconds',
    },
  },
  examples: [
    ['$0 checks', 'every server that is checked: its state, since when, and why'],
    ['$0 checks --now 10.0.1.2', 'a host, asked at once'],
    ['$0 checks --json', 'for programs; exit status 1 where a server is down'],
  ],
  run: (io, options) =>
    // 1 is a result, as it is of diff.
    reportFailures(io, 'diff', async () => {
      const { patterns } = await readServers(io, options.words);
      if (options.watch === undefined) return show(io, patterns, options);
      const ending = new Ending(io.machine);
      try {
        while (!ending.signal.aborted && !io.stdout.readerGone) {
          // The screen is drawn anew; in a pipe the tables follow each other.
          if (io.stdout.isTerminal) await io.stdout.write('\u001b[H\u001b[2J');
          await show(io, patterns, options);
          await io.machine.clock.sleep(options.watch * 1000, ending.signal);
        }
        return 0;
      } finally {
        ending.stop();
      }
    }),
});

/** @returns the exit status: 1 where a server is down. */
async function show(io: Io, patterns: readonly ServerPattern[], options: ChecksOptions): Promise<number> {
  const { machine, stdout } = io;
  const asked = options.name === undefined ? await daemonsOf(machine) : [await daemonCalled(machine, options.name)];
  const daemons = asked.filter((one) => one !== undefined);
  if (daemons.length === 0)
    throw new StateError(options.name === undefined ? 'no daemon runs' : `no daemon is called ${options.name}`);
  const snapshots: Snapshot[] = [];
  let found = 0;
  for (const { instance, services } of daemons) {
    const names = services.flatMap(({ servers }) => Object.keys(servers));
    const chosen = patterns.length === 0 ? names : namesMatching(names, patterns);
    found += chosen.length;
    if (patterns.length > 0 && chosen.length === 0) continue;
    const request: RequestInput = options.now ? { do: 'check', servers: chosen } : { do: 'checks' };
    const snapshot = (await machine.control.ask(socketOf(instance), request, longestCheck)) as Snapshot | undefined;
    // It has ended since it was asked first.
    if (snapshot === undefined) continue;
    const wanted = new Set(chosen);
    snapshots.push({ ...snapshot, services: patterns.length === 0 ? snapshot.services : only(snapshot, wanted) });
  }
  if (patterns.length > 0 && found === 0) throw new StateError('no daemon checks such a server');
  if (options.json) await stdout.write(`${formatJson({ daemons: snapshots })}\n`);
  else for (const snapshot of snapshots) await stdout.write(`${await text(io, snapshot)}\n`);
  const isDown = snapshots.some(({ services }) =>
    services.some(({ servers }) => servers.some(({ state }) => state === 'down' || state === 'recovering')),
  );
  return isDown ? 1 : 0;
}

/** Names of servers that patterns match. */
function namesMatching(names: readonly string[], patterns: readonly ServerPattern[]): string[] {
  return names.filter((name) => {
    const { service, family, address, port = 0 } = parseServerName(name);
    if (service === undefined) return false;
    return patterns.some((pattern) => matchesServer(pattern, service, { family, address, port }));
  });
}

function only({ services }: Snapshot, names: ReadonlySet<string>): ServiceView[] {
  return services
    .map((service) => ({ ...service, servers: service.servers.filter(({ server }) => names.has(server)) }))
    .filter(({ servers }) => servers.length > 0);
}

async function text(io: Io, { instance, document, pid, problem, checks: count, services }: Snapshot): Promise<string> {
  const { checksTable } = await import('./checks-table.js');
  const { colours } = await import('./colours.js');
  const head = `${instance}: ${document}, process ${pid}, ${counted(count, 'check')}`;
  const wrong = problem === null ? '' : `\nThe document as it is now was refused: ${problem}`;
  return `${head}${wrong}\n${checksTable(services, io.machine.date(), colours(io))}`;
}
