import type { AddressFamily } from '../model/address.js';
import type { ForwardingMethod, ServerKey, TunnelType } from '../model/server.js';
import type { AddressServiceKey, Protocol } from '../model/service.js';
import type { ServerEntry, ServiceEntry, SyncDaemon, Timeouts } from '../model/state.js';

/** TCP port of FTP, whose data connections IPVS finds by this port too. */
export const ftpPort = 21;

/** An address of an interface. */
export interface InterfaceAddress {
  readonly family: AddressFamily;
  /** Canonical text form. */
  readonly address: string;
  readonly prefixLength: number;
  /** Another host has the address too (IPv6), so that this one does not use it. */
  readonly duplicate: boolean;
}

/** A network interface. Source of the flags: IFF_* in include/uapi/linux/if.h. */
export interface NetworkInterface {
  readonly name: string;
  /** Set up by the administrator. */
  readonly up: boolean;
  /** False where the interface is up and nothing is at the other end of the cable. */
  readonly carrier: boolean;
  readonly loopback: boolean;
  /** Whether it sends and answers ARP requests (no IFF_NOARP); false for tunnels and dummies. */
  readonly arp: boolean;
  readonly multicast: boolean;
  /** Kind of a virtual interface, such as `dummy` or `ipip`; empty for a physical one. */
  readonly kind: string;
  readonly addresses: readonly InterfaceAddress[];
}

/** The route to an address. */
export type Route =
  | { readonly kind: 'local' }
  | {
      readonly kind: 'unicast';
      /** Name of the outgoing interface. */
      readonly interface: string;
      /** The router; undefined: the address itself is on that network. */
      readonly gateway: string | undefined;
    }
  | {
      readonly kind: 'none';
      /** The kernel's error message, such as `Network is unreachable`. */
      readonly reason: string;
    };

/** A local socket that accepts connections, or, for UDP, packets from any address. */
export interface Listener {
  readonly protocol: ListenerProtocol;
  readonly family: AddressFamily;
  /** Canonical text form; `0.0.0.0` and `::` stand for every address. */
  readonly address: string;
  readonly port: number;
}

/** Facts about any host. */
export interface HostFacts {
  readonly interfaces: readonly NetworkInterface[];
  /** By the address in canonical text form. */
  readonly routes: ReadonlyMap<string, Route>;
  readonly defaultRoutes: Readonly<Partial<Record<AddressFamily, Route>>>;
  /** By path below /proc/sys, such as `net/ipv4/ip_forward`; those that the kernel doesn't have are missing. */
  readonly sysctls: ReadonlyMap<string, string>;
  readonly listeners: readonly Listener[];
  /** Release of the kernel, such as 6 and 1. */
  readonly kernel: { readonly major: number; readonly minor: number };
}

/** A service with its servers and counters. */
export interface ServiceFacts {
  readonly service: ServiceEntry;
  readonly servers: readonly ServerEntry[];
}

/** Connections to one server that is not in the table. */
export interface OrphanGroup {
  /** The protocol and virtual address of the connections: a service, unless that was removed too. */
  readonly service: AddressServiceKey;
  readonly server: ServerKey;
  /** How many there are, from 1. */
  readonly connections: number;
}

/** Connections whose server is not in the table. */
export interface Orphans {
  /** All of them, those of no group included. */
  readonly connections: number;
  /** The groups that were found first, the largest first. */
  readonly groups: readonly OrphanGroup[];
}

/** Facts about a director. */
export interface DirectorFacts extends HostFacts {
  /** Whether the kernel has IPVS; without it there is no table. */
  readonly hasIpvs: boolean;
  readonly services: readonly ServiceFacts[];
  readonly syncDaemons: readonly SyncDaemon[];
  /** How long idle connections stay in the connection table; undefined without IPVS. */
  readonly timeouts: Timeouts | undefined;
  /** Connections whose server is not in the table. */
  readonly orphans: Orphans;
  /** Whether another director has reported a connection that is open; false where no backup runs. */
  readonly hasSyncedConnections: boolean;
  /** Whether the helper for FTP through NAT (ip_vs_ftp) is loaded. */
  readonly hasFtpHelper: boolean;
}

/** How a real server is reached; `local` and the rest concern nobody but the director. */
export const realServerForwardings = [
  'direct-routing',
  'tunneling',
  'masquerading',
] as const satisfies readonly ForwardingMethod[];

/** One of them. */
export type RealServerForwarding = (typeof realServerForwardings)[number];

/** Protocols whose listeners can be seen. */
export const listenerProtocols = ['tcp', 'udp'] as const satisfies readonly Protocol[];

/** One of them. */
export type ListenerProtocol = (typeof listenerProtocols)[number];

/** Facts about a real server, and the service that it is examined for. */
export interface RealServerFacts extends HostFacts {
  /** The virtual address in canonical text form. */
  readonly vip: string;
  readonly family: AddressFamily;
  readonly forwarding: RealServerForwarding;
  /** Ports that something has to listen on. */
  readonly ports: readonly number[];
  readonly protocol: ListenerProtocol;
  readonly tunnel: TunnelType;
  /** UDP port of a `gue` tunnel. */
  readonly tunnelPort: number;
  /** The director's address on the network of the real servers; undefined: not given. */
  readonly director: string | undefined;
}
