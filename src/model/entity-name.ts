import { ValueError } from '../errors.js';
import { inCanonicalForm } from './address-kind.js';
import { parseIpv4, parseIpv6, type AddressFamily } from './address.js';
import { firewallMarks, ports } from './limits.js';
import type { ServerKey } from './server.js';
import { describeEndpoint, isFirewallMark, protocols, type Protocol, type ServiceKey } from './service.js';

// One way to name services and servers in the words of verbs, in JSON and in completion.

/** A server as words name it: in one service, or in all where `service` is undefined. */
export interface ServerName {
  readonly service: ServiceKey | undefined;
  readonly family: AddressFamily;
  /** Address in canonical text form. */
  readonly address: string;
  /** Undefined: whatever its port is. */
  readonly port: number | undefined;
}

/** The name of a service: `tcp:192.0.2.10:80`, `udp:[2001:db8::1]:53`, `fwmark:477`, `fwmark6:477`. */
export function serviceName(key: ServiceKey): string {
  if (isFirewallMark(key)) return `fwmark${key.family === 'inet6' ? '6' : ''}:${key.fwmark}`;
  return `${key.protocol}:${describeEndpoint(key)}`;
}

/** The name of a real server: `tcp:192.0.2.10:80/10.0.1.2:8080`. */
export function serverName(key: ServiceKey, server: ServerKey): string {
  return `${serviceName(key)}/${describeEndpoint(server)}`;
}

/** What {@link parseServiceName} takes, for messages. */
const serviceExamples = 'tcp:192.0.2.10:80, udp:[2001:db8::1]:53 or fwmark:477';

/**
 * The service of a name; marks may be hexadecimal, as in `fwmark:0x1dd`.
 * @throws {ValueError}
 */
export function parseServiceName(name: string): ServiceKey {
  const [, kind = '', rest = ''] = /^([a-z0-9]+):(.*)$/s.exec(name) ?? [];
  if (kind === 'fwmark' || kind === 'fwmark6') {
    const fwmark = /^(?:\d{1,10}|0x[0-9a-f]{1,8})$/i.test(rest) ? Number(rest) : NaN;
    const { lowest, highest } = firewallMarks;
    if (!(fwmark >= lowest && fwmark <= highest))
      throw new ValueError(`${name}: expected a firewall mark from ${lowest} to ${highest}`);
    return { family: kind === 'fwmark6' ? 'inet6' : 'inet', fwmark };
  }
  const protocol = protocols.find((one: Protocol) => one === kind);
  if (protocol === undefined)
    throw new ValueError(`${name}: expected the name of a service, such as ${serviceExamples}`);
  const { family, address, port } = parseAddressAndPort(rest, name);
  if (port === undefined) throw new ValueError(`${name}: the port is missing, as in ${serviceExamples}`);
  return { family, protocol, address, port };
}

/**
 * A server's name: `tcp:192.0.2.10:80/10.0.1.2:8080`, or where all services are meant `10.0.1.2:8080` or `10.0.1.2`.
 * @throws {ValueError}
 */
export function parseServerName(name: string): ServerName {
  const slash = name.lastIndexOf('/');
  const service = slash < 0 ? undefined : parseServiceName(name.slice(0, slash));
  return { service, ...parseAddressAndPort(name.slice(slash + 1), name) };
}

/** True for what {@link parseServiceName} may take: the name of a service, or of a server of one. */
export function startsWithService(name: string): boolean {
  return /^(?:tcp|udp|sctp|fwmark6?):/.test(name);
}

/** `ADDR`, `ADDR:PORT`, `[ADDR6]`, `[ADDR6]:PORT`, or an IPv6 address without brackets and port. */
function parseAddressAndPort(
  text: string,
  name: string,
): { readonly family: AddressFamily; readonly address: string; readonly port: number | undefined } {
  const bracketed = /^\[([^\]]*)\](?::(\d{1,5}))?$/.exec(text);
  const plain = /^([0-9.]+)(?::(\d{1,5}))?$/.exec(text);
  const [address = '', digits] = bracketed?.slice(1) ?? plain?.slice(1) ?? [text];
  const port = digits === undefined ? undefined : Number(digits);
  if (port !== undefined && port > ports.highest) throw new ValueError(`${name}: a port is at most ${ports.highest}`);
  if (bracketed === null && parseIpv4(address) !== undefined) return { family: 'inet', address, port };
  if (plain === null && parseIpv6(address) !== undefined)
    return { family: 'inet6', address: inCanonicalForm(address), port };
  throw new ValueError(`${name}: expected an address such as 10.0.1.2, 10.0.1.2:8080 or [2001:db8::2]:8080`);
}
