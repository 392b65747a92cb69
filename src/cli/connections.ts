import { connect } from '../command/connect.js';
import { tableForAll } from '../command/session.js';
import { reportFailures } from '../command/failure.js';
import type { Io } from '../ports/io.js';
import type { AddressRange } from '../model/address-range.js';
import type { ConnectionFilter, ServedBy, ServerRange, VirtualRange } from '../table/connection-filter.js';
import { connectionKeys, type ClientPrefix, type ConnectionKey } from '../table/connection-keys.js';
import type { GroupOrder } from '../table/connection-groups.js';
import type { LineOrder } from '../table/kept-lines.js';
import { readTable } from '../table/read.js';
import { wordReaders } from './connection-words.js';
import { defineVerb } from './verb.js';

interface ConnectionsOptions {
  client?: readonly AddressRange[];
  sport?: readonly number[];
  virtual?: readonly VirtualRange[];
  dport?: readonly number[];
  server?: readonly ServerRange[];
  protocol?: readonly string[];
  state?: readonly string[];
  ipv4: boolean;
  ipv6: boolean;
  templates?: boolean;
  orphans: boolean;
  by?: readonly ConnectionKey[];
  clientPrefix?: ClientPrefix;
  count: boolean;
  top?: number;
  sort?: SortWord;
  json: boolean;
  watch?: number;
}

/** Orders of groups beside their keys, by their words. */
const groupOrders = {
  connections: 'connections',
  active: 'activeConnections',
  inactive: 'inactiveConnections',
  templates: 'persistentConnections',
} as const satisfies Readonly<Record<string, GroupOrder>>;

type SortWord = keyof typeof groupOrders | LineOrder;

const groupWords = Object.keys(groupOrders) as (keyof typeof groupOrders)[];
const sortWords: readonly SortWord[] = [...groupWords, 'expires', ...connectionKeys];

/** Groups that are shown on a terminal where nothing else is said. */
const usualTop = 20;

const longestWatch = 86400;

function readTop(value: unknown): unknown {
  if (value === undefined || (typeof value === 'number' && Number.isInteger(value) && value >= 0)) return value;
  throw new Error('--top takes a number; 0: all');
}

function readWatch(value: unknown): unknown {
  if (value === undefined || (typeof value === 'number' && value >= 1 && value <= longestWatch)) return value;
  throw new Error(`--watch takes one number of seconds, 1..${longestWatch}`);
}

/** Options that don't go together, each with what to say. */
const conflicts: readonly (readonly [
  wrong: (values: Readonly<Record<string, unknown>>) => boolean,
  message: string,
])[] = [
  [({ ipv4, ipv6 }) => ipv4 === true && ipv6 === true, '-4 and -6 exclude each other'],
  [({ count, by }) => count === true && by !== undefined, '--count and --by exclude each other'],
  [({ count, top, sort }) => count === true && (top ?? sort) !== undefined, '--count has nothing to sort or cut'],
  [(values) => values['client-prefix'] !== undefined && !hasKey(values, 'client'), '--client-prefix needs --by client'],
  [(values) => values['sort'] !== undefined && !canSort(values), '--sort takes one of what is shown'],
  [
    ({ watch, json, by, count }) => watch !== undefined && json === true && by === undefined && count !== true,
    '--watch with --json is about counts: add --by or --count',
  ],
];

function hasKey({ by }: Readonly<Record<string, unknown>>, key: unknown): boolean {
  return Array.isArray(by) && by.includes(key);
}

/** Groups have counts and the keys that they are made by, single connections all keys and a time. */
function canSort(values: Readonly<Record<string, unknown>>): boolean {
  const isCount = groupWords.some((word) => word === values['sort']);
  return values['by'] === undefined ? !isCount : isCount || hasKey(values, values['sort']);
}

/** `ipvsadm connections`: the connection table, filtered and counted. */
export const connections = defineVerb<ConnectionsOptions>({
  name: 'connections',
  options: {
    client: {
      alias: 's',
      type: 'string',
      requiresArg: true,
      coerce: wordReaders.client,
      describe: 'from these clients: ADDR[/LEN],...',
    },
    sport: { type: 'string', requiresArg: true, coerce: wordReaders.sport, describe: "the client's ports: PORT,..." },
    virtual: {
      alias: 'd',
      type: 'string',
      requiresArg: true,
      coerce: wordReaders.virtual,
      describe: 'to these virtual addresses: ADDR[/LEN][:PORT],... or names such as tcp:192.0.2.10:80',
    },
    dport: { type: 'string', requiresArg: true, coerce: wordReaders.dport, describe: 'the virtual ports: PORT,...' },
    server: {
      alias: 'r',
      type: 'string',
      requiresArg: true,
      coerce: wordReaders.server,
      describe: 'at these real servers: ADDR[/LEN][:PORT],... or names such as tcp:192.0.2.10:80/10.0.1.2:80',
    },
    protocol: {
      alias: 'p',
      type: 'string',
      requiresArg: true,
      coerce: wordReaders.protocol,
      describe: 'of these protocols: tcp, udp, sctp, and ip for the templates of firewall marks',
    },
    state: {
      type: 'string',
      requiresArg: true,
      coerce: wordReaders.state,
      describe: 'in these states, such as established,syn-recv; active and inactive are groups of them',
    },
    ipv4: { alias: '4', type: 'boolean', default: false, describe: 'only IPv4 clients' },
    ipv6: { alias: '6', type: 'boolean', default: false, describe: 'only IPv6 clients' },
    templates: {
      type: 'boolean',
      describe: 'only the memory of persistence, which is never counted as connections; --no-templates: without it',
    },
    orphans: { type: 'boolean', default: false, describe: 'only what goes to a server that is in the table no more' },
    by: {
      type: 'string',
      requiresArg: true,
      coerce: wordReaders.by,
      describe: `counts by ${connectionKeys.join(', ')}, or several of them: client,server`,
    },
    'client-prefix': {
      type: 'string',
      requiresArg: true,
      coerce: wordReaders.clientPrefix,
      describe: 'clients by network: bits for IPv4 and IPv6, such as 24,64',
    },
    count: { type: 'boolean', default: false, describe: 'only the number' },
    top: {
      type: 'number',
      requiresArg: true,
      coerce: readTop,
      describe: `only the first so many; 0: all. With --by on a terminal ${usualTop}`,
    },
    sort: {
      type: 'string',
      requiresArg: true,
      choices: sortWords,
      describe: 'by this; counts downwards. Default: connections with --by, else as the kernel has them',
    },
    json: {
      type: 'boolean',
      default: false,
      describe: 'for programs: JSON with stable names, an object a line without --by',
    },
    watch: { type: 'number', requiresArg: true, coerce: readWatch, describe: 'again every so many seconds' },
  },
  check: (values) => {
    for (const [wrong, message] of conflicts) if (wrong(values)) throw new Error(message);
    return true;
  },
  examples: [
    ['$0 connections --by client', 'connections per client'],
    ['$0 connections -s 203.0.113.7 --by server', 'which server does this client get'],
    ['$0 connections -r 10.0.1.2 --by client', 'who still uses the server that is to go'],
    ['$0 connections --orphans', 'who still uses servers that were taken out'],
    ['$0 connections -s 203.0.113.7 --templates', 'why does this client not move: it is bound to a server until then'],
    ['$0 connections --state syn-recv --count', 'how many are half open'],
    ['$0 connections --by client --client-prefix 24,64 --top 10', 'the ten busiest networks'],
  ],
  run: async (io, options) =>
    reportFailures(io, 'listing', () =>
      options.watch === undefined ? once(io, options) : watch(io, options, options.watch),
    ),
});

/** Filter of the options. */
function filterOf(options: ConnectionsOptions, table: readonly ServedBy[] | undefined): ConnectionFilter {
  return {
    client: options.client,
    clientPorts: options.sport,
    virtual: options.virtual,
    virtualPorts: options.dport,
    server: options.server,
    protocols: options.protocol,
    states: options.state,
    family: options.ipv4 ? 'inet' : options.ipv6 ? 'inet6' : undefined,
    templates: options.templates,
    orphansOf: table,
  };
}

/** The table, where it is needed: without it no socket to the kernel is. */
async function readServers(io: Io): Promise<readonly ServedBy[]> {
  const table = await tableForAll(io);
  if (table !== undefined) {
    const services = await table.services();
    return Promise.all(services.map(async (service) => ({ service, servers: await table.servers(service.key) })));
  }
  const client = await connect(io.machine);
  try {
    return (await readTable(client)).services;
  } finally {
    client.close();
  }
}

async function once(io: Io, options: ConnectionsOptions): Promise<number> {
  const { showCount, showGroups, showList } = await import('./show-connections.js');
  const { by, json, top, sort, count, clientPrefix, templates } = options;
  const filter = filterOf(options, options.orphans ? await readServers(io) : undefined);
  const limit = top ?? (io.stdout.isTerminal && !json && by !== undefined ? usualTop : 0);
  const shown = {
    filter,
    json,
    limit: limit === 0 ? Infinity : limit,
    onlyTemplates: templates === true,
    isOneLine: options.watch !== undefined,
  };
  if (count) return showCount(io, shown);
  // What is allowed for whom was checked with the words.
  if (by === undefined) return showList(io, { ...shown, order: sort as LineOrder | undefined });
  const usual = templates === true ? 'templates' : 'connections';
  const word = sort ?? usual;
  const order = Object.hasOwn(groupOrders, word)
    ? groupOrders[word as keyof typeof groupOrders]
    : (word as ConnectionKey);
  return showGroups(io, { ...shown, by, clientPrefix, order });
}

/** Home and clear below: ECMA-48, CUP and ED. */
const clearScreen = '\u001b[H\u001b[J';

/** The same again and again, until a signal asks to end or the reader is gone. */
async function watch(io: Io, options: ConnectionsOptions, seconds: number): Promise<number> {
  const { stdout, machine } = io;
  const ending = new AbortController();
  const unsubscribe = machine.onSignal(() => {
    ending.abort();
  });
  const between = options.json ? '' : stdout.isTerminal ? clearScreen : '\n';
  let status = 0;
  try {
    for (let round = 0; ; round++) {
      if (round > 0 || stdout.isTerminal) await stdout.write(between);
      status = Math.max(status, await once(io, options));
      if (stdout.readerGone) return status;
      await machine.clock.sleep(seconds * 1000, ending.signal);
      if (ending.signal.aborted) return status;
    }
  } finally {
    unsubscribe();
  }
}
