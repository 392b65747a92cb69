import { DecodeError } from '../errors.js';
import type { Totals } from '../model/state.js';

/** Where the kernel counts for all services together, in hexadecimal: netlink has no word for it. */
export const totalsFile = '/proc/net/ip_vs_stats';

/** A line of five numbers; the first such line are the counters, the second rates. */
const fiveNumbers = /^[ \t]*([0-9A-F]+)[ \t]+([0-9A-F]+)[ \t]+([0-9A-F]+)[ \t]+([0-9A-F]+)[ \t]+([0-9A-F]+)[ \t]*$/m;

/**
 * The counters in the text of `/proc/net/ip_vs_stats`.
 * @throws {DecodeError}
 */
export function parseTotals(text: string): Totals {
  const words = fiveNumbers.exec(text)?.slice(1);
  if (words === undefined) throw new DecodeError(`${totalsFile}: no line has five numbers`);
  const [connections = 0n, incomingPackets = 0n, outgoingPackets = 0n, incomingBytes = 0n, outgoingBytes = 0n] =
    words.map((word) => BigInt(`0x${word}`));
  return { connections, incomingPackets, outgoingPackets, incomingBytes, outgoingBytes };
}
