import { familyOf } from '../model/address.js';
import { inCanonicalForm } from '../model/address-kind.js';
import { defaultTunnel, forwardingOf, type RealServer } from '../model/server.js';
import { fullNetmask, isFirewallMark, schedulerFlagNames, type ServiceKey } from '../model/service.js';
import type { SyncDaemon } from '../model/state.js';
import type { ServiceWithServers, Table } from '../model/table.js';
import type { CheckedDaemon, CheckedDocument, CheckedServer, CheckedService } from './schema.js';

/** Identity of a service: by an address or by a firewall mark, which the schema has checked. */
function keyFromDocument({ address, protocol = 'tcp', port = 0, fwmark, family = 'inet' }: CheckedService): ServiceKey {
  if (address === undefined) return { family, fwmark: fwmark ?? 0 };
  const text = inCanonicalForm(address);
  return { family: familyOf(text), protocol, address: text, port };
}

/** A server of a document; a default of its port is the service's. */
export function serverFromDocument(server: CheckedServer, key: ServiceKey): RealServer {
  const address = inCanonicalForm(server.address);
  const { forwarding, weight, upperThreshold, lowerThreshold, tunnel } = server;
  return {
    family: familyOf(address),
    address,
    // Default as on the command line: the service's.
    port: server.port ?? (isFirewallMark(key) ? 0 : key.port),
    forwarding: forwardingOf(forwarding),
    weight,
    upperThreshold,
    lowerThreshold,
    tunnel: tunnel === undefined ? defaultTunnel : { ...tunnel, port: tunnel.port ?? 0 },
  };
}

function serviceFromDocument(service: CheckedService): ServiceWithServers {
  const key = keyFromDocument(service);
  const { scheduler, onePacket, persistenceTimeout, persistenceNetmask, persistenceEngine } = service;
  const flags = service.schedulerFlags.map(
    (name) => schedulerFlagNames.find((row) => row.name === name)?.flag ?? 'flag-1',
  );
  return {
    service: {
      key,
      scheduler,
      schedulerFlags: [...new Set(flags)].sort(),
      onePacket,
      persistenceTimeout,
      persistenceNetmask: persistenceNetmask ?? fullNetmask(key.family),
      persistenceEngine,
    },
    servers: service.servers.map((server) => serverFromDocument(server, key)),
  };
}

function daemonFromDocument(daemon: CheckedDaemon): SyncDaemon {
  const { role, syncId, maxLength = 0, group, port = 0, ttl = 0 } = daemon;
  return {
    role,
    syncId,
    interface: daemon.interface,
    maxLength,
    group: group === undefined ? undefined : inCanonicalForm(group),
    port,
    ttl,
  };
}

/** The table that a document describes, in the document's order, with settings as they are written: see `checkTable`. */
export function tableOf({ services, timeouts, syncDaemons }: CheckedDocument): Table {
  return {
    services: services.map(serviceFromDocument),
    timeouts: timeouts && { tcp: timeouts.tcp ?? 0, tcpFin: timeouts.tcpFin ?? 0, udp: timeouts.udp ?? 0 },
    syncDaemons: syncDaemons?.map(daemonFromDocument),
  };
}
