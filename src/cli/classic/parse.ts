import { formatIpv4, formatIpv6, parseIpv4, parseIpv6, type AddressFamily } from '../../model/address.js';
import {
  defaultTunnel,
  type ForwardingMethod,
  type RealServer,
  type ServerKey,
  type TunnelChecksum,
  type TunnelType,
} from '../../model/server.js';
import {
  fullNetmask,
  isFirewallMark,
  type PersistenceNetmask,
  type Protocol,
  type SchedulerFlag,
  type ServiceKey,
  type VirtualService,
} from '../../model/service.js';
import type { SyncDaemon, SyncRole, Timeouts } from '../../model/state.js';
import type { NameResolver, ServiceProtocol } from '../../names/resolver.js';
import { layouts, type ClassicCommand } from './command.js';
import { usageText } from './messages.js';
import {
  commandLegality,
  listConflicts,
  optionNames,
  schedulerFlagNames,
  tunnelLegality,
  tunnelOptions,
  type CommandName,
  type Legality,
  type OptionName,
  type OptionSpelling,
} from './options.js';
import { Scanner } from './scan.js';
import { UsageError } from './usage-error.js';
import { cutName, parseEndpoint, parseInetAton, parseLeadingDigits, parseNumber } from './values.js';

/** A name that the line holds and that only the machine can turn into a number. */
export type Lookup =
  | { readonly kind: 'host'; readonly name: string }
  | { readonly kind: 'port'; readonly name: string; readonly protocol: ServiceProtocol };

/** The answer to a look-up: an IPv4 address, or a port; undefined where there is none. */
export type LookupAnswer = string | number | undefined;

type Steps<T> = Generator<Lookup, T, LookupAnswer>;

/** Longest timeout of persistence and of connections: 31 days. */
const longestTimeout = 86400 * 31;
const defaultPersistence = 360;
const largestInt = 2147483647;
const nameLimit = 15;

function usage(message: string): UsageError {
  return new UsageError('usage', message);
}

function need<T>(value: T | undefined, message: string): T {
  if (value === undefined) throw usage(message);
  return value;
}

interface Endpoint {
  readonly family: AddressFamily;
  readonly address: string;
  /** Undefined: the text had none. */
  readonly port: number | undefined;
}

/** What the options read so far say. Later options depend on it, so the order of options counts. */
interface Settings {
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
  server: Endpoint | undefined;
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

function initialSettings(): Settings {
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

function* readEndpoint(text: string, protocol: Protocol | undefined, message: string): Steps<Endpoint> {
  const { host, port: portText } = need(parseEndpoint(text), message);
  let place: { family: AddressFamily; address: string };
  if ('name' in host) {
    const address = yield { kind: 'host', name: host.name };
    if (typeof address !== 'string') throw usage(message);
    place = { family: 'inet', address };
  } else {
    place = host;
  }
  if (portText === undefined) return { ...place, port: undefined };
  let port = parseNumber(portText, 0, 65535);
  if (port === undefined && protocol !== undefined) {
    const answer = yield { kind: 'port', name: portText, protocol };
    if (typeof answer === 'number') port = answer;
  }
  return { ...place, port: need(port, message) };
}

function* readService(settings: Settings, protocol: Protocol, text: string): Steps<void> {
  settings.protocol = protocol;
  const { family, address, port } = yield* readEndpoint(text, protocol, usageText.serviceAddress());
  settings.family = family;
  settings.address = address;
  settings.port = port ?? 0;
  if (family === 'inet6') settings.netmask = fullNetmask('inet6');
}

function* readNetmask(settings: Settings, text: string): Steps<void> {
  if (settings.family === 'inet6') {
    const length = parseLeadingDigits(text);
    if (length < 1 || length > 128) throw usage(usageText.prefixLength());
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

function readTimeout(text: string, lowest: number): number {
  return need(parseNumber(text, lowest, longestTimeout), usageText.timeout(text));
}

function isTunnelType(text: string): text is TunnelType {
  return Object.hasOwn(tunnelLegality, text);
}

/** What options do with their values, by long name. Options that only count as given are in neither table. */
const readers: Readonly<Record<string, (settings: Settings, value: string) => void>> = {
  'fwmark-service': (settings, value) => {
    settings.fwmark = need(parseNumber(value, 1, 0xffffffff), usageText.fwmark(value));
    // Names of ports are those of TCP, as no protocol is known.
    settings.protocol = 'tcp';
  },
  ipv6: (settings) => {
    if (settings.fwmark === 0) throw usage(usageText.ipv6BeforeFwmark());
    settings.family = 'inet6';
    settings.netmask = fullNetmask('inet6');
  },
  scheduler: (settings, value) => {
    settings.scheduler = cutName(value, nameLimit);
  },
  pe: (settings, value) => {
    settings.engine = cutName(value, nameLimit);
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
    settings.forwarding = 'tunnelling';
  },
  masquerading: (settings) => {
    settings.forwarding = 'masquerading';
  },
  'tun-type': (settings, value) => {
    if (!isTunnelType(value)) throw usage(usageText.tunnelType());
    settings.tunnelType = value;
  },
  'tun-port': (settings, value) => {
    settings.tunnelPort = need(parseNumber(value, 1, 65535), usageText.tunnelPort());
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
    settings.weight = need(parseNumber(value, 0, largestInt), usageText.weight());
  },
  'u-threshold': (settings, value) => {
    settings.upperThreshold = need(parseNumber(value, 0, largestInt), usageText.upperThreshold());
  },
  'l-threshold': (settings, value) => {
    settings.lowerThreshold = need(parseNumber(value, 0, largestInt), usageText.lowerThreshold());
  },
  syncid: (settings, value) => {
    settings.syncId = need(parseNumber(value, 0, 255), usageText.syncId());
  },
  'sync-maxlen': (settings, value) => {
    settings.maxLength = need(parseNumber(value, 1, 65507), usageText.syncMaxLength());
  },
  'mcast-interface': (settings, value) => {
    settings.interface = cutName(value, nameLimit);
  },
  'mcast-group': (settings, value) => {
    settings.group = readGroup(value);
  },
  'mcast-port': (settings, value) => {
    settings.groupPort = need(parseNumber(value, 1, 65535), usageText.multicastPort());
  },
  'mcast-ttl': (settings, value) => {
    settings.ttl = need(parseNumber(value, 1, 255), usageText.multicastTtl());
  },
};

/** The same for values that may hold names. */
const lookupReaders: Readonly<Record<string, (settings: Settings, value: string) => Steps<void>>> = {
  'tcp-service': (settings, value) => readService(settings, 'tcp', value),
  'udp-service': (settings, value) => readService(settings, 'udp', value),
  'sctp-service': (settings, value) => readService(settings, 'sctp', value),
  netmask: readNetmask,
  'real-server': function* (settings, value): Steps<void> {
    settings.server = yield* readEndpoint(value, settings.protocol, usageText.serverAddress());
    // The port that the service has so far counts, not the one that a later option gives it.
    settings.server = { ...settings.server, port: settings.server.port ?? settings.port };
  },
};

/** Options found so far, and that each was given once. */
class Given {
  readonly #names = new Set<OptionName>();

  add({ option }: OptionSpelling): void {
    if (option === 'sort' || option === 'ipv6') return;
    if (this.#names.has(option)) throw usage(usageText.repeated(option));
    this.#names.add(option);
  }

  has(name: OptionName): boolean {
    return this.#names.has(name);
  }
}

interface LegalityText {
  readonly required: (option: string, by: string) => string;
  readonly illegal: (option: string, by: string) => string;
  readonly exclusive: (option: string, other: string, by: string) => string;
}

/** Checks the given options against a row of a legality table, in the order of their names. */
function checkLegality<O extends OptionName>(
  names: readonly O[],
  given: Given,
  legality: Legality<O>,
  text: LegalityText,
  by: string,
): void {
  let other: O | undefined;
  for (const name of names) {
    if (!given.has(name)) {
      if (legality.required?.includes(name) === true) throw usage(text.required(name, by));
    } else if (legality.exclusive?.includes(name) === true) {
      if (other !== undefined) throw usage(text.exclusive(name, other, by));
      other = name;
    } else if (legality.required?.includes(name) !== true && legality.optional?.includes(name) !== true) {
      throw usage(text.illegal(name, by));
    }
  }
}

/** Reads `flag,flag`; which flags exist depends on the scheduler. */
function readSchedulerFlags(text: string, scheduler: string): SchedulerFlag[] {
  const flags: SchedulerFlag[] = [];
  for (const name of text.split(',')) {
    if (name === '') continue;
    const rows = schedulerFlagNames.filter((row) => row.name === name);
    if (rows.length === 0) throw usage(usageText.schedulerFlag(name));
    const row = rows.find((candidate) => candidate.scheduler === undefined || candidate.scheduler === scheduler);
    flags.push(need(row, usageText.schedulerFlagElsewhere(name)).flag);
  }
  if (flags.length === 0 && text !== '') throw usage(usageText.schedulerFlag(text));
  return flags;
}

function serviceKey({ family, protocol, address, port, fwmark }: Settings): ServiceKey {
  return fwmark === 0 ? { family, protocol: protocol ?? 'tcp', address, port } : { family, fwmark };
}

function serviceOf(settings: Settings, schedulerFlags: readonly SchedulerFlag[]): VirtualService {
  return {
    key: serviceKey(settings),
    scheduler: settings.scheduler,
    schedulerFlags,
    onePacket: settings.onePacket,
    persistenceTimeout: settings.persistenceTimeout,
    persistenceNetmask: settings.netmask,
    persistenceEngine: settings.engine === '' ? undefined : settings.engine,
  };
}

function checkService({ key, persistenceTimeout, onePacket }: VirtualService): void {
  if (isFirewallMark(key)) return;
  if (key.port === 0 && persistenceTimeout === undefined) throw usage(usageText.zeroPort());
  if (onePacket && key.protocol !== 'udp') throw usage(usageText.onePacket());
}

function serverKey({ server }: Settings): ServerKey {
  const { family, address, port } = need(server, usageText.serverAddress());
  return { family, address, port: port ?? 0 };
}

function serverOf(settings: Settings, given: Given): RealServer {
  const { forwarding, weight, upperThreshold, lowerThreshold, tunnelType, tunnelPort, tunnelChecksum } = settings;
  const key = serverKey(settings);
  checkFamilies(settings);
  const tunnelling = forwarding === 'tunnelling';
  if (!tunnelling && tunnelOptions.some((name) => given.has(name))) throw usage(usageText.tunnelNotTunnelling());
  if (tunnelling) {
    const text = {
      required: usageText.tunnelRequired,
      illegal: usageText.tunnelIllegal,
      exclusive: usageText.tunnelExclusive,
    };
    checkLegality(tunnelOptions, given, tunnelLegality[tunnelType], text, tunnelType);
  }
  // Packets that are not rewritten keep their port.
  const port = settings.fwmark === 0 && forwarding !== 'masquerading' ? settings.port : key.port;
  const tunnel = tunnelling ? { type: tunnelType, port: tunnelPort, checksum: tunnelChecksum } : defaultTunnel;
  return { ...key, port, forwarding, weight, upperThreshold, lowerThreshold, tunnel };
}

function checkFamilies({ server, family, forwarding }: Settings): void {
  if (server?.family !== family && forwarding !== 'tunnelling') throw usage(usageText.otherFamily());
}

function daemonOf(settings: Settings): SyncDaemon {
  const { role, syncId, maxLength, group, groupPort, ttl } = settings;
  return { role, syncId, interface: settings.interface, maxLength, group, port: groupPort, ttl };
}

function readTimeouts(words: readonly string[]): Timeouts {
  const [tcp, tcpFin, udp, more] = words;
  if (tcp === undefined || tcpFin === undefined || udp === undefined) throw usage(usageText.setNeedsThree());
  const timeouts = { tcp: readTimeout(tcp, 0), tcpFin: readTimeout(tcpFin, 0), udp: readTimeout(udp, 0) };
  if (more !== undefined) throw usage(usageText.leftOver(more));
  return timeouts;
}

function readRole(text: string, message: string): SyncRole {
  if (text !== 'master' && text !== 'backup') throw usage(message);
  return text;
}

function listCommand(settings: Settings, given: Given): ClassicCommand {
  for (const [listing, layout] of listConflicts) {
    if (given.has(listing) && given.has(layout)) throw usage(usageText.listConflict());
  }
  const numeric = given.has('numeric');
  if (given.has('timeout')) return { kind: 'list-timeouts' };
  if (given.has('daemon')) return { kind: 'list-daemons' };
  if (given.has('connection')) return { kind: 'list-connections', numeric, persistence: given.has('persistent-conn') };
  return {
    kind: 'list',
    key: given.has('service-address') ? serviceKey(settings) : undefined,
    layout: layouts.find((layout) => given.has(layout)) ?? 'plain',
    numeric,
    exact: given.has('exact'),
    sorted: !given.has('nosort'),
  };
}

/** Builds the command when all options are read; checks in the order that the original checks in. */
function finish(command: CommandName, settings: Settings, given: Given, words: readonly string[]): ClassicCommand {
  const timeouts = command === 'set' ? readTimeouts(words) : undefined;
  const [leftOver] = words;
  if (timeouts === undefined && leftOver !== undefined) throw usage(usageText.leftOver(leftOver));
  if (settings.scheduler === '') settings.scheduler = 'wlc';
  const flags =
    settings.schedulerFlags === undefined ? [] : readSchedulerFlags(settings.schedulerFlags, settings.scheduler);
  checkLegality(optionNames, given, commandLegality[command], usageText, command);
  switch (command) {
    case 'add-service':
    case 'edit-service': {
      const service = serviceOf(settings, flags);
      checkService(service);
      return { kind: 'change', change: { kind: command, service } };
    }
    case 'delete-service':
      return { kind: 'change', change: { kind: command, key: serviceKey(settings) } };
    case 'add-server':
    case 'edit-server':
      return {
        kind: 'change',
        change: { kind: command, key: serviceKey(settings), server: serverOf(settings, given) },
      };
    case 'delete-server':
      return {
        kind: 'change',
        change: { kind: command, key: serviceKey(settings), server: serverKey(settings) },
      };
    case 'flush':
      return { kind: 'change', change: { kind: 'flush' } };
    case 'zero': {
      const key = given.has('service-address') ? serviceKey(settings) : undefined;
      return { kind: 'change', change: { kind: 'zero', key } };
    }
    case 'set':
      return { kind: 'change', change: { kind: 'set-timeouts', timeouts: need(timeouts, usageText.setNeedsThree()) } };
    case 'start-daemon':
      return { kind: 'change', change: { kind: command, daemon: daemonOf(settings) } };
    case 'stop-daemon':
      return { kind: 'change', change: { kind: command, role: settings.role } };
    case 'list':
      return listCommand(settings, given);
    case 'save':
      return { kind: 'save', numeric: given.has('numeric') };
    case 'restore':
      return { kind: 'restore' };
  }
}

/** The setting of the run that reading a line depends on. */
export interface ParseContext {
  /** What messages call the program. */
  readonly programName: string;
  /** POSIXLY_CORRECT is set in the environment. */
  readonly posixlyCorrect: boolean;
  /** The line comes from a restore, which can't hold another one. */
  readonly restoring: boolean;
}

/**
 * Reads a command line (or a line of a rule dump) without touching anything: names that need a look-up are yielded,
 * and their answers expected back.
 * @throws {UsageError}
 */
export function* parseWords(words: readonly string[], context: ParseContext): Steps<ClassicCommand> {
  const scanner = new Scanner(words, context.posixlyCorrect);
  const command = readCommand(scanner, context);
  if (command.spelling.command === 'help' || command.spelling.command === 'version') {
    return { kind: command.spelling.command };
  }
  const settings = initialSettings();
  if (command.spelling.command === 'start-daemon') {
    settings.role = readRole(command.value, usageText.startDaemonRole());
    settings.interface = 'eth0';
  } else if (command.spelling.command === 'stop-daemon') {
    settings.role = readRole(command.value, usageText.stopDaemonRole());
  }
  const given = new Given();
  for (let token = scanner.next(); token !== undefined; token = scanner.next()) {
    const { spelling, value } = token;
    if ('command' in spelling) throw usage(usageText.secondCommand(scanner.word));
    given.add(spelling);
    if (spelling.option === 'persistent') {
      settings.persistenceTimeout = value === undefined ? defaultPersistence : readTimeout(value, 1);
    } else {
      readers[spelling.long]?.(settings, value ?? '');
      const steps = lookupReaders[spelling.long]?.(settings, value ?? '');
      if (steps !== undefined) yield* steps;
    }
  }
  return finish(command.spelling.command, settings, given, scanner.leftOver);
}

function readCommand(scanner: Scanner, context: ParseContext) {
  const tryHelp = (): UsageError => new UsageError('try', usageText.tryHelp(context.programName));
  try {
    const token = scanner.next();
    if (token === undefined || !('command' in token.spelling)) throw tryHelp();
    if (token.spelling.command === 'restore' && context.restoring) throw tryHelp();
    return { spelling: token.spelling, value: token.value ?? '' };
  } catch (error) {
    if (error instanceof UsageError) throw tryHelp();
    throw error;
  }
}

/**
 * Reads a command line and looks its names up.
 * @throws {UsageError}
 */
export async function parseCommand(
  words: readonly string[],
  context: ParseContext,
  names: NameResolver,
): Promise<ClassicCommand> {
  const steps = parseWords(words, context);
  let step = steps.next();
  while (step.done !== true) {
    const lookup = step.value;
    step = steps.next(
      lookup.kind === 'host' ? await names.hostAddress(lookup.name) : names.servicePort(lookup.name, lookup.protocol),
    );
  }
  return step.value;
}
