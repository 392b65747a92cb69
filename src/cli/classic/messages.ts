import { constants } from 'node:os';
import { errnoText } from './errno-text.js';

/** What a wrong command line is told, in the words that scripts and people know. */
export const usageText = {
  tryHelp: (program: string) => `Try \`${program} -h' or '${program} --help' for more information.`,
  unknownOption: (word: string) => `${word}: unknown option`,
  missingArgument: (word: string) => `${word}: missing argument`,
  unwantedArgument: (word: string) => `${word}: option does not take an argument`,
  secondCommand: (word: string) => `invalid option \`${word}'`,
  repeated: (option: string) => `multiple '${option}' options specified`,
  leftOver: (word: string) => `unexpected argument ${word}`,
  required: (option: string, by: string) => `You need to supply the '${option}' option for the '${by}' command`,
  illegal: (option: string, by: string) => `Illegal '${option}' option with the '${by}' command`,
  exclusive: (option: string, other: string, by: string) =>
    `The option '${option}' conflicts with the '${other}' option in the '${by}' command`,
  listConflict: () => 'options conflicts in the list command',
  tunnelRequired: (option: string, by: string) =>
    `You need to supply the '${option}' option for the '${by}' tunnel type`,
  tunnelIllegal: (option: string, by: string) => `Illegal '${option}' option with the '${by}' tunnel type`,
  tunnelExclusive: (option: string, other: string, by: string) =>
    `The option '${option}' conflicts with the '${other}' option in the '${by}' tunnel type`,
  tunnelNotTunnelling: () => 'Tunnel options conflict with forward method',
  serviceAddress: () => 'illegal virtual server address[:port] specified',
  serverAddress: () => 'illegal real server address[:port] specified',
  fwmark: (value: string) => `invalid fwmark value \`${value}' specified`,
  ipv6BeforeFwmark: () => '-6 used before -f\n',
  netmask: () => 'illegal virtual server persistent mask specified',
  prefixLength: () => 'illegal ipv6 netmask specified',
  timeout: (value: string) => `invalid timeout value \`${value}' specified`,
  setNeedsThree: () => '--set option requires 3 timeout values',
  weight: () => 'illegal weight specified',
  upperThreshold: () => 'illegal u_threshold specified',
  lowerThreshold: () => 'illegal l_threshold specified',
  schedulerFlag: (flag: string) => `invalid scheduler flag \`${flag}'`,
  schedulerFlagElsewhere: (flag: string) => `incompatible scheduler flag \`${flag}'`,
  zeroPort: () => 'Zero port specified for non-persistent service',
  onePacket: () => 'One-Packet Scheduling is only for UDP virtual services',
  otherFamily: () => 'Different address family is allowed only for tunneling servers',
  tunnelType: () => 'illegal tunnel type specified',
  tunnelPort: () => 'illegal tunnel port specified',
  startDaemonRole: () => 'illegal start-daemon parameter specified',
  stopDaemonRole: () => 'illegal start_daemon specified',
  syncId: () => 'illegal syncid specified',
  multicastGroup6: (value: string) => `invalid IPv6 mcast-group \`${value}'`,
  multicastGroup: (value: string) => `invalid IPv4 mcast-group \`${value}'`,
  multicastPort: () => 'illegal mcast-port specified',
  multicastTtl: () => 'illegal mcast-ttl specified',
  syncMaxLength: () => 'illegal sync-maxlen specified',
} as const;

const { EAFNOSUPPORT, EEXIST, EINVAL, EMSGSIZE, ENOENT, ENOMEM, ENOPROTOOPT, EOPNOTSUPP, EPERM, ESRCH } =
  constants.errno;

const noSuchService = { [ESRCH]: 'No such service' };
const noSuchScheduler = { [ENOENT]: 'Scheduler or persistence engine not found' };
const noServiceForServer = { [ESRCH]: 'Service not defined' };

/** What an error number means for one operation. */
const textByOperation: Readonly<Record<string, Readonly<Record<number, string>>>> = {
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

/** What a person is told when the kernel refuses an operation; `errno` is positive. */
export function kernelText(errno: number, operation = ''): string {
  return textByOperation[operation]?.[errno] ?? textForAll[errno] ?? errnoText(errno);
}

/** What a person is told when IPVS can't be reached. */
export function unavailableText(errno: number): string {
  return `Can't initialize ipvs: ${kernelText(errno)}\nAre you sure that IP Virtual Server is built in the kernel or as module?`;
}
