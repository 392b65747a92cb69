import type { Machine } from '../ports/io.js';

/** CAP_NET_ADMIN and CAP_NET_RAW. Source: include/uapi/linux/capability.h. */
const neededCapabilities = (1n << 12n) | (1n << 13n);

/** Whether this process has the capabilities that IPVS requires, in whichever user namespace it is. */
export function isPrivileged(machine: Pick<Machine, 'capabilities'>): boolean {
  return (machine.capabilities() & neededCapabilities) === neededCapabilities;
}
