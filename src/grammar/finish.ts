import { defaultTunnel, type RealServer, type ServerKey } from '../model/server.js';
import {
  isFirewallMark,
  schedulerFlagNames,
  type SchedulerFlag,
  type ServiceKey,
  type VirtualService,
} from '../model/service.js';
import type { SyncDaemon, SyncRole, Timeouts } from '../model/state.js';
import { layouts, type ClassicCommand } from './command.js';
import { usageText } from './usage-text.js';
import {
  commandLegality,
  listConflicts,
  optionNames,
  tunnelLegality,
  tunnelOptions,
  type CommandName,
  type Legality,
  type OptionName,
  type OptionSpelling,
} from './options.js';
import { need, readTimeout, usage, type OptionSettings } from './settings.js';

/** Options given so far; each may be given once. */
export class Given {
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
  // By index: this is the fast path of a restore, and an iterator allocates an object a step.
  for (let index = 0; index < names.length; index++) {
    const name = names[index];
    if (name === undefined) continue;
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

function keyFromSettings({ family, protocol, address, port, fwmark }: OptionSettings): ServiceKey {
  return fwmark === 0 ? { family, protocol: protocol ?? 'tcp', address, port } : { family, fwmark };
}

function serviceFromSettings(settings: OptionSettings, schedulerFlags: readonly SchedulerFlag[]): VirtualService {
  return {
    key: keyFromSettings(settings),
    scheduler: settings.scheduler,
    schedulerFlags,
    onePacket: settings.onePacket,
    persistenceTimeout: settings.persistenceTimeout,
    persistenceNetmask: settings.netmask,
    persistenceEngine: settings.engine === '' ? undefined : settings.engine,
  };
}

function checkServiceSettings({ key, persistenceTimeout, onePacket }: VirtualService): void {
  if (isFirewallMark(key)) return;
  if (key.port === 0 && persistenceTimeout === undefined) throw usage(usageText.zeroPort());
  if (onePacket && key.protocol !== 'udp') throw usage(usageText.onePacket());
}

function serverKeyFromSettings({ server }: OptionSettings): ServerKey {
  const { family, address, port } = need(server, usageText.serverAddress());
  return { family, address, port: port ?? 0 };
}

function serverFromSettings(settings: OptionSettings, given: Given): RealServer {
  const { forwarding, weight, upperThreshold, lowerThreshold, tunnelType, tunnelPort, tunnelChecksum } = settings;
  const key = serverKeyFromSettings(settings);
  checkFamilies(settings);
  const tunneling = forwarding === 'tunneling';
  if (!tunneling && tunnelOptions.some((name) => given.has(name))) throw usage(usageText.tunnelNotTunneling());
  if (tunneling) {
    const text = {
      required: usageText.tunnelRequired,
      illegal: usageText.tunnelIllegal,
      exclusive: usageText.tunnelExclusive,
    };
    checkLegality(tunnelOptions, given, tunnelLegality[tunnelType], text, tunnelType);
  }
  // Packets that are not rewritten keep their port.
  const port = settings.fwmark === 0 && forwarding !== 'masquerading' ? settings.port : key.port;
  const tunnel = tunneling ? { type: tunnelType, port: tunnelPort, checksum: tunnelChecksum } : defaultTunnel;
  const { family, address } = key;
  return { family, address, port, forwarding, weight, upperThreshold, lowerThreshold, tunnel };
}

function checkFamilies({ server, family, forwarding }: OptionSettings): void {
  if (server?.family !== family && forwarding !== 'tunneling') throw usage(usageText.otherFamily());
}

function daemonFromSettings(settings: OptionSettings): SyncDaemon {
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

/** Reads the role of a synchronisation daemon. @throws {UsageError} with the message. */
export function readRole(text: string, message: string): SyncRole {
  if (text !== 'master' && text !== 'backup') throw usage(message);
  return text;
}

function listCommand(settings: OptionSettings, given: Given): ClassicCommand {
  for (const [listing, layout] of listConflicts) {
    if (given.has(listing) && given.has(layout)) throw usage(usageText.listConflict());
  }
  const numeric = given.has('numeric');
  const json = given.has('json');
  if (given.has('timeout')) return { kind: 'list-timeouts', json };
  if (given.has('daemon')) return { kind: 'list-daemons', json };
  if (given.has('connection'))
    return { kind: 'list-connections', json, numeric, persistence: given.has('persistent-conn') };
  return {
    kind: 'list',
    key: given.has('service-address') ? keyFromSettings(settings) : undefined,
    layout: layouts.find((layout) => given.has(layout)) ?? 'plain',
    numeric,
    exact: given.has('exact'),
    sorted: !given.has('nosort'),
    json,
    proc: given.has('proc'),
  };
}

/** Builds the command when all options are read; checks in the order that the original checks in. */
export function finish(
  command: CommandName,
  settings: OptionSettings,
  given: Given,
  words: readonly string[],
): ClassicCommand {
  const timeouts = command === 'set' ? readTimeouts(words) : undefined;
  const leftOver = words[0];
  if (timeouts === undefined && leftOver !== undefined) throw usage(usageText.leftOver(leftOver));
  if (settings.scheduler === '') settings.scheduler = 'wlc';
  const flags =
    settings.schedulerFlags === undefined ? [] : readSchedulerFlags(settings.schedulerFlags, settings.scheduler);
  checkLegality(optionNames, given, commandLegality[command], usageText, command);
  switch (command) {
    case 'add-service':
    case 'edit-service': {
      const service = serviceFromSettings(settings, flags);
      checkServiceSettings(service);
      return { kind: 'change', change: { kind: command, service } };
    }
    case 'delete-service':
      return { kind: 'change', change: { kind: command, key: keyFromSettings(settings) } };
    case 'add-server':
    case 'edit-server':
      return {
        kind: 'change',
        change: { kind: command, key: keyFromSettings(settings), server: serverFromSettings(settings, given) },
      };
    case 'delete-server':
      return {
        kind: 'change',
        change: { kind: command, key: keyFromSettings(settings), server: serverKeyFromSettings(settings) },
      };
    case 'flush':
      return { kind: 'change', change: { kind: 'flush' } };
    case 'zero': {
      const key = given.has('service-address') ? keyFromSettings(settings) : undefined;
      return { kind: 'change', change: { kind: 'zero', key } };
    }
    case 'set':
      return { kind: 'change', change: { kind: 'set-timeouts', timeouts: need(timeouts, usageText.setNeedsThree()) } };
    case 'start-daemon':
      return { kind: 'change', change: { kind: command, daemon: daemonFromSettings(settings) } };
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
