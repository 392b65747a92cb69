import type { ConnectionLine, EndName } from '../format/connections.js';
import { addressBytes, parseIpv4, type AddressFamily } from '../model/address.js';
import { addressBits, type AddressRange } from '../model/address-range.js';
import { isActiveState } from '../model/connection-state.js';
import type { ServerKey } from '../model/server.js';
import type { AddressServiceKey, ServiceKey } from '../model/service.js';
import { orphanTest } from './orphans.js';

/** Virtual addresses, of one protocol or of all. */
export interface VirtualRange extends AddressRange {
  readonly protocol?: AddressServiceKey['protocol'] | undefined;
}

/** Addresses of real servers, in one service or in all. */
export interface ServerRange extends AddressRange {
  readonly service?: AddressServiceKey | undefined;
}

/** A service and its servers, as far as they are named. */
export interface ServedBy {
  readonly service: { readonly key: ServiceKey };
  readonly servers: readonly ServerKey[];
}

/** Which entries of the connection table: those that every member lets through; of a list one is enough. */
export interface ConnectionFilter {
  readonly client?: readonly AddressRange[] | undefined;
  readonly virtual?: readonly VirtualRange[] | undefined;
  readonly server?: readonly ServerRange[] | undefined;
  readonly clientPorts?: readonly number[] | undefined;
  readonly virtualPorts?: readonly number[] | undefined;
  /** As the kernel writes them: TCP, UDP, SCTP, IP. */
  readonly protocols?: readonly string[] | undefined;
  /** As the kernel writes them, and `active` and `inactive` for what it counts as such. */
  readonly states?: readonly string[] | undefined;
  /** Of the client. */
  readonly family?: AddressFamily | undefined;
  /** True: only persistence templates, false: none. Default: both. */
  readonly templates?: boolean | undefined;
  /** Only entries whose server is in none of these services any more that they can belong to: the table as it is. */
  readonly orphansOf?: readonly ServedBy[] | undefined;
}

/** Whether an entry is wanted. */
export type LineTest = (line: ConnectionLine) => boolean;

/** Makes a test of each member; all have to hold. */
const tests: { readonly [Name in keyof ConnectionFilter]-?: (value: NonNullable<ConnectionFilter[Name]>) => LineTest } =
  {
    family: (family) => (line) => Number.isNaN(line.ipv4('client')) === (family === 'inet6'),
    clientPorts: (ports) => portTest('client', ports),
    virtualPorts: (ports) => portTest('virtual', ports),
    client: (ranges) => anyOf(ranges.map((range) => rangeTest('client', range))),
    server: (ranges) => anyOf(ranges.map(serverTest)),
    virtual: (ranges) => anyOf(ranges.map(virtualTest)),
    protocols: (names) => (line) => names.includes(line.protocol),
    templates: (wanted) => (line) => line.isTemplate === wanted,
    states: (names) => stateTest(new Set(names)),
    orphansOf: orphanTest,
  };

/** A filter as one function; undefined where it lets everything through. */
export function lineTest(filter: ConnectionFilter): LineTest | undefined {
  const made = (Object.keys(tests) as (keyof ConnectionFilter)[]).flatMap((name) => {
    const value = filter[name];
    // The table's rows and the filter's members have the same types, name by name.
    return value === undefined ? [] : [(tests[name] as (value: unknown) => LineTest)(value)];
  });
  return made.length === 0 ? undefined : (line) => made.every((test) => test(line));
}

function anyOf(choices: readonly LineTest[]): LineTest {
  return (line) => choices.some((test) => test(line));
}

function portTest(end: EndName, ports: readonly number[]): LineTest {
  return (line) => ports.includes(line.port(end));
}

/** Whether an end is in a range. */
export function rangeTest(end: EndName, { family, address, prefix, port }: AddressRange): LineTest {
  const isIn = family === 'inet' ? ipv4Test(end, address, prefix) : ipv6Test(end, address, prefix);
  return port === undefined ? isIn : (line) => line.port(end) === port && isIn(line);
}

function ipv4Test(end: EndName, address: string, prefix: number): LineTest {
  const size = 2 ** (32 - prefix);
  const network = Math.floor((parseIpv4(address) ?? NaN) / size);
  return (line) => Math.floor(line.ipv4(end) / size) === network;
}

function ipv6Test(end: EndName, address: string, prefix: number): LineTest {
  const wanted = addressBytes('inet6', address);
  const whole = prefix >>> 3;
  // Bits of the byte that only its start is compared of.
  const mask = (0xff00 >>> (prefix & 7)) & 0xff;
  return (line) => {
    if (!Number.isNaN(line.ipv4(end))) return false;
    const bytes = line.ipv6(end);
    for (let at = 0; at < whole; at++) if (bytes[at] !== wanted[at]) return false;
    return (((bytes[whole] ?? 0) ^ (wanted[whole] ?? 0)) & mask) === 0;
  };
}

function virtualTest({ protocol, ...range }: VirtualRange): LineTest {
  const isIn = rangeTest('virtual', range);
  const name = protocol?.toUpperCase();
  return name === undefined ? isIn : (line) => line.protocol === name && isIn(line);
}

function serverTest({ service, ...range }: ServerRange): LineTest {
  const isIn = rangeTest('server', range);
  if (service === undefined) return isIn;
  const { family, protocol, address, port } = service;
  const isOf = virtualTest({ family, protocol, address, prefix: addressBits[family], ...(port === 0 ? {} : { port }) });
  return (line) => isIn(line) && isOf(line);
}

/** Templates are neither active nor inactive: they are no connections. */
function stateTest(names: ReadonlySet<string>): LineTest {
  const active = names.has('active');
  const inactive = names.has('inactive');
  return (line) => {
    const { state } = line;
    if (names.has(state)) return true;
    if ((!active && !inactive) || line.isTemplate) return false;
    return isActiveState(line.protocol, state) ? active : inactive;
  };
}
