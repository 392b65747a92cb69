import type { ConnectionLine, EndName } from '../format/connections.js';
import { formatIpv4, formatIpv6 } from '../model/address.js';
import { addressBits } from '../model/address-range.js';

// What connections are grouped and sorted by, as short strings of 16-bit units: an object for each of half a million would
// not fit, and strings compare as the numbers in them do.

/**
 * What connections are grouped by: `client` is an address without its port, `virtual` the service, such as
 * `tcp:192.0.2.10:80`, `server` an address and port.
 */
export type ConnectionKey = 'client' | 'virtual' | 'server' | 'state' | 'protocol';

/** What connections can be grouped by. */
export const connectionKeys: readonly ConnectionKey[] = ['client', 'virtual', 'server', 'state', 'protocol'];

/** Leading bits by which clients are grouped. */
export interface ClientPrefix {
  /** 0..32. */
  readonly inet: number;
  /** 0..128. */
  readonly inet6: number;
}

/** Every client by itself. */
export const wholeClients: ClientPrefix = addressBits;

const fours = 4;
const sixes = 6;

/** Text of 16-bit units under construction, in the same memory again and again. */
export class UnitWriter {
  #units = Buffer.allocUnsafeSlow(256);
  #length = 0;

  clear(): void {
    this.#length = 0;
  }

  unit(value: number): void {
    if (this.#length + 2 > this.#units.length) {
      const larger = Buffer.allocUnsafeSlow(2 * this.#units.length);
      larger.set(this.#units);
      this.#units = larger;
    }
    this.#units[this.#length++] = value & 0xff;
    this.#units[this.#length++] = (value >>> 8) & 0xff;
  }

  text(text: string): void {
    for (let index = 0; index < text.length; index++) this.unit(text.charCodeAt(index));
  }

  /** Units written so far. */
  get length(): number {
    return this.#length / 2;
  }

  toString(): string {
    return this.#units.toString('utf16le', 0, this.#length);
  }
}

function writeAddress(out: UnitWriter, line: ConnectionLine, end: EndName, prefix: ClientPrefix): void {
  const ipv4 = line.ipv4(end);
  if (!Number.isNaN(ipv4)) {
    const kept = prefix.inet === 0 ? 0 : (ipv4 & (-1 << (32 - prefix.inet))) >>> 0;
    out.unit(fours);
    out.unit(kept >>> 16);
    out.unit(kept & 0xffff);
    return;
  }
  const bytes = line.ipv6(end);
  out.unit(sixes);
  for (let at = 0; at < 16; at += 2) {
    const bits = Math.min(16, Math.max(0, prefix.inet6 - 8 * at));
    out.unit((((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0)) & (0xffff << (16 - bits)));
  }
}

/** @returns the address, and the units after it. */
function readAddress(units: string): { readonly inet6: boolean; readonly address: string; readonly rest: string } {
  if (units.charCodeAt(0) === fours) {
    const address = formatIpv4(((units.charCodeAt(1) << 16) | units.charCodeAt(2)) >>> 0);
    return { inet6: false, address, rest: units.slice(3) };
  }
  const bytes = new Uint8Array(16);
  for (let at = 0; at < 16; at += 2) {
    const unit = units.charCodeAt(1 + at / 2);
    bytes[at] = unit >>> 8;
    bytes[at + 1] = unit & 0xff;
  }
  return { inet6: true, address: formatIpv6(bytes), rest: units.slice(9) };
}

function endpoint({ inet6, address, rest }: ReturnType<typeof readAddress>): string {
  return `${inet6 ? `[${address}]` : address}:${rest.charCodeAt(0)}`;
}

/** A key: as units, and as text for people and programs. */
interface Key {
  readonly write: (out: UnitWriter, line: ConnectionLine, prefix: ClientPrefix) => void;
  readonly text: (units: string, prefix: ClientPrefix) => string;
}

const keys: Readonly<Record<ConnectionKey, Key>> = {
  client: {
    write: (out, line, prefix) => {
      writeAddress(out, line, 'client', prefix);
    },
    text: (units, prefix) => {
      const { inet6, address } = readAddress(units);
      const family = inet6 ? 'inet6' : 'inet';
      return prefix[family] === addressBits[family] ? address : `${address}/${prefix[family]}`;
    },
  },
  virtual: {
    write: (out, line) => {
      writeAddress(out, line, 'virtual', wholeClients);
      out.unit(line.port('virtual'));
      out.text(line.protocol);
    },
    text: virtualText,
  },
  server: {
    write: (out, line) => {
      writeAddress(out, line, 'server', wholeClients);
      out.unit(line.port('server'));
    },
    text: (units) => endpoint(readAddress(units)),
  },
  state: {
    write: (out, line) => {
      out.text(line.state);
    },
    text: (units) => units,
  },
  protocol: {
    write: (out, line) => {
      out.text(line.protocol);
    },
    text: (units) => units,
  },
};

/** Protocol in the entries of firewall marks, whose virtual address is the mark. Source: ip_vs_sched_persist. */
const markProtocol = 'IP';

/** A virtual address as the name of its service. */
function virtualText(units: string): string {
  const read = readAddress(units);
  const protocol = read.rest.slice(1);
  if (protocol !== markProtocol) return `${protocol.toLowerCase()}:${endpoint(read)}`;
  const mark = ((units.charCodeAt(1) << 16) | units.charCodeAt(2)) >>> 0;
  return `fwmark${read.inet6 ? '6' : ''}:${mark}`;
}

/** Writes a key, which sorts as it should: addresses as numbers, IPv4 first. */
export function writeKey(out: UnitWriter, key: ConnectionKey, line: ConnectionLine, prefix = wholeClients): void {
  keys[key].write(out, line, prefix);
}

/** What a key says. */
export function keyText(key: ConnectionKey, units: string, prefix: ClientPrefix): string {
  return keys[key].text(units, prefix);
}
