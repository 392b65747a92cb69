import { formatAddress } from '../model/address.js';
import type { Listener } from './facts.js';

/** Files of /proc/net that list sockets. */
export const socketFiles = ['tcp', 'tcp6', 'udp', 'udp6'] as const;

/** A file of /proc/net that lists sockets. */
export type SocketFile = (typeof socketFiles)[number];

/** TCP_LISTEN, and TCP_CLOSE, which UDP sockets without a peer are in. Source: include/net/tcp_states.h. */
const listening = { tcp: '0A', udp: '07' } as const;

/** `  0: 0100007F:0050 00000000:0000 0A ...`: number, local and remote address and port, state. */
const line =
  /^\s*\d+: ([0-9A-F]{8}|[0-9A-F]{32}):([0-9A-F]{4}) (?:[0-9A-F]{8}|[0-9A-F]{32}):[0-9A-F]{4} ([0-9A-F]{2}) /;

/**
 * Sockets that accept packets from any address, from a file of /proc/net. Other lines are skipped.
 * @param littleEndian byte order of the machine: addresses are printed as numbers of 32 bits.
 */
export function parseListeners(file: SocketFile, text: string, littleEndian: boolean): Listener[] {
  const protocol = file.startsWith('tcp') ? 'tcp' : 'udp';
  const family = file.endsWith('6') ? 'inet6' : 'inet';
  const found: Listener[] = [];
  for (const one of text.split('\n')) {
    const [, address = '', port = '', state] = line.exec(one) ?? [];
    if (state !== listening[protocol] || address.length !== (family === 'inet' ? 8 : 32)) continue;
    const bytes = Buffer.from(address, 'hex');
    if (littleEndian) bytes.swap32();
    found.push({ protocol, family, address: formatAddress(family, bytes), port: Number.parseInt(port, 16) });
  }
  return found;
}
