import type { ChalkInstance } from 'chalk';
import type { CheckView, ServerView, ServiceView } from '../director/snapshot.js';
import type { ServerState } from '../health/server-health.js';
import type { Serving } from '../health/wanted.js';
import { drawTable, type Column, type Row } from './draw-table.js';

const columns: readonly Column[] = [
  { title: 'Service / server', align: 'left' },
  { title: 'State', align: 'left' },
  { title: 'Since', align: 'right' },
  { title: 'Weight', align: 'right' },
  { title: 'Check', align: 'left' },
  { title: 'Last result', align: 'left' },
  { title: 'ms', align: 'right' },
  { title: 'Next', align: 'right' },
];

/** Columns of a result: what servers say may be long. */
const resultWidth = 40;

const servingTexts: Readonly<Record<Serving, string>> = {
  normal: '',
  sorry: ', the sorry server has taken over',
  open: ', fails open',
  short: ', too few',
  closed: ', nobody gets connections',
};

type Colour = 'green' | 'yellow' | 'red';

const stateColours: Readonly<Partial<Record<ServerState, Colour>>> = {
  up: 'green',
  failing: 'yellow',
  recovering: 'yellow',
  unknown: 'yellow',
  down: 'red',
};

/** A time that has passed, or is to come, for people: `12 s`, `3 min`, `2 h`, `5 d`. @param milliseconds of it */
export function durationText(milliseconds: number): string {
  const seconds = Math.max(0, Math.round(milliseconds / 1000));
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7200) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.floor(seconds / 3600)} h`;
  return `${Math.floor(seconds / 86_400)} d`;
}

/**
 * What a daemon checks, for people.
 * @param now milliseconds since 1970.
 * @param omitted titles of columns that would say nothing.
 */
export function checksTable(
  services: readonly ServiceView[],
  now: number,
  colour: ChalkInstance,
  omitted: readonly string[] = [],
): string {
  const rows: Row[] = [];
  for (const service of services) {
    const { serving, healthy, counting } = service;
    const left = service.wanted ? '' : ', left the document';
    rows.push({
      cells: [service.service, `${healthy} of ${counting} healthy${servingTexts[serving]}${left}`, ...blanks(6)],
      colours: [colour.cyan, serving === 'normal' ? undefined : colour.red],
    });
    for (const server of service.servers) rows.push(...serverRows(server, now, colour));
    for (const name of service.leaving) rows.push({ cells: [`  ${name}`, 'leaving', ...blanks(6)] });
  }
  const isShown = columns.map(({ title }) => !omitted.includes(title));
  const shown = <T>(list: readonly T[]): T[] => list.filter((_, index) => isShown[index]);
  const drawn = columns.map((column) => (column.title === 'Last result' ? { ...column, width: resultWidth } : column));
  return drawTable(
    shown(drawn),
    rows.map(({ cells, colours = [] }) => ({ cells: shown(cells), colours: shown(colours) })),
    colour,
  );
}

function blanks(count: number): string[] {
  return Array.from({ length: count }, () => '');
}

function serverRows(server: ServerView, now: number, colour: ChalkInstance): Row[] {
  const state = stateColours[server.state];
  const [first, ...others] = server.checks;
  const row = (check: CheckView | undefined, cells: readonly string[]): Row => ({
    cells: [...cells, ...checkCells(check, now)],
    colours: [undefined, state && colour[state], undefined, undefined, undefined, check && resultColour(check, colour)],
  });
  return [
    row(first, [
      `  ${server.server.slice(server.server.indexOf('/') + 1)}`,
      stateText(server),
      durationText(now - Date.parse(server.since)),
      weightText(server),
    ]),
    ...others.map((check) => row(check, blanks(4))),
  ];
}

function stateText({ state, flapping, drained, rising }: ServerView): string {
  const notes = [
    ...(drained === null ? [] : [`drained by ${drained.by}${drained.reason === null ? '' : `: ${drained.reason}`}`]),
    ...(flapping ? ['flapping'] : []),
    ...(rising ? ['rising'] : []),
  ];
  return notes.length === 0 ? state : `${state} (${notes.join(', ')})`;
}

/** The kernel's weight, and the one that it would have. */
function weightText({ weight, ownWeight, kernelWeight }: ServerView): string {
  const wanted = ownWeight ?? weight;
  const present = kernelWeight === null ? '-' : String(kernelWeight);
  return kernelWeight === wanted ? present : `${present} of ${wanted}`;
}

function checkCells(check: CheckView | undefined, now: number): string[] {
  if (check === undefined) return ['none', '', '', ''];
  const { milliseconds, next, reason, against, needed } = check;
  const count = against === 0 ? '' : ` (${against} of ${needed})`;
  return [
    check.check,
    reason === null ? 'no result yet' : `${reason}${count}`,
    milliseconds === null ? '' : milliseconds.toFixed(1),
    next === null ? 'now' : durationText(Date.parse(next) - now),
  ];
}

function resultColour({ result }: CheckView, colour: ChalkInstance): ChalkInstance | undefined {
  if (result === 'unreachable' || result === 'said-no') return colour.red;
  return result === 'unknown' ? colour.yellow : undefined;
}
