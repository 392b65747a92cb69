// What an address is: whether a text is one, and of which kind.

import { formatIpv4, formatIpv6, parseIpv4, parseIpv6 } from './address.js';

/** An IPv4 or IPv6 address in canonical text form; undefined where the text is neither. */
export function canonicalAddress(text: string): string | undefined {
  if (!text.includes(':')) {
    const value = parseIpv4(text);
    return value === undefined ? undefined : formatIpv4(value);
  }
  const bytes = parseIpv6(text);
  return bytes === undefined ? undefined : formatIpv6(bytes);
}

/** The address in canonical text form; what is none is left as it is. */
export function inCanonicalForm(address: string): string {
  return canonicalAddress(address) ?? address;
}

/** True for the text of an IPv4 or IPv6 address. */
export function isAddress(text: string): boolean {
  return canonicalAddress(text) !== undefined;
}

/** True for an IPv4 mask as a dotted quad. Any is: the kernel accepts masks with holes too. */
export function isNetmask(text: string): boolean {
  return parseIpv4(text) !== undefined;
}

/** True for the text of a multicast address: 224.0.0.0/4 or ff00::/8. */
export function isMulticast(text: string): boolean {
  if (text.includes(':')) return parseIpv6(text)?.[0] === 0xff;
  const value = parseIpv4(text);
  return value !== undefined && value >>> 28 === 0xe;
}

/**
 * True for an address that the kernel accepts for a real server, as far as the address alone decides: not the unspecified
 * address, a multicast or a broadcast one. Source: ip_vs_new_dest in net/netfilter/ipvs/ip_vs_ctl.c.
 */
export function canBeServer(address: string): boolean {
  if (isMulticast(address)) return false;
  if (address.includes(':')) return address !== '::' && !address.startsWith('::ffff:');
  return address !== '0.0.0.0' && address !== '255.255.255.255';
}
