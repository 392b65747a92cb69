import { ValueError } from '../errors.js';
import { canonicalAddress } from './address-kind.js';
import { addressBytes, familyOf, type AddressFamily } from './address.js';
import { ports } from './limits.js';

/** Addresses that begin alike, and a port. */
export interface AddressRange {
  readonly family: AddressFamily;
  /** In canonical text form. */
  readonly address: string;
  /** Leading bits that have to agree, 0..32 or 0..128. */
  readonly prefix: number;
  /** Undefined: whatever the port is. */
  readonly port?: number | undefined;
}

/** Bits of an address. */
export const addressBits = { inet: 32, inet6: 128 } as const satisfies Readonly<Record<AddressFamily, number>>;

/** Where the parts of a range are: `[ADDR6/LEN]:PORT`, `[ADDR6]/LEN:PORT`, `ADDR/LEN:PORT`, `ADDR6/LEN`. */
const forms = [
  /^\[(?<address>[^\]/]*)(?:\/(?<inner>\d{1,3}))?\](?:\/(?<outer>\d{1,3}))?(?::(?<port>\d{1,5}))?$/,
  /^(?<address>[0-9.]+)(?:\/(?<outer>\d{1,3}))?(?::(?<port>\d{1,5}))?$/,
  /^(?<address>[^\]/[]+)(?:\/(?<outer>\d{1,3}))?$/,
] as const;

/**
 * Reads an address or network: `10.0.0.0/8`, `192.0.2.10:80`, `2001:db8::/32`, `[2001:db8::1]:80`.
 * @throws {ValueError}
 */
export function parseAddressRange(text: string): AddressRange {
  const wrong = (): never => {
    throw new ValueError(`${text}: expected an address such as 10.0.1.2, 10.0.1.0/24, 10.0.1.2:80 or [2001:db8::2]:80`);
  };
  const parts = forms.map((form) => form.exec(text)?.groups).find((groups) => groups !== undefined) ?? wrong();
  const address = canonicalAddress(parts['address'] ?? '') ?? wrong();
  const family = familyOf(address);
  if (text.startsWith('[') && family === 'inet') wrong();
  const length = parts['inner'] ?? parts['outer'];
  if (parts['inner'] !== undefined && parts['outer'] !== undefined) wrong();
  const prefix = length === undefined ? addressBits[family] : Number(length);
  if (prefix > addressBits[family]) throw new ValueError(`${text}: a prefix has at most ${addressBits[family]} bits`);
  const port = parts['port'] === undefined ? undefined : Number(parts['port']);
  if (port !== undefined && port > ports.highest) throw new ValueError(`${text}: a port is at most ${ports.highest}`);
  return { family, address, prefix, port };
}

/** True for an address, in canonical text form, of the range; its port is not looked at. */
export function isInRange({ family, address, prefix }: AddressRange, other: string): boolean {
  if (familyOf(other) !== family) return false;
  if (prefix === addressBits[family]) return address === other;
  const bytes = addressBytes(family, other);
  return addressBytes(family, address).every((byte, index) => {
    const bits = Math.min(8, Math.max(0, prefix - 8 * index));
    return ((byte ^ (bytes[index] ?? 0)) & (0xff00 >> bits) & 255) === 0;
  });
}
