// Which servers are to be drained or put back in, the table and the record that it leads to out; pure.

import { ValueError } from '../errors.js';
import { serverName, serviceName } from '../model/entity-name.js';
import { describeService, isFirewallMark } from '../model/service.js';
import type { ServiceWithServers, Table } from '../model/table.js';
import { servicesLeftWithout, withServers, type Selected } from '../plan/selection.js';
import { drainedEntry, type DrainedServer, type DrainRecord } from './drain-record.js';

/** What is remembered of a drain beside weights. */
export type DrainNote = Pick<DrainedServer, 'reason' | 'by' | 'at'>;

/** A table to be made, and what is to be remembered then. */
export interface Drained {
  readonly table: Table;
  readonly record: DrainRecord;
}

/** The table in which servers have weight 0, and the weights that they had. */
export function drainServers(
  from: Table,
  record: DrainRecord,
  selected: readonly Selected[],
  note: DrainNote,
): Drained {
  const next = new Map(record);
  for (const { key, server } of selected) {
    const name = serverName(key, server);
    // One that is drained already keeps the weight from before that, and who did it and why, unless there is another reason.
    const known = drainedEntry(record, key, server);
    if (known !== undefined && server.weight === 0 && note.reason === undefined) continue;
    const weight = known?.weight ?? server.weight;
    if (weight > 0) next.set(name, { name, weight, ...note });
  }
  return { table: withServers(from, selected, (server) => ({ ...server, weight: 0 })), record: next };
}

/**
 * Makes sure that no service is left without a server that takes connections, if it has one.
 * @param help what to do about it, for people.
 * @throws {ValueError}
 */
export function refuseOutage(from: Table, to: Table, help = ''): void {
  const left = servicesLeftWithout(from, to);
  if (left.length === 0) return;
  const shown = left.slice(0, 10).map(serviceName).join(', ');
  const more = left.length > 10 ? ` and ${left.length - 10} more` : '';
  throw new ValueError(`no server of weight above 0 would be left in ${shown}${more}${help}`);
}

/** A server to put back, and the weight that it gets. */
export interface Returning extends Selected {
  readonly weight: number;
}

/**
 * The servers of a selection that are drained, with their weights of before.
 * @param weight in place of the recorded ones.
 * @throws {ValueError} for a server of weight 0 whose weight of before is not known.
 */
export function returningServers(record: DrainRecord, selected: readonly Selected[], weight?: number): Returning[] {
  return selected
    .filter(({ key, server }) => server.weight === 0 || drainedEntry(record, key, server) !== undefined)
    .map(({ key, server }) => {
      const known = weight ?? drainedEntry(record, key, server)?.weight;
      if (known !== undefined) return { key, server, weight: known };
      throw new ValueError(`the weight that ${serverName(key, server)} had is not known: give one with --weight`);
    });
}

/** A part of a weight, at least 1. @param part above 0, up to 1. */
export function partOf(weight: number, part: number): number {
  return Math.max(1, Math.round(weight * part));
}

/** The table in which servers have a part of their weights again, at least 1. @param part above 0, up to 1. */
export function withReturned(from: Table, returning: readonly Returning[], part: number): Table {
  const weights = new Map(returning.map(({ server, weight }) => [server, partOf(weight, part)]));
  return withServers(from, returning, (server) => ({ ...server, weight: weights.get(server) ?? server.weight }));
}

/** Schedulers that never look at weights above 0: there is nothing to ramp. */
const ignoreWeights: readonly string[] = ['rr', 'lc', 'lblc', 'lblcr', 'dh'];

/** Why a ramp has no effect for some of the servers, for people; undefined where it has for all. */
export function rampProblem(from: Table, returning: readonly Returning[]): string | undefined {
  if (returning.some(({ weight }) => weight < 2))
    return 'a weight of 1 has no steps: weights of about 100 make a ramp smooth';
  const services = new Set(returning.map(({ key }) => describeService(key)));
  const { service } =
    from.services.find(
      (entry) => services.has(describeService(entry.service.key)) && ignoreWeights.includes(entry.service.scheduler),
    ) ?? {};
  return service === undefined
    ? undefined
    : `scheduler ${service.scheduler} of ${serviceName(service.key)} does not look at weights: no ramp there`;
}

/** What the kernel does with clients of a drained server, beside what a drain is for. */
export interface DrainSettings {
  /** net.ipv4.vs.expire_quiescent_template: bound clients are sent elsewhere at once. */
  readonly expiresTemplates: boolean;
  /** Programs that run and may set weights again. */
  readonly managers: readonly string[];
}

/** What people should know before a drain, one sentence each. */
export function drainWarnings(
  table: Table,
  selected: readonly Selected[],
  { expiresTemplates, managers }: DrainSettings,
): string[] {
  const services = new Set(selected.map(({ key }) => describeService(key)));
  const entries = table.services.filter(({ service }) => services.has(describeService(service.key)));
  return [
    ...entries.flatMap((entry) => serviceWarnings(entry, expiresTemplates)),
    ...managers.map((name) => `${name} runs: if it manages these services, it may set their weights again`),
  ];
}

function serviceWarnings({ service }: ServiceWithServers, expiresTemplates: boolean): string[] {
  const { key, scheduler, schedulerFlags, persistenceTimeout } = service;
  const name = serviceName(key);
  const warnings: string[] = [];
  if (persistenceTimeout !== undefined && !expiresTemplates) {
    warnings.push(
      `${name} is persistent: clients that are bound to a drained server come back to it for up to ${persistenceTimeout} s ` +
        'after their last connection (net.ipv4.vs.expire_quiescent_template=1 sends them elsewhere)',
    );
  }
  const canFallBack = scheduler === 'sh' || scheduler === 'mh';
  if (scheduler === 'dh' || (canFallBack && !schedulerFlags.includes('flag-1'))) {
    const help = canFallBack ? ` (with the flag ${scheduler}-fallback they go elsewhere)` : '';
    const who = isFirewallMark(key) || canFallBack ? 'clients' : 'connections';
    warnings.push(`${name} has scheduler ${scheduler}: new ${who} that hash to a drained server are refused${help}`);
  }
  return warnings;
}
