import { addressBytes, familyOf, formatAddress, parseIpv4, parseIpv6, type AddressFamily } from './address.js';

/** A network of addresses: those that agree with `bytes` in the first `length` bits. One address has all its bits. */
export interface Network {
  readonly family: AddressFamily;
  /** Network byte order: 4 or 16; bits beyond `length` are 0. */
  readonly bytes: Uint8Array;
  /** 0..32 or 0..128. */
  readonly length: number;
}

/** Bits of an address. */
export const addressBits: Readonly<Record<AddressFamily, number>> = { inet: 32, inet6: 128 };

function isAddressText(text: string): boolean {
  return (text.includes(':') ? parseIpv6(text) : parseIpv4(text)) !== undefined;
}

/** The network of `10.0.1.0/25`, `2001:db8::/64`, or of one address; undefined for any other text. */
export function parseNetwork(text: string): Network | undefined {
  const [, address = '', digits] = /^([0-9a-fA-F.:]+)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  if (!isAddressText(address)) return undefined;
  const family = familyOf(address);
  const length = digits === undefined ? addressBits[family] : Number(digits);
  if (length > addressBits[family]) return undefined;
  return { family, bytes: maskBytes(addressBytes(family, address), length), length };
}

/** The bytes of an address whose bits beyond the first `length` are 0. */
export function maskBytes(bytes: Uint8Array, length: number): Uint8Array {
  return bytes.map((byte, index) => byte & (0xff00 >> Math.min(8, Math.max(0, length - 8 * index))));
}

/** True for an address, in canonical form, of the network. */
export function isInNetwork({ family, bytes, length }: Network, address: string): boolean {
  if (familyOf(address) !== family) return false;
  const masked = maskBytes(addressBytes(family, address), length);
  return masked.every((byte, index) => byte === bytes[index]);
}

/** A network as text: `10.0.1.0/25`, or the address alone where it has all its bits. */
export function formatNetwork({ family, bytes, length }: Network): string {
  return `${formatAddress(family, bytes)}${length === addressBits[family] ? '' : `/${length}`}`;
}
