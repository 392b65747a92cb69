import { DecodeError } from '../errors.js';
import { formatAddress, type AddressFamily } from '../model/address.js';
import {
  defaultTunnel,
  forwardingMethods,
  tunnelChecksums,
  tunnelTypes,
  type ServerKey,
  type Tunnel,
} from '../model/server.js';
import { protocolOfNumber, type PersistenceNetmask, type ServiceKey, type VirtualService } from '../model/service.js';
import {
  counterNames,
  type IpvsInfo,
  type ServerEntry,
  type ServerState,
  type ServiceEntry,
  type Statistics,
  type SyncDaemon,
  type Timeouts,
} from '../model/state.js';
import {
  familyNumbers,
  forwardingMask,
  schedulerFlagBits,
  serviceFlag,
  syncRoles,
  tunnelChecksumMask,
} from './numbers.js';
import type { CommandValues, DaemonValues, InfoValues, ServerValues, ServiceValues } from './tables.js';
import { hostIsLittleEndian } from './writer.js';

// The values of attributes to the model. What is missing though the kernel always sends it is a DecodeError.

/** The family of an AF_* number. @throws {DecodeError} for any other; `name` is the attribute's. */
export function familyName(number: number | undefined, name: string): AddressFamily {
  if (number === familyNumbers.inet) return 'inet';
  if (number === familyNumbers.inet6) return 'inet6';
  throw new DecodeError(`${name}: address family ${number ?? 'missing'}, expected 2 (IPv4) or 10 (IPv6)`);
}

function required<T>(value: T | undefined, name: string): T {
  if (value === undefined) throw new DecodeError(`${name}: missing`);
  return value;
}

function netmaskOf(family: AddressFamily, bytes: Uint8Array): PersistenceNetmask {
  if (family === 'inet') return formatAddress('inet', bytes);
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, hostIsLittleEndian);
}

/** What identifies a service of a reply. */
export function serviceKeyOf(values: ServiceValues): ServiceKey {
  const family = familyName(values.family, 'IPVS_SVC_ATTR_AF');
  if (values.fwmark !== undefined && values.fwmark !== 0) return { family, fwmark: values.fwmark };
  return {
    family,
    protocol: protocolOfNumber(required(values.protocol, 'IPVS_SVC_ATTR_PROTOCOL')),
    address: formatAddress(family, required(values.address, 'IPVS_SVC_ATTR_ADDR')),
    port: required(values.port, 'IPVS_SVC_ATTR_PORT'),
  };
}

/** Counters in 64 bits where the kernel sends them so, else in 32; 0 where a counter is missing. */
function statisticsOf(values: ServiceValues | ServerValues): Statistics {
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

function tunnelOf({ tunnelType = 0, tunnelPort = 0, tunnelFlags = 0 }: ServerValues): Tunnel {
  return {
    type: tunnelTypes[tunnelType] ?? tunnelType,
    port: tunnelPort,
    checksum: tunnelChecksums[tunnelFlags & tunnelChecksumMask] ?? defaultTunnel.checksum,
  };
}

/**
 * What identifies a real server of a reply.
 * @param serviceFamily the family of its service: kernels before 3.18 knew no other for its servers, and did not send it.
 */
export function serverKeyOf(values: ServerValues, serviceFamily: AddressFamily): ServerKey {
  const family = values.family === undefined ? serviceFamily : familyName(values.family, 'IPVS_DEST_ATTR_ADDR_FAMILY');
  const address = formatAddress(family, required(values.address, 'IPVS_DEST_ATTR_ADDR'));
  return { family, address, port: required(values.port, 'IPVS_DEST_ATTR_PORT') };
}

/** A real server of a reply, without its counters. @param serviceFamily as for `serverKeyOf`. */
export function serverStateOf(values: ServerValues, serviceFamily: AddressFamily): ServerState {
  // No spread: there may be thousands.
  const { family, address, port } = serverKeyOf(values, serviceFamily);
  const forwarding = required(values.forwarding, 'IPVS_DEST_ATTR_FWD_METHOD') & forwardingMask;
  return {
    family,
    address,
    port,
    forwarding: forwardingMethods[forwarding] ?? 'masquerading',
    weight: required(values.weight, 'IPVS_DEST_ATTR_WEIGHT'),
    upperThreshold: values.upperThreshold ?? 0,
    lowerThreshold: values.lowerThreshold ?? 0,
    tunnel: tunnelOf(values),
    activeConnections: values.activeConnections ?? 0,
    inactiveConnections: values.inactiveConnections ?? 0,
    persistentConnections: values.persistentConnections ?? 0,
  };
}

/** A real server of a reply. @param serviceFamily as for `serverKeyOf`. */
export function serverEntryOf(values: ServerValues, serviceFamily: AddressFamily): ServerEntry {
  return { ...serverStateOf(values, serviceFamily), statistics: statisticsOf(values) };
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

/** The reply to getConfig. */
export function timeoutsOf(values: CommandValues): Timeouts {
  return {
    tcp: required(values.timeoutTcp, 'IPVS_CMD_ATTR_TIMEOUT_TCP'),
    tcpFin: required(values.timeoutTcpFin, 'IPVS_CMD_ATTR_TIMEOUT_TCP_FIN'),
    udp: required(values.timeoutUdp, 'IPVS_CMD_ATTR_TIMEOUT_UDP'),
  };
}

/** The reply to getInfo. The version is one number, a byte each. Source: NVERSION in ip_vs.h. */
export function infoOf(values: InfoValues): IpvsInfo {
  const version = required(values.version, 'IPVS_INFO_ATTR_VERSION');
  return {
    version: { major: (version >>> 16) & 255, minor: (version >>> 8) & 255, patch: version & 255 },
    connectionTableSize: required(values.connectionTableSize, 'IPVS_INFO_ATTR_CONN_TAB_SIZE'),
  };
}
