// Rows and a size in, the lines of the screen out; pure.

import { textColumns } from '../text/columns.js';
import { counted } from '../text/counted.js';
import { printable } from '../text/printable.js';
import { chart, columnTitle, numberText, topColumns, type ColumnName, type NumberStyle } from './top-columns.js';
import { topRows, type RowChoice, type RowLook, type TopData, type TopRow } from './top-rows.js';
import { topViews, viewColumns } from './top-views.js';

/** How a line looks. */
export type LineLook = RowLook | 'head' | 'selected' | 'titles' | 'message' | 'keys';

/** A line of the screen: text without control characters, at most as wide as the screen. */
export interface FrameLine {
  readonly text: string;
  readonly look?: LineLook | undefined;
}

/** All that decides what the screen shows, beside readings and size. */
export interface TopState extends RowChoice, NumberStyle {
  /** The row that keys are about, by its id; undefined: the first. */
  readonly selected: string | undefined;
  readonly paused: boolean;
  readonly help: boolean;
  /** The last line but one: a question, a text that is being typed, or what was done. */
  readonly message: string;
  /** Seconds between two samples. */
  readonly interval: number;
  /** Keys that change something are there. */
  readonly changes: boolean;
}

/** Lines above and below the rows. */
const headLines = 3;
const footLines = 2;

/** The rows that there is room for. */
export function bodyLines(rows: number): number {
  return Math.max(0, rows - headLines - footLines);
}

const helpText = [
  ['Tab, 1, 2, 3', 'next view; services, hosts over all services, clients'],
  ['Up, Down, PgUp, PgDn, Home, End', 'select a row'],
  ['Enter, +, -, *', 'fold or unfold the service; all of them'],
  ['<, >, F6', 'sort by the column to the left or right'],
  ['I', 'invert the order'],
  ['/, F4', 'filter: fixed texts between |; Esc ends it'],
  ['Z, Space', 'pause'],
  ['X', 'exact numbers; else k, M, G: powers of 1000'],
  ['b', 'bits in place of bytes'],
  ['q, F10, Ctrl-C', 'quit'],
] as const;

const changeHelp = [
  ['D, U', 'drain the server or host; undo that'],
  ['W', 'set the weight of the server'],
] as const;

const legend = [
  '',
  'NEW/WEIGHT  share of new connections in the last minute / share of weights',
  'State       ! at its threshold, 0 weight 0, ~ share is not that of the weight',
  '            (no ~ where persistence or the scheduler does not go by weight)',
  'INACT       closing, or UDP',
  'OUT         - for direct routing and tunnels, whose replies come not this way',
  'Rates are differences of two samples; - where there are none yet.',
] as const;

/** Text cut, or with blanks behind it, to be as wide as that. */
function fitted(text: string, width: number): string {
  const columns = textColumns(text);
  if (columns <= width) return text + ' '.repeat(width - columns);
  let cut = text.slice(0, width);
  while (textColumns(cut) > width) cut = cut.slice(0, -1);
  return cut + ' '.repeat(Math.max(0, width - textColumns(cut)));
}

function cutTo(text: string, width: number): string {
  return fitted(text, width).trimEnd();
}

/** Columns of the table that has room for all of them. */
const unlimited = Infinity;

interface Layout {
  readonly columns: readonly ColumnName[];
  readonly widths: readonly number[];
}

/** Columns of the terminal that most names take. */
const usualName = 32;

/** Columns of a higher rank are left out to show such names whole. */
const nameRank = 4;

/** Which columns there is room for, and how wide they are: by the least width, and what the rows need. */
function layoutOf(cells: readonly (readonly string[])[], state: TopState, width: number): Layout {
  const all: readonly ColumnName[] = viewColumns[state.view];
  const columns = all.map((name, index) => ({
    name,
    needed: cells.reduce(
      (most, row) => Math.max(most, textColumns(row[index] ?? '')),
      Math.max(topColumns[name].width, textColumns(columnTitle(name, state))),
    ),
  }));
  let kept = columns;
  /** What is left for the name. */
  const left = (): number => kept.reduce((rest, { name, needed }) => rest - (name === 'name' ? 0 : needed + 1), width);
  const named = Math.min(usualName, columns[0]?.needed ?? 0);
  for (;;) {
    const highest = Math.max(...kept.map(({ name }) => topColumns[name].rank));
    // What matters less than a whole name goes first.
    if (left() >= (highest > nameRank ? Math.max(named, topColumns.name.width) : topColumns.name.width)) break;
    if (kept.length === 1) break;
    const last = kept.findLastIndex(({ name }) => topColumns[name].rank === highest);
    kept = kept.filter((_, index) => index !== last);
  }
  return {
    columns: kept.map(({ name }) => name),
    widths: kept.map(({ name, needed }) =>
      name === 'name' ? Math.max(topColumns.name.width, Math.min(needed, left())) : needed,
    ),
  };
}

function nameCell({ depth, open, name }: TopRow): string {
  return depth === 1 ? `    ${name}` : open === undefined ? name : `${open ? '-' : '+'} ${name}`;
}

function cellText(name: ColumnName, row: TopRow, state: TopState, highest: number): string {
  if (name === 'name') return printable(nameCell(row));
  const { kind, width } = topColumns[name];
  if (kind === 'chart') return chart(row.history, width, highest, state.unicode);
  return row.texts[name] ?? numberText(row.value(name), kind, state);
}

const leftAligned: ReadonlySet<ColumnName> = new Set(['name', 'forwarding', 'state']);

function aligned(name: ColumnName, text: string, width: number): string {
  if (leftAligned.has(name)) return fitted(text, width);
  return ' '.repeat(Math.max(0, width - textColumns(text))) + cutTo(text, width);
}

/** The number that fills the charts of some rows. */
function highestOf(rows: readonly TopRow[]): number {
  return rows.reduce((most, { history }) => history.reduce((own, rate) => Math.max(own, rate), most), 0);
}

const viewTitles = { services: 'SERVICE / SERVER', hosts: 'HOST', clients: 'CLIENT' } as const;

function titleLine({ columns, widths }: Layout, state: TopState): string {
  return columns
    .map((name, index) => {
      const title = name === 'name' ? viewTitles[state.view] : columnTitle(name, state);
      // The column that rows are sorted by is marked where there is a blank for it.
      const mark = name === state.sort && textColumns(title) < (widths[index] ?? 0) ? (state.inverted ? '^' : 'v') : '';
      return aligned(name, leftAligned.has(name) ? title + mark : mark + title, widths[index] ?? 0);
    })
    .join(' ');
}

/** A table of rows: the titles, and a line for each. */
function tableLines(rows: readonly TopRow[], state: TopState, width: number): { titles: string; lines: string[] } {
  const highest = highestOf(rows);
  const all: readonly ColumnName[] = viewColumns[state.view];
  const cells = rows.map((row) => all.map((name) => cellText(name, row, state, highest)));
  const layout = layoutOf(cells, state, width);
  const lines = cells.map((row) =>
    layout.columns
      .map((name, index) => aligned(name, row[all.indexOf(name)] ?? '', layout.widths[index] ?? 0))
      .join(' '),
  );
  return { titles: titleLine(layout, state), lines };
}

function summaryText({ reading }: TopData, state: TopState): string {
  const quiesced = reading.quiesced === 0 ? '' : ` (${reading.quiesced} of weight 0)`;
  const number = (value: number): string => numberText(value, 'count', state);
  const parts = [
    state.paused ? 'PAUSED' : `every ${Number(state.interval.toFixed(1))} s`,
    `${counted(reading.services.length, 'service')}, ${counted(reading.servers, 'server')}${quiesced}`,
    `active ${number(reading.activeConnections)} inactive ${number(reading.inactiveConnections)}`,
    ...(state.filter === '' ? [] : [`filter: ${printable(state.filter)}`]),
  ];
  return parts.join('  ');
}

function totalsText({ reading }: TopData, state: TopState): string {
  const { rates, history } = reading;
  const bytes = (value: number | undefined): string => {
    const [, digits = '', unit = ''] = /^([^a-zA-Z]*)(.*)$/.exec(numberText(value, 'bytes', state)) ?? [];
    return `${digits} ${unit}${state.bits ? 'b' : 'B'}/s`;
  };
  return [
    `new/s ${numberText(rates?.connections, 'rate', state)}`,
    `in ${bytes(rates?.incomingBytes)} ${numberText(rates?.incomingPackets, 'rate', state)} p/s`,
    `out ${bytes(rates?.outgoingBytes)} ${numberText(rates?.outgoingPackets, 'rate', state)} p/s`,
    ...(history.length === 0 ? [] : [chart(history, totalsChart, Math.max(...history), state.unicode)]),
  ].join('  ');
}

/** Columns of the chart of all new connections: as many as there are samples in a minute, by default. */
const totalsChart = 30;

function keysText({ changes }: TopState): string {
  const acts = changes ? 'D drain  U undrain  W weight  ' : '';
  return `q quit  h help  Tab view  / filter  <> sort  ${acts}Z pause  X exact  b bits`;
}

function helpLines({ changes }: TopState): string[] {
  const rows = [...helpText.slice(0, -1), ...(changes ? changeHelp : []), ...helpText.slice(-1)];
  return [...rows.map(([keys, what]) => `${keys.padEnd(32)} ${what}`), ...legend];
}

/** Where the selected row is; the first where it is gone. */
export function selectedIndex(rows: readonly TopRow[], selected: string | undefined): number {
  return Math.max(
    0,
    rows.findIndex(({ id }) => id === selected),
  );
}

/** The lines of the screen, exactly as many as it has. */
export function topFrame(
  data: TopData,
  state: TopState,
  size: { readonly columns: number; readonly rows: number },
): FrameLine[] {
  const rows = topRows(data, state);
  const room = bodyLines(size.rows);
  const index = selectedIndex(rows, state.selected);
  // The selected row is kept in the middle, as far as there are rows on both sides.
  const first = Math.max(0, Math.min(index - Math.floor(room / 2), rows.length - room));
  const visible = rows.slice(first, first + room);
  const { titles, lines } = tableLines(visible, state, size.columns);
  const body: FrameLine[] = state.help
    ? helpLines(state).map((text) => ({ text }))
    : lines.map((text, place) => ({ text, look: first + place === index ? 'selected' : visible[place]?.look }));
  const below = first + room < rows.length ? `${rows.length - first - room} more below` : '';
  const frame: FrameLine[] = [
    { text: summaryText(data, state), look: 'head' },
    { text: totalsText(data, state), look: 'head' },
    { text: state.help ? '' : titles, look: 'titles' },
    ...Array.from({ length: room }, (_, place) => body[place] ?? { text: place === 0 ? emptyText(data, state) : '' }),
    { text: state.message === '' ? below : printable(state.message), look: 'message' },
    { text: keysText(state), look: 'keys' },
  ];
  return frame.slice(0, size.rows).map(({ text, look }) => ({ text: cutTo(text, size.columns), look }));
}

function emptyText({ reading, clients }: TopData, { view, filter }: TopState): string {
  if (view === 'clients' && clients === undefined) return 'reading the connection table ...';
  if (filter !== '') return 'nothing has the text of the filter';
  return reading.services.length === 0 ? 'No virtual services.' : 'nothing';
}

/** The whole table as plain text, for a log or a file: all rows and columns. */
export function plainTable(data: TopData, state: TopState): string {
  const { titles, lines } = tableLines(topRows(data, state), state, unlimited);
  const all = [summaryText(data, state), totalsText(data, state), titles, ...lines];
  return `${all.map((line) => line.trimEnd()).join('\n')}\n`;
}

/** The next view, in a circle. */
export function nextView(view: TopState['view']): TopState['view'] {
  return topViews[(topViews.indexOf(view) + 1) % topViews.length] ?? view;
}
