/** Address family: `inet` (IPv4, AF_INET) or `inet6` (IPv6, AF_INET6). */
export type AddressFamily = 'inet' | 'inet6';

/** Bytes of an address, network byte order: 4 for `inet`, 16 for `inet6`. */
export type AddressBytes = Uint8Array;

/**
 * Reads a dotted quad strictly (four decimal numbers of at most 255, no leading zero), as inet_pton does.
 * @returns the address as an unsigned number, or undefined where the text is no such address.
 */
export function parseIpv4(text: string): number | undefined {
  // By hand, because sorting and encoding large tables spends its time here.
  let value = 0;
  let part = -1;
  let dots = 0;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code === 46) {
      if (part < 0 || ++dots > 3) return undefined;
      value = value * 256 + part;
      part = -1;
    } else {
      if (code < 48 || code > 57 || part === 0) return undefined;
      part = (part < 0 ? 0 : part * 10) + code - 48;
      if (part > 255) return undefined;
    }
  }
  return part < 0 || dots !== 3 ? undefined : value * 256 + part;
}

/** Writes an IPv4 address, given as an unsigned 32-bit number, as a dotted quad. */
export function formatIpv4(value: number): string {
  return `${value >>> 24}.${(value >>> 16) & 255}.${(value >>> 8) & 255}.${value & 255}`;
}

/** Reads eight 16-bit groups from the text of an IPv6 address; undefined where it is none. No zone, as inet_pton. */
function parseGroups(text: string): number[] | undefined {
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const sides: number[][] = [];
  for (const [index, half] of halves.entries()) {
    const groups: number[] = [];
    const parts = half === '' ? [] : half.split(':');
    for (const [position, part] of parts.entries()) {
      const last = index === halves.length - 1 && position === parts.length - 1;
      if (last && part.includes('.')) {
        const ipv4 = parseIpv4(part);
        if (ipv4 === undefined) return undefined;
        groups.push(ipv4 >>> 16, ipv4 & 0xffff);
      } else {
        if (!/^[0-9a-f]{1,4}$/i.test(part)) return undefined;
        groups.push(Number.parseInt(part, 16));
      }
    }
    sides.push(groups);
  }
  const [head = [], tail] = sides;
  if (tail === undefined) return head.length === 8 ? head : undefined;
  const missing = 8 - head.length - tail.length;
  return missing < 1 ? undefined : [...head, ...Array<number>(missing).fill(0), ...tail];
}

/** Reads the text of an IPv6 address, without brackets or zone, as inet_pton does; undefined where it is none. */
export function parseIpv6(text: string): AddressBytes | undefined {
  const groups = parseGroups(text);
  if (groups === undefined) return undefined;
  const bytes = new Uint8Array(16);
  for (const [index, group] of groups.entries()) {
    bytes[2 * index] = group >>> 8;
    bytes[2 * index + 1] = group & 255;
  }
  return bytes;
}

/** The longest run of two or more zero groups, the first of equals: what `::` stands for. */
function longestZeroRun(groups: readonly number[]): { start: number; length: number } | undefined {
  let best: { start: number; length: number } | undefined;
  for (let start = 0; start < 8; start++) {
    let length = 0;
    while (start + length < 8 && groups[start + length] === 0) length++;
    if (length > 1 && length > (best?.length ?? 0)) best = { start, length };
    start += length;
  }
  return best;
}

/** Writes an IPv6 address as the C library's inet_ntop does, with a dotted quad for mapped and compatible addresses. */
export function formatIpv6(bytes: AddressBytes): string {
  const groups: number[] = [];
  for (let index = 0; index < 16; index += 2) groups.push(((bytes[index] ?? 0) << 8) | (bytes[index + 1] ?? 0));
  const run = longestZeroRun(groups);
  const shown = groups.map((group) => group.toString(16));
  if (run?.start === 0 && (run.length === 6 || (run.length === 5 && groups[5] === 0xffff))) {
    const ipv4 = formatIpv4((((groups[6] ?? 0) << 16) | (groups[7] ?? 0)) >>> 0);
    return run.length === 5 ? `::ffff:${ipv4}` : `::${ipv4}`;
  }
  if (run === undefined) return shown.join(':');
  return `${shown.slice(0, run.start).join(':')}::${shown.slice(run.start + run.length).join(':')}`;
}

/**
 * The bytes of an address in canonical text form.
 * @throws {RangeError} when the text is no address of that family.
 */
export function addressBytes(family: AddressFamily, text: string): AddressBytes {
  if (family === 'inet6') {
    const bytes = parseIpv6(text);
    if (bytes === undefined) throw new RangeError(`not an IPv6 address: ${text}`);
    return bytes;
  }
  const value = parseIpv4(text);
  if (value === undefined) throw new RangeError(`not an IPv4 address: ${text}`);
  return Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value);
}

/** Writes the bytes of an address as text in canonical form. */
export function formatAddress(family: AddressFamily, bytes: AddressBytes): string {
  if (family === 'inet6') return formatIpv6(bytes);
  return `${bytes[0] ?? 0}.${bytes[1] ?? 0}.${bytes[2] ?? 0}.${bytes[3] ?? 0}`;
}

/** The family of an address in canonical text form: only IPv6 has colons. */
export function familyOf(address: string): AddressFamily {
  return address.includes(':') ? 'inet6' : 'inet';
}
