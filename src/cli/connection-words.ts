// What the words of `connections` say about the entries that are wanted.

import { ValueError } from '../errors.js';
import { addressBits, parseAddressRange, type AddressRange } from '../model/address-range.js';
import { connectionStates } from '../model/connection-state.js';
import { parseServerName, parseServiceName, startsWithService } from '../model/entity-name.js';
import { isFirewallMark, type AddressServiceKey, type ServiceKey } from '../model/service.js';
import { ports as portNumbers } from '../model/limits.js';
import type { ServerRange, VirtualRange } from '../table/connection-filter.js';
import { connectionKeys, type ClientPrefix, type ConnectionKey } from '../table/connection-keys.js';

/** A reader of a list whose items are separated by commas. */
function listReader<T>(option: string, readItem: (word: string) => T): (value: unknown) => readonly T[] | undefined {
  return (value) => {
    if (typeof value !== 'string') return undefined;
    try {
      return value.split(',').map((word) => readItem(word.trim()));
    } catch (error) {
      throw error instanceof ValueError ? new ValueError(`--${option} ${error.message}`) : error;
    }
  };
}

/** Reads an item of a list of names. */
function nameReader<T extends string>(names: readonly T[], asName = (word: string) => word): (word: string) => T {
  return (word) => {
    const name = names.find((one) => one === asName(word));
    if (name === undefined) throw new ValueError(`${word}: expected some of ${names.join(', ')}`);
    return name;
  };
}

function readPort(word: string): number {
  const port = /^\d{1,5}$/.test(word) ? Number(word) : NaN;
  const { highest } = portNumbers;
  if (!(port <= highest)) throw new ValueError(`${word}: expected ports, 0..${highest}`);
  return port;
}

function readClient(word: string): AddressRange {
  const range = parseAddressRange(word);
  if (range.port !== undefined) throw new ValueError(`${word}: the client's port is --sport`);
  return range;
}

/** @throws {ValueError} for a firewall mark: the kernel doesn't show it. */
function withAddress(key: ServiceKey, word: string): AddressServiceKey {
  if (!isFirewallMark(key)) return key;
  throw new ValueError(`${word}: connections don't show firewall marks, give the virtual address`);
}

function readVirtual(word: string): VirtualRange {
  if (!startsWithService(word)) return parseAddressRange(word);
  const { family, address, port, protocol } = withAddress(parseServiceName(word), word);
  return { family, address, prefix: addressBits[family], protocol, ...(port === 0 ? {} : { port }) };
}

function readServer(word: string): ServerRange {
  if (!startsWithService(word)) return parseAddressRange(word);
  const missing = new ValueError(`${word}: the server is missing, as in tcp:192.0.2.10:80/10.0.1.2:80`);
  if (!word.includes('/')) throw missing;
  const { service, family, address, port } = parseServerName(word);
  if (service === undefined) throw missing;
  return { family, address, port, prefix: addressBits[family], service: withAddress(service, word) };
}

/** Words for groups of states, beside the states themselves. */
const stateGroups = ['active', 'inactive'] as const;

/** States are written as `ss` does, too: `syn-recv`. */
function readState(word: string): string {
  const group = stateGroups.find((name) => name === word.toLowerCase());
  return group ?? nameReader([...stateGroups, ...connectionStates], stateName)(word);
}

function stateName(word: string): string {
  return word.toUpperCase().replaceAll('-', '_');
}

/** Lengths for IPv4, IPv6 or both, as in `24,64`. */
function readPrefix(value: unknown): ClientPrefix | undefined {
  if (typeof value !== 'string') return undefined;
  const [, first, second] = /^(\d{1,2})(?:,(\d{1,3}))?$/.exec(value) ?? [];
  const prefix = { inet: Number(first), inet6: Number(second ?? addressBits.inet6) };
  if (prefix.inet <= addressBits.inet && prefix.inet6 <= addressBits.inet6) return prefix;
  throw new ValueError('--client-prefix takes bits for IPv4 and IPv6, such as 24,64');
}

/** The protocols of the connection table. */
const protocolNames = ['tcp', 'udp', 'sctp', 'ip'] as const;

/** Readers of the options by their names. */
export const wordReaders = {
  client: listReader('client', readClient),
  virtual: listReader('virtual', readVirtual),
  server: listReader('server', readServer),
  sport: listReader('sport', readPort),
  dport: listReader('dport', readPort),
  protocol: listReader('protocol', (word) =>
    nameReader(protocolNames, (name) => name.toLowerCase())(word).toUpperCase(),
  ),
  state: listReader('state', readState),
  by: listReader<ConnectionKey>('by', nameReader(connectionKeys)),
  clientPrefix: readPrefix,
} as const;
