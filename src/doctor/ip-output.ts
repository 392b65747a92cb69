import { familyOf, formatAddress, addressBytes, type AddressFamily } from '../model/address.js';
import type { InterfaceAddress, NetworkInterface, Route } from './facts.js';

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
  const family = familyOf(text);
  try {
    return { family, address: formatAddress(family, addressBytes(family, text)) };
  } catch {
    return undefined;
  }
}

/**
 * The interfaces, from what `ip -json -details address show` prints.
 * @throws {IpOutputError}
 */
export function parseInterfaces(text: string): NetworkInterface[] {
  return readList(text).flatMap((link) => {
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
  });
}

function parseAddress(entry: Members): InterfaceAddress[] {
  const found = canonical(textOf(entry['local']));
  const prefixLength = entry['prefixlen'];
  if (found === undefined || typeof prefixLength !== 'number') return [];
  return [{ ...found, prefixLength, duplicate: entry['dadfailed'] === true }];
}

/** The questions of `routeQuestions`, as `ip -batch` reads them. */
export function routeQuestions(addresses: readonly string[]): string {
  return addresses.map((address) => `route get ${address}\n`).join('');
}

/** Lines of the standard error output: what the kernel said, and the number of the question. */
const refusal = /^(?:RTNETLINK answers|Error|ipv[46]): (.*)\nCommand failed \S*:(\d+)$/gm;

/**
 * The kernel's answers to `routeQuestions`: a list of one for each address that it can reach, and a refusal on the
 * standard error output for each of the others.
 * @throws {IpOutputError}
 */
export function parseRoutes(addresses: readonly string[], stdout: string, stderr: string): Map<string, Route> {
  const routes = new Map<string, Route>();
  for (const line of stdout.split('\n')) {
    for (const entry of readList(line)) {
      const destination = canonical(textOf(entry['dst']));
      if (destination !== undefined) routes.set(destination.address, parseRoute(entry));
    }
  }
  const reasons = new Map([...stderr.matchAll(refusal)].map(([, reason = '', number]) => [Number(number), reason]));
  for (const [index, address] of addresses.entries()) {
    if (!routes.has(address)) routes.set(address, { kind: 'none', reason: reasons.get(index + 1) ?? 'no route' });
  }
  return routes;
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

/**
 * The default route that is taken, from what `ip -json route show default` prints; undefined where there is none.
 * @throws {IpOutputError}
 */
export function parseDefaultRoute(text: string): Route | undefined {
  const metric = (entry: Members): number => (typeof entry['metric'] === 'number' ? entry['metric'] : 0);
  const [best] = readList(text).sort((one, other) => metric(one) - metric(other));
  if (best === undefined) return undefined;
  const [hop] = listOf(best['nexthops']).filter(isObject);
  return parseRoute(hop === undefined ? best : { ...hop, type: best['type'] });
}
