import { UsageError } from '../errors.js';
import { formatIpv4, formatIpv6, parseIpv4, parseIpv6, type AddressFamily } from '../model/address.js';
import {
  classicThresholds,
  firewallMarks,
  longestName,
  multicastTtls,
  ports,
  prefixLengths,
  realPorts,
  syncIds,
  syncMessageLengths,
  timeoutSeconds,
  weights,
  type Range,
} from '../model/limits.js';
import type { ForwardingMethod, TunnelChecksum, TunnelType } from '../model/server.js';
import { fullNetmask, type PersistenceNetmask, type Protocol } from '../model/service.js';
import type { SyncRole } from '../model/state.js';
import { usageText } from './usage-text.js';
import { tunnelLegality } from './options.js';
import { cutName, parseEndpoint, parseInetAton, parseLeadingDigits, parseNumber } from './values.js';

/** A name in a command line that has to be looked up on the machine. */
export type Lookup =
  | { readonly kind: 'host'; readonly name: string }
  | { readonly kind: 'port'; readonly name: string; readonly protocol: Protocol };

/** The result of a look-up: an IPv4 address, or a port; undefined where there is none. */
export type LookupResult = string | number | undefined;

/** Reading that yields look-ups, is resumed with their results, and returns a value. */
export type Steps<T> = Generator<Lookup, T, LookupResult>;

/** The error for a value or an option that is not allowed. */
export function usage(message: string): UsageError {
  return new UsageError('usage', message);
}

/** The value. @throws {UsageError} with the message where there is none. */
export function need<T>(value: T | undefined, message: string): T {
  if (value === undefined) throw usage(message);
  return value;
}

function numberIn(text: string, { lowest, highest }: Range): number | undefined {
  return parseNumber(text, lowest, highest);
}

interface ParsedEndpoint {
  readonly family: AddressFamily;
  readonly address: string;
  /** Undefined: there is none in the text. */
  readonly port: number | undefined;
}

/** Values of the options read so far. Later options depend on them, so the order of options counts. */
export interface OptionSettings {
  family: AddressFamily;
  protocol: Protocol | undefined;
  address: string;
  port: number;
  fwmark: number;
  scheduler: string;
  schedulerFlags: string | undefined;
  onePacket: boolean;
  persistenceTimeout: number | undefined;
  netmask: PersistenceNetmask;
  engine: string;
  server: ParsedEndpoint | undefined;
  forwarding: ForwardingMethod;
  weight: number;
  upperThreshold: number;
  lowerThreshold: number;
  tunnelType: TunnelType;
  tunnelPort: number;
  tunnelChecksum: TunnelChecksum;
  role: SyncRole;
  syncId: number;
  interface: string;
  maxLength: number;
  group: string | undefined;
  groupPort: number;
  ttl: number;
}

/** The values before the first option. */
export function initialSettings(): OptionSettings {
  return {
    family: 'inet',
    protocol: undefined,
    address: '0.0.0.0',
    port: 0,
    fwmark: 0,
    scheduler: '',
    schedulerFlags: undefined,
    onePacket: false,
    persistenceTimeout: undefined,
    netmask: fullNetmask('inet'),
    engine: '',
    server: undefined,
    forwarding: 'direct-routing',
    weight: 1,
    upperThreshold: 0,
    lowerThreshold: 0,
    tunnelType: 'ipip',
    tunnelPort: 0,
    tunnelChecksum: 'nocsum',
    role: 'master',
    syncId: 0,
    interface: '',
    maxLength: 0,
    group: undefined,
    groupPort: 0,
    ttl: 0,
  };
}

function* readEndpoint(text: string, protocol: Protocol | undefined, message: string): Steps<ParsedEndpoint> {
  const { host, port: portText } = need(parseEndpoint(text), message);
  let family: AddressFamily = 'inet';
  let address: string;
  if ('name' in host) {
    const found = yield { kind: 'host', name: host.name };
    if (typeof found !== 'string') throw usage(message);
    address = found;
  } else {
    ({ family, address } = host);
  }
  if (portText === undefined) return { family, address, port: undefined };
  let port = numberIn(portText, ports);
  if (port === undefined && protocol !== undefined) {
    const found = yield { kind: 'port', name: portText, protocol };
    if (typeof found === 'number') port = found;
  }
  return { family, address, port: need(port, message) };
}

function* readService(settings: OptionSettings, protocol: Protocol, text: string): Steps<void> {
  settings.protocol = protocol;
  const { family, address, port } = yield* readEndpoint(text, protocol, usageText.serviceAddress());
  settings.family = family;
  settings.address = address;
  settings.port = port ?? 0;
  if (family === 'inet6') settings.netmask = fullNetmask('inet6');
}

function* readNetmask(settings: OptionSettings, text: string): Steps<void> {
  if (settings.family === 'inet6') {
    const length = parseLeadingDigits(text);
    const { lowest, highest } = prefixLengths;
    if (length < lowest || length > highest) throw usage(usageText.prefixLength());
    settings.netmask = length;
    return;
  }
  const number = parseInetAton(text);
  const mask = number === undefined ? yield { kind: 'host', name: text } : formatIpv4(number);
  if (typeof mask !== 'string') throw usage(usageText.netmask());
  settings.netmask = mask;
}

function readGroup(text: string): string {
  if (text.includes(':')) {
    const bytes = parseIpv6(text);
    if (bytes?.[0] !== 0xff) throw usage(usageText.multicastGroup6(text));
    return formatIpv6(bytes);
  }
  const value = parseIpv4(text);
  if (value === undefined || value >>> 28 !== 0xe) throw usage(usageText.multicastGroup(text));
  return text;
}

/** Reads seconds from `lowest` to 31 days. @throws {UsageError} */
export function readTimeout(text: string, lowest: number): number {
  return need(parseNumber(text, lowest, timeoutSeconds.highest), usageText.timeout(text));
}

function isTunnelType(text: string): text is TunnelType {
  return Object.hasOwn(tunnelLegality, text);
}

/** Readers of option values, by long name. Options without a value that need no reader are in neither table. */
export const readers: Readonly<Record<string, (settings: OptionSettings, value: string) => void>> = {
  'fwmark-service': (settings, value) => {
    settings.fwmark = need(numberIn(value, firewallMarks), usageText.fwmark(value));
    // Names of ports are those of TCP, as no protocol is known.
    settings.protocol = 'tcp';
  },
  ipv6: (settings) => {
    if (settings.fwmark === 0) throw usage(usageText.ipv6BeforeFwmark());
    settings.family = 'inet6';
    settings.netmask = fullNetmask('inet6');
  },
  scheduler: (settings, value) => {
    settings.scheduler = cutName(value, longestName);
  },
  pe: (settings, value) => {
    settings.engine = cutName(value, longestName);
  },
  'sched-flags': (settings, value) => {
    settings.schedulerFlags = value;
  },
  ops: (settings) => {
    settings.onePacket = true;
  },
  gatewaying: (settings) => {
    settings.forwarding = 'direct-routing';
  },
  ipip: (settings) => {
    settings.forwarding = 'tunneling';
  },
  masquerading: (settings) => {
    settings.forwarding = 'masquerading';
  },
  'tun-type': (settings, value) => {
    if (!isTunnelType(value)) throw usage(usageText.tunnelType());
    settings.tunnelType = value;
  },
  'tun-port': (settings, value) => {
    settings.tunnelPort = need(numberIn(value, realPorts), usageText.tunnelPort());
  },
  'tun-nocsum': (settings) => {
    settings.tunnelChecksum = 'nocsum';
  },
  'tun-csum': (settings) => {
    settings.tunnelChecksum = 'csum';
  },
  'tun-remcsum': (settings) => {
    settings.tunnelChecksum = 'remcsum';
  },
  weight: (settings, value) => {
    settings.weight = need(numberIn(value, weights), usageText.weight());
  },
  'u-threshold': (settings, value) => {
    settings.upperThreshold = need(numberIn(value, classicThresholds), usageText.upperThreshold());
  },
  'l-threshold': (settings, value) => {
    settings.lowerThreshold = need(numberIn(value, classicThresholds), usageText.lowerThreshold());
  },
  syncid: (settings, value) => {
    settings.syncId = need(numberIn(value, syncIds), usageText.syncId());
  },
  'sync-maxlen': (settings, value) => {
    settings.maxLength = need(numberIn(value, syncMessageLengths.inet), usageText.syncMaxLength());
  },
  'mcast-interface': (settings, value) => {
    settings.interface = cutName(value, longestName);
  },
  'mcast-group': (settings, value) => {
    settings.group = readGroup(value);
  },
  'mcast-port': (settings, value) => {
    settings.groupPort = need(numberIn(value, realPorts), usageText.multicastPort());
  },
  'mcast-ttl': (settings, value) => {
    settings.ttl = need(numberIn(value, multicastTtls), usageText.multicastTtl());
  },
};

/** The same for values that may hold names. */
export const lookupReaders: Readonly<Record<string, (settings: OptionSettings, value: string) => Steps<void>>> = {
  'tcp-service': (settings, value) => readService(settings, 'tcp', value),
  'udp-service': (settings, value) => readService(settings, 'udp', value),
  'sctp-service': (settings, value) => readService(settings, 'sctp', value),
  netmask: readNetmask,
  'real-server': function* (settings, value): Steps<void> {
    settings.server = yield* readEndpoint(value, settings.protocol, usageText.serverAddress());
    // The service's port so far counts, not one of a later option.
    settings.server = { ...settings.server, port: settings.server.port ?? settings.port };
  },
};
