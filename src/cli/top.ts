import { topActions } from './top-actions.js';
import { withReader, withSession, type ReadSession, type Session } from '../command/session.js';
import type { ColumnName } from './top-columns.js';
import type { ScreenState, TopActions } from './top-keys.js';
import { sortColumns, topViews, usualSort, type TopView } from './top-views.js';
import { defineVerb, type DefinedVerb, type OptionTable } from './verb.js';

interface TopOptions {
  delay: number;
  view: TopView;
  sort?: SortWord;
  filter: string;
  exact: boolean;
  bits: boolean;
  unicode: boolean;
  batch: boolean;
  number?: number;
  json: boolean;
}

interface TopOptionsWithChanges extends TopOptions {
  allowChanges?: boolean;
}

/** Columns by the words of `--sort`. */
const sortWords = {
  name: 'name',
  weight: 'weight',
  share: 'share',
  part: 'part',
  active: 'active',
  inactive: 'inactive',
  new: 'connections',
  'packets-in': 'incomingPackets',
  'packets-out': 'outgoingPackets',
  'bytes-in': 'incomingBytes',
  'bytes-out': 'outgoingBytes',
  'in-use': 'inUse',
  bound: 'bound',
  connections: 'count',
} as const satisfies Readonly<Record<string, ColumnName>>;

type SortWord = keyof typeof sortWords;

const shortestDelay = 0.5;
const longestDelay = 3600;

function readDelay(value: unknown): unknown {
  if (typeof value === 'number' && value >= shortestDelay && value <= longestDelay) return value;
  throw new Error(`--delay takes one number of seconds, ${shortestDelay}..${longestDelay}`);
}

function readNumber(value: unknown): unknown {
  if (value === undefined || (typeof value === 'number' && Number.isInteger(value) && value >= 0)) return value;
  throw new Error('--number takes a number of tables; 0: until a signal comes');
}

const options: OptionTable<TopOptions> = {
  delay: {
    alias: 'd',
    type: 'number',
    default: 2,
    requiresArg: true,
    coerce: readDelay,
    describe: 'seconds between two samples',
  },
  view: { type: 'string', default: 'services', requiresArg: true, choices: topViews, describe: 'what to begin with' },
  sort: {
    type: 'string',
    requiresArg: true,
    choices: Object.keys(sortWords),
    describe: 'by this column, numbers downwards. Default: new connections, those of clients by all',
  },
  filter: {
    type: 'string',
    default: '',
    requiresArg: true,
    describe: 'only what has one of these texts, separated by |',
  },
  exact: { alias: 'X', type: 'boolean', default: false, describe: 'numbers in full' },
  bits: { type: 'boolean', default: false, describe: 'bits in place of bytes' },
  unicode: { type: 'boolean', default: true, describe: 'charts of block characters; --no-unicode: of ASCII' },
  batch: { type: 'boolean', default: false, describe: 'plain tables, as without a terminal: one, unless -n is given' },
  number: {
    alias: 'n',
    type: 'number',
    requiresArg: true,
    coerce: readNumber,
    describe: 'so many plain tables; 0: until a signal comes',
  },
  json: { type: 'boolean', default: false, describe: 'for programs: an object a sample and line' },
};

const changeOptions: OptionTable<Pick<TopOptionsWithChanges, 'allowChanges'>> = {
  'allow-changes': { type: 'boolean', default: false, describe: 'keys that drain servers, undo it and set weights' },
};

/**
 * Makes the verb `top`.
 * @param actionsOf what its keys change; without it there is no `--allow-changes`.
 */
export function topVerb(actionsOf?: (session: Session) => TopActions): DefinedVerb {
  return defineVerb<TopOptionsWithChanges>({
    name: 'top',
    options: { ...options, ...(actionsOf === undefined ? {} : changeOptions) } as OptionTable<TopOptionsWithChanges>,
    check: (values) => {
      // Both are some of their choices.
      const { view, sort } = values as { readonly view: TopView; readonly sort?: SortWord };
      if (sort === undefined || sortColumns(view).includes(sortWords[sort])) return true;
      throw new Error(`--sort ${sort}: the view ${view} has no such column`);
    },
    examples: [
      ['$0 top', 'services, servers, hosts and clients, live'],
      ['$0 top --view hosts --sort bytes-out', 'the busiest machines'],
      ['$0 top --batch', 'one table: what happened in the next two seconds'],
      ['$0 top --json -n 0 -d 10', 'for programs: a line every ten seconds'],
    ],
    run: (io, given) =>
      given.allowChanges === true
        ? withSession(io, 'listing', (session) => runTop(session, given, actionsOf?.(session)))
        : withReader(io, 'listing', (session) => runTop(session, given, undefined)),
  });
}

/** `ipvsadm top`: the table live; it changes something only where that is allowed. */
export const top = topVerb(topActions);

/** Terminals that lack block characters. */
const plainTerminals: ReadonlySet<string | undefined> = new Set(['linux', 'dumb']);

/** Whether the locale has block characters, and the terminal shows them. */
function showsUnicode(env: Readonly<Record<string, string | undefined>>): boolean {
  const locale = [env['LC_ALL'], env['LC_CTYPE'], env['LANG']].find((value) => value !== undefined && value !== '');
  return /utf-?8/i.test(locale ?? '') && !plainTerminals.has(env['TERM']);
}

async function runTop(
  { io, client }: ReadSession,
  given: TopOptions,
  actions: TopActions | undefined,
): Promise<number> {
  const state: ScreenState = {
    view: given.view,
    sort: given.sort === undefined ? usualSort[given.view] : sortWords[given.sort],
    inverted: false,
    filter: given.filter,
    folded: new Set(),
    selected: undefined,
    exact: given.exact,
    bits: given.bits,
    unicode: given.unicode && showsUnicode(io.env),
    paused: false,
    help: false,
    message: '',
    interval: given.delay,
    changes: actions !== undefined,
    prompt: undefined,
  };
  if (!given.batch && !given.json && given.number === undefined) {
    const { runTopScreen } = await import('./top-screen.js');
    const status = await runTopScreen({ io, client, state, actions });
    if (status !== undefined) return status;
  }
  const { runTopBatch } = await import('./top-batch.js');
  return runTopBatch({ io, client, state, json: given.json, count: given.number ?? 1 });
}
