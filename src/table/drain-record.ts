// What is remembered of drained servers between two runs: the kernel keeps no weight but the present one.

import { StateError } from '../errors.js';
import { parseServerName, serverName } from '../model/entity-name.js';
import type { RealServer, ServerKey } from '../model/server.js';
import type { ServiceKey } from '../model/service.js';
import type { Table } from '../model/table.js';
import type { StateFiles } from '../ports/state.js';
import { printable } from '../text/printable.js';

/** A server that was drained. */
export interface DrainedServer {
  /** Such as `tcp:192.0.2.10:80/10.0.1.2:8080`. */
  readonly name: string;
  /** The weight that it had. */
  readonly weight: number;
  /** Weights that it has been given so far, where it is being put back in steps: the last one or two. */
  readonly reached?: readonly number[] | undefined;
  readonly reason?: string | undefined;
  /** Who drained it. */
  readonly by: string;
  /** When, such as `2026-01-02T03:04:05.000Z`. */
  readonly at: string;
}

/** Drained servers by their names. */
export type DrainRecord = ReadonlyMap<string, DrainedServer>;

/** The file, readable for all: `status` shows it. */
const fileName = 'drained.json';

/** Longest reason that is kept, in characters. */
export const longestReason = 200;

/**
 * What is remembered. What can't be understood counts as nothing: it only means that `undrain` asks for a weight.
 * @throws {StateError} where the file can't be read, or others may have written it.
 */
export function readDrainRecord(state: StateFiles): DrainRecord {
  const record = new Map<string, DrainedServer>();
  let value: unknown;
  try {
    value = JSON.parse(state.read(fileName) ?? '');
  } catch (error) {
    if (error instanceof StateError) throw error;
    return record;
  }
  const servers = typeof value === 'object' && value !== null && 'servers' in value ? value.servers : undefined;
  for (const entry of Array.isArray(servers) ? (servers as unknown[]) : []) {
    const server = drainedServer(entry);
    if (server !== undefined) record.set(server.name, server);
  }
  return record;
}

function drainedServer(entry: unknown): DrainedServer | undefined {
  if (typeof entry !== 'object' || entry === null) return undefined;
  const { name, weight, reached, reason, by, at } = entry as Readonly<Record<string, unknown>>;
  if (typeof name !== 'string' || typeof weight !== 'number' || typeof by !== 'string' || typeof at !== 'string')
    return undefined;
  if (!Number.isSafeInteger(weight) || weight < 1) return undefined;
  try {
    parseServerName(name);
  } catch {
    return undefined;
  }
  const text = typeof reason === 'string' && reason !== '' ? printable(reason).slice(0, longestReason) : undefined;
  const steps = Array.isArray(reached) ? reached.filter((one) => Number.isSafeInteger(one)) : [];
  return {
    name,
    weight,
    ...(steps.length === 0 ? {} : { reached: steps as number[] }),
    reason: text,
    by: printable(by),
    at: printable(at),
  };
}

/** Keeps what is to be remembered, in place of what was. @throws {StateError} */
export function writeDrainRecord(state: StateFiles, record: DrainRecord): void {
  if (record.size === 0) state.remove(fileName);
  else state.write(fileName, `${JSON.stringify({ servers: [...record.values()] }, undefined, 2)}\n`, 0o644);
}

/**
 * The entry of a server that is drained still, or on its way back: one that has another weight was put back by somebody else.
 */
export function drainedEntry(
  record: DrainRecord,
  key: ServiceKey,
  server: ServerKey & Pick<RealServer, 'weight'>,
): DrainedServer | undefined {
  const entry = record.get(serverName(key, server));
  return server.weight === 0 || entry?.reached?.includes(server.weight) === true ? entry : undefined;
}

/** The record without the entries whose servers are gone, or have a weight again. */
export function cleanRecord(record: DrainRecord, table: Table): DrainRecord {
  const clean = new Map<string, DrainedServer>();
  if (record.size === 0) return clean;
  for (const { service, servers } of table.services) {
    for (const server of servers) {
      const entry = drainedEntry(record, service.key, server);
      if (entry !== undefined) clean.set(entry.name, entry);
    }
  }
  return clean;
}

/** Drops what `cleanRecord` does from the file. What can't be written is ignored when it is read. */
export function forgetReturned(state: StateFiles, table: Table): void {
  try {
    const record = readDrainRecord(state);
    const clean = cleanRecord(record, table);
    if (clean.size < record.size) writeDrainRecord(state, clean);
  } catch (error) {
    if (!(error instanceof StateError)) throw error;
  }
}
