import type { TunnelType } from '../model/server.js';

/** Commands by the names that messages give them. */
export const commandNames = [
  'add-service',
  'edit-service',
  'delete-service',
  'flush',
  'list',
  'add-server',
  'delete-server',
  'edit-server',
  'set',
  'start-daemon',
  'stop-daemon',
  'restore',
  'save',
  'zero',
] as const;

/** A command of the classic grammar. */
export type CommandName = (typeof commandNames)[number];

/** Options by the names that messages give them, in the order in which they are checked. */
export const optionNames = [
  'numeric',
  'connection',
  'service-address',
  'scheduler',
  'persistent',
  'netmask',
  'real-server',
  'forwarding-method',
  'weight',
  'u-threshold',
  'l-threshold',
  'mcast-interface',
  'timeout',
  'daemon',
  'stats',
  'rate',
  'thresholds',
  'persistent-conn',
  'nosort',
  'syncid',
  'exact',
  'ops',
  'pe',
  'sched-flags',
  'mcast-group',
  'mcast-port',
  'mcast-ttl',
  'sync-maxlen',
  'tun-info',
  'tun-type',
  'tun-port',
  'tun-nocsum',
  'tun-csum',
  'tun-remcsum',
  // Not the original's: checked after all of those.
  'json',
  'proc',
] as const;

/** An option of the classic grammar. */
export type OptionName = (typeof optionNames)[number];

/** Whether a value follows. An optional one is the next word unless that starts with a dash. */
export type Argument = 'none' | 'required' | 'optional';

/** One way to write a command or an option. */
export interface Spelling {
  /** Long name, without dashes. */
  readonly long: string;
  /** Short names, without dash. */
  readonly short: readonly string[];
  readonly argument: Argument;
}

/** A spelling of a command; `help` and `version` are commands too. */
export interface CommandSpelling extends Spelling {
  readonly command: CommandName | 'help' | 'version';
}

/** A spelling of an option. */
export interface OptionSpelling extends Spelling {
  /** Its option, which can have several spellings. `sort` and `ipv6` may be repeated, with any command. */
  readonly option: OptionName | 'sort' | 'ipv6';
}

function command(
  name: CommandSpelling['command'],
  long: string,
  short: string[],
  argument: Argument = 'none',
): CommandSpelling {
  return { command: name, long, short, argument };
}

function option(
  name: OptionSpelling['option'],
  long: string,
  short: string[],
  argument: Argument = 'none',
): OptionSpelling {
  return { option: name, long, short, argument };
}

/** All commands as they are typed. */
export const commandSpellings: readonly CommandSpelling[] = [
  command('add-service', 'add-service', ['A']),
  command('edit-service', 'edit-service', ['E']),
  command('delete-service', 'delete-service', ['D']),
  command('flush', 'clear', ['C']),
  command('restore', 'restore', ['R']),
  command('save', 'save', ['S']),
  command('add-server', 'add-server', ['a']),
  command('edit-server', 'edit-server', ['e']),
  command('delete-server', 'delete-server', ['d']),
  command('list', 'list', ['L', 'l']),
  command('zero', 'zero', ['Z']),
  command('set', 'set', []),
  command('start-daemon', 'start-daemon', [], 'required'),
  command('stop-daemon', 'stop-daemon', [], 'required'),
  command('help', 'help', ['h']),
  command('version', 'version', ['v']),
];

/** All options as they are typed. */
export const optionSpellings: readonly OptionSpelling[] = [
  option('service-address', 'tcp-service', ['t'], 'required'),
  option('service-address', 'udp-service', ['u'], 'required'),
  option('service-address', 'sctp-service', [], 'required'),
  option('service-address', 'fwmark-service', ['f'], 'required'),
  option('ipv6', 'ipv6', ['6']),
  option('scheduler', 'scheduler', ['s'], 'required'),
  option('pe', 'pe', [], 'required'),
  option('persistent', 'persistent', ['p'], 'optional'),
  option('netmask', 'netmask', ['M'], 'required'),
  option('sched-flags', 'sched-flags', ['b'], 'required'),
  option('ops', 'ops', ['o']),
  option('real-server', 'real-server', ['r'], 'required'),
  option('forwarding-method', 'gatewaying', ['g']),
  option('forwarding-method', 'ipip', ['i']),
  option('forwarding-method', 'masquerading', ['m']),
  option('tun-type', 'tun-type', [], 'required'),
  option('tun-port', 'tun-port', [], 'required'),
  option('tun-nocsum', 'tun-nocsum', []),
  option('tun-csum', 'tun-csum', []),
  option('tun-remcsum', 'tun-remcsum', []),
  option('weight', 'weight', ['w'], 'required'),
  option('u-threshold', 'u-threshold', ['x'], 'required'),
  option('l-threshold', 'l-threshold', ['y'], 'required'),
  option('connection', 'connection', ['c']),
  option('timeout', 'timeout', []),
  option('daemon', 'daemon', []),
  option('stats', 'stats', []),
  option('rate', 'rate', []),
  option('exact', 'exact', ['X']),
  option('thresholds', 'thresholds', []),
  option('persistent-conn', 'persistent-conn', []),
  option('tun-info', 'tun-info', []),
  option('nosort', 'nosort', []),
  option('sort', 'sort', []),
  option('json', 'json', []),
  option('proc', 'proc', []),
  option('numeric', 'numeric', ['n']),
  option('syncid', 'syncid', [], 'required'),
  option('sync-maxlen', 'sync-maxlen', [], 'required'),
  option('mcast-interface', 'mcast-interface', [], 'required'),
  option('mcast-group', 'mcast-group', [], 'required'),
  option('mcast-port', 'mcast-port', [], 'required'),
  option('mcast-ttl', 'mcast-ttl', [], 'required'),
];

/** Which options are legal together: one that is in none of the lists is illegal. */
export interface Legality<O extends string> {
  readonly required?: readonly O[];
  readonly optional?: readonly O[];
  /** At most one of these. */
  readonly exclusive?: readonly O[];
}

const serviceSettings = ['scheduler', 'persistent', 'netmask', 'ops', 'pe', 'sched-flags'] as const;
const tunnelOptionNames = ['tun-type', 'tun-port', 'tun-nocsum', 'tun-csum', 'tun-remcsum'] as const;
const serverSettings = ['forwarding-method', 'weight', 'u-threshold', 'l-threshold', ...tunnelOptionNames] as const;

/** An option that describes a tunnel. */
export type TunnelOptionName = (typeof tunnelOptionNames)[number];

/** Options that each command accepts. */
export const commandLegality: Readonly<Record<CommandName, Legality<OptionName>>> = {
  'add-service': { required: ['service-address'], optional: serviceSettings },
  'edit-service': { required: ['service-address'], optional: serviceSettings },
  'delete-service': { required: ['service-address'] },
  flush: {},
  list: {
    optional: [
      'numeric',
      'stats',
      'rate',
      'thresholds',
      'persistent-conn',
      'nosort',
      'syncid',
      'exact',
      'tun-info',
      'json',
      'proc',
    ],
    exclusive: ['connection', 'service-address', 'timeout', 'daemon'],
  },
  'add-server': { required: ['service-address', 'real-server'], optional: serverSettings },
  'delete-server': { required: ['service-address', 'real-server'] },
  'edit-server': { required: ['service-address', 'real-server'], optional: serverSettings },
  set: {},
  'start-daemon': {
    optional: ['mcast-interface', 'syncid', 'mcast-group', 'mcast-port', 'mcast-ttl', 'sync-maxlen'],
  },
  'stop-daemon': { optional: ['syncid'] },
  restore: {},
  save: { optional: ['numeric'] },
  zero: { optional: ['service-address'] },
};

/** Pairs of listings that exclude each other beyond the table. */
export const listConflicts: readonly (readonly [OptionName, OptionName])[] = [
  ...(['connection', 'timeout', 'daemon'] as const).flatMap((listing) =>
    (['stats', 'rate', 'thresholds'] as const).map((layout) => [listing, layout] as const),
  ),
  // What /proc/net/ip_vs does not have, and what is read from /proc anyway.
  ...(['connection', 'timeout', 'daemon', 'stats', 'rate', 'thresholds', 'persistent-conn', 'tun-info'] as const).map(
    (listing) => ['proc', listing] as const,
  ),
  ['timeout', 'persistent-conn'],
  ['daemon', 'persistent-conn'],
];

/** Options that each tunnel type accepts. */
export const tunnelLegality: Readonly<Record<TunnelType, Legality<TunnelOptionName>>> = {
  ipip: { optional: ['tun-type'] },
  gue: { required: ['tun-port'], optional: ['tun-type'], exclusive: ['tun-nocsum', 'tun-csum', 'tun-remcsum'] },
  gre: { optional: ['tun-type'], exclusive: ['tun-nocsum', 'tun-csum'] },
};

/** Tunnel options in the order in which they are checked. */
export const tunnelOptions: readonly TunnelOptionName[] = tunnelOptionNames;
