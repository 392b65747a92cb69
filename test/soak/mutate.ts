import type { Random } from './random.js';

/** Bytes with some of them changed, cut off, repeated or moved. */
export function mutateBytes(bytes: Uint8Array, random: Random): Uint8Array {
  let result = Uint8Array.from(bytes);
  for (let rounds = 1 + random.below(5); rounds > 0; rounds--) {
    const at = random.below(result.length);
    const end = at + random.below(Math.min(64, result.length - at) + 1);
    switch (random.below(6)) {
      case 0:
        result = Uint8Array.from([...result.subarray(0, at), ...result.subarray(end)]);
        break;
      case 1:
        result = Uint8Array.from([
          ...result.subarray(0, at),
          ...random.bytes(random.below(16)),
          ...result.subarray(at),
        ]);
        break;
      case 2:
        result = Uint8Array.from([...result.subarray(0, end), ...result.subarray(at)]);
        break;
      case 3:
        result = result.slice(0, at);
        break;
      default:
        if (result.length > 0) result[at] = random.pick([0, 1, 0x7f, 0x80, 0xff, random.below(256)]);
    }
  }
  return result;
}

/** Text that programs stumble over. */
const oddText = [
  '', ' ', '\t', '\r\n', '\n', '\0', '-', '--', ':', ': ', '- ', '#', ' #', '"', "'", '\\', '[', ']', '{', '}', ',', '&a ', '*a', '!!',
  '!!binary ', '<<: ', '%YAML 1.2\n', '---\n', '...\n', '|', '>', '?', '@', '`', '~', '\u00a0', '\u2028', '\u202e', '\ud83d\ude00', '\ufeff',
  '\u0301', '0', '-0', '-1', '+1', '00', '0x10', '0o17', '1e3', '1e400', '.5', '1_000', '255', '256', '65535', '65536', '2147483647', '2147483648',
  '4294967295', '4294967296', '18446744073709551616', '9007199254740993', 'null', 'true', 'yes', 'no', '__proto__', 'constructor', 'toString',
  '0.0.0.0', '255.255.255.255', '224.0.0.1', '1.2.3', '1.2.3.4.5', '::', '::1', '[::1]:80', 'fe80::1%eth0', '2001:db8::', '::ffff:1.2.3.4', '1.2.3.4:80',
  'x'.repeat(16), 'x'.repeat(1000), '[['.repeat(200), '{"a":'.repeat(200),
] as const; // prettier-ignore

/** Text with pieces taken out, repeated, moved or put in; at most 64 KiB of it. */
export function mutateText(text: string, random: Random, others: readonly string[] = []): string {
  let result = text;
  for (let rounds = 1 + random.below(4); rounds > 0; rounds--) {
    const at = random.below(result.length + 1);
    const end = at + random.below(Math.min(40, result.length - at) + 1);
    const [before, piece, after] = [result.slice(0, at), result.slice(at, end), result.slice(end)];
    switch (random.below(8)) {
      case 0:
        result = before + after;
        break;
      case 1:
        result = before + piece.repeat(random.pick([2, 3, 100])) + after;
        break;
      case 2:
        result = before + random.pick(oddText) + after;
        break;
      case 3:
        result = before + after.slice(0, 20) + piece + after.slice(20);
        break;
      case 4:
        result = before;
        break;
      case 5: {
        const other = others.length === 0 ? result : random.pick(others);
        const start = random.below(other.length + 1);
        result = before + other.slice(start, start + random.below(200)) + after;
        break;
      }
      case 6:
        result = before + String.fromCharCode(random.below(random.once(4) ? 0x3000 : 128)) + after;
        break;
      default:
        // A value, by its place after a blank, a colon or a quote.
        result = before + after.replace(/([\s:"])[\w.:-]+/, (_, start: string) => start + random.pick(oddText));
    }
  }
  return result.slice(0, 1 << 16);
}
