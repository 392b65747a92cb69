import { constants } from 'node:os';
import { IpvsClient } from '../client/client.js';
import { UnavailableError } from '../errors.js';
import type { Machine } from '../ports/io.js';

const { EPERM, ENOPROTOOPT } = constants.errno;

/** CAP_NET_ADMIN and CAP_NET_RAW. Source: include/uapi/linux/capability.h. */
const neededCapabilities = (1n << 12n) | (1n << 13n);

/**
 * Opens the conversation with the kernel; where there is no IPVS, loads the module and tries once more.
 * @throws {UnavailableError} EPERM where we may not, ENOPROTOOPT where the kernel has none.
 */
export async function connect(machine: Machine): Promise<IpvsClient> {
  try {
    return await IpvsClient.connect(await machine.openSocket());
  } catch (error) {
    if (!(error instanceof UnavailableError)) throw error;
    await machine.loadModule();
  }
  try {
    return await IpvsClient.connect(await machine.openSocket());
  } catch (error) {
    if (!(error instanceof UnavailableError)) throw error;
    // Without privileges nobody can tell why there is no IPVS; that they are missing is what the person can mend.
    const privileged = (machine.capabilities() & neededCapabilities) === neededCapabilities;
    throw error.errno === ENOPROTOOPT && !privileged ? new UnavailableError(EPERM, { cause: error }) : error;
  }
}
