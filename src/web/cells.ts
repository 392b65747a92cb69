// What of a look changes on pages, as text by the key of its place; pure.

import { healthText, serverViews } from '../director/health-notes.js';
import type { ServerView, ServiceView } from '../director/snapshot.js';
import { shortNumber } from '../format/short-number.js';
import { hostsOf } from '../plan/selection.js';
import { drainedEntry, type DrainRecord } from '../table/drain-record.js';
import type { MeteredServer, MeteredService, Rates, TableReading } from '../table/samples.js';
import type { Look } from './sampler.js';
import { servicesOf, type View } from './view.js';

/** Texts by their keys: the name of a service, server or host, a blank, and the column. */
export type Cells = ReadonlyMap<string, string>;

/** Width of a bar that stands for all, in its own units. */
export const barWidth = 100;

/** How a state is coloured; its words say the same. */
export type Tone = 'good' | 'warn' | 'bad' | 'dim' | '';

/** State of a server or service as people read it. */
export interface StateText {
  readonly text: string;
  readonly tone: Tone;
}

const tones: Readonly<Record<ServerView['state'], Tone>> = {
  up: 'good',
  failing: 'warn',
  recovering: 'warn',
  unknown: 'warn',
  down: 'bad',
  new: 'dim',
  unchecked: '',
};

/** State of a server: what a daemon knows of it, or what can be said without one. */
export function stateOf(
  server: MeteredServer['server'],
  service: MeteredService['service'],
  drained: DrainRecord,
  view: ServerView | undefined,
): StateText {
  if (view !== undefined)
    return { text: healthText(view) ?? view.state, tone: view.drained === null ? tones[view.state] : 'dim' };
  if (server.weight === 0) {
    const entry = drainedEntry(drained, service.key, server);
    const reason = entry?.reason === undefined ? '' : `: ${entry.reason}`;
    return { text: entry === undefined ? 'quiesced' : `drained by ${entry.by}${reason}`, tone: 'dim' };
  }
  const isFull = server.upperThreshold > 0 && server.activeConnections >= server.upperThreshold;
  return isFull ? { text: 'at its threshold', tone: 'warn' } : { text: '', tone: '' };
}

/** State of a server that its daemon has taken out of the table. */
export function absentState({ state, reason }: ServerView): StateText {
  return { text: `${state}, not in the table${reason === null ? '' : `: ${reason}`}`, tone: 'bad' };
}

const servingTexts: Readonly<Record<ServiceView['serving'], string>> = {
  normal: '',
  sorry: 'the sorry server has taken over',
  open: 'fails open: servers that are down get connections',
  short: 'too few are healthy',
  closed: 'nobody gets connections',
};

/** How a service is. */
export function serviceState({ servers }: MeteredService, view: ServiceView | undefined): StateText {
  const isServed = servers.some(({ server }) => server.weight > 0);
  const trouble = view === undefined ? '' : servingTexts[view.serving];
  const words = [
    ...(view === undefined ? [] : [`${view.healthy} of ${view.counting} healthy`]),
    ...(trouble === '' ? [] : [trouble]),
    ...(isServed || view?.serving === 'closed' ? [] : ['no server takes connections']),
  ];
  const isBad = trouble !== '' || !isServed;
  const isWhole = view !== undefined && view.healthy >= view.counting;
  return { text: words.join(', '), tone: isBad ? 'bad' : isWhole ? 'good' : view === undefined ? '' : 'warn' };
}

/** A number a second; `-` where it is not known. */
export function rateText(rates: Rates | undefined, name: keyof Rates): string {
  return rates === undefined ? '-' : shortNumber(rates[name]);
}

/** A share as the width of a bar. */
function shareWidth(share: number | undefined): string {
  return String(Math.round((share ?? 0) * barWidth));
}

/** A share as text. */
function shareText(share: number | undefined): string {
  return share === undefined ? '-' : `${Math.round(share * 100)} %`;
}

/** The totals: columns, what they are called, and their texts. */
export function totalCells({
  rates,
  ...reading
}: TableReading): readonly (readonly [column: string, title: string, text: string])[] {
  return [
    ['services', 'Services', String(reading.services.length)],
    ['servers', 'Servers', String(reading.servers)],
    ['quiesced', 'Weight 0', String(reading.quiesced)],
    ['new', 'New/s', rateText(rates, 'connections')],
    ['active', 'Active', String(reading.activeConnections)],
    ['inactive', 'Inactive', String(reading.inactiveConnections)],
    ['in', 'In B/s', rateText(rates, 'incomingBytes')],
    ['out', 'Out B/s', rateText(rates, 'outgoingBytes')],
  ];
}

/** What daemons say is wrong with their documents; empty where nothing is. */
function problemsText({ daemons }: Look): string {
  return daemons
    .flatMap(({ instance, problem }) =>
      problem === null ? [] : [`${instance}: the document was not taken: ${problem}`],
    )
    .join('; ');
}

function addCommon(cells: Map<string, string>, { name, rates }: MeteredService | MeteredServer): void {
  cells.set(`${name} new`, rateText(rates, 'connections'));
  cells.set(`${name} in`, rateText(rates, 'incomingBytes'));
  cells.set(`${name} out`, rateText(rates, 'outgoingBytes'));
}

function addState(cells: Map<string, string>, name: string, { text, tone }: StateText): void {
  cells.set(`${name} state`, text);
  cells.set(`${name} tone`, tone);
}

/** Services that daemons keep, by name. */
export function serviceViews({ daemons }: Look): ReadonlyMap<string, ServiceView> {
  return new Map(daemons.flatMap(({ services }) => services.map((one) => [one.service, one] as const)));
}

/** Servers that a daemon keeps and has taken out of the table. */
export function absentServers({ servers }: MeteredService, view: ServiceView | undefined): readonly ServerView[] {
  if (view === undefined) return [];
  const present = new Set(servers.map(({ name }) => name));
  return view.servers.filter(({ server }) => !present.has(server));
}

/** A host that is a real server of some services. */
export interface HostReading {
  readonly address: string;
  readonly services: number;
  /** Services in which it has a weight above 0. */
  readonly weighted: number;
  readonly active: number;
  readonly state: StateText;
}

/** States of a host that are told. */
const mostStates = 3;

/** All hosts that are real servers, in order. */
export function hostReadings({ reading, drained, daemons }: Look): HostReading[] {
  const views = serverViews(daemons);
  const byAddress = new Map<string, { service: MeteredService; one: MeteredServer }[]>();
  for (const service of reading.services) {
    for (const one of service.servers) {
      const list = byAddress.get(one.server.address);
      if (list === undefined) byAddress.set(one.server.address, [{ service, one }]);
      else list.push({ service, one });
    }
  }
  const all = reading.services.flatMap(({ service, servers }) =>
    servers.map(({ server }) => ({ key: service.key, server })),
  );
  return hostsOf(all).map((address) => {
    const list = byAddress.get(address) ?? [];
    const states = list.map(({ service, one }) => stateOf(one.server, service.service, drained, views.get(one.name)));
    const texts = [...new Set(states.flatMap(({ text }) => (text === '' ? [] : [text])))];
    const more = texts.length > mostStates ? '; ...' : '';
    const worst =
      (['bad', 'warn', 'dim', 'good'] as const).find((tone) => states.some((one) => one.tone === tone)) ?? '';
    return {
      address,
      services: new Set(list.map(({ service }) => service.name)).size,
      weighted: list.filter(({ one }) => one.server.weight > 0).length,
      active: list.reduce((sum, { one }) => sum + one.server.activeConnections, 0),
      state: { text: texts.slice(0, mostStates).join('; ') + more, tone: worst },
    };
  });
}

/** All cells of a view of a look. */
export function cellsOf(look: Look, view: View): Cells {
  const { reading, drained, daemons } = look;
  const cells = new Map<string, string>([['problems', problemsText(look)]]);
  if (view.kind === 'hosts') {
    for (const { address, services, weighted, active, state } of hostReadings(look)) {
      cells.set(`${address} services`, String(services));
      cells.set(`${address} weighted`, String(weighted));
      cells.set(`${address} active`, String(active));
      addState(cells, address, state);
    }
    return cells;
  }
  if (view.kind === 'services') for (const [column, , text] of totalCells(reading)) cells.set(`total ${column}`, text);
  const servers = serverViews(daemons);
  const services = serviceViews(look);
  for (const service of servicesOf(reading, view)) {
    const known = services.get(service.name);
    addCommon(cells, service);
    addState(cells, service.name, serviceState(service, known));
    cells.set(`${service.name} active`, String(service.activeConnections));
    cells.set(`${service.name} inactive`, String(service.inactiveConnections));
    for (const one of absentServers(service, known)) addState(cells, one.server, absentState(one));
    for (const one of service.servers) {
      const { server, share, weightShare } = one;
      const { name } = one;
      addCommon(cells, one);
      addState(cells, name, stateOf(server, service.service, drained, servers.get(name)));
      cells.set(`${name} weight`, String(server.weight));
      cells.set(`${name} active`, String(server.activeConnections));
      cells.set(`${name} inactive`, String(server.inactiveConnections));
      cells.set(`${name} share`, shareText(share));
      cells.set(`${name} weightshare`, shareText(weightShare));
      cells.set(`${name} bar`, shareWidth(share));
      cells.set(`${name} weightbar`, shareWidth(weightShare));
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
