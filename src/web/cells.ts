// What of a look changes on pages, as text by the key of its place; pure.

import { healthText, serverViews } from '../director/health-notes.js';
import type { ServerView } from '../director/snapshot.js';
import { shortNumber } from '../format/short-number.js';
import type { MeteredServer, MeteredService, Rates, TableReading } from '../table/samples.js';
import { drainedEntry, type DrainRecord } from '../table/drain-record.js';
import type { Look } from './sampler.js';

/** Texts by their keys: the name of a service or server, a blank, and the column. */
export type Cells = ReadonlyMap<string, string>;

/** Width of a bar that stands for all, in its own units. */
export const barWidth = 100;

/** State of a server as people read it, and how it is coloured. */
export interface StateText {
  readonly text: string;
  readonly tone: 'good' | 'warn' | 'bad' | 'dim' | '';
}

/** State of a server: what a daemon knows of it, or what can be said without one. */
export function stateOf(
  server: MeteredServer['server'],
  service: MeteredService['service'],
  drained: DrainRecord,
  view: ServerView | undefined,
): StateText {
  const known = view && healthText(view);
  if (view !== undefined) {
    const tones = { up: 'good', failing: 'warn', recovering: 'warn', unknown: 'warn', down: 'bad' } as const;
    const tone = view.state in tones ? tones[view.state as keyof typeof tones] : '';
    return { text: known ?? view.state, tone: view.drained === null ? tone : 'dim' };
  }
  if (server.weight === 0) {
    const entry = drainedEntry(drained, service.key, server);
    const reason = entry?.reason === undefined ? '' : `: ${entry.reason}`;
    return { text: entry === undefined ? 'quiesced' : `drained by ${entry.by}${reason}`, tone: 'dim' };
  }
  const isFull = server.upperThreshold > 0 && server.activeConnections >= server.upperThreshold;
  return isFull ? { text: 'at its threshold', tone: 'warn' } : { text: '', tone: '' };
}

/** A number a second; `-` where it is not known. */
export function rateText(rates: Rates | undefined, name: keyof Rates): string {
  return rates === undefined ? '-' : shortNumber(rates[name]);
}

/** A share as the width of a bar. */
export function shareWidth(share: number | undefined): string {
  return String(Math.round((share ?? 0) * barWidth));
}

/** A share as text. */
export function shareText(share: number | undefined): string {
  return share === undefined ? '-' : `${Math.round(share * 100)} %`;
}

/** The cells of the totals. */
export function totalCells({ rates, ...reading }: TableReading): readonly (readonly [column: string, text: string])[] {
  return [
    ['new', rateText(rates, 'connections')],
    ['active', String(reading.activeConnections)],
    ['inactive', String(reading.inactiveConnections)],
    ['in', rateText(rates, 'incomingBytes')],
    ['out', rateText(rates, 'outgoingBytes')],
    ['quiesced', String(reading.quiesced)],
  ];
}

/** The cells of a service or server that both have. */
function commonCells({ name, rates }: MeteredService | MeteredServer): [string, string][] {
  return [
    [`${name} new`, rateText(rates, 'connections')],
    [`${name} in`, rateText(rates, 'incomingBytes')],
    [`${name} out`, rateText(rates, 'outgoingBytes')],
  ];
}

/** All cells of a look. */
export function cellsOf({ reading, drained, daemons }: Look): Cells {
  const views = serverViews(daemons);
  const cells = new Map<string, string>(totalCells(reading).map(([column, text]) => [`total ${column}`, text]));
  for (const service of reading.services) {
    for (const [key, text] of commonCells(service)) cells.set(key, text);
    cells.set(`${service.name} active`, String(service.activeConnections));
    cells.set(`${service.name} inactive`, String(service.inactiveConnections));
    for (const one of service.servers) {
      const { name, server, share, weightShare } = one;
      for (const [key, text] of commonCells(one)) cells.set(key, text);
      cells.set(`${name} weight`, String(server.weight));
      cells.set(`${name} active`, String(server.activeConnections));
      cells.set(`${name} inactive`, String(server.inactiveConnections));
      cells.set(`${name} share`, shareText(share));
      cells.set(`${name} bar`, shareWidth(share));
      cells.set(`${name} weightbar`, shareWidth(weightShare));
      cells.set(`${name} state`, stateOf(server, service.service, drained, views.get(name)).text);
    }
  }
  return cells;
}

/** What changed between two looks; undefined where rows came or went, so that a page has to be made anew. */
export function changedCells(before: Cells, after: Cells): Readonly<Record<string, string>> | undefined {
  if (before.size !== after.size) return undefined;
  const changed: Record<string, string> = {};
  for (const [key, text] of after) {
    const old = before.get(key);
    if (old === undefined) return undefined;
    if (old !== text) changed[key] = text;
  }
  return changed;
}
