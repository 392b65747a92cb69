import type { AddressFamily } from './address.js';

/**
 * Forwarding methods by the kernel's number. Source: IP_VS_CONN_F_* in include/uapi/linux/ip_vs.h.
 * `bypass` (sent on to their destination) is set by the kernel alone; `forwarding-5` to `forwarding-7` have no
 * meaning yet, but another program can set them.
 */
export const forwardingMethods = [
  'masquerading',
  'local',
  'tunneling',
  'direct-routing',
  'bypass',
  'forwarding-5',
  'forwarding-6',
  'forwarding-7',
] as const;

/** How packets reach a real server. */
export type ForwardingMethod = (typeof forwardingMethods)[number];

/** Other spellings of forwarding methods that are accepted: LVS's short names, those of listings, British English. */
export const forwardingAliases = {
  dr: 'direct-routing',
  Route: 'direct-routing',
  nat: 'masquerading',
  Masq: 'masquerading',
  tun: 'tunneling',
  Tunnel: 'tunneling',
  tunnelling: 'tunneling',
} as const satisfies Readonly<Record<string, ForwardingMethod>>;

type ForwardingAlias = keyof typeof forwardingAliases;

/** A forwarding method as it may be written. */
export type ForwardingSpelling = ForwardingMethod | ForwardingAlias;

function isAlias(word: string): word is ForwardingAlias {
  return Object.hasOwn(forwardingAliases, word);
}

/** Every spelling of every forwarding method, the methods' own names first. */
export const forwardingSpellings: readonly ForwardingSpelling[] = [
  ...forwardingMethods,
  ...Object.keys(forwardingAliases).filter(isAlias),
];

/** True for a spelling of a forwarding method. */
export function isForwardingSpelling(word: string): word is ForwardingSpelling {
  return isAlias(word) || forwardingMethods.some((method) => method === word);
}

/** The forwarding method that a spelling stands for. */
export function forwardingOf(spelling: ForwardingSpelling): ForwardingMethod {
  return isAlias(spelling) ? forwardingAliases[spelling] : spelling;
}

/** Tunnel types by the kernel's number. Source: IP_VS_CONN_F_TUNNEL_TYPE_* in include/uapi/linux/ip_vs.h. */
export const tunnelTypes = ['ipip', 'gue', 'gre'] as const;

/** Encapsulation of a tunnel. */
export type TunnelType = (typeof tunnelTypes)[number];

/**
 * Outer checksums of a gue or gre tunnel by the kernel's flags: IP_VS_TUNNEL_ENCAP_FLAG_CSUM is bit 0, _REMCSUM bit 1.
 * `csum+remcsum` can only have been set by another program.
 */
export const tunnelChecksums = ['nocsum', 'csum', 'remcsum', 'csum+remcsum'] as const;

/** Outer checksum of a gue or gre tunnel. */
export type TunnelChecksum = (typeof tunnelChecksums)[number];

/** Encapsulation towards a real server that is reached by tunneling. */
export interface Tunnel {
  /** A number stands for a type of a newer kernel. */
  readonly type: TunnelType | number;
  /** UDP port that the real server decapsulates at, 1..65535; 0: none. Only for gue. */
  readonly port: number;
  readonly checksum: TunnelChecksum;
}

/** Identity of a real server within its service. */
export interface ServerKey {
  readonly family: AddressFamily;
  /** Address in canonical text form. */
  readonly address: string;
  /** Port, 0..65535. 0: that of the packet, for services with port 0. */
  readonly port: number;
}

/** A server's identity among those of its service, for a map. */
export function serverId({ address, port }: ServerKey): string {
  return `${address} ${port}`;
}

/** Configuration of a real server (destination), as the kernel keeps it. */
export interface RealServer extends ServerKey {
  readonly forwarding: ForwardingMethod;
  /** Share of new connections relative to other servers, 0..2147483647. 0: no new ones (quiesced). */
  readonly weight: number;
  /** No new connections from this many on, 0..4294967295. 0: no limit. */
  readonly upperThreshold: number;
  /** New connections again below this many. 0: three quarters of the upper threshold. */
  readonly lowerThreshold: number;
  /** How packets are wrapped; counts for `tunneling` only. */
  readonly tunnel: Tunnel;
}

/** True for tunnels with the same settings. */
export function sameTunnel(a: Tunnel, b: Tunnel): boolean {
  return a === b || (a.type === b.type && a.port === b.port && a.checksum === b.checksum);
}

/** The kernel's default: IP in IP. */
export const defaultTunnel: Tunnel = { type: 'ipip', port: 0, checksum: 'nocsum' };
