import type { AddressFamily } from './address.js';

/** Transport protocol of a virtual service. */
export type Protocol = 'tcp' | 'udp' | 'sctp';

/** Transport protocols that IPVS balances, with their numbers. Source: IPPROTO_* in include/uapi/linux/in.h. */
export const protocolNumbers = { tcp: 6, udp: 17, sctp: 132 } as const satisfies Readonly<Record<Protocol, number>>;

/** The protocols by name. */
export const protocols = ['tcp', 'udp', 'sctp'] as const satisfies readonly Protocol[];

/** A protocol that only a newer kernel has services for, by its number, 0..65535; it is read, and has no rule. */
export type UnknownProtocol = `protocol-${number}`;

/** True for a protocol that can be configured. */
export function isKnownProtocol(protocol: Protocol | UnknownProtocol): protocol is Protocol {
  return Object.hasOwn(protocolNumbers, protocol);
}

/** The protocol of a number. */
export function protocolOfNumber(number: number): Protocol | UnknownProtocol {
  const known = (Object.keys(protocolNumbers) as Protocol[]).find((name) => protocolNumbers[name] === number);
  return known ?? `protocol-${number}`;
}

/** The number of a protocol; NaN for a word that is none. */
export function protocolNumber(protocol: Protocol | UnknownProtocol): number {
  return isKnownProtocol(protocol) ? protocolNumbers[protocol] : Number(/^protocol-(\d+)$/.exec(protocol)?.[1]);
}

/** A protocol for people: `TCP`, or the number of one that is not known. */
export function protocolLabel(protocol: Protocol | UnknownProtocol): string {
  return isKnownProtocol(protocol) ? protocol.toUpperCase() : String(protocolNumber(protocol));
}

/** Identity of a virtual service that is reached at an address. */
export interface AddressServiceKey {
  readonly family: AddressFamily;
  readonly protocol: Protocol | UnknownProtocol;
  /** Virtual address in canonical text form. */
  readonly address: string;
  /** Virtual port, 0..65535. 0: all ports; only for persistent services. */
  readonly port: number;
}

/** Identity of a virtual service that receives packets with a firewall mark. */
export interface FirewallMarkServiceKey {
  readonly family: AddressFamily;
  /** Firewall mark, 1..4294967295. */
  readonly fwmark: number;
}

/** Identity of a virtual service. */
export type ServiceKey = AddressServiceKey | FirewallMarkServiceKey;

/** The three flags that a scheduler may give a meaning to, by bit. Source: IP_VS_SVC_F_SCHED1..3. */
export type SchedulerFlag = 'flag-1' | 'flag-2' | 'flag-3';

/** A name that a flag has for a scheduler, or for every scheduler. */
export interface SchedulerFlagName {
  readonly name: string;
  readonly flag: SchedulerFlag;
  /** Undefined: the name is the same for all. */
  readonly scheduler: string | undefined;
}

/** Names of scheduler flags. Source: IP_VS_SVC_F_SCHED_SH_* and IP_VS_SVC_F_SCHED_MH_* in include/uapi/linux/ip_vs.h. */
export const schedulerFlagNames: readonly SchedulerFlagName[] = [
  { name: 'sh-fallback', flag: 'flag-1', scheduler: 'sh' },
  { name: 'sh-port', flag: 'flag-2', scheduler: 'sh' },
  { name: 'mh-fallback', flag: 'flag-1', scheduler: 'mh' },
  { name: 'mh-port', flag: 'flag-2', scheduler: 'mh' },
  { name: 'flag-1', flag: 'flag-1', scheduler: undefined },
  { name: 'flag-2', flag: 'flag-2', scheduler: undefined },
  { name: 'flag-3', flag: 'flag-3', scheduler: undefined },
];

/** The part of a client's address that persistence looks at: an IPv4 mask as dotted quad, or an IPv6 prefix length 1..128. */
export type PersistenceNetmask = string | number;

/** Configuration of a virtual service, as the kernel keeps it. */
export interface VirtualService {
  readonly key: ServiceKey;
  /** Name of the scheduler, 1..15 bytes, such as `wlc`. The kernel reports `none` for a service that lost it. */
  readonly scheduler: string;
  /** Flags of the scheduler that are set; their meaning depends on the scheduler. */
  readonly schedulerFlags: readonly SchedulerFlag[];
  /** Every packet is scheduled on its own. UDP and firewall-mark services only. */
  readonly onePacket: boolean;
  /** Seconds that the kernel remembers which real server a client was given, 1..2678400; undefined: not persistent. */
  readonly persistenceTimeout?: number | undefined;
  /** Clients that agree under this mask go to the same real server. */
  readonly persistenceNetmask: PersistenceNetmask;
  /** Name of the persistence engine, 1..15 bytes, such as `sip`; undefined: clients are distinguished by address. */
  readonly persistenceEngine?: string | undefined;
}

/** The mask with which persistence distinguishes every single client address. */
export function fullNetmask(family: AddressFamily): PersistenceNetmask {
  return family === 'inet' ? '255.255.255.255' : 128;
}

/** True for a service that is identified by a firewall mark. */
export function isFirewallMark(key: ServiceKey): key is FirewallMarkServiceKey {
  return 'fwmark' in key;
}

/** False for a service of a protocol that only a newer kernel knows: neither rules nor documents have a word for it. */
export function hasKnownProtocol(key: ServiceKey): boolean {
  return isFirewallMark(key) || isKnownProtocol(key.protocol);
}

/** A service's identity for a map. */
export function serviceId(key: ServiceKey): string {
  return isFirewallMark(key) ? `${key.family} ${key.fwmark}` : `${key.protocol} ${key.address} ${key.port}`;
}

/** A service's identity for people, such as `TCP 192.0.2.1:80` or `FWM 7 IPv6`. */
export function describeService(key: ServiceKey): string {
  if (isFirewallMark(key)) return `FWM ${key.fwmark}${key.family === 'inet6' ? ' IPv6' : ''}`;
  return `${protocolLabel(key.protocol)} ${describeEndpoint(key)}`;
}

/** An address and port for people: `192.0.2.1:80`, `[2001:db8::1]:80`. */
export function describeEndpoint(endpoint: { family: AddressFamily; address: string; port: number }): string {
  const { family, address, port } = endpoint;
  return family === 'inet6' ? `[${address}]:${port}` : `${address}:${port}`;
}
