import { parseIpv4, parseIpv6 } from '../model/address.js';
import type { ServerKey } from '../model/server.js';
import { isFirewallMark, type Protocol, type ServiceKey } from '../model/service.js';

const familyOrder = { inet: 2, inet6: 10 } as const;
const protocolOrder: Readonly<Record<Protocol, number>> = { tcp: 6, udp: 17, sctp: 132 };

/** How two 32-bit numbers are told apart. */
type Difference = (a: number, b: number) => number;

/**
 * As the original does it: a difference cut to 32 signed bits, so that 192.168.0.1 comes before 10.0.0.1. People
 * compare saved listings, so the classic ones keep it.
 */
const signedDifference: Difference = (a, b) => (a - b) | 0;
const unsignedDifference: Difference = (a, b) => a - b;

interface Place {
  readonly family: 'inet' | 'inet6';
  readonly address: string;
  readonly port: number;
}

function compareAddresses(a: Place, b: Place, difference: Difference): number {
  if (a.family === 'inet') return difference(parseIpv4(a.address) ?? 0, parseIpv4(b.address) ?? 0);
  return Buffer.compare(parseIpv6(a.address) ?? new Uint8Array(), parseIpv6(b.address) ?? new Uint8Array());
}

function compareServices(a: ServiceKey, b: ServiceKey, difference: Difference): number {
  const marks = difference(isFirewallMark(a) ? a.fwmark : 0, isFirewallMark(b) ? b.fwmark : 0);
  if (marks !== 0) return marks;
  const families = familyOrder[a.family] - familyOrder[b.family];
  if (families !== 0 || isFirewallMark(a) || isFirewallMark(b)) return families;
  return protocolOrder[a.protocol] - protocolOrder[b.protocol] || compareAddresses(a, b, difference) || a.port - b.port;
}

function compareServers(a: ServerKey, b: ServerKey, difference: Difference): number {
  return familyOrder[a.family] - familyOrder[b.family] || compareAddresses(a, b, difference) || a.port - b.port;
}

/** An order of services and of the servers of one service. */
export interface TableOrder {
  services(a: ServiceKey, b: ServiceKey): number;
  servers(a: ServerKey, b: ServerKey): number;
}

/** The order of the classic listings and dumps. */
export const classicOrder: TableOrder = {
  services: (a, b) => compareServices(a, b, signedDifference),
  servers: (a, b) => compareServers(a, b, signedDifference),
};

/** By unsigned number: the order of everything that the original has not. */
export const naturalOrder: TableOrder = {
  services: (a, b) => compareServices(a, b, unsignedDifference),
  servers: (a, b) => compareServers(a, b, unsignedDifference),
};
