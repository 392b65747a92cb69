import { ValueError } from '../errors.js';
import { addressBytes, parseIpv4, type AddressFamily } from '../model/address.js';
import type { Change } from '../model/change.js';
import { forwardingMethods, tunnelChecksums, tunnelTypes, type RealServer, type ServerKey } from '../model/server.js';
import {
  isFirewallMark,
  protocolNumber,
  protocolNumbers,
  type AddressServiceKey,
  type PersistenceNetmask,
  type ServiceKey,
  type VirtualService,
} from '../model/service.js';
import type { SyncDaemon } from '../model/state.js';
import { familyNumbers, schedulerFlagBits, serviceFlag, syncRoles } from './numbers.js';
import { ipvsCommand, type CommandValues, type DaemonValues, type ServerValues, type ServiceValues } from './tables.js';
import { hostIsLittleEndian } from './writer.js';

// The model to the values of attributes.

/** Where a word stands in a list of the kernel's numbers. JavaScript callers may give any. */
function numberOf<T>(words: readonly T[], word: T, name: string): number {
  const number = words.indexOf(word);
  if (number < 0) throw new ValueError(`${name}: ${String(word)} is none of ${words.filter(Boolean).join(', ')}`);
  return number;
}

function serviceProtocol({ protocol }: AddressServiceKey): number {
  const number = protocolNumber(protocol);
  if (Number.isNaN(number)) {
    throw new ValueError(`IPVS_SVC_ATTR_PROTOCOL: ${protocol} is none of ${Object.keys(protocolNumbers).join(', ')}`);
  }
  return number;
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

/** The attributes that name a service. */
export function serviceKeyValues(key: ServiceKey): ServiceValues {
  const family = familyNumbers[key.family];
  if (isFirewallMark(key)) return { family, fwmark: key.fwmark };
  return {
    family,
    protocol: serviceProtocol(key),
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

/** The command and attributes that make a change. */
export function changeValues(change: Change): { readonly command: number; readonly values: CommandValues } {
  switch (change.kind) {
    case 'add-service':
      return { command: ipvsCommand.newService, values: { service: serviceValues(change.service) } };
    case 'edit-service':
      return { command: ipvsCommand.setService, values: { service: serviceValues(change.service) } };
    case 'delete-service':
      return { command: ipvsCommand.delService, values: { service: serviceKeyValues(change.key) } };
    case 'add-server':
      return {
        command: ipvsCommand.newDest,
        values: { service: serviceKeyValues(change.key), server: serverValues(change.server) },
      };
    case 'edit-server':
      return {
        command: ipvsCommand.setDest,
        values: { service: serviceKeyValues(change.key), server: serverValues(change.server) },
      };
    case 'delete-server':
      return {
        command: ipvsCommand.delDest,
        values: { service: serviceKeyValues(change.key), server: serverKeyValues(change.server) },
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
