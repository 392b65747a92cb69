import { ValueError } from '../errors.js';
import { canonicalAddress } from './address-kind.js';
import { familyOf, type AddressFamily } from './address.js';
import { defaultTunnel, type RealServer, type Tunnel } from './server.js';
import {
  fullNetmask,
  type AddressServiceKey,
  type FirewallMarkServiceKey,
  type Protocol,
  type VirtualService,
} from './service.js';
import type { SyncDaemon, SyncRole } from './state.js';

/** What a real server is made of; what is left out is as on the command line. */
export interface ServerSettings extends Partial<Omit<RealServer, 'family' | 'address' | 'tunnel'>> {
  /** IPv4 or IPv6 address in any spelling. */
  readonly address: string;
  readonly tunnel?: Partial<Tunnel> | undefined;
}

/** What a virtual service is made of, beside what identifies it; what is left out is as on the command line. */
export type ServiceSettings = Partial<Omit<VirtualService, 'key'>>;

/** What a sync daemon is made of, beside its role and interface; what is left out is as on the command line. */
export type DaemonSettings = Partial<Omit<SyncDaemon, 'role' | 'interface'>>;

function canonical(address: string): { family: AddressFamily; address: string } {
  const text = canonicalAddress(address.replace(/^\[(.*)\]$/, '$1'));
  if (text === undefined) throw new ValueError(`${address} is not an IPv4 or IPv6 address`);
  return { family: familyOf(text), address: text };
}

/**
 * Identity of a service at an address. Default port 0 (all ports), default protocol TCP.
 * @throws {ValueError} where the address is none.
 */
export function serviceAt(address: string, port = 0, protocol: Protocol = 'tcp'): AddressServiceKey {
  return { ...canonical(address), protocol, port };
}

/** Identity of a service that takes packets with a firewall mark, 1..4294967295. Default family IPv4. */
export function serviceMarked(fwmark: number, family: AddressFamily = 'inet'): FirewallMarkServiceKey {
  return { family, fwmark };
}

/** A virtual service with the defaults of the command line: scheduler wlc, not persistent. */
export function virtualService(key: VirtualService['key'], settings: ServiceSettings = {}): VirtualService {
  return {
    key,
    scheduler: 'wlc',
    schedulerFlags: [],
    onePacket: false,
    persistenceTimeout: undefined,
    persistenceEngine: undefined,
    ...settings,
    persistenceNetmask: settings.persistenceNetmask ?? fullNetmask(key.family),
  };
}

/**
 * A real server with the defaults of the command line: direct routing, weight 1, no thresholds, port 0, which is right for
 * services with port 0 and with a firewall mark.
 * @throws {ValueError} where the address is none.
 */
export function realServer({ tunnel, ...settings }: ServerSettings): RealServer {
  return {
    port: 0,
    forwarding: 'direct-routing',
    weight: 1,
    upperThreshold: 0,
    lowerThreshold: 0,
    ...settings,
    ...canonical(settings.address),
    tunnel: { ...defaultTunnel, ...tunnel },
  };
}

/**
 * A synchronisation daemon with the defaults of the command line: identifier 0, and what the kernel takes for the rest.
 * @param interfaceName network interface, 1..15 bytes, that the multicast goes over.
 */
export function syncDaemon(role: SyncRole, interfaceName: string, settings: DaemonSettings = {}): SyncDaemon {
  return { role, syncId: 0, interface: interfaceName, maxLength: 0, port: 0, ttl: 0, ...settings };
}
