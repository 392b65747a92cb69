// The text of /proc/net/ip_vs in, a table to read out: for who may not ask the kernel. It has no more than the file has.

import { constants } from 'node:os';
import type { IpvsClient } from '../client/client.js';
import { KernelError, UnavailableError } from '../errors.js';
import { formatIpv4, parseIpv6, formatIpv6 } from '../model/address.js';
import { realServer } from '../model/build.js';
import { column, type ServerRows } from '../model/server-rows.js';
import { forwardingMethods, type ForwardingMethod } from '../model/server.js';
import {
  describeService,
  fullNetmask,
  serviceId,
  type PersistenceNetmask,
  type Protocol,
  type ServiceKey,
} from '../model/service.js';
import {
  unknownStatistics,
  type IpvsInfo,
  type ServerEntry,
  type ServerState,
  type ServiceEntry,
} from '../model/state.js';

/** What listings need of a client. */
export type TableReader = Pick<
  IpvsClient,
  'info' | 'services' | 'service' | 'servers' | 'serverStates' | 'readServers' | 'timeouts' | 'syncDaemons'
>;

/** The table as text. Source: ip_vs_info_seq_show in net/netfilter/ipvs/ip_vs_ctl.c. */
export const procTable = '/proc/net/ip_vs';

/** What the file does not have, for people. */
export const missingInProc = 'without counters, thresholds, tunnels, flags and persistent connections';

const protocols: Readonly<Record<string, Protocol>> = { TCP: 'tcp', UDP: 'udp', SCTP: 'sctp' };
const forwardings: Readonly<Record<string, ForwardingMethod>> = {
  Masq: 'masquerading',
  Local: 'local',
  Tunnel: 'tunneling',
  Route: 'direct-routing',
  Bypass: 'bypass',
};

const titleLine = /^IP Virtual Server version (\d+)\.(\d+)\.(\d+) \(size=(\d+)\)$/;
const serviceLine =
  /^(TCP|UDP|SCTP) +(?:\[([0-9A-Fa-f:]+)\]|([0-9A-F]{8})):([0-9A-F]{4}) +(\S+) +(ops )?(?:persistent (\d+) ([0-9A-F]{8}))? *$/;
const markLine = /^FWM +([0-9A-F]{8}) +(\S+) +(ops )?(?:persistent (\d+) ([0-9A-F]{8}))? *$/;
const serverLine = /^ +-> (?:\[([0-9A-Fa-f:]+)\]|([0-9A-F]{8})):([0-9A-F]{4}) +(\S+) +(-?\d+) +(\d+) +(\d+) *$/;

interface Entry {
  service: ServiceEntry;
  readonly servers: ServerEntry[];
}

function hex(text: string | undefined): number {
  return Number.parseInt(text ?? '0', 16);
}

/** The kernel writes IPv6 addresses here in full. */
function addressOf(inet6: string | undefined, inet: string | undefined): string {
  return inet6 === undefined ? formatIpv4(hex(inet)) : formatIpv6(parseIpv6(inet6) ?? new Uint8Array(16));
}

function netmaskOf({ family }: ServiceKey, text: string | undefined): PersistenceNetmask {
  if (text === undefined) return fullNetmask(family);
  // Of IPv6 it is a length, in the bytes of this machine that the kernel took for those of the network.
  if (family === 'inet6') return hex(text.match(/../g)?.reverse().join(''));
  return formatIpv4(hex(text));
}

function serviceEntry(
  key: ServiceKey,
  ticks: number,
  [scheduler = '', ops, timeout, netmask]: readonly (string | undefined)[],
): ServiceEntry {
  return {
    key,
    scheduler,
    schedulerFlags: [],
    onePacket: ops !== undefined,
    persistenceTimeout: timeout === undefined ? undefined : Math.round(Number(timeout) / ticks),
    persistenceNetmask: netmaskOf(key, netmask),
    persistenceEngine: undefined,
    statistics: unknownStatistics,
  };
}

/** The table of `/proc/net/ip_vs`, read like that of a client. Lines that are none of its are left out. */
export class ProcTable implements TableReader {
  readonly info: IpvsInfo;
  readonly #entries: readonly Entry[];

  /**
   * @param text the file's.
   * @param ticks how many ticks of the kernel are a second (CONFIG_HZ): the file has persistence timeouts in ticks.
   */
  constructor(text: string, ticks: number) {
    const [, major, minor, patch, size] = titleLine.exec(text.split('\n', 1)[0] ?? '') ?? [];
    this.info = {
      version: { major: Number(major ?? 0), minor: Number(minor ?? 0), patch: Number(patch ?? 0) },
      connectionTableSize: Number(size ?? 0),
    };
    this.#entries = readEntries(text, ticks);
  }

  services(): Promise<ServiceEntry[]> {
    return Promise.resolve(this.#entries.map(({ service }) => service));
  }

  service(key: ServiceKey): Promise<ServiceEntry> {
    const entry = this.#find(key);
    if (entry !== undefined) return Promise.resolve(entry.service);
    return Promise.reject(new KernelError(constants.errno.ESRCH, 'list', describeService(key)));
  }

  servers(key: ServiceKey): Promise<ServerEntry[]> {
    return Promise.resolve([...(this.#find(key)?.servers ?? [])]);
  }

  serverStates(key: ServiceKey): Promise<ServerState[]> {
    return this.servers(key);
  }

  readServers(key: ServiceKey, rows: ServerRows): Promise<void> {
    rows.clear();
    for (const server of this.#find(key)?.servers ?? []) addRow(rows, server);
    return Promise.resolve();
  }

  timeouts(): Promise<never> {
    return Promise.reject(new UnavailableError(constants.errno.EPERM));
  }

  syncDaemons(): Promise<never> {
    return Promise.reject(new UnavailableError(constants.errno.EPERM));
  }

  #find(key: ServiceKey): Entry | undefined {
    return this.#entries.find(({ service }) => serviceId(service.key) === serviceId(key));
  }
}

function readEntries(text: string, ticks: number): Entry[] {
  const entries: Entry[] = [];
  for (const line of text.split('\n')) {
    const service = readService(line, ticks);
    if (service !== undefined) {
      entries.push({ service, servers: [] });
      continue;
    }
    const current = entries.at(-1);
    const server = current === undefined ? undefined : readServer(line);
    if (current === undefined || server === undefined) continue;
    // The family of a mark is not written: it is that of its servers.
    if ('fwmark' in current.service.key && current.servers.length === 0 && server.family === 'inet6') {
      const key = { ...current.service.key, family: server.family };
      current.service = { ...current.service, key, persistenceNetmask: fullNetmask('inet6') };
    }
    current.servers.push(server);
  }
  return entries;
}

function readService(line: string, ticks: number): ServiceEntry | undefined {
  const mark = markLine.exec(line);
  if (mark !== null) return serviceEntry({ family: 'inet', fwmark: hex(mark[1]) }, ticks, mark.slice(2));
  const [, protocol = '', inet6, inet, port, ...settings] = serviceLine.exec(line) ?? [];
  const known = protocols[protocol];
  if (known === undefined) return undefined;
  const family = inet6 === undefined ? 'inet' : 'inet6';
  return serviceEntry({ family, protocol: known, address: addressOf(inet6, inet), port: hex(port) }, ticks, settings);
}

function readServer(line: string): ServerEntry | undefined {
  const found = serverLine.exec(line);
  if (found === null) return undefined;
  const [, inet6, inet, port, forwarding = '', weight, active, inactive] = found;
  return {
    ...realServer({
      address: addressOf(inet6, inet),
      port: hex(port),
      forwarding: forwardings[forwarding] ?? 'masquerading',
      weight: Number(weight),
    }),
    activeConnections: Number(active),
    inactiveConnections: Number(inactive),
    persistentConnections: 0,
    statistics: unknownStatistics,
  };
}

function addRow(rows: ServerRows, server: ServerEntry): void {
  const row = rows.add();
  rows.setAddress(row, server);
  rows.setNumber(row, column.port, server.port);
  rows.setNumber(row, column.forwarding, forwardingMethods.indexOf(server.forwarding));
  for (const name of ['weight', 'activeConnections', 'inactiveConnections'] as const)
    rows.setNumber(row, column[name], server[name]);
}
