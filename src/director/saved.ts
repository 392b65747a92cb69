// What a daemon remembers beyond its end: what it keeps, and what operators wish. The kernel remembers the rest.

import type { Configuration } from '../documents/read-document.js';
import { parseServerName, serverName } from '../model/entity-name.js';
import { weights } from '../model/limits.js';
import type { KernelService } from '../health/watch.js';
import type { Wish, Wishes } from '../health/wish.js';
import type { StateFiles } from '../ports/state.js';
import { readDrainRecord, writeDrainRecord, type DrainedServer } from '../table/drain-record.js';
import { printable } from '../text/printable.js';

/** What is remembered. */
export interface Saved {
  /** Names of services that it keeps. */
  readonly owned: ReadonlySet<string>;
  readonly wishes: Wishes;
}

const fileOf = (instance: string): string => `run-${instance}.json`;

/**
 * What a daemon of that name has remembered; what can't be understood counts as nothing.
 * @throws {StateError} where the file can't be read, or others may have written it.
 */
export function readSaved(state: StateFiles, instance: string): Saved {
  const text = state.read(fileOf(instance));
  let value: unknown;
  try {
    value = JSON.parse(text ?? '{}');
  } catch {
    value = {};
  }
  const { owned, wishes } = Object(value) as { readonly owned?: unknown; readonly wishes?: unknown };
  const names = Array.isArray(owned) ? owned.filter((name) => typeof name === 'string') : [];
  const known = new Map<string, Wish>();
  for (const [name, wish] of Object.entries(Object(wishes) as object)) {
    const read = isServerName(name) ? wishOf(wish) : undefined;
    if (read !== undefined) known.set(name, read);
  }
  return { owned: new Set(names), wishes: known };
}

function isServerName(name: string): boolean {
  try {
    parseServerName(name);
    return true;
  } catch {
    return false;
  }
}

function wishOf(value: unknown): Wish | undefined {
  const { drain, weight, insteadOf, reason, by, at } = Object(value) as Readonly<Record<string, unknown>>;
  if (typeof by !== 'string' || typeof at !== 'string') return undefined;
  const isWeight = (one: unknown): one is number =>
    typeof one === 'number' && Number.isInteger(one) && one >= 0 && one <= weights.highest;
  const wish = {
    drain: drain === 'quiesced' || drain === 'removed' ? drain : undefined,
    ...(isWeight(weight) && isWeight(insteadOf) ? { weight, insteadOf } : {}),
    reason: typeof reason === 'string' && reason !== '' ? printable(reason) : undefined,
    by: printable(by),
    at: printable(at),
  } as const;
  return wish.drain === undefined && !('weight' in wish) ? undefined : wish;
}

/** Remembers. @throws {StateError} */
export function writeSaved(state: StateFiles, instance: string, { owned, wishes }: Saved): void {
  const text = JSON.stringify({ owned: [...owned], wishes: Object.fromEntries(wishes) }, undefined, 2);
  state.write(fileOf(instance), `${text}\n`, 0o644);
}

/**
 * What the verbs `drain` and `undrain` did while no daemon ran: a server of weight 0 that they remember is drained, one that has
 * a weight is not any more.
 */
export function withDrainsOf(
  wishes: Wishes,
  state: StateFiles,
  present: readonly KernelService[],
  { health }: Pick<Configuration, 'health'>,
): Wishes {
  const record = readDrainRecord(state);
  // A sorry server has its weight, drained or not.
  const sorry = new Set(
    health.services.flatMap(({ key, sorryServer }) => (sorryServer ? [serverName(key, sorryServer)] : [])),
  );
  const merged = new Map(wishes);
  for (const { service, servers } of present) {
    for (const server of servers) {
      const name = serverName(service.key, server);
      const wish = merged.get(name);
      const entry = record.get(name);
      if (server.weight > 0 && wish?.drain !== undefined && !sorry.has(name)) {
        if (wish.weight === undefined) merged.delete(name);
        else merged.set(name, { ...wish, drain: undefined });
      }
      if (server.weight > 0 || wish?.drain !== undefined || entry === undefined) continue;
      const { reason, by, at } = entry;
      merged.set(name, { ...wish, drain: 'quiesced', reason, by, at });
    }
  }
  return merged;
}

/**
 * Tells the verbs which servers are drained, for when no daemon runs.
 * @param weightOf the weight that a server of ours has in the document; undefined: it is not ours.
 * @throws {StateError}
 */
export function tellDrains(state: StateFiles, wishes: Wishes, weightOf: (name: string) => number | undefined): void {
  const before = readDrainRecord(state);
  const after = new Map<string, DrainedServer>();
  for (const [name, entry] of before) if (weightOf(name) === undefined) after.set(name, entry);
  for (const [name, { drain, reason, by, at }] of wishes) {
    const weight = weightOf(name) ?? 0;
    if (drain !== undefined && weight > 0) after.set(name, { name, weight, reason, by, at });
  }
  if (before.size > 0 || after.size > 0) writeDrainRecord(state, after);
}
