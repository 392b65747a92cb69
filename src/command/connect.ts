import { constants } from 'node:os';
import { IpvsClient } from '../client/client.js';
import { UnavailableError } from '../errors.js';
import type { Machine } from '../ports/io.js';
import { isPrivileged } from './privileges.js';

const { EPERM, ENOPROTOOPT } = constants.errno;

/**
 * Connects to IPVS; where the kernel has none, loads the module and tries once more.
 * @throws {UnavailableError} EPERM without the privileges, ENOPROTOOPT where the kernel has no IPVS.
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
    // Without privileges the reason is unknown; missing privileges are what the user can fix.
    const unprivileged = error.errno === ENOPROTOOPT && !isPrivileged(machine);
    throw unprivileged ? new UnavailableError(EPERM, { cause: error }) : error;
  }
}
