import { familyOf, type AddressFamily } from '../model/address.js';
import { canonicalAddress } from '../model/address-kind.js';
import type { HostFacts, InterfaceAddress, NetworkInterface, Route } from './facts.js';

/** What ip(8) printed is not what it prints. */
export class IpOutputError extends Error {
  override readonly name = 'IpOutputError';
}

/** Members that a JSON object may have; nothing is known of them yet. */
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

/** An address in the form that everything else here has; undefined where it is none. */
function canonical(text: string): { family: AddressFamily; address: string } | undefined {
  const address = canonicalAddress(text);
  return address === undefined ? undefined : { family: familyOf(address), address };
}

/** What ip(8) is asked before it is asked for the way to addresses. */
const surroundings = ['address show', 'route show table all default'] as const;

/** Words that make ip(8) answer questions from its standard input, each by a line of JSON, and go on after a refusal. */
export const ipArguments = ['-json', '-details', '-force', '-batch', '-'] as const;

/** Questions about interfaces, default routes, and the way to each of some addresses. */
export function ipQuestions(addresses: readonly string[]): string {
  return [...surroundings, ...addresses.map((address) => `route get ${address}`), ''].join('\n');
}

/** What ip(8) knows about a host. */
export type Surroundings = Pick<HostFacts, 'interfaces' | 'defaultRoutes' | 'routes'>;

/** Lines of the standard error output: what the kernel said, and the number of the question. */
const refusal = /^(?:RTNETLINK answers|Error|ipv[46]): (.*)\nCommand failed \S*:(\d+)$/gm;

/**
 * What ip printed for `ipQuestions`. Lines are recognised by what is in them: a question that is refused has none.
 * @throws {IpOutputError} where that is not what ip prints.
 */
export function parseIpOutput(addresses: readonly string[], stdout: string, stderr: string): Surroundings {
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
        const destination = canonical(textOf(entry['dst']));
        if (destination !== undefined) routes.set(destination.address, parseRoute(entry));
      }
    }
  }
  const refusals = [...stderr.matchAll(refusal)].map(([, reason = '', number]) => ({ reason, number: Number(number) }));
  const fatal = refusals.find(({ number }) => number <= surroundings.length);
  if (fatal !== undefined) throw new IpOutputError(fatal.reason);
  if (interfaces.length === 0) throw new IpOutputError(stderr === '' ? 'it names no interface' : stderr);
  const reasons = new Map(refusals.map(({ reason, number }) => [number - surroundings.length - 1, reason]));
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
  const found = canonical(textOf(entry['local']));
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
  const gateway = canonical(textOf(entry['gateway']) || (isObject(via) ? textOf(via['host']) : ''));
  return { kind: 'unicast', interface: name, gateway: gateway?.address };
}

/** The default route of each family: of those that everything goes by, the one with the smallest metric. */
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
