import { parseIpv4, parseIpv6 } from '../model/address.js';
import { column, rowSize, type ServerRows } from '../model/server-rows.js';
import type { ServerKey } from '../model/server.js';
import { isFirewallMark, protocolNumber, type ServiceKey } from '../model/service.js';
import type { ServiceWithServers } from '../model/table.js';

/** What an entry is sorted by, parsed once from its text. */
interface SortKey {
  readonly fwmark: number;
  readonly inet6: boolean;
  readonly protocol: number;
  /** The address as four 32-bit numbers; IPv4 is the first. */
  readonly words: readonly number[];
  readonly port: number;
}

function sortKeyOf(
  { family, address, port }: { family: 'inet' | 'inet6'; address: string; port: number },
  protocol: number,
  separatesFamilies: boolean,
): SortKey {
  const inet6 = family === 'inet6';
  return {
    fwmark: 0,
    inet6: separatesFamilies && inet6,
    protocol,
    words: inet6 ? ipv6Words(address) : [parseIpv4(address) ?? 0, 0, 0, 0],
    port,
  };
}

function serviceSortKey(key: ServiceKey): SortKey {
  if (!isFirewallMark(key)) return sortKeyOf(key, protocolNumber(key.protocol), true);
  const { fwmark, family } = key;
  return { fwmark, inet6: family === 'inet6', protocol: 0, words: [], port: 0 };
}

function ipv6Words(address: string): number[] {
  const bytes = parseIpv6(address) ?? new Uint8Array(16);
  const view = new DataView(bytes.buffer);
  return [0, 4, 8, 12].map((offset) => view.getUint32(offset));
}

/** Compares two 32-bit numbers: negative, 0 or positive. */
type CompareNumbers = (a: number, b: number) => number;

function compareWords(a: readonly number[], b: readonly number[], compareNumbers: CompareNumbers): number {
  for (let index = 0; index < a.length; index++) {
    const result = compareNumbers(a[index] ?? 0, b[index] ?? 0);
    if (result !== 0) return result;
  }
  return 0;
}

function compare(a: SortKey, b: SortKey, compareNumbers: CompareNumbers): number {
  return (
    compareNumbers(a.fwmark, b.fwmark) ||
    Number(a.inet6) - Number(b.inet6) ||
    a.protocol - b.protocol ||
    compareWords(a.words, b.words, compareNumbers) ||
    a.port - b.port
  );
}

function sorted<T>(items: readonly T[], keyOfItem: (item: T) => SortKey, compareNumbers: CompareNumbers): T[] {
  return items
    .map((item) => ({ item, key: keyOfItem(item) }))
    .sort((a, b) => compare(a.key, b.key, compareNumbers))
    .map(({ item }) => item);
}

function sortedRows(
  { length, numbers }: ServerRows,
  compareNumbers: CompareNumbers,
  separatesFamilies: boolean,
): number[] {
  const compareRows = (a: number, b: number): number => {
    const first = a * rowSize;
    const second = b * rowSize;
    if (separatesFamilies && numbers[first + column.inet6] !== numbers[second + column.inet6]) {
      return (numbers[first + column.inet6] ?? 0) - (numbers[second + column.inet6] ?? 0);
    }
    for (let place: number = column.address; place < column.address + 4; place++) {
      const result = compareNumbers(numbers[first + place] ?? 0, numbers[second + place] ?? 0);
      if (result !== 0) return result;
    }
    return (numbers[first + column.port] ?? 0) - (numbers[second + column.port] ?? 0);
  };
  return allRows(length).sort(compareRows);
}

function allRows(length: number): number[] {
  const rows: number[] = [];
  for (let row = 0; row < length; row++) rows.push(row);
  return rows;
}

/** An order of services, and of the servers of one service. */
export interface TableOrder {
  readonly services: <T extends { readonly key: ServiceKey }>(services: readonly T[]) => readonly T[];
  readonly servers: <T extends ServerKey>(servers: readonly T[]) => readonly T[];
  /** The indices of rows in this order. */
  readonly rows: (servers: ServerRows) => readonly number[];
}

function tableOrder(compareNumbers: CompareNumbers, separatesFamilies: boolean): TableOrder {
  return {
    services: (services) => sorted(services, ({ key }) => serviceSortKey(key), compareNumbers),
    servers: (servers) => sorted(servers, (server) => sortKeyOf(server, 0, separatesFamilies), compareNumbers),
    rows: (servers) => sortedRows(servers, compareNumbers, separatesFamilies),
  };
}

/**
 * The order of the classic listings and dumps. Like the original's, it cuts differences to 32 signed bits, so that
 * 192.168.0.1 comes before 10.0.0.1 (IPv6: in each of four words): people compare saved listings. It does not
 * separate the families of a service's servers either.
 */
export const classicOrder = tableOrder((a, b) => (a - b) | 0, false);

/** By unsigned number: the order of everything that the original doesn't have. */
export const naturalOrder = tableOrder((a, b) => a - b, true);

/** Services with their servers by unsigned number. */
export function inNaturalOrder(services: readonly ServiceWithServers[]): readonly ServiceWithServers[] {
  return sorted(
    services,
    ({ service }) => serviceSortKey(service.key),
    (a, b) => a - b,
  );
}

/** The kernel's own order. */
export const kernelOrder: TableOrder = {
  services: (services) => services,
  servers: (servers) => servers,
  rows: ({ length }) => allRows(length),
};
