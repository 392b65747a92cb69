import { parseIpv4, parseIpv6 } from '../model/address.js';
import type { ServerKey } from '../model/server.js';
import { isFirewallMark, protocolNumber, type ServiceKey } from '../model/service.js';
import type { ServiceWithServers } from '../model/table.js';

/** What entries are sorted by, the first that differs: numbers of 32 bits. */
const column = { fwmark: 0, inet6: 1, protocol: 2, address: 3, port: 7 } as const;
const columns = 8;

/** How two 32-bit numbers are compared. */
type Difference = (a: number, b: number) => number;

/** Writes what an entry is sorted by into its row. */
type Place<T> = (item: T, places: Uint32Array, row: number) => void;

function placeEndpoint(
  { family, address, port }: ServerKey,
  familiesApart: boolean,
  places: Uint32Array,
  row: number,
): void {
  places[row + column.port] = port;
  if (family === 'inet') {
    places[row + column.address] = parseIpv4(address) ?? 0;
    return;
  }
  places[row + column.inet6] = familiesApart ? 1 : 0;
  const bytes = parseIpv6(address) ?? new Uint8Array(16);
  const view = new DataView(bytes.buffer);
  for (let word = 0; word < 4; word++) places[row + column.address + word] = view.getUint32(4 * word);
}

function placeService(key: ServiceKey, places: Uint32Array, row: number): void {
  if (isFirewallMark(key)) {
    places[row + column.fwmark] = key.fwmark;
    places[row + column.inet6] = key.family === 'inet6' ? 1 : 0;
  } else {
    places[row + column.protocol] = protocolNumber(key.protocol);
    placeEndpoint(key, true, places, row);
  }
}

/** Sorts by numbers that are taken from each entry once: its text would be read at each of thousands of comparisons. */
function sorted<T>(items: readonly T[], place: Place<T>, difference: Difference): T[] {
  const places = new Uint32Array(items.length * columns);
  const indices: number[] = [];
  for (let index = 0; index < items.length; index++) {
    const item = items[index];
    if (item === undefined) continue;
    place(item, places, index * columns);
    indices.push(index);
  }
  indices.sort((a, b) => {
    for (let at = 0; at < columns; at++) {
      const one = places[a * columns + at] ?? 0;
      const other = places[b * columns + at] ?? 0;
      if (one !== other) return difference(one, other);
    }
    return 0;
  });
  const result: T[] = [];
  for (const index of indices) {
    const item = items[index];
    if (item !== undefined) result.push(item);
  }
  return result;
}

/** An order of services, and of the servers of one service. */
export interface TableOrder {
  readonly services: <T extends { readonly key: ServiceKey }>(services: readonly T[]) => readonly T[];
  readonly servers: <T extends ServerKey>(servers: readonly T[]) => readonly T[];
}

function tableOrder(difference: Difference, familiesApart: boolean): TableOrder {
  return {
    services: (services) =>
      sorted(
        services,
        ({ key }, places, row) => {
          placeService(key, places, row);
        },
        difference,
      ),
    servers: (servers) =>
      sorted(
        servers,
        (server, places, row) => {
          placeEndpoint(server, familiesApart, places, row);
        },
        difference,
      ),
  };
}

/**
 * The order of the classic listings and dumps. Like the original's, it cuts differences to 32 signed bits, so that
 * 192.168.0.1 comes before 10.0.0.1 (IPv6: in each of four words): people compare saved listings. It does not keep the
 * families of a service's servers apart either.
 */
export const classicOrder = tableOrder((a, b) => (a - b) | 0, false);

/** By unsigned number: the order of everything that the original has not. */
export const naturalOrder = tableOrder((a, b) => a - b, true);

/** Services with their servers by unsigned number. */
export function inNaturalOrder(services: readonly ServiceWithServers[]): readonly ServiceWithServers[] {
  return sorted(
    services,
    ({ service }, places, row) => {
      placeService(service.key, places, row);
    },
    (a, b) => a - b,
  );
}

/** The kernel's own order. */
export const kernelOrder: TableOrder = {
  services: (services) => services,
  servers: (servers) => servers,
};
