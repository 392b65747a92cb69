// Names of services and servers in, what a table has of them out; pure.

import { ValueError } from '../errors.js';
import { parseIpv4, parseIpv6 } from '../model/address.js';
import { parseServiceName, serviceName, startsWithService } from '../model/entity-name.js';
import { ports } from '../model/limits.js';
import { isInRange, parseAddressRange, type AddressRange } from '../model/address-range.js';
import type { RealServer, ServerKey } from '../model/server.js';
import { serviceId, type ServiceKey } from '../model/service.js';
import type { ServiceWithServers, Table } from '../model/table.js';

/** Servers as words name them: by address, network or host name, in one service or in all. */
export interface ServerPattern {
  /** As it was written, for messages. */
  readonly word: string;
  /** Undefined: in all services. */
  readonly service: ServiceKey | undefined;
  /** A host name has to be looked up before: `withAddresses`. */
  readonly hosts: readonly AddressRange[] | { readonly name: string };
  /** Undefined: whatever the port is. */
  readonly port: number | undefined;
}

/** A server of a table, with its service. */
export interface Selected {
  readonly key: ServiceKey;
  readonly server: RealServer;
}

/**
 * Servers of `10.0.1.2`, `10.0.1.2:80`, `10.0.1.0/25`, `[2001:db8::2]:80`, `web1`, `web1:80` or
 * `tcp:192.0.2.10:80/10.0.1.2:80`.
 * @throws {ValueError}
 */
export function parseServerPattern(word: string): ServerPattern {
  const slash = startsWithService(word) ? word.indexOf('/') : -1;
  if (slash < 0 && startsWithService(word)) throw new ValueError(`${word} is a service, expected a server of one`);
  const service = slash < 0 ? undefined : parseServiceName(word.slice(0, slash));
  const rest = word.slice(slash + 1);
  const [, name, digits] = /^([a-z0-9_](?:[\w.-]*[a-z_-][\w.-]*)?)(?::(\d{1,5}))?$/i.exec(rest) ?? [];
  if (name !== undefined && /[a-z_-]/i.test(name)) {
    const port = digits === undefined ? undefined : Number(digits);
    if (port !== undefined && port > ports.highest) throw new ValueError(`${word}: a port is at most ${ports.highest}`);
    return { word, service, hosts: { name }, port };
  }
  const range = parseAddressRange(rest);
  return { word, service, hosts: [range], port: range.port };
}

/** The pattern of a host name, once its addresses are known. @throws {ValueError} where it has none. */
export function withAddresses(pattern: ServerPattern, addresses: readonly string[]): ServerPattern {
  if (addresses.length === 0) throw new ValueError(`${pattern.word}: no address is known for that name`);
  return { ...pattern, hosts: addresses.map(parseAddressRange) };
}

/** Whether a pattern means this server; one with the name of a host does so once its addresses are known. */
export function matchesServer({ service, hosts, port }: ServerPattern, key: ServiceKey, server: ServerKey): boolean {
  if (service !== undefined && serviceId(service) !== serviceId(key)) return false;
  if (port !== undefined && port !== server.port) return false;
  return !('name' in hosts) && hosts.some((range) => isInRange(range, server.address));
}

/** What servers are taken. */
export interface SelectionOptions {
  /** Only servers of these services; all where there are none. */
  readonly services?: readonly ServiceKey[] | undefined;
  /** True: of a part, only hosts that still have a server of weight above 0 count. */
  readonly inService?: boolean | undefined;
  /** Every `of`-th host, beginning with the `part`-th, of those that match, sorted by address. */
  /** True: a pattern or a service that matches nothing is none. */
  readonly optional?: boolean | undefined;
  readonly batch?: { readonly part: number; readonly of: number } | undefined;
}

/**
 * The servers of a table that patterns match, in the table's order; all of the services where there is no pattern.
 * @throws {ValueError} for a pattern or a service that matches nothing, unless these are optional.
 */
export function selectServers(
  table: Table,
  patterns: readonly ServerPattern[],
  { services = [], optional = false, inService = false, batch }: SelectionOptions = {},
): Selected[] {
  const wanted = new Set(services.map(serviceId));
  const present = new Set(table.services.map(({ service }) => serviceId(service.key)));
  for (const key of [...services, ...patterns.flatMap(({ service }) => service ?? [])]) {
    if (!optional && !present.has(serviceId(key)))
      throw new ValueError(`${serviceName(key)}: there is no such service`);
  }
  const unmatched = new Set(patterns);
  const selected: Selected[] = [];
  for (const { service, servers } of table.services) {
    if (wanted.size > 0 && !wanted.has(serviceId(service.key))) continue;
    for (const server of servers) {
      const matching = patterns.filter((pattern) => matchesServer(pattern, service.key, server));
      for (const pattern of matching) unmatched.delete(pattern);
      if (patterns.length === 0 || matching.length > 0) selected.push({ key: service.key, server });
    }
  }
  for (const { word } of optional ? [] : unmatched) throw new ValueError(`${word}: no server matches`);
  if (batch === undefined) return selected;
  const candidates = inService ? selected.filter(({ server }) => server.weight > 0) : selected;
  const hosts = new Set(hostsOf(candidates).filter((_, index) => index % batch.of === batch.part - 1));
  return selected.filter(({ server }) => hosts.has(server.address));
}

/** The addresses of servers, each once, sorted as numbers, IPv4 first. */
export function hostsOf(selected: readonly Selected[]): string[] {
  const hosts = [...new Set(selected.map(({ server }) => server.address))];
  return hosts
    .map((address) => ({ address, key: sortKey(address) }))
    .sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0))
    .map(({ address }) => address);
}

function sortKey(address: string): string {
  const ipv4 = parseIpv4(address);
  if (ipv4 !== undefined) return `4 ${ipv4.toString(16).padStart(8, '0')}`;
  return `6 ${Buffer.from(parseIpv6(address) ?? []).toString('hex')}`;
}

/** A table in which servers are others: those for which `edit` returns one. Linear in the table. */
export function withServers(
  table: Table,
  selected: readonly Selected[],
  edit: (server: RealServer, key: ServiceKey) => RealServer,
): Table {
  const chosen = new Map<string, Set<RealServer>>();
  for (const { key, server } of selected) {
    const id = serviceId(key);
    chosen.set(id, (chosen.get(id) ?? new Set()).add(server));
  }
  return {
    ...table,
    services: table.services.map(({ service, servers }) => {
      const edited = chosen.get(serviceId(service.key));
      if (edited === undefined) return { service, servers };
      return { service, servers: servers.map((one) => (edited.has(one) ? edit(one, service.key) : one)) };
    }),
  };
}

/** Services that have a server of weight above 0 in one table and none in another. */
export function servicesLeftWithout(from: Table, to: Table): ServiceKey[] {
  const usable = ({ servers }: ServiceWithServers): boolean => servers.some(({ weight }) => weight > 0);
  const before = new Set(from.services.filter(usable).map(({ service }) => serviceId(service.key)));
  return to.services
    .filter((entry) => before.has(serviceId(entry.service.key)) && !usable(entry))
    .map(({ service }) => service.key);
}
