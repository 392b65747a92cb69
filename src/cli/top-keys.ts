// A key in, what the screen shows and what is to be done out; pure.

import { serverName, type ServerName } from '../model/entity-name.js';
import { describeEndpoint } from '../model/service.js';
import { weights } from '../model/limits.js';
import type { Key } from '../ports/terminal.js';
import { nextView, selectedIndex, type TopState } from './top-frame.js';
import type { TopRow } from './top-rows.js';
import { sortColumns, usualSort, type TopView } from './top-views.js';

/** What keys change in the table, where that is allowed. Each returns a line about what was done, or rejects. */
export interface TopActions {
  /** Gives a server weight 0: in its service, or in all where none is named. */
  readonly drain: (target: ServerName) => Promise<string>;
  /** Gives it its weight back, likewise. */
  readonly undrain: (target: ServerName) => Promise<string>;
  readonly setWeight: (target: ServerName, weight: number) => Promise<string>;
}

/** A change that was asked for. */
export interface TopChange {
  readonly action: keyof TopActions;
  readonly target: ServerName;
  /** Only for a weight. */
  readonly weight: number;
}

/** What is being typed or asked. */
type Prompt =
  | { readonly kind: 'filter'; readonly text: string }
  | { readonly kind: 'weight'; readonly text: string; readonly target: ServerName }
  | { readonly kind: 'confirm'; readonly change: TopChange };

/** What the screen shows, and what is being typed. */
export interface ScreenState extends TopState {
  readonly prompt: Prompt | undefined;
}

/** What has to be done outside of the screen. */
export type Effect = 'quit' | 'suspend' | TopChange;

/** What became of a key. */
export interface Pressed {
  readonly state: ScreenState;
  readonly effect?: Effect | undefined;
}

/** The rows that are there, and how many the screen shows. */
export interface Visible {
  readonly rows: readonly TopRow[];
  readonly page: number;
}

type Handler = (state: ScreenState, visible: Visible) => Pressed;

function to(change: (state: ScreenState, visible: Visible) => Partial<ScreenState>): Handler {
  return (state, visible) => ({ state: { ...state, message: '', ...change(state, visible) } });
}

function withEffect(effect: Effect): Handler {
  return (state) => ({ state, effect });
}

function show(view: TopView): (state: ScreenState) => Partial<ScreenState> {
  return ({ sort }) => ({ view, sort: sortColumns(view).includes(sort) ? sort : usualSort[view], selected: undefined });
}

/** Selects the row so many below, or above. */
function move(by: (visible: Visible) => number): Handler {
  return to(({ selected }, visible) => {
    const last = visible.rows.length - 1;
    const index = Math.max(0, Math.min(last, selectedIndex(visible.rows, selected) + by(visible)));
    return { selected: visible.rows[index]?.id };
  });
}

function sortBy(step: 1 | -1): Handler {
  return to(({ view, sort }) => {
    const columns = sortColumns(view);
    const index = columns.indexOf(sort) + step;
    return { sort: columns[(index + columns.length) % columns.length] ?? sort };
  });
}

function selectedRow({ selected }: ScreenState, { rows }: Visible): TopRow | undefined {
  return rows[selectedIndex(rows, selected)];
}

/** The service of a row: itself, or the one above. */
function serviceRow(state: ScreenState, { rows }: Visible): TopRow | undefined {
  const index = selectedIndex(rows, state.selected);
  return rows.slice(0, index + 1).findLast(({ open }) => open !== undefined);
}

/** Folds (true), unfolds (false) or the other of both (undefined). */
function fold(wanted?: boolean): Handler {
  return to((state, visible) => {
    const row = serviceRow(state, visible);
    if (row === undefined) return {};
    const folded = new Set(state.folded);
    if (wanted ?? row.open === true) folded.add(row.id);
    else folded.delete(row.id);
    return { folded, selected: row.id };
  });
}

const foldAll: Handler = to(({ folded }, { rows }) => ({
  folded:
    folded.size > 0 ? new Set<string>() : new Set(rows.flatMap(({ id, open }) => (open === undefined ? [] : [id]))),
}));

function ask(action: 'drain' | 'undrain'): Handler {
  return to((state, visible) => {
    if (!state.changes) return { message: readOnly };
    const target = selectedRow(state, visible)?.target;
    if (target === undefined) return { message: 'select a server first' };
    const prompt: Prompt = { kind: 'confirm', change: { action, target, weight: 0 } };
    return { prompt, message: question(prompt) };
  });
}

const readOnly = 'read-only: start with --allow-changes to change something';

const askWeight: Handler = to((state, visible) => {
  if (!state.changes) return { message: readOnly };
  const target = selectedRow(state, visible)?.target;
  if (target?.service === undefined) return { message: 'select a server of a service first' };
  const prompt: Prompt = { kind: 'weight', text: '', target };
  return { prompt, message: question(prompt) };
});

/** A server as verbs name it. */
function targetName({ service, family, address, port }: ServerName): string {
  if (service !== undefined) return serverName(service, { family, address, port: port ?? 0 });
  return port === undefined ? address : describeEndpoint({ family, address, port });
}

function question(prompt: Prompt): string {
  if (prompt.kind === 'filter') return `filter: ${prompt.text}_`;
  if (prompt.kind === 'weight') return `weight of ${targetName(prompt.target)}: ${prompt.text}_`;
  const { action, target, weight } = prompt.change;
  const where = target.service === undefined ? ' in all services' : '';
  if (action === 'setWeight') return `set the weight of ${targetName(target)} to ${weight}? y/n`;
  return `${action} ${targetName(target)}${where}, as by: ipvsadm ${action} ${targetName(target)}? y/n`;
}

const startFilter: Handler = to(({ filter }) => {
  const prompt: Prompt = { kind: 'filter', text: filter };
  return { prompt, message: question(prompt) };
});

const help = to((state) => ({ help: !state.help }));
const pause = to(({ paused }) => ({ paused: !paused }));
const quit = withEffect('quit');

/** What keys do, in the order of the help. */
const keys: ReadonlyMap<Key, Handler> = new Map([
  ...['q', 'Q', 'f10', 'ctrl-c'].map((key) => [key, quit] as const),
  ['ctrl-z', withEffect('suspend')],
  ...['f1', 'h', '?'].map((key) => [key, help] as const),
  ['tab', to((state) => show(nextView(state.view))(state))],
  ['1', to(show('services'))],
  ['2', to(show('hosts'))],
  ['3', to(show('clients'))],
  ...['up', 'k'].map((key) => [key, move(() => -1)] as const),
  ...['down', 'j'].map((key) => [key, move(() => 1)] as const),
  ['pageup', move(({ page }) => -page)],
  ['pagedown', move(({ page }) => page)],
  ['home', move(({ rows }) => -rows.length)],
  ['end', move(({ rows }) => rows.length)],
  ['enter', fold()],
  ['-', fold(true)],
  ['+', fold(false)],
  ['*', foldAll],
  ['<', sortBy(-1)],
  ...['>', 'f6'].map((key) => [key, sortBy(1)] as const),
  ['I', to(({ inverted }) => ({ inverted: !inverted }))],
  ...['/', 'f4', 'f3'].map((key) => [key, startFilter] as const),
  ['escape', to(() => ({ filter: '', help: false }))],
  ...['Z', 'space', ' '].map((key) => [key, pause] as const),
  ['X', to(({ exact }) => ({ exact: !exact }))],
  ['b', to(({ bits }) => ({ bits: !bits }))],
  ['D', ask('drain')],
  ['U', ask('undrain')],
  ['W', askWeight],
]);

/** Characters of a filter or a weight. */
const longestText = 200;

/** A key while a text is typed. */
function typed(text: string, key: Key): string {
  if (key === 'backspace') return text.slice(0, -1);
  if (key === 'space') return `${text} `;
  // Other keys have names.
  return /^.$/u.test(key) && text.length < longestText ? text + key : text;
}

function readWeight(text: string): number | undefined {
  const weight = /^\d{1,10}$/.test(text) ? Number(text) : NaN;
  return weight <= weights.highest ? weight : undefined;
}

/** A key while something is typed or asked. */
function answer(state: ScreenState, prompt: Prompt, key: Key): Pressed {
  const none: ScreenState = { ...state, prompt: undefined, message: '' };
  if (key === 'ctrl-c') return { state: none, effect: 'quit' };
  if (prompt.kind === 'confirm')
    return key === 'y' || key === 'Y' ? { state: none, effect: prompt.change } : { state: none };
  if (key === 'escape') return { state: prompt.kind === 'filter' ? { ...none, filter: '' } : none };
  if (key !== 'enter') {
    const next = { ...prompt, text: typed(prompt.text, key) };
    const filter = prompt.kind === 'filter' ? { filter: next.text } : {};
    return { state: { ...state, ...filter, prompt: next, message: question(next) } };
  }
  if (prompt.kind === 'filter') return { state: none };
  const weight = readWeight(prompt.text);
  if (weight === undefined) return { state: { ...none, message: `a weight is 0..${weights.highest}` } };
  const confirm: Prompt = { kind: 'confirm', change: { action: 'setWeight', target: prompt.target, weight } };
  return { state: { ...state, prompt: confirm, message: question(confirm) } };
}

/** What becomes of a key. */
export function press(state: ScreenState, key: Key, visible: Visible): Pressed {
  if (state.prompt !== undefined) return answer(state, state.prompt, key);
  return keys.get(key)?.(state, visible) ?? { state };
}
