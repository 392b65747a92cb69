import type { ConnectionLine } from '../format/connections.js';
import { isActiveState } from '../model/connection-state.js';
import type { ConnectionCounts } from '../model/state.js';
import { lineTest, type ConnectionFilter } from './connection-filter.js';
import {
  keyText,
  UnitWriter,
  wholeClients,
  writeKey,
  type ClientPrefix,
  type ConnectionKey,
} from './connection-keys.js';
import { connectionBlocks, readConnections, type ConnectionOptions } from './connections.js';
import { sortedInTurns, Turns } from './turns.js';

/** How connections are counted. */
export interface CountOptions extends ConnectionOptions {
  /** Which are counted. Default: all. */
  readonly filter?: ConnectionFilter | undefined;
  /** What they are grouped by. Default: nothing, only the totals are counted. */
  readonly by?: readonly ConnectionKey[] | undefined;
  /** Groups clients by networks. Default: each address by itself. */
  readonly clientPrefix?: ClientPrefix | undefined;
}

/** How many connections. */
export interface GroupCounts extends ConnectionCounts {
  /** Active and inactive ones; persistence templates are no connections. */
  readonly connections: number;
}

/** Connections that have the same keys. */
export interface ConnectionGroup extends GroupCounts {
  /** What they have in common, by the names in `by`. */
  readonly key: Readonly<Partial<Record<ConnectionKey, string>>>;
}

/** What groups are sorted by: a count, largest first, or one of their keys. */
export type GroupOrder = keyof GroupCounts | ConnectionKey;

/** Counts of a group, in the order in which they are kept. */
const kept = { active: 0, inactive: 1, templates: 2 } as const;
const keptCounts = 3;

/** Connections that were counted. */
export interface CountedConnections {
  /** How many groups there are. */
  readonly size: number;
  /** All together. */
  readonly totals: GroupCounts;
  /**
   * The groups.
   * @param order what they are sorted by; groups that are equal in it are sorted by their keys.
   * @param limit how many, the first of them; default: all.
   */
  sorted(order?: GroupOrder, limit?: number): Promise<AsyncIterable<ConnectionGroup>>;
}

/** Counts of connections by what they have in common. Memory grows with the number of groups, not of connections. */
export class ConnectionGroups implements CountedConnections {
  readonly #by: readonly ConnectionKey[];
  readonly #prefix: ClientPrefix;
  readonly #numbers = new Map<string, number>();
  /** The keys of each group by its number. */
  readonly #units: string[] = [];
  readonly #key = new UnitWriter();
  /** Where each key ends in the units under construction. */
  readonly #ends: number[] = [];
  /** Counts of each group by its number. */
  #counts = new Float64Array(keptCounts * 64);
  readonly #totals = new Float64Array(keptCounts);

  constructor(by: readonly ConnectionKey[] = [], prefix: ClientPrefix = wholeClients) {
    this.#by = by;
    this.#prefix = prefix;
  }

  get size(): number {
    return this.#numbers.size;
  }

  get totals(): GroupCounts {
    return countsAt(this.#totals, 0);
  }

  /** Counts an entry. */
  add(line: ConnectionLine): void {
    const count = line.isTemplate
      ? kept.templates
      : isActiveState(line.protocol, line.state)
        ? kept.active
        : kept.inactive;
    this.#totals[count] = (this.#totals[count] ?? 0) + 1;
    if (this.#by.length === 0) return;
    const at = this.#numberOf(line) * keptCounts + count;
    this.#counts[at] = (this.#counts[at] ?? 0) + 1;
  }

  #numberOf(line: ConnectionLine): number {
    const out = this.#key;
    const ends = this.#ends;
    out.clear();
    for (const [index, key] of this.#by.entries()) {
      writeKey(out, key, line, this.#prefix);
      ends[index] = out.length;
    }
    // After the keys, so that these are what the whole is sorted by.
    for (const end of ends) out.unit(end);
    const units = out.toString();
    const found = this.#numbers.get(units);
    if (found !== undefined) return found;
    const number = this.#numbers.size;
    this.#numbers.set(units, number);
    this.#units.push(units);
    if ((number + 1) * keptCounts > this.#counts.length) {
      const larger = new Float64Array(2 * this.#counts.length);
      larger.set(this.#counts);
      this.#counts = larger;
    }
    return number;
  }

  async sorted(order: GroupOrder = 'connections', limit = Infinity): Promise<AsyncIterable<ConnectionGroup>> {
    const numbers = this.#units.map((_, number) => number);
    return this.#described(await sortedInTurns(numbers, this.#comparison(order), limit));
  }

  async *#described(numbers: readonly number[]): AsyncGenerator<ConnectionGroup, void, undefined> {
    const turns = new Turns();
    for (const number of numbers) {
      const parts = partsOf(this.#units[number] ?? '', this.#by.length);
      const key = this.#by.map((name, index) => [name, keyText(name, parts[index] ?? '', this.#prefix)] as const);
      yield { key: Object.fromEntries(key), ...countsAt(this.#counts, number * keptCounts) };
      await turns.take();
    }
  }

  #comparison(order: GroupOrder): (a: number, b: number) => number {
    const place = this.#by.findIndex((key) => key === order);
    const byUnits = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
    const unitsOf = (number: number): string => this.#units[number] ?? '';
    if (place >= 0) {
      const partOf = (number: number): string => partsOf(unitsOf(number), this.#by.length)[place] ?? '';
      return (a, b) => byUnits(partOf(a), partOf(b)) || byUnits(unitsOf(a), unitsOf(b));
    }
    const count = order as keyof typeof measures;
    const measure = (number: number): number => measures[count](this.#counts, number * keptCounts);
    return (a, b) => measure(b) - measure(a) || byUnits(unitsOf(a), unitsOf(b));
  }
}

/** The counts of a group by their names. */
const measures = {
  connections: (counts, at) => (counts[at + kept.active] ?? 0) + (counts[at + kept.inactive] ?? 0),
  activeConnections: (counts, at) => counts[at + kept.active] ?? 0,
  inactiveConnections: (counts, at) => counts[at + kept.inactive] ?? 0,
  persistentConnections: (counts, at) => counts[at + kept.templates] ?? 0,
} as const satisfies Readonly<Record<keyof GroupCounts, (counts: Float64Array, at: number) => number>>;

function countsAt(counts: Float64Array, at: number): GroupCounts {
  return {
    connections: measures.connections(counts, at),
    activeConnections: measures.activeConnections(counts, at),
    inactiveConnections: measures.inactiveConnections(counts, at),
    persistentConnections: measures.persistentConnections(counts, at),
  };
}

/** The keys of a group. */
function partsOf(units: string, count: number): string[] {
  const parts: string[] = [];
  const ends = units.length - count;
  for (let index = 0, start = 0; index < count; index++) {
    const end = units.charCodeAt(ends + index);
    parts.push(units.slice(start, end));
    start = end;
  }
  return parts;
}

/** Counts the connections of the text of `/proc/net/ip_vs_conn` as it is read. */
export async function countConnectionsOf(
  pieces: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  { filter = {}, by = [], clientPrefix = wholeClients, signal, onUnreadable }: CountOptions = {},
): Promise<ConnectionGroups> {
  const groups = new ConnectionGroups(by, clientPrefix);
  const isWanted = lineTest(filter);
  for await (const block of connectionBlocks(pieces, signal)) {
    const unreadable = readConnections(block, (line) => {
      if (isWanted === undefined || isWanted(line)) groups.add(line);
    });
    for (const line of unreadable) onUnreadable?.(line);
  }
  return groups;
}
