// What the kernel gets: a service of the document, what operators wish, how its servers are, and the clock in; its servers out.

import type { ServiceHealth } from '../documents/health.js';
import { serverId, type RealServer } from '../model/server.js';
import { isFirewallMark, type VirtualService } from '../model/service.js';
import type { WeightWish } from './outcome.js';

/** Who gets the connections of a service. */
export type Serving =
  /** Its healthy servers. */
  | 'normal'
  /** Too few of them are healthy: its sorry server. */
  | 'sorry'
  /** Too few of them are healthy: those, too, that might be. */
  | 'open'
  /** Too few of them are healthy, and they are alone: nobody else may. */
  | 'short'
  /** None of them is healthy, and nobody else may. */
  | 'closed';

/** A server of the document, with all that its weight depends on. */
export interface Member {
  /** As the document has it. */
  readonly server: RealServer;
  readonly isUp: boolean;
  /** Its first check is not over: nothing is known about it yet. */
  readonly isPending: boolean;
  /** Whether it was in the table when it was first seen. */
  readonly isPresent: boolean;
  /** What its last failure was, where it is down. */
  readonly failure: 'unreachable' | 'said-no' | undefined;
  /** Taken out by an operator. */
  readonly drained?: 'quiesced' | 'removed' | undefined;
  /** An operator's weight in place of the document's. */
  readonly weight?: number | undefined;
  /** A weight that the server wishes for itself. */
  readonly wish?: WeightWish | undefined;
  /** It wishes for no new connections. */
  readonly drains: boolean;
  /** The part of its weight that it has by now: above 0, up to 1. */
  readonly part: number;
  /** Seconds since it went down; 0 where it is up. */
  readonly downFor: number;
}

/** What of the kernel's settings matters. */
export interface KernelSettings {
  /** net.ipv4.vs.expire_quiescent_template: weight 0 ends persistence, too. */
  readonly expiresTemplates: boolean;
}

/** A service, and all that its servers' weights depend on. */
export interface ServiceView {
  readonly service: VirtualService;
  readonly settings: ServiceHealth;
  readonly members: readonly Member[];
  readonly leaving: readonly Leaving[];
}

/** A server that left the document, or that somebody else put there. */
export interface Leaving {
  /** As the kernel has it. */
  readonly server: RealServer;
  /** Its connections have ended, or had the time for it. */
  readonly isOver: boolean;
}

/** Highest weight that a server may wish for itself. */
const highestWish = 65535;

/**
 * Whether clients whose place is at a server of weight 0 are refused, although others would have them: these schedulers hash
 * without a look at weights that became 0.
 */
function refusesAtZero({ scheduler, schedulerFlags }: VirtualService): boolean {
  return scheduler === 'dh' || (['sh', 'mh'].includes(scheduler) && !schedulerFlags.includes('flag-1'));
}

/** Whether a server that is down is taken out of the table, since weight 0 would not keep clients away from it. */
export function removesDown(
  service: VirtualService,
  { onDown }: Pick<ServiceHealth, 'onDown'>,
  { expiresTemplates }: KernelSettings,
): boolean {
  const { key, persistenceTimeout } = service;
  if (onDown !== 'auto') return onDown === 'remove';
  // Templates of clients, and flows of UDP, outlive weight 0.
  if (persistenceTimeout !== undefined && !expiresTemplates) return true;
  return (!isFirewallMark(key) && key.protocol === 'udp') || refusesAtZero(service);
}

/** A member's weight where it is well: what operators say comes first, then the document, its own wish and its ramp. */
export function weightOf({ server, weight = server.weight, wish, drains, part }: Member): number {
  if (weight === 0 || drains) return 0;
  if (wish === undefined) return rising(weight * part);
  if ('weight' in wish) return wish.weight === 0 ? 0 : rising(Math.min(wish.weight, highestWish) * part);
  return wish.percent === 0 ? 0 : rising(((weight * wish.percent) / 100) * part);
}

function rising(weight: number): number {
  return Math.max(1, Math.round(weight));
}

/** Whether it counts when the healthy are counted: it could have connections, and something is known about it. */
function counts({ server, weight = server.weight, isPending, drained }: Member): boolean {
  return weight > 0 && !isPending && drained === undefined;
}

/** Whether it is well and takes connections. */
function isHealthy(member: Member): boolean {
  return counts(member) && member.isUp && weightOf(member) > 0;
}

/** How many servers are healthy, of how many that count, and how many are needed. */
export interface Headcount {
  readonly healthy: number;
  readonly counting: number;
  readonly needed: number;
}

/** Counts the servers of a service. */
export function headcount({ settings, members }: Pick<ServiceView, 'settings' | 'members'>): Headcount {
  const counting = members.filter(counts).length;
  const { minimumHealthy: least } = settings;
  const asked = typeof least === 'number' ? least : Math.ceil((counting * parseInt(least, 10)) / 100);
  // Whoever takes servers out does not make trouble of it as long as one is left.
  const needed = Math.max(1, Math.min(asked, counting));
  return { healthy: members.filter(isHealthy).length, counting, needed };
}

/** Who gets the connections of a service. @param before who got them until now. */
export function servingAfter(before: Serving, view: Pick<ServiceView, 'settings' | 'members'>): Serving {
  const { settings, members } = view;
  const { healthy, counting, needed } = headcount(view);
  if (members.length === 0 && settings.sorryServer === undefined) return 'normal';
  // What is in trouble for want of one of several is not out of it as soon as that one is back.
  const leaves = before === 'normal' || needed === 1 ? needed : Math.min(needed + 1, counting);
  if (healthy >= leaves) return 'normal';
  // The first checks decide.
  if (before === 'normal' && members.some(({ isPending }) => isPending)) return before;
  if (settings.sorryServer !== undefined) return 'sorry';
  if (members.some((member) => !member.isUp && mayServe(member, settings))) return 'open';
  return healthy > 0 ? 'short' : 'closed';
}

/** Whether it gets connections in trouble. */
function mayServe(member: Member, { failOpen }: Pick<ServiceHealth, 'failOpen'>): boolean {
  if (!counts(member)) return false;
  if (member.isUp) return weightOf(member) > 0;
  return failOpen === 'all' || (failOpen === 'unreachable' && member.failure !== 'said-no');
}

/** The servers that a service is to have in the kernel. Those that leave come last. */
export function wantedServers(view: ServiceView, serving: Serving, kernel: KernelSettings): RealServer[] {
  const { settings, members, leaving } = view;
  const removes = removesDown(view.service, settings, kernel);
  const servers: RealServer[] = [];
  for (const member of members) {
    const weight = kernelWeight(member, serving, view, removes);
    if (weight !== undefined)
      servers.push(weight === member.server.weight ? member.server : { ...member.server, weight });
  }
  if (serving === 'sorry' && settings.sorryServer !== undefined) {
    const sorry = settings.sorryServer;
    const place = servers.findIndex((server) => serverId(server) === serverId(sorry));
    servers.splice(place < 0 ? servers.length : place, place < 0 ? 0 : 1, sorry);
  }
  // What leaves stays until somebody takes its place.
  const isServed = servers.some(({ weight }) => weight > 0) || !members.some(isMeantToServe);
  for (const { server, isOver } of leaving) {
    if (!isServed) servers.push(server);
    else if (!isOver) servers.push(server.weight === 0 ? server : { ...server, weight: 0 });
  }
  return servers;
}

/** Whether it is to have connections, once it is well. */
function isMeantToServe({ server, weight = server.weight, drained }: Member): boolean {
  return weight > 0 && drained === undefined;
}

/** Undefined: it is not in the table. */
function kernelWeight(
  member: Member,
  serving: Serving,
  { service, settings }: ServiceView,
  removes: boolean,
): number | undefined {
  const { server, weight = server.weight, drained, isPending, isPresent, isUp, downFor } = member;
  if (drained === 'removed') return undefined;
  const isDown = !isUp && !isPending;
  if (serving === 'open' && isDown && mayServe(member, settings)) return weight;
  if (isDown && (removes || downFor >= (settings.removeAfter ?? Infinity))) return undefined;
  if (drained !== undefined) return 0;
  if (isPending) return isPresent ? 0 : undefined;
  // The sorry server gets the clients of all, also of servers that are well but too few.
  if (serving === 'sorry' && !isDown) return refusesAtZero(service) ? undefined : 0;
  return isDown ? 0 : weightOf(member);
}
