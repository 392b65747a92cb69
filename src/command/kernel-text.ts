import { constants } from 'node:os';
import type { Operation } from '../errors.js';
import { errnoText } from '../text/errno-text.js';

const { EAFNOSUPPORT, EEXIST, EINVAL, EMSGSIZE, ENOENT, ENOMEM, ENOPROTOOPT, EOPNOTSUPP, EPERM, ESRCH } =
  constants.errno;

const noSuchService = { [ESRCH]: 'No such service' };
const noSuchScheduler = { [ENOENT]: 'Scheduler or persistence engine not found' };
const noServiceForServer = { [ESRCH]: 'Service not defined' };

/** What an error number means for one operation. */
const textByOperation: Readonly<Partial<Record<Operation, Readonly<Record<number, string>>>>> = {
  'add-service': { [EEXIST]: 'Service already exists', ...noSuchScheduler },
  'edit-service': { ...noSuchService, ...noSuchScheduler },
  'delete-service': noSuchService,
  zero: noSuchService,
  list: noSuchService,
  'add-server': { ...noServiceForServer, [EEXIST]: 'Destination already exists' },
  'edit-server': { ...noServiceForServer, [ENOENT]: 'No such destination' },
  'delete-server': { ...noServiceForServer, [ENOENT]: 'No such destination' },
  'start-daemon': { [EEXIST]: 'Daemon has already run' },
  'stop-daemon': { [ESRCH]: 'No daemon is running' },
};

/** What an error number means for every operation. */
const textForAll: Readonly<Record<number, string>> = {
  [EPERM]: 'Permission denied (you must be root)',
  [EINVAL]: 'Invalid operation.  Possibly wrong module version, address not unicast, ...',
  [ENOPROTOOPT]: 'Protocol not available',
  [ENOMEM]: 'Memory allocation problem',
  [EOPNOTSUPP]: 'Operation not supported with IPv6',
  [EAFNOSUPPORT]: 'Operation not supported with specified address family',
  [EMSGSIZE]: 'Module is wrong version',
};

/** The message for an operation that the kernel refused. @param errno positive error number */
export function kernelText(errno: number, operation?: Operation): string {
  return (operation && textByOperation[operation]?.[errno]) ?? textForAll[errno] ?? errnoText(errno);
}

/** The message for IPVS that is not available. @param errno positive error number */
export function unavailableText(errno: number): string {
  return `Can't initialize ipvs: ${kernelText(errno)}\nAre you sure that IP Virtual Server is built in the kernel or as module?`;
}
