import { addressBytes, formatIpv4, formatIpv6 } from './address.js';
import { forwardingMethods, tunnelChecksums, tunnelTypes, type RealServer } from './server.js';
import { counterNames, type ConnectionCounts, type ServerEntry, type ServerState, type Statistics } from './state.js';

/** A real server as an object, with as much of its state as is known; the rest is 0. */
export interface KnownServer extends RealServer, Partial<ConnectionCounts> {
  readonly statistics?: Statistics;
}

/** Where the numbers of a row stand. */
export const column = {
  /** The address as four 32-bit numbers, most significant first; an IPv4 address is the first, the others are 0. */
  address: 0,
  /** 0 for IPv4, 1 for IPv6. */
  inet6: 4,
  port: 5,
  /** Index in `forwardingMethods`. */
  forwarding: 6,
  weight: 7,
  upperThreshold: 8,
  lowerThreshold: 9,
  activeConnections: 10,
  inactiveConnections: 11,
  persistentConnections: 12,
  /** Index in `tunnelTypes`, or the number of a type that is not there. */
  tunnelType: 13,
  tunnelPort: 14,
  /** Index in `tunnelChecksums`. */
  tunnelChecksum: 15,
} as const;

/** Numbers of a row. */
export const rowSize = 16;

/** Counters of a row: those of `counterNames`. */
export const counterCount = counterNames.length;

const smallest = 64;

/**
 * The real servers of a service as the kernel reports them: rows of numbers instead of objects. A listing of thousands
 * costs what the memory costs that it touches for the first time, and this touches little, again and again.
 */
export class ServerRows {
  /** How many servers there are. */
  length = 0;
  /** `rowSize` unsigned numbers for each server, at the places that `column` names. */
  numbers = new Uint32Array(smallest * rowSize);
  /** `counterCount` numbers for each server, where they are kept; NaN: see `largeCounters`. */
  counters: Float64Array;
  readonly #keepsCounters: boolean;
  readonly #largeCounters = new Map<number, bigint>();

  /** @param keepsCounters whether there is room for counters and rates. */
  constructor(keepsCounters: boolean) {
    this.#keepsCounters = keepsCounters;
    this.counters = new Float64Array(keepsCounters ? smallest * counterCount : 0);
  }

  /** The rows of servers that are objects, in their order, without counters. */
  static of(servers: readonly KnownServer[]): ServerRows {
    const rows = new ServerRows(false);
    for (const server of servers) rows.append(server);
    return rows;
  }

  /** Whether counters and rates are kept. */
  get keepsCounters(): boolean {
    return this.#keepsCounters;
  }

  /** Forgets all servers, and keeps the memory. */
  clear(): void {
    this.length = 0;
    this.#largeCounters.clear();
  }

  /** Adds a row, whose numbers are what they happen to be. @returns its index. */
  add(): number {
    if ((this.length + 1) * rowSize > this.numbers.length) {
      // Memory that is never touched costs nothing: better too much than a copy.
      const room = 4 * (this.length + smallest);
      const numbers = new Uint32Array(room * rowSize);
      numbers.set(this.numbers);
      this.numbers = numbers;
      if (this.#keepsCounters) {
        const counters = new Float64Array(room * counterCount);
        counters.set(this.counters);
        this.counters = counters;
      }
    }
    return this.length++;
  }

  /** Adds a server that is an object. */
  append(server: KnownServer): void {
    const { type, port, checksum } = server.tunnel;
    const wide = new Uint8Array(16);
    wide.set(addressBytes(server.family, server.address));
    const view = new DataView(wide.buffer);
    const row = this.add();
    const numbers: Readonly<Record<keyof typeof column, number>> = {
      address: 0,
      inet6: server.family === 'inet6' ? 1 : 0,
      port: server.port,
      forwarding: forwardingMethods.indexOf(server.forwarding),
      weight: server.weight,
      upperThreshold: server.upperThreshold,
      lowerThreshold: server.lowerThreshold,
      activeConnections: server.activeConnections ?? 0,
      inactiveConnections: server.inactiveConnections ?? 0,
      persistentConnections: server.persistentConnections ?? 0,
      tunnelType: typeof type === 'number' ? type : tunnelTypes.indexOf(type),
      tunnelPort: port,
      tunnelChecksum: tunnelChecksums.indexOf(checksum),
    };
    for (const name of Object.keys(numbers) as (keyof typeof column)[]) {
      this.numbers[row * rowSize + column[name]] = numbers[name];
    }
    for (let word = 0; word < 4; word++) {
      this.numbers[row * rowSize + column.address + word] = view.getUint32(4 * word);
    }
    if (!this.#keepsCounters) return;
    for (const [index, name] of counterNames.entries()) {
      const value = server.statistics?.[name] ?? 0n;
      this.setCounter(row, index, value <= Number.MAX_SAFE_INTEGER ? Number(value) : value);
    }
  }

  /** Sets a counter, given by its index in `counterNames`. */
  setCounter(row: number, counter: number, value: number | bigint): void {
    const at = row * counterCount + counter;
    if (typeof value === 'number') {
      this.counters[at] = value;
    } else {
      this.counters[at] = NaN;
      this.#largeCounters.set(at, value);
    }
  }

  /** A counter, given by its index in `counterNames`: a number where it is below 2^53. */
  counter(row: number, counter: number): number | bigint {
    const at = row * counterCount + counter;
    const value = this.counters[at] ?? 0;
    return Number.isNaN(value) ? (this.#largeCounters.get(at) ?? 0n) : value;
  }

  /** A number of a row; `place` is one of `column`. */
  number(row: number, place: number): number {
    return this.numbers[row * rowSize + place] ?? 0;
  }

  /** The address of a server as text. */
  address(row: number): string {
    const at = row * rowSize + column.address;
    if (this.number(row, column.inet6) === 0) return formatIpv4(this.numbers[at] ?? 0);
    const bytes = new Uint8Array(16);
    const view = new DataView(bytes.buffer);
    for (let word = 0; word < 4; word++) view.setUint32(4 * word, this.numbers[at + word] ?? 0);
    return formatIpv6(bytes);
  }

  /** A server without its counters, as an object. */
  state(row: number): ServerState {
    const type = this.number(row, column.tunnelType);
    return {
      family: this.number(row, column.inet6) === 0 ? 'inet' : 'inet6',
      address: this.address(row),
      port: this.number(row, column.port),
      forwarding: forwardingMethods[this.number(row, column.forwarding)] ?? 'masquerading',
      weight: this.number(row, column.weight),
      upperThreshold: this.number(row, column.upperThreshold),
      lowerThreshold: this.number(row, column.lowerThreshold),
      tunnel: {
        type: tunnelTypes[type] ?? type,
        port: this.number(row, column.tunnelPort),
        checksum: tunnelChecksums[this.number(row, column.tunnelChecksum)] ?? 'nocsum',
      },
      activeConnections: this.number(row, column.activeConnections),
      inactiveConnections: this.number(row, column.inactiveConnections),
      persistentConnections: this.number(row, column.persistentConnections),
    };
  }

  /** A server with its counters, as an object. */
  entry(row: number): ServerEntry {
    const statistics: Partial<Record<keyof Statistics, bigint>> = {};
    for (const [index, name] of counterNames.entries()) statistics[name] = BigInt(this.counter(row, index));
    return { ...this.state(row), statistics: statistics as Statistics };
  }

  /** All servers as objects, made by `state` or `entry`. */
  map<R>(make: (row: number) => R): R[] {
    return Array.from({ length: this.length }, (_, row) => make(row));
  }
}
