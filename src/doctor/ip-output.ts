// The input for `ip -batch`, and what it prints parsed into facts.

import { familyOf, type AddressFamily } from '../model/address.js';
import { canonicalAddress } from '../model/address-kind.js';
import type { HostFacts, InterfaceAddress, NetworkInterface, Route } from './facts.js';

/** The output of ip(8) can't be understood. */
export class IpOutputError extends Error {
  override readonly name = 'IpOutputError';
}

/** Members of a JSON object, not checked yet. */
type Members = Readonly<Record<string, unknown>>;

function isObject(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function readList(text: string): Members[] {
  let value: unknown;
  try {
    // Older versions print nothing at all for an empty list.
    value = text.trim() === '' ? [] : JSON.parse(text);
  } catch (cause) {
    throw new IpOutputError('ip printed no JSON', { cause });
  }
  if (!Array.isArray(value)) throw new IpOutputError('ip printed JSON that is no list');
  return value.filter(isObject);
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** An address in canonical form; undefined where the text is none. */
function addressOf(text: string): { family: AddressFamily; address: string } | undefined {
  const address = canonicalAddress(text);
  return address === undefined ? undefined : { family: familyOf(address), address };
}

/** Commands for ip(8) that come before those for routes to addresses. */
const hostQueries = ['address show', 'route show table all default'] as const;

/** Arguments for ip(8): run the commands on standard input, print a line of JSON for each, go on after an error. */
export const ipArguments = ['-json', '-details', '-force', '-batch', '-'] as const;

/** Commands for ip(8) about interfaces, default routes, and the route to each of some addresses. */
export function ipQueries(addresses: readonly string[]): string {
  return [...hostQueries, ...addresses.map((address) => `route get ${address}`), ''].join('\n');
}

/** Facts about a host that ip(8) prints. */
export type HostNetwork = Pick<HostFacts, 'interfaces' | 'defaultRoutes' | 'routes'>;

/** Lines of the standard error output: the error message, and the number of the command. */
const errors = /^(?:RTNETLINK answers|Error|ipv[46]): (.*)\nCommand failed \S*:(\d+)$/gm;

/**
 * What ip printed for `ipQueries`. Lines are recognised by their members: a command that fails prints none.
 * @throws {IpOutputError} where that is not what ip prints.
 */
export function parseIpOutput(addresses: readonly string[], stdout: string, stderr: string): HostNetwork {
  const interfaces: NetworkInterface[] = [];
  const defaults: Members[] = [];
  const routes = new Map<string, Route>();
  for (const line of stdout.split('\n')) {
    for (const entry of readList(line)) {
      if (entry['ifname'] !== undefined) {
        interfaces.push(...parseInterface(entry));
      } else if (entry['dst'] === 'default') {
        defaults.push(entry);
      } else {
        const destination = addressOf(textOf(entry['dst']));
        if (destination !== undefined) routes.set(destination.address, parseRoute(entry));
      }
    }
  }
  const refusals = [...stderr.matchAll(errors)].map(([, reason = '', number]) => ({ reason, number: Number(number) }));
  const fatal = refusals.find(({ number }) => number <= hostQueries.length);
  if (fatal !== undefined) throw new IpOutputError(fatal.reason);
  if (interfaces.length === 0) throw new IpOutputError(stderr === '' ? 'it names no interface' : stderr);
  const reasons = new Map(refusals.map(({ reason, number }) => [number - hostQueries.length - 1, reason]));
  for (const [index, address] of addresses.entries()) {
    if (!routes.has(address)) routes.set(address, { kind: 'none', reason: reasons.get(index) ?? 'no route' });
  }
  return { interfaces, routes, defaultRoutes: defaultRoutes(defaults) };
}

function parseInterface(link: Members): NetworkInterface[] {
  const name = textOf(link['ifname']);
  // Names go into paths below /proc/sys.
  if (name === '' || name === '.' || name === '..' || name.includes('/')) return [];
  const flags = new Set(listOf(link['flags']));
  const info = link['linkinfo'];
  return [
    {
      name,
      up: flags.has('UP'),
      carrier: !flags.has('NO-CARRIER'),
      loopback: flags.has('LOOPBACK'),
      arp: !flags.has('NOARP') && !flags.has('LOOPBACK'),
      multicast: flags.has('MULTICAST'),
      kind: isObject(info) ? textOf(info['info_kind']) : '',
      addresses: listOf(link['addr_info']).filter(isObject).flatMap(parseAddress),
    },
  ];
}

function parseAddress(entry: Members): InterfaceAddress[] {
  const found = addressOf(textOf(entry['local']));
  const prefixLength = entry['prefixlen'];
  if (found === undefined || typeof prefixLength !== 'number') return [];
  return [{ ...found, prefixLength, duplicate: entry['dadfailed'] === true }];
}

function parseRoute(entry: Members): Route {
  const type = textOf(entry['type']);
  if (type === 'local') return { kind: 'local' };
  const name = textOf(entry['dev']);
  if ((type !== '' && type !== 'unicast') || name === '') {
    return { kind: 'none', reason: type === '' ? 'no route' : `the route is of type ${type}` };
  }
  const via = entry['via'];
  const gateway = addressOf(textOf(entry['gateway']) || (isObject(via) ? textOf(via['host']) : ''));
  return { kind: 'unicast', interface: name, gateway: gateway?.address };
}

/** The default route of each family: of those for all traffic, the one with the smallest metric. */
function defaultRoutes(entries: readonly Members[]): HostFacts['defaultRoutes'] {
  const metric = (entry: Members): number => (typeof entry['metric'] === 'number' ? entry['metric'] : 0);
  const routes: Partial<Record<AddressFamily, Route>> = {};
  const forAll = entries.filter(({ table }) => table === undefined || table === 'main' || table === 'default');
  for (const entry of forAll.sort((one, other) => metric(other) - metric(one))) {
    const [hop] = listOf(entry['nexthops']).filter(isObject);
    const route = parseRoute(hop === undefined ? entry : { ...hop, type: entry['type'] });
    routes[familyOfRoute(entry, route)] = route;
  }
  return routes;
}

/** Only routes of IPv6 have a preference; one of IPv4 may have a gateway of the other family. */
function familyOfRoute(entry: Members, route: Route): AddressFamily {
  if (entry['pref'] !== undefined) return 'inet6';
  if (entry['via'] !== undefined) return 'inet';
  return route.kind === 'unicast' && route.gateway !== undefined ? familyOf(route.gateway) : 'inet';
}
