import { DecodeError, ValueError } from '../errors.js';
import { addressBytes, formatAddress, parseIpv4, type AddressFamily } from '../model/address.js';
import type { Change } from '../model/change.js';
import { column, counterCount, rowSize, type ServerRows } from '../model/server-rows.js';
import { forwardingMethods, tunnelChecksums, tunnelTypes, type RealServer, type ServerKey } from '../model/server.js';
import {
  isFirewallMark,
  protocolNumbers,
  type PersistenceNetmask,
  type Protocol,
  type SchedulerFlag,
  type ServiceKey,
  type VirtualService,
} from '../model/service.js';
import {
  counterNames,
  type IpvsInfo,
  type ServiceEntry,
  type Statistics,
  type SyncDaemon,
  type SyncRole,
  type Timeouts,
} from '../model/state.js';
import { u64 } from './codec.js';
import type { ReplyPayload } from './message.js';
import {
  commandAttributes,
  ipvsCommand,
  serverAttributes,
  statistics32,
  statistics64,
  type CommandValues,
  type DaemonValues,
  type InfoValues,
  type ServerValues,
  type ServiceValues,
} from './tables.js';
import { hostIsLittleEndian } from './writer.js';

/** AF_INET, AF_INET6. Source: include/linux/socket.h. */
const familyNumbers: Readonly<Record<AddressFamily, number>> = { inet: 2, inet6: 10 };
/** IP_VS_SVC_F_*. */
const serviceFlag = { persistent: 0x1, onePacket: 0x4 } as const;
/** IP_VS_SVC_F_SCHED1..3. */
const schedulerFlagBits: readonly (readonly [SchedulerFlag, number])[] = [
  ['flag-1', 0x8],
  ['flag-2', 0x10],
  ['flag-3', 0x20],
];
/** IP_VS_CONN_F_FWD_MASK. */
const forwardingMask = 7;
/** IP_VS_TUNNEL_ENCAP_FLAG_CSUM and _REMCSUM. */
const tunnelChecksumMask = 3;
/** By IP_VS_STATE_*. */
const syncRoles: readonly (SyncRole | undefined)[] = [undefined, 'master', 'backup'];

function familyName(number: number | undefined, name: string): AddressFamily {
  if (number === familyNumbers.inet) return 'inet';
  if (number === familyNumbers.inet6) return 'inet6';
  throw new DecodeError(`${name}: address family ${number ?? 'missing'}, expected 2 (IPv4) or 10 (IPv6)`);
}

function required<T>(value: T | undefined, name: string): T {
  if (value === undefined) throw new DecodeError(`${name}: missing`);
  return value;
}

/** Where a word stands in a list of the kernel's numbers. JavaScript callers may give any. */
function numberOf<T>(words: readonly T[], word: T, name: string): number {
  const number = words.indexOf(word);
  if (number < 0) throw new ValueError(`${name}: ${String(word)} is none of ${words.filter(Boolean).join(', ')}`);
  return number;
}

function protocolNumber(protocol: Protocol): number {
  if (!Object.hasOwn(protocolNumbers, protocol)) {
    throw new ValueError(`IPVS_SVC_ATTR_PROTOCOL: ${protocol} is none of ${Object.keys(protocolNumbers).join(', ')}`);
  }
  return protocolNumbers[protocol];
}

/** An address in the 16 bytes of union nf_inet_addr, unused ones zero. */
function wideAddress(family: AddressFamily, address: string): Uint8Array {
  if (family === 'inet6') return textToBytes(family, address);
  const value = parseIpv4(address);
  if (value === undefined) throw new ValueError(`not an IPv4 address: ${address}`);
  const wide = new Uint8Array(16);
  wide[0] = value >>> 24;
  wide[1] = value >>> 16;
  wide[2] = value >>> 8;
  wide[3] = value;
  return wide;
}

function textToBytes(family: AddressFamily, address: string): Uint8Array {
  try {
    return addressBytes(family, address);
  } catch (error) {
    if (error instanceof RangeError) throw new ValueError(error.message);
    throw error;
  }
}

function netmaskBytes(family: AddressFamily, netmask: PersistenceNetmask): Uint8Array {
  if (family === 'inet') return textToBytes('inet', String(netmask));
  const length = Number(netmask);
  if (!Number.isInteger(length)) throw new ValueError(`IPVS_SVC_ATTR_NETMASK: ${netmask} is no prefix length`);
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, length, hostIsLittleEndian);
  return bytes;
}

function netmaskOf(family: AddressFamily, bytes: Uint8Array): PersistenceNetmask {
  if (family === 'inet') return formatAddress('inet', bytes);
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, hostIsLittleEndian);
}

/** The attributes that name a service. */
export function serviceKeyValues(key: ServiceKey): ServiceValues {
  const family = familyNumbers[key.family];
  if (isFirewallMark(key)) return { family, fwmark: key.fwmark };
  return {
    family,
    protocol: protocolNumber(key.protocol),
    address: wideAddress(key.family, key.address),
    port: key.port,
  };
}

/** The attributes that configure a service. */
export function serviceValues(service: VirtualService): ServiceValues {
  let flags = 0;
  if (service.persistenceTimeout !== undefined) flags |= serviceFlag.persistent;
  if (service.onePacket) flags |= serviceFlag.onePacket;
  if (service.schedulerFlags.length > 0) {
    for (const [flag, bit] of schedulerFlagBits) if (service.schedulerFlags.includes(flag)) flags |= bit;
  }
  return {
    ...serviceKeyValues(service.key),
    scheduler: service.scheduler,
    flags: { flags, mask: 0xffffffff },
    timeout: service.persistenceTimeout ?? 0,
    netmask: netmaskBytes(service.key.family, service.persistenceNetmask),
    persistenceEngine: service.persistenceEngine,
  };
}

function serviceKeyOf(values: ServiceValues): ServiceKey {
  const family = familyName(values.family, 'IPVS_SVC_ATTR_AF');
  if (values.fwmark !== undefined && values.fwmark !== 0) return { family, fwmark: values.fwmark };
  const number = required(values.protocol, 'IPVS_SVC_ATTR_PROTOCOL');
  const protocol = (Object.keys(protocolNumbers) as Protocol[]).find((name) => protocolNumbers[name] === number);
  if (protocol === undefined) throw new DecodeError(`IPVS_SVC_ATTR_PROTOCOL: unknown protocol ${number}`);
  return {
    family,
    protocol,
    address: formatAddress(family, required(values.address, 'IPVS_SVC_ATTR_ADDR')),
    port: required(values.port, 'IPVS_SVC_ATTR_PORT'),
  };
}

/** Counters in 64 bits where the kernel sends them so, else in 32; 0 where a counter is missing. */
function statisticsOf(values: ServiceValues): Statistics {
  const counters: Partial<Record<keyof Statistics, bigint>> = {};
  const given = values.statistics64 ?? values.statistics32;
  for (const name of counterNames) counters[name] = BigInt(given?.[name] ?? 0);
  return counters as Statistics;
}

/** A service of a reply, without its counters. */
export function serviceOf(values: ServiceValues): VirtualService {
  const key = serviceKeyOf(values);
  const flags = values.flags?.flags ?? 0;
  const engine = values.persistenceEngine;
  return {
    key,
    scheduler: required(values.scheduler, 'IPVS_SVC_ATTR_SCHED_NAME'),
    schedulerFlags: schedulerFlagBits.filter(([, bit]) => (flags & bit) !== 0).map(([flag]) => flag),
    onePacket: (flags & serviceFlag.onePacket) !== 0,
    persistenceTimeout:
      (flags & serviceFlag.persistent) !== 0 ? required(values.timeout, 'IPVS_SVC_ATTR_TIMEOUT') : undefined,
    persistenceNetmask: netmaskOf(key.family, required(values.netmask, 'IPVS_SVC_ATTR_NETMASK')),
    persistenceEngine: engine === undefined || engine === '' ? undefined : engine,
  };
}

/** A service of a reply. */
export function serviceEntryOf(values: ServiceValues): ServiceEntry {
  return { ...serviceOf(values), statistics: statisticsOf(values) };
}

/** The attributes that name a real server. */
export function serverKeyValues(server: ServerKey): ServerValues {
  return {
    family: familyNumbers[server.family],
    address: wideAddress(server.family, server.address),
    port: server.port,
  };
}

/** The attributes that configure a real server. */
export function serverValues(server: RealServer): ServerValues {
  const { type, port, checksum } = server.tunnel;
  return {
    family: familyNumbers[server.family],
    address: wideAddress(server.family, server.address),
    port: server.port,
    forwarding: numberOf(forwardingMethods, server.forwarding, 'IPVS_DEST_ATTR_FWD_METHOD'),
    weight: server.weight,
    upperThreshold: server.upperThreshold,
    lowerThreshold: server.lowerThreshold,
    tunnelType: typeof type === 'number' ? type : numberOf(tunnelTypes, type, 'IPVS_DEST_ATTR_TUN_TYPE'),
    tunnelPort: port,
    tunnelFlags: numberOf(tunnelChecksums, checksum, 'IPVS_DEST_ATTR_TUN_FLAGS'),
  };
}

/** The kernel's numbers of a server's attributes, taken from the table once. */
const type = {
  server: commandAttributes.type('server'),
  address: serverAttributes.type('address'),
  port: serverAttributes.type('port'),
  forwarding: serverAttributes.type('forwarding'),
  weight: serverAttributes.type('weight'),
  family: serverAttributes.type('family'),
  tunnelType: serverAttributes.type('tunnelType'),
  tunnelPort: serverAttributes.type('tunnelPort'),
  tunnelFlags: serverAttributes.type('tunnelFlags'),
  statistics32: serverAttributes.type('statistics32'),
  statistics64: serverAttributes.type('statistics64'),
};

/** Attributes of 32 bits whose number goes into a row as it is. */
const plainNumbers = (
  [
    'weight',
    'upperThreshold',
    'lowerThreshold',
    'activeConnections',
    'inactiveConnections',
    'persistentConnections',
  ] as const
).map((field) => ({ type: serverAttributes.type(field), place: column[field] }));

/** Where an attribute is that has to be there. */
function requiredAt(offsets: Uint32Array, attribute: number): number {
  const at = offsets[attribute] ?? 0;
  if (at === 0) throw new DecodeError(`${serverAttributes.name(attribute)}: missing`);
  return at;
}

/**
 * Adds the real server of a reply to the rows. This is where a listing spends its time, so nothing is made that has to
 * be thrown away.
 * @param serviceFamily the family of its service: kernels before 3.18 knew no other for its servers, and did not say it.
 */
export function appendServer(
  rows: ServerRows,
  { view, offset, length }: ReplyPayload,
  serviceFamily: AddressFamily,
): void {
  const nest = commandAttributes.locate(view, offset, length, 'IPVS answer')[type.server] ?? 0;
  if (nest === 0) throw new DecodeError('IPVS_CMD_ATTR_DEST: missing');
  const offsets = serverAttributes.locate(
    view,
    nest,
    commandAttributes.lengths[type.server] ?? 0,
    'IPVS_CMD_ATTR_DEST',
  );
  const address = requiredAt(offsets, type.address);
  const port = requiredAt(offsets, type.port);
  const forwarding = requiredAt(offsets, type.forwarding);
  requiredAt(offsets, type.weight);
  const familyAt = offsets[type.family] ?? 0;
  const family =
    familyAt === 0
      ? serviceFamily
      : familyName(view.getUint16(familyAt, hostIsLittleEndian), 'IPVS_DEST_ATTR_ADDR_FAMILY');

  const row = rows.add();
  const { numbers } = rows;
  const start = row * rowSize;
  const words = family === 'inet' ? 1 : 4;
  for (let word = 0; word < 4; word++) {
    numbers[start + column.address + word] = word < words ? view.getUint32(address + 4 * word) : 0;
  }
  numbers[start + column.inet6] = family === 'inet' ? 0 : 1;
  numbers[start + column.port] = view.getUint16(port);
  numbers[start + column.forwarding] = view.getUint32(forwarding, hostIsLittleEndian) & forwardingMask;
  for (let index = 0; index < plainNumbers.length; index++) {
    const plain = plainNumbers[index];
    if (plain === undefined) continue;
    const at = offsets[plain.type] ?? 0;
    numbers[start + plain.place] = at === 0 ? 0 : view.getUint32(at, hostIsLittleEndian);
  }
  const tunnelType = offsets[type.tunnelType] ?? 0;
  const tunnelPort = offsets[type.tunnelPort] ?? 0;
  const tunnelFlags = offsets[type.tunnelFlags] ?? 0;
  numbers[start + column.tunnelType] = tunnelType === 0 ? 0 : view.getUint8(tunnelType);
  numbers[start + column.tunnelPort] = tunnelPort === 0 ? 0 : view.getUint16(tunnelPort);
  numbers[start + column.tunnelChecksum] =
    tunnelFlags === 0 ? 0 : view.getUint16(tunnelFlags, hostIsLittleEndian) & tunnelChecksumMask;
  if (rows.keepsCounters) setCounters(rows, row, view, offsets);
}

/** Counters in 64 bits where the kernel sends them so, else in 32; 0 where a counter is missing. */
function setCounters(rows: ServerRows, row: number, view: DataView, offsets: Uint32Array): void {
  const at64 = offsets[type.statistics64] ?? 0;
  const at32 = offsets[type.statistics32] ?? 0;
  if (at64 === 0) {
    const length = serverAttributes.lengths[type.statistics32] ?? 0;
    const values = at32 === 0 ? {} : statistics32.borrow(view, at32, length, 'IPVS_DEST_ATTR_STATS');
    for (let index = 0; index < counterCount; index++) {
      const name = counterNames[index];
      rows.setCounter(row, index, name === undefined ? 0 : (values[name] ?? 0));
    }
    return;
  }
  const length = serverAttributes.lengths[type.statistics64] ?? 0;
  const counters = statistics64.locate(view, at64, length, 'IPVS_DEST_ATTR_STATS64');
  for (let index = 0; index < counterCount; index++) {
    // The kernel counts its attributes from 1.
    const at = counters[index + 1] ?? 0;
    rows.setCounter(row, index, at === 0 ? 0 : u64.decode(view, at, 8, 'IPVS_DEST_ATTR_STATS64'));
  }
}

/** The attributes that start a synchronisation daemon. */
export function daemonValues(daemon: SyncDaemon): DaemonValues {
  const group = daemon.group;
  const inet6 = group?.includes(':') === true;
  return {
    state: numberOf(syncRoles, daemon.role, 'IPVS_DAEMON_ATTR_STATE'),
    interface: daemon.interface,
    syncId: daemon.syncId,
    maxLength: daemon.maxLength === 0 ? undefined : daemon.maxLength,
    group: group === undefined || inet6 ? undefined : textToBytes('inet', group),
    group6: group !== undefined && inet6 ? textToBytes('inet6', group) : undefined,
    port: daemon.port === 0 ? undefined : daemon.port,
    ttl: daemon.ttl === 0 ? undefined : daemon.ttl,
  };
}

/** A synchronisation daemon of a reply. */
export function daemonOf(values: DaemonValues): SyncDaemon {
  const role = syncRoles[required(values.state, 'IPVS_DAEMON_ATTR_STATE')];
  let group: string | undefined;
  if (values.group6 !== undefined) group = formatAddress('inet6', values.group6);
  else if (values.group !== undefined) group = formatAddress('inet', values.group);
  return {
    role: required(role, 'IPVS_DAEMON_ATTR_STATE'),
    syncId: values.syncId ?? 0,
    interface: values.interface ?? '',
    maxLength: values.maxLength ?? 0,
    group,
    port: values.port ?? 0,
    ttl: values.ttl ?? 0,
  };
}

/** The answer to getConfig. */
export function timeoutsOf(values: CommandValues): Timeouts {
  return {
    tcp: required(values.timeoutTcp, 'IPVS_CMD_ATTR_TIMEOUT_TCP'),
    tcpFin: required(values.timeoutTcpFin, 'IPVS_CMD_ATTR_TIMEOUT_TCP_FIN'),
    udp: required(values.timeoutUdp, 'IPVS_CMD_ATTR_TIMEOUT_UDP'),
  };
}

/** The answer to getInfo. The version is one number, a byte each. Source: NVERSION in ip_vs.h. */
export function infoOf(values: InfoValues): IpvsInfo {
  const version = required(values.version, 'IPVS_INFO_ATTR_VERSION');
  return {
    version: { major: (version >>> 16) & 255, minor: (version >>> 8) & 255, patch: version & 255 },
    connectionTableSize: required(values.connectionTableSize, 'IPVS_INFO_ATTR_CONN_TAB_SIZE'),
  };
}

/**
 * The command and attributes that make a change.
 * @param service the attributes that name the service of a server, where they are known already.
 */
export function changeValues(
  change: Change,
  service?: ServiceValues,
): { readonly command: number; readonly values: CommandValues } {
  switch (change.kind) {
    case 'add-service':
      return { command: ipvsCommand.newService, values: { service: serviceValues(change.service) } };
    case 'edit-service':
      return { command: ipvsCommand.setService, values: { service: serviceValues(change.service) } };
    case 'delete-service':
      return { command: ipvsCommand.delService, values: { service: serviceKeyValues(change.key) } };
    case 'add-server':
      return { command: ipvsCommand.newDest, values: serverChange(change.key, serverValues(change.server), service) };
    case 'edit-server':
      return { command: ipvsCommand.setDest, values: serverChange(change.key, serverValues(change.server), service) };
    case 'delete-server':
      return {
        command: ipvsCommand.delDest,
        values: serverChange(change.key, serverKeyValues(change.server), service),
      };
    case 'flush':
      return { command: ipvsCommand.flush, values: {} };
    case 'zero':
      return {
        command: ipvsCommand.zero,
        values: change.key === undefined ? {} : { service: serviceKeyValues(change.key) },
      };
    case 'set-timeouts':
      return {
        command: ipvsCommand.setConfig,
        values: {
          timeoutTcp: change.timeouts.tcp,
          timeoutTcpFin: change.timeouts.tcpFin,
          timeoutUdp: change.timeouts.udp,
        },
      };
    case 'start-daemon':
      return { command: ipvsCommand.newDaemon, values: { daemon: daemonValues(change.daemon) } };
    case 'stop-daemon':
      return {
        command: ipvsCommand.delDaemon,
        values: { daemon: { state: numberOf(syncRoles, change.role, 'IPVS_DAEMON_ATTR_STATE') } },
      };
  }
}

function serverChange(key: ServiceKey, server: ServerValues, service = serviceKeyValues(key)): CommandValues {
  return { service, server };
}
