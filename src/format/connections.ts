import type { Naming } from '../names/naming.js';
import type { Protocol } from '../model/service.js';
import { formatIpv4, formatIpv6, parseIpv6, type AddressFamily } from '../model/address.js';
import { endpointLabel } from './labels.js';
import { printable } from '../text/printable.js';
import type { TextWriter } from '../text/text-writer.js';
import { isTemplate } from '../model/connection-state.js';

/** One end of a connection. */
export interface ConnectionEnd {
  readonly family: AddressFamily;
  readonly address: string;
  readonly port: number;
}

/** A line of `/proc/net/ip_vs_conn`. */
export interface Connection {
  /** As the kernel writes it: TCP, UDP, SCTP, or IP for templates of firewall marks. */
  readonly protocol: string;
  readonly client: ConnectionEnd;
  readonly virtual: ConnectionEnd;
  readonly server: ConnectionEnd;
  readonly state: string;
  /** Seconds until the entry times out. */
  readonly expires: number;
  /** Data of the persistence engine; it comes from packets. */
  readonly engine?: { readonly name: string; readonly data: string };
}

/** The columns of the kernel's line. The data of an engine may hold blanks, so it is the rest of the line. */
const field = {
  protocol: 0,
  client: 1,
  virtual: 3,
  server: 5,
  state: 7,
  expires: 8,
  engineName: 9,
  engineData: 10,
} as const;

/** Columns that every line has: an address is followed by its port. */
const neededFields = 9;
const mostFields = 11;

/** The columns of the three ends, which are those of the listing too. */
const ends = [field.client, field.virtual, field.server] as const;

/** The ends of a connection. */
export type EndName = 'client' | 'virtual' | 'server';

const noAddress = new Uint8Array(16);

const code = {
  tab: 9,
  carriageReturn: 13,
  blank: 32,
  zero: 48,
  nine: 57,
  colon: 58,
  open: 91,
  close: 93,
  tilde: 126,
} as const;

/** Characters of an IPv6 address that is written in full. */
const fullIpv6 = 39;

/** Value of each hexadecimal digit by its code; 16 and more: none. */
const hexadecimal = Uint8Array.from({ length: 256 }, (_, byte) => {
  const value = Number.parseInt(String.fromCharCode(byte), 16);
  return Number.isNaN(value) ? 16 : value;
});

function isBlank(byte: number): boolean {
  return byte === code.blank || (byte >= code.tab && byte <= code.carriageReturn);
}

/** A line of `/proc/net/ip_vs_conn`, parsed in place: of half a million of them none gets an object of its own. */
export class ConnectionLine {
  #bytes: Uint8Array = new Uint8Array();
  #start = 0;
  #end = 0;
  readonly #starts = new Uint32Array(mostFields);
  readonly #ends = new Uint32Array(mostFields);
  /** IPv4 addresses of the three ends as numbers, at their columns. */
  readonly #addresses = new Float64Array(neededFields);
  /** IPv6 addresses of the three ends, at their columns. */
  readonly #longAddresses: (Uint8Array | undefined)[] = [];
  /** Ports and the time of expiry, at their columns. */
  readonly #numbers = new Float64Array(neededFields);

  /**
   * Reads a line, without its newline. Few functions, because compiling each costs more than running it.
   * @returns false where it is no connection.
   */
  read(bytes: Uint8Array, start: number, end: number): boolean {
    this.#bytes = bytes;
    this.#start = start;
    this.#end = end;
    let last = end;
    while (last > start && isBlank(bytes[last - 1] ?? 0)) last--;
    let at = start;
    for (let column = 0; column < mostFields; column++) {
      while (column > 0 && at < last && bytes[at] === code.blank) at++;
      const first = at;
      if (column === field.engineData) at = last;
      while (at < last && !isBlank(bytes[at] ?? 0)) at++;
      this.#starts[column] = first;
      this.#ends[column] = at;
      // Columns are separated by blanks and nothing else.
      if ((at === first && column < neededFields) || (at < last && bytes[at] !== code.blank)) return false;
    }
    return (
      this.#readEnd(field.client) && this.#readEnd(field.virtual) && this.#readEnd(field.server) && this.#readExpiry()
    );
  }

  /** @returns the number; NaN where the bytes are none. */
  #hexadecimal(column: number, fewest: number, most: number): number {
    const start = this.#starts[column] ?? 0;
    const end = this.#ends[column] ?? 0;
    if (end - start < fewest || end - start > most) return NaN;
    let value = 0;
    for (let at = start; at < end; at++) {
      const digit = hexadecimal[this.#bytes[at] ?? 0] ?? 16;
      if (digit > 15) return NaN;
      value = value * 16 + digit;
    }
    return value;
  }

  #readEnd(column: number): boolean {
    const port = this.#hexadecimal(column + 1, 1, 4);
    const address = this.#hexadecimal(column, 8, 8);
    this.#numbers[column + 1] = port;
    this.#addresses[column] = address;
    if (Number.isNaN(port)) return false;
    if (!Number.isNaN(address)) return true;
    this.#longAddresses[column] = this.#readIpv6(column);
    return this.#longAddresses[column] !== undefined;
  }

  #readExpiry(): boolean {
    const end = this.#ends[field.expires] ?? 0;
    let seconds = 0;
    for (let at = this.#starts[field.expires] ?? 0; at < end; at++) {
      const digit = this.#bytes[at] ?? 0;
      if (digit < code.zero || digit > code.nine) return false;
      seconds = seconds * 10 + digit - code.zero;
    }
    this.#numbers[field.expires] = Math.min(seconds, Number.MAX_SAFE_INTEGER);
    return true;
  }

  #readIpv6(column: number): Uint8Array | undefined {
    return this.#readFullIpv6(column) ?? parseIpv6(this.#text(column).replace(/^\[(.*)\]$/, '$1'));
  }

  /** Reads what the kernel writes, eight groups of four digits, in or without brackets; undefined where it is not that. */
  #readFullIpv6(column: number): Uint8Array | undefined {
    const start = this.#starts[column] ?? 0;
    const brackets = (this.#ends[column] ?? 0) - start - fullIpv6;
    if (brackets !== 0 && (brackets !== 2 || this.#bytes[start] !== code.open)) return undefined;
    if (brackets === 2 && this.#bytes[start + 1 + fullIpv6] !== code.close) return undefined;
    const address = new Uint8Array(16);
    let wrong = 0;
    for (let part = 0, at = start + brackets / 2; part < 16; part += 2, at += 5) {
      for (const half of [0, 1]) {
        const high = hexadecimal[this.#bytes[at + 2 * half] ?? 0] ?? 16;
        const low = hexadecimal[this.#bytes[at + 2 * half + 1] ?? 0] ?? 16;
        wrong |= (high | low) & 16;
        address[part + half] = (high << 4) | low;
      }
      if (part < 14 && this.#bytes[at + 4] !== code.colon) return undefined;
    }
    return wrong === 0 ? address : undefined;
  }

  #text(column: number): string {
    return Buffer.from(this.#bytes.buffer, this.#bytes.byteOffset, this.#bytes.length).toString(
      'utf8',
      this.#starts[column],
      this.#ends[column],
    );
  }

  #endAt(column: number): ConnectionEnd {
    const ipv4 = this.#addresses[column] ?? NaN;
    const port = this.#numbers[column + 1] ?? 0;
    if (!Number.isNaN(ipv4)) return { family: 'inet', address: formatIpv4(ipv4), port };
    return { family: 'inet6', address: formatIpv6(this.#longAddresses[column] ?? noAddress), port };
  }

  /** As the kernel writes it. */
  get protocol(): string {
    return this.#text(field.protocol);
  }

  /** As the kernel writes it. */
  get state(): string {
    return this.#text(field.state);
  }

  /** Seconds until the entry times out. */
  get expires(): number {
    return this.#numbers[field.expires] ?? 0;
  }

  /** Whether it is the memory of persistence, no connection. */
  get isTemplate(): boolean {
    return this.port('client') === 0 && isTemplate(0, this.state);
  }

  /** The line as it was read, without its newline; valid as long as the bytes that were given. */
  get bytes(): Uint8Array {
    return this.#bytes.subarray(this.#start, this.#end);
  }

  /** The port of an end. */
  port(end: EndName): number {
    return this.#numbers[field[end] + 1] ?? 0;
  }

  /** The address of an end as an unsigned number; NaN for IPv6. */
  ipv4(end: EndName): number {
    return this.#addresses[field[end]] ?? NaN;
  }

  /** The bytes of an IPv6 address of an end; zeros for IPv4. */
  ipv6(end: EndName): Uint8Array {
    return this.#longAddresses[field[end]] ?? noAddress;
  }

  /** An end as an object. */
  end(end: EndName): ConnectionEnd {
    return this.#endAt(field[end]);
  }

  /** The line that was read, as an object. */
  connection(): Connection {
    const connection = {
      protocol: this.#text(field.protocol),
      client: this.#endAt(field.client),
      virtual: this.#endAt(field.virtual),
      server: this.#endAt(field.server),
      state: this.#text(field.state),
      expires: this.#numbers[field.expires] ?? 0,
    };
    const name = this.#text(field.engineName);
    return name === '' ? connection : { ...connection, engine: { name, data: this.#text(field.engineData) } };
  }

  /** The protocol and the state alone. */
  kind(): Pick<Connection, 'protocol' | 'state'> {
    return { protocol: this.#text(field.protocol), state: this.#text(field.state) };
  }

  /** The addresses of its ends. */
  addresses(): string[] {
    return ends.map((column) => this.#endAt(column).address);
  }

  /** Appends the line of the listing. */
  write(out: TextWriter, persistence: boolean, naming: Naming): void {
    this.#writeText(out, field.protocol, 3);
    out.byte(code.blank);
    const expires = this.#numbers[field.expires] ?? 0;
    const start = out.length;
    out.number(Math.floor(expires / 60), 2);
    out.byte(code.colon);
    out.number(expires % 60, 2);
    out.padEnd(start, 6);
    out.byte(code.blank);
    this.#writeText(out, field.state, 11);
    out.byte(code.blank);
    this.#writeEnd(out, field.client, 18, naming);
    out.byte(code.blank);
    this.#writeEnd(out, field.virtual, 18, naming);
    out.byte(code.blank);
    const engine = persistence && (this.#ends[field.engineName] ?? 0) > (this.#starts[field.engineName] ?? 0);
    this.#writeEnd(out, field.server, engine ? 16 : 0, naming);
    if (engine) {
      out.byte(code.blank);
      this.#writeText(out, field.engineName, 18);
      out.byte(code.blank);
      this.#writeText(out, field.engineData, 0);
    }
    out.text('\n');
  }

  #writeEnd(out: TextWriter, column: number, width: number, naming: Naming): void {
    const start = out.length;
    const ipv4 = this.#addresses[column] ?? NaN;
    if (naming.numeric && !Number.isNaN(ipv4)) {
      out.ipv4(ipv4);
      out.byte(code.colon);
      out.number(this.#numbers[column + 1] ?? 0);
    } else {
      const protocol = connectionProtocols.get(this.#text(field.protocol));
      out.text(endpointLabel(this.#endAt(column), protocol, naming));
    }
    out.padEnd(start, width);
  }

  /** Appends a column as it is, but for control characters, which could drive a terminal. */
  #writeText(out: TextWriter, column: number, width: number): void {
    const start = out.length;
    const end = this.#ends[column] ?? 0;
    for (let at = this.#starts[column] ?? 0; at < end; at++) {
      const byte = this.#bytes[at] ?? 0;
      if (byte < code.blank || byte > code.tilde) {
        out.cut(start, 0);
        out.text(printable(this.#text(column)));
        break;
      }
      out.byte(byte);
    }
    out.padEnd(start, width);
  }
}

/** Protocols by their names in the kernel's connection table. */
export const connectionProtocols: ReadonlyMap<string, Protocol> = new Map([
  ['TCP', 'tcp'],
  ['UDP', 'udp'],
  ['SCTP', 'sctp'],
]);

/** The lines above the connections. */
export function formatConnectionTitles(persistence: boolean): string {
  const names = `pro expire ${'state'.padEnd(11)} ${'source'.padEnd(18)} ${'virtual'.padEnd(18)}`;
  return persistence
    ? `IPVS connection entries\n${names} ${'destination'.padEnd(18)} ${'pe name'.padEnd(16)} pe_data\n`
    : `IPVS connection entries\n${names} destination\n`;
}
