import { addressBytes, formatIpv4, formatIpv6 } from './address.js';
import type { ServerKey } from './server.js';
import { counterNames } from './state.js';

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
 * The real servers of a service as the kernel reports them, as rows of numbers: for the classic listings, where making an
 * object of each of thousands of servers costs a quarter of the time (docs/performance.md). All else has objects.
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

  /** Whether counters and rates are kept. */
  get keepsCounters(): boolean {
    return this.#keepsCounters;
  }

  /** Removes all servers, and keeps the memory. */
  clear(): void {
    this.length = 0;
    this.#largeCounters.clear();
  }

  /** Appends a row with uninitialised columns; the caller sets all of them. @returns its index. */
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

  /** Drops servers that are there a second time. @returns how many. */
  dropRepeats(): number {
    const seen = new Set<number | string>();
    let kept = 0;
    for (let row = 0; row < this.length; row++) {
      const identity = this.#identity(row);
      if (seen.has(identity)) continue;
      seen.add(identity);
      if (kept < row) this.#move(row, kept);
      kept++;
    }
    const dropped = this.length - kept;
    this.length = kept;
    return dropped;
  }

  /** Identity of a server within its service: for IPv4 a number, which is cheaper to make. */
  #identity(row: number): number | string {
    const port = this.number(row, column.port);
    if (this.number(row, column.inet6) !== 0) return `${this.address(row)} ${port}`;
    return this.number(row, column.address) * 65536 + port;
  }

  #move(from: number, to: number): void {
    this.numbers.copyWithin(to * rowSize, from * rowSize, (from + 1) * rowSize);
    if (!this.#keepsCounters) return;
    for (let counter = 0; counter < counterCount; counter++) {
      this.setCounter(to, counter, this.counter(from, counter));
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

  /** Sets a number of a row; `place` is one of `column`. */
  setNumber(row: number, place: number, value: number): void {
    this.numbers[row * rowSize + place] = value;
  }

  /** Sets the address and family of a row, and all else to 0. */
  setAddress(row: number, { family, address }: ServerKey): void {
    const at = row * rowSize;
    this.numbers.fill(0, at, at + rowSize);
    const bytes = addressBytes(family, address);
    const view = new DataView(bytes.buffer, bytes.byteOffset);
    for (let word = 0; 4 * word < bytes.length; word++)
      this.numbers[at + column.address + word] = view.getUint32(4 * word);
    this.numbers[at + column.inet6] = family === 'inet6' ? 1 : 0;
  }

  /** What `make` makes of each row, in order. */
  map<R>(make: (row: number) => R): R[] {
    return Array.from({ length: this.length }, (_, row) => make(row));
  }
}
