import type { ConnectionLine } from '../format/connections.js';
import { isFirewallMark } from '../model/service.js';
import type { LineTest, ServedBy } from './connection-filter.js';

/** Pairs of a virtual address and a server that are remembered: enough for any table, and a bound for a hostile one. */
const mostPairs = 65_536;

/** Where an entry goes to, as a key. */
function pairOf(line: ConnectionLine): string {
  const { address, port, family } = line.end('virtual');
  const server = line.end('server');
  return `${line.protocol} ${family} ${address} ${port} ${server.address} ${server.port}`;
}

/**
 * Makes a test for entries whose server is in the table no more. An entry does not tell its service, so it is one only
 * where no service that it can belong to has the server: those of its virtual address, and those of firewall marks. A
 * port 0 of a service or server is every port.
 */
export function orphanTest(table: readonly ServedBy[]): LineTest {
  const served = new Set<string>();
  for (const { service, servers } of table) {
    const { key } = service;
    const place = isFirewallMark(key)
      ? `mark ${key.family}`
      : `${key.protocol.toUpperCase()} ${key.address} ${key.port}`;
    for (const { address, port } of servers) served.add(`${place} ${address} ${port}`);
  }
  const isServed = (line: ConnectionLine): boolean => {
    const virtual = line.end('virtual');
    const server = line.end('server');
    const places = [
      `${line.protocol} ${virtual.address} ${virtual.port}`,
      `${line.protocol} ${virtual.address} 0`,
      `mark ${virtual.family}`,
    ];
    return places.some((place) => [server.port, 0].some((port) => served.has(`${place} ${server.address} ${port}`)));
  };
  const known = new Map<string, boolean>();
  return (line) => {
    const pair = pairOf(line);
    const found = known.get(pair);
    if (found !== undefined) return found;
    const isOrphan = !isServed(line);
    if (known.size < mostPairs) known.set(pair, isOrphan);
    return isOrphan;
  };
}
