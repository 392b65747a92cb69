import { inCanonicalForm } from './address-kind.js';
import { defaultTunnel, type RealServer, type Tunnel } from './server.js';
import { fullNetmask, isFirewallMark, type ServiceKey, type VirtualService } from './service.js';
import type { SyncDaemon } from './state.js';
import type { Table } from './table.js';

/** What the kernel uses where a daemon leaves them unset. Source: start_sync_thread in net/netfilter/ipvs/ip_vs_sync.c. */
export const daemonDefaults = { group: '224.0.0.81', port: 8848, ttl: 1 } as const;

function canonicalKey(key: ServiceKey): ServiceKey {
  if (isFirewallMark(key)) return key;
  const address = inCanonicalForm(key.address);
  return address === key.address ? key : { ...key, address };
}

/**
 * A service's configuration without anything more (a `ServiceEntry` has counters) and without what has no effect, so
 * that equal services are equal: a netmask without persistence, one-packet scheduling of TCP or SCTP. Its address is in
 * canonical form.
 */
export function canonicalService(service: VirtualService): VirtualService {
  const { key, scheduler, schedulerFlags, persistenceTimeout, persistenceEngine } = service;
  const { onePacket, persistenceNetmask } = service;
  return {
    key: canonicalKey(key),
    scheduler,
    schedulerFlags: schedulerFlags.length < 2 ? schedulerFlags : [...new Set(schedulerFlags)].sort(),
    onePacket: onePacket && (isFirewallMark(key) || key.protocol === 'udp'),
    persistenceTimeout,
    persistenceNetmask: persistenceTimeout === undefined ? fullNetmask(key.family) : persistenceNetmask,
    persistenceEngine,
  };
}

function canonicalTunnel({ type, port, checksum }: Tunnel): Tunnel {
  if (type === 'ipip') return defaultTunnel;
  return { type, port: type === 'gre' ? 0 : port, checksum };
}

/**
 * A server's configuration without anything more (a `ServerState` has connections) and without what has no effect:
 * tunnel settings that its forwarding method or tunnel type ignores. Its address is in canonical form.
 * @returns the server itself where it is that already: there may be thousands.
 */
export function canonicalServer(server: RealServer): RealServer {
  const { family, port, forwarding, weight, upperThreshold, lowerThreshold } = server;
  const address = inCanonicalForm(server.address);
  const tunnel = forwarding === 'tunneling' ? canonicalTunnel(server.tunnel) : defaultTunnel;
  if (
    address === server.address &&
    tunnel === server.tunnel &&
    !('activeConnections' in server) &&
    !('statistics' in server)
  ) {
    return server;
  }
  return { family, address, port, forwarding, weight, upperThreshold, lowerThreshold, tunnel };
}

/** A daemon with the kernel's defaults for what was left unset, but for the length, which depends on the interface. */
export function canonicalDaemon({
  role,
  syncId,
  interface: name,
  maxLength,
  group,
  port,
  ttl,
}: SyncDaemon): SyncDaemon {
  return {
    role,
    syncId,
    interface: name,
    maxLength,
    group: inCanonicalForm(group ?? daemonDefaults.group),
    port: port === 0 ? daemonDefaults.port : port,
    ttl: ttl === 0 ? daemonDefaults.ttl : ttl,
  };
}

/** All of a table without what has no effect, addresses in canonical form, in its order. */
export function canonicalTable({ services, timeouts, syncDaemons }: Table): Table {
  return {
    services: services.map(({ service, servers }) => ({
      service: canonicalService(service),
      servers: servers.map(canonicalServer),
    })),
    timeouts,
    syncDaemons: syncDaemons?.map(canonicalDaemon),
  };
}
