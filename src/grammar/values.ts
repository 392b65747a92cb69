import { formatIpv4, formatIpv6, parseIpv4, parseIpv6, type AddressFamily } from '../model/address.js';

/** Blanks that the C library skips before a number and after an address. */
const blank = /^[ \t\n\v\f\r]+/;

/**
 * Reads a decimal integer as strtol does: leading blanks and a sign are allowed, anything after it is not.
 * @returns undefined where the text is no such number or out of range.
 */
export function parseNumber(text: string, lowest: number, highest: number): number | undefined {
  const digits = text.replace(blank, '');
  if (!/^[+-]?\d+$/.test(digits)) return undefined;
  // + 0 turns -0 into 0.
  const value = Number(digits) + 0;
  return value >= lowest && value <= highest ? value : undefined;
}

/**
 * Reads the digits that a text starts with, as atoi does on 64-bit machines: 0 where there are none; cut to the lowest
 * 32 bits where they are too many.
 */
export function parseLeadingDigits(text: string): number {
  const digits = BigInt(/^[+-]?\d+/.exec(text.replace(blank, ''))?.[0].replace('+', '') ?? 0);
  const [lowest, highest] = [-(2n ** 63n), 2n ** 63n - 1n];
  return Number(BigInt.asIntN(32, digits < lowest ? lowest : digits > highest ? highest : digits));
}

function parsePart(text: string): number | undefined {
  if (/^0x[0-9a-f]+$/i.test(text)) return Number.parseInt(text.slice(2), 16);
  if (/^0[0-7]*$/.test(text)) return Number.parseInt(text, 8);
  return /^[1-9]\d*$/.test(text) ? Number(text) : undefined;
}

/**
 * Reads an IPv4 address as inet_aton does: one to four parts, each decimal, octal (0...) or hexadecimal (0x...), the
 * last one filling what is left. What follows a blank is ignored.
 * @returns the address as an unsigned number; undefined where the text is none.
 */
export function parseInetAton(text: string): number | undefined {
  const [address = ''] = text.split(/[ \t\n\v\f\r]/, 1);
  const parts = address.split('.').map(parsePart);
  if (parts.length > 4) return undefined;
  let value = 0;
  for (const [index, part] of parts.entries()) {
    const last = index === parts.length - 1;
    const room = last ? 256 ** (5 - parts.length) : 256;
    if (part === undefined || part >= room) return undefined;
    value += last ? part : part * 256 ** (3 - index);
  }
  return value;
}

/** An address with a port, split but not looked up. */
export interface EndpointText {
  /** An address in canonical form, or the name of a host. */
  readonly host: { readonly family: AddressFamily; readonly address: string } | { readonly name: string };
  /** The text of the port; undefined where there is none. */
  readonly port: string | undefined;
}

function parseHost(text: string): EndpointText['host'] {
  // The fast path: nearly all addresses are dotted quads.
  if (parseIpv4(text) !== undefined) return { family: 'inet', address: text };
  const inet6 = text.includes(':') ? parseIpv6(text) : undefined;
  if (inet6 !== undefined) return { family: 'inet6', address: formatIpv6(inet6) };
  const inet = parseInetAton(text);
  if (inet !== undefined) return { family: 'inet', address: formatIpv4(inet) };
  return { name: text };
}

/**
 * Splits `address`, `address:port`, `[address]` or `[address]:port`. A bare IPv6 address has no port.
 * @returns undefined where the text has no such shape; a text of digits alone is refused too.
 */
export function parseEndpoint(text: string): EndpointText | undefined {
  if (/^\d*$/.test(text)) return undefined;
  const bracketed = text.startsWith('[') ? /^\[([^\]]*)\](?::(.*))?$/s.exec(text) : null;
  if (bracketed !== null) {
    const [, host = '', port] = bracketed;
    return { host: parseHost(host), port };
  }
  const colon = text.indexOf(':');
  const inet6 = colon === text.lastIndexOf(':') ? undefined : parseIpv6(text);
  if (inet6 !== undefined) return { host: { family: 'inet6', address: formatIpv6(inet6) }, port: undefined };
  const host = colon < 0 ? text : text.slice(0, colon);
  return { host: parseHost(host), port: colon < 0 ? undefined : text.slice(colon + 1) };
}

/** Whether the grammar reads a word as the name of a host, not as an address. */
export function readsAsHostName(word: string): boolean {
  const host = /^[\w.-]+$/.test(word) ? parseEndpoint(`${word}:0`)?.host : undefined;
  return host !== undefined && 'name' in host && host.name === word;
}

/** The first bytes of a name that fit into a field of the kernel, as the original cuts them off. */
export function cutName(text: string, limit: number): string {
  const encoded = Buffer.from(text);
  if (encoded.length <= limit) return text;
  // Half a character would become a longer one: it is left out. The kernel knows no such name anyway.
  let end = limit;
  while (end > 0 && ((encoded[end] ?? 0) & 0xc0) === 0x80) end--;
  return encoded.subarray(0, end).toString();
}
