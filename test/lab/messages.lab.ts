import { Lab } from './differential.js';
import type { Rules } from './reference.js';
import { nameHosts } from './surroundings.js';

const words = (text: string): string[] => text.split(' ');
const rules = (...lines: readonly string[]): Rules => lines.map(words);

/**
 * Every message, and that the reference says exactly this. The ones for error numbers that no kernel of a lab gives are in
 * the unit tests: ENOMEM, EMSGSIZE, EOPNOTSUPP, EAFNOSUPPORT, ENOPROTOOPT of a change, and numbers without a text of their
 * own but ERANGE and ENODEV. A kernel without IPVS has a suite of its own, and EPERM is in the one of the executables, as it
 * takes a process without the capability.
 */
const lab = new Lab('messages');
await nameHosts(lab.shell);

/** The command line (words at blanks; `''` is an empty word) and what must be said about it. */
type Row = readonly [line: string, says: string];

function say(title: string, setup: Rules, rows: readonly Row[]): void {
  lab.table(
    title,
    rows.map(([line, says]) => ({
      argv: words(line).map((word) => (word === "''" ? '' : word)),
      setup,
      says: `${says}\n`,
    })),
  );
}

const none: Rules = [];
const tcp = rules('-A -t 10.0.0.1:80 -s rr', '-a -t 10.0.0.1:80 -r 10.0.0.2:80 -m');
const tryHelp = "Try `ipvsadm -h' or 'ipvsadm --help' for more information.";

say('scanning: no command to begin with', none, [
  ['--nosuch', tryHelp],
  ['--lis', tryHelp],
  ['-n', tryHelp],
  ['-nL', tryHelp],
  ['-t 10.0.0.1:80 -A', tryHelp],
  ['--list=foo', tryHelp],
  ['-- -L', tryHelp],
  ['foo', tryHelp],
  ['--start-daemon', tryHelp],
]);
lab.table('scanning: the program is called as it was started', [
  { argv: ['-n'], programName: 'ipvsadm', says: tryHelp },
  {
    argv: ['-R'],
    stdin: '-n\n',
    title: 'a line of a restore',
    allowed: {
      number: 8,
      reference: { stderr: tryHelp, status: 255 },
      ours: { stderr: `line 1: ${tryHelp}`, status: 255 },
    },
  },
]);
say('scanning: options', none, [
  ['-L -q', '-q: unknown option'],
  ['-Lqn', '-Lqn: unknown option'],
  ['-L --nosuch', '--nosuch: unknown option'],
  ['-L --stat', '--stat: unknown option'],
  ['-A -t 10.0.0.1:80 -p -5', '-5: unknown option'],
  ['-A -t', '-t: missing argument'],
  ['-At', '-At: missing argument'],
  ['-A --tcp-service', '--tcp-service: missing argument'],
  ['-L -n=3', '-n=3: option does not take an argument'],
  ['-L --numeric=yes', '--numeric=yes: option does not take an argument'],
  ['-L -A', "invalid option `-A'"],
  ['-LA', "invalid option `-LA'"],
  ['-C --save', "invalid option `--save'"],
  ['-L --start-daemon master', "invalid option `master'"],
  ['-L foo', 'unexpected argument foo'],
  ['-C 1 2', 'unexpected argument 1'],
  ['--set 1 2 3 4', 'unexpected argument 4'],
  ['-6', tryHelp],
]);

/** An option by its name in messages, typed so that it can be given twice to a listing. */
const repeatable: Readonly<Record<string, string>> = {
  numeric: '-n',
  connection: '-c',
  'service-address': '-t 10.0.0.1:80',
  scheduler: '-s rr',
  persistent: '-p 1',
  netmask: '-M 255.0.0.0',
  'real-server': '-r 10.0.0.2',
  'forwarding-method': '-m',
  weight: '-w 1',
  'u-threshold': '-x 1',
  'l-threshold': '-y 1',
  'mcast-interface': '--mcast-interface lo',
  timeout: '--timeout',
  daemon: '--daemon',
  stats: '--stats',
  rate: '--rate',
  thresholds: '--thresholds',
  'persistent-conn': '--persistent-conn',
  nosort: '--nosort',
  syncid: '--syncid 1',
  exact: '--exact',
  ops: '-o',
  pe: '--pe sip',
  'sched-flags': '-b flag-1',
  'mcast-group': '--mcast-group 224.0.0.1',
  'mcast-port': '--mcast-port 1',
  'mcast-ttl': '--mcast-ttl 1',
  'sync-maxlen': '--sync-maxlen 1',
  'tun-info': '--tun-info',
  'tun-type': '--tun-type gre',
  'tun-port': '--tun-port 1',
  'tun-nocsum': '--tun-nocsum',
  'tun-csum': '--tun-csum',
  'tun-remcsum': '--tun-remcsum',
};
say(
  'options given twice',
  none,
  Object.entries(repeatable).map(([name, typed]) => [`-L ${typed} ${typed}`, `multiple '${name}' options specified`]),
);

say('options that belong together, and ones that do not', tcp, [
  ['-A', "You need to supply the 'service-address' option for the 'add-service' command"],
  ['-E -s rr', "You need to supply the 'service-address' option for the 'edit-service' command"],
  ['-D', "You need to supply the 'service-address' option for the 'delete-service' command"],
  ['-a -r 10.0.0.2', "You need to supply the 'service-address' option for the 'add-server' command"],
  ['-a -t 10.0.0.1:80', "You need to supply the 'real-server' option for the 'add-server' command"],
  ['-e -t 10.0.0.1:80', "You need to supply the 'real-server' option for the 'edit-server' command"],
  ['-d -t 10.0.0.1:80', "You need to supply the 'real-server' option for the 'delete-server' command"],
  ['-A -t 10.0.0.1:80 -w 1', "Illegal 'weight' option with the 'add-service' command"],
  ['-E -t 10.0.0.1:80 -m', "Illegal 'forwarding-method' option with the 'edit-service' command"],
  ['-D -t 10.0.0.1:80 -s rr', "Illegal 'scheduler' option with the 'delete-service' command"],
  ['-C -n', "Illegal 'numeric' option with the 'flush' command"],
  ['-L -s rr', "Illegal 'scheduler' option with the 'list' command"],
  ['-a -t 10.0.0.1:80 -r 10.0.0.3 -p', "Illegal 'persistent' option with the 'add-server' command"],
  ['-d -t 10.0.0.1:80 -r 10.0.0.3 -m', "Illegal 'forwarding-method' option with the 'delete-server' command"],
  ['-e -t 10.0.0.1:80 -r 10.0.0.3 -n', "Illegal 'numeric' option with the 'edit-server' command"],
  ['--set 1 2 3 -n', "Illegal 'numeric' option with the 'set' command"],
  ['--start-daemon master -n', "Illegal 'numeric' option with the 'start-daemon' command"],
  ['--stop-daemon master --mcast-ttl 1', "Illegal 'mcast-ttl' option with the 'stop-daemon' command"],
  ['-R -n', "Illegal 'numeric' option with the 'restore' command"],
  ['-S -c', "Illegal 'connection' option with the 'save' command"],
  ['-Z -n', "Illegal 'numeric' option with the 'zero' command"],
  ['-L --timeout --daemon', "The option 'daemon' conflicts with the 'timeout' option in the 'list' command"],
  ['-L -c -t 10.0.0.1:80', "The option 'service-address' conflicts with the 'connection' option in the 'list' command"],
  ['-L -c --stats', 'options conflicts in the list command'],
  ['-L --daemon --rate', 'options conflicts in the list command'],
]);

say('tunnels', tcp, [
  ...(
    [
      ['--tun-type gue', "You need to supply the 'tun-port' option for the 'gue' tunnel type"],
      ['--tun-type ipip --tun-port 1', "Illegal 'tun-port' option with the 'ipip' tunnel type"],
      ['--tun-nocsum', "Illegal 'tun-nocsum' option with the 'ipip' tunnel type"],
      ['--tun-csum', "Illegal 'tun-csum' option with the 'ipip' tunnel type"],
      ['--tun-remcsum', "Illegal 'tun-remcsum' option with the 'ipip' tunnel type"],
      ['--tun-type gre --tun-port 1', "Illegal 'tun-port' option with the 'gre' tunnel type"],
      ['--tun-type gre --tun-remcsum', "Illegal 'tun-remcsum' option with the 'gre' tunnel type"],
      [
        '--tun-type gre --tun-nocsum --tun-csum',
        "The option 'tun-csum' conflicts with the 'tun-nocsum' option in the 'gre' tunnel type",
      ],
      [
        '--tun-type gue --tun-port 1 --tun-csum --tun-remcsum',
        "The option 'tun-remcsum' conflicts with the 'tun-csum' option in the 'gue' tunnel type",
      ],
      ['--tun-type vxlan', 'illegal tunnel type specified'],
      ['--tun-type gue --tun-port 0', 'illegal tunnel port specified'],
      ['--tun-type gue --tun-port x', 'illegal tunnel port specified'],
    ] as const
  ).map(([options, says]): Row => [`-a -t 10.0.0.1:80 -r 10.0.0.3 -i ${options}`, says]),
  ['-a -t 10.0.0.1:80 -r 10.0.0.3 -g --tun-type gre', 'Tunnel options conflict with forward method'],
  ['-a -t 10.0.0.1:80 -r 10.0.0.3 -m --tun-csum', 'Tunnel options conflict with forward method'],
  ['-e -t 10.0.0.1:80 -r 10.0.0.2 --tun-port 7', 'Tunnel options conflict with forward method'],
]);

say('values', tcp, [
  ['-A -t 80', 'illegal virtual server address[:port] specified'],
  ["-A -t ''", 'illegal virtual server address[:port] specified'],
  ['-A -u nowhere.invalid:53', 'illegal virtual server address[:port] specified'],
  ['-A --sctp-service 10.0.0.1:nosuch', 'illegal virtual server address[:port] specified'],
  ['-a -t 10.0.0.1:80 -r 10.0.0.300', 'illegal real server address[:port] specified'],
  ['-a -t 10.0.0.1:80 -r 10.0.0.3:65536', 'illegal real server address[:port] specified'],
  ['-A -f 0', "invalid fwmark value `0' specified"],
  ['-A -f 4294967296', "invalid fwmark value `4294967296' specified"],
  ["-A -f ''", "invalid fwmark value `' specified"],
  ['-A -t 10.0.0.3:80 -6', '-6 used before -f\n'],
  ['-A -6 -f 1', '-6 used before -f\n'],
  ['-A -t 10.0.0.3:80 -p 60 -M nosuch', 'illegal virtual server persistent mask specified'],
  ['-A -f 1 -6 -p 60 -M 129', 'illegal ipv6 netmask specified'],
  ['-A -t [2001:db8::1]:80 -p 60 -M x', 'illegal ipv6 netmask specified'],
  ['-A -t 10.0.0.3:80 -p 0', "invalid timeout value `0' specified"],
  ["-A -t 10.0.0.3:80 -p ''", "invalid timeout value `' specified"],
  ['-A -t 10.0.0.3:80 -p 2678401', "invalid timeout value `2678401' specified"],
  ['--set 1 x 3', "invalid timeout value `x' specified"],
  ['--set 1 2 2678401', "invalid timeout value `2678401' specified"],
  ['--set', '--set option requires 3 timeout values'],
  ['--set 1', '--set option requires 3 timeout values'],
  ['--set 1 2', '--set option requires 3 timeout values'],
  ['-a -t 10.0.0.1:80 -r 10.0.0.3 -w -1', 'illegal weight specified'],
  ['-a -t 10.0.0.1:80 -r 10.0.0.3 -w 2147483648', 'illegal weight specified'],
  ['-a -t 10.0.0.1:80 -r 10.0.0.3 -x x', 'illegal u_threshold specified'],
  ['-a -t 10.0.0.1:80 -r 10.0.0.3 -y -1', 'illegal l_threshold specified'],
  ['-A -t 10.0.0.3:80 -b nosuch', "invalid scheduler flag `nosuch'"],
  ['-A -t 10.0.0.3:80 -s sh -b sh-port,nosuch', "invalid scheduler flag `nosuch'"],
  ['-A -t 10.0.0.3:80 -s sh -b mh-port', "incompatible scheduler flag `mh-port'"],
  ['-A -t 10.0.0.3:80 -b mh-fallback -s sh', "incompatible scheduler flag `mh-fallback'"],
  ['-A -t 10.0.0.3:80 -b sh-port', "incompatible scheduler flag `sh-port'"],
  ['-A -t 10.0.0.3:80 -s mh -b sh-fallback', "incompatible scheduler flag `sh-fallback'"],
  ['-A -t 10.0.0.3', 'Zero port specified for non-persistent service'],
  ['-E -u 10.0.0.3:0', 'Zero port specified for non-persistent service'],
  ['-A -t 10.0.0.3:80 -o', 'One-Packet Scheduling is only for UDP virtual services'],
  ['-A --sctp-service 10.0.0.3:80 -o', 'One-Packet Scheduling is only for UDP virtual services'],
  ['-a -t 10.0.0.1:80 -r 2001:db8::2', 'Different address family is allowed only for tunneling servers'],
  ['-a -f 1 -6 -r 10.0.0.2 -m', 'Different address family is allowed only for tunneling servers'],
  ['--start-daemon both', 'illegal start-daemon parameter specified'],
  ['--stop-daemon both', 'illegal start_daemon specified'],
  ['--start-daemon master --syncid 256', 'illegal syncid specified'],
  ['--start-daemon master --sync-maxlen 0', 'illegal sync-maxlen specified'],
  ['--start-daemon master --sync-maxlen 65508', 'illegal sync-maxlen specified'],
  ['--start-daemon master --mcast-port 0', 'illegal mcast-port specified'],
  ['--start-daemon master --mcast-ttl 256', 'illegal mcast-ttl specified'],
  ['--start-daemon master --mcast-group 10.0.0.1', "invalid IPv4 mcast-group `10.0.0.1'"],
  ['--start-daemon master --mcast-group 2001:db8::1', "invalid IPv6 mcast-group `2001:db8::1'"],
]);

const invalid = 'Invalid operation.  Possibly wrong module version, address not unicast, ...';
const daemons = rules(
  '--start-daemon master --mcast-interface lo',
  '-A -f 1',
  '-A -t [2001:db8::1]:80',
  '-A -u 10.0.0.1:53 -p 60',
);

say('what the kernel refuses', tcp, [
  ['-A -t 10.0.0.1:80', 'Service already exists'],
  ['-A -t 10.0.0.3:80 -s nosuch', 'Scheduler or persistence engine not found'],
  ['-A -u 10.0.0.3:80 -p 60 --pe nosuch', 'Scheduler or persistence engine not found'],
  ['-E -t 10.0.0.1:80 -s nosuch', 'Scheduler or persistence engine not found'],
  ['-E -t 10.0.0.1:80 -p 60 --pe nosuch', 'Scheduler or persistence engine not found'],
  ['-E -t 10.0.0.3:80', 'No such service'],
  ['-D -t 10.0.0.3:80', 'No such service'],
  ['-D -u 10.0.0.1:80', 'No such service'],
  ['-Z -f 7', 'No such service'],
  ['-L -t 10.0.0.3:80', 'No such service'],
  ['-Ln -f 7 -6 --stats', 'No such service'],
  ['-a -t 10.0.0.3:80 -r 10.0.0.2', 'Service not defined'],
  ['-e -t 10.0.0.3:80 -r 10.0.0.2', 'Service not defined'],
  ['-d -t 10.0.0.3:80 -r 10.0.0.2', 'Service not defined'],
  ['-a -t 10.0.0.1:80 -r 10.0.0.2 -m', 'Destination already exists'],
  ['-e -t 10.0.0.1:80 -r 10.0.0.3', 'No such destination'],
  ['-d -t 10.0.0.1:80 -r 10.0.0.2:81', 'No such destination'],
  ['-a -t 10.0.0.1:80 -r 224.0.0.1', invalid],
  ['-e -t 10.0.0.1:80 -r 10.0.0.2 -x 5 -y 6', 'Numerical result out of range'],
  ['-a -t 10.0.0.1:80 -r 10.0.0.3 -x 5 -y 6', 'Numerical result out of range'],
  ['--stop-daemon master', 'No daemon is running'],
  ['--stop-daemon backup --syncid 3', 'No daemon is running'],
  ['--start-daemon master', 'No such device'],
  ['--start-daemon backup --mcast-interface nosuch', 'No such device'],
  ["--start-daemon backup --mcast-interface ''", 'No such device'],
]);
say('what the kernel refuses while a daemon runs', daemons, [
  ['--start-daemon master --mcast-interface lo', 'Daemon has already run'],
  ['-a -t [2001:db8::1]:80 -r 10.0.0.2 -i', invalid],
  ['-a -f 1 -r 2001:db8::2 -i', invalid],
]);
say(
  'what the kernel refuses while families are mixed',
  rules('-A -t [2001:db8::1]:80', '-a -t [2001:db8::1]:80 -r 10.0.0.2 -i'),
  [['--start-daemon master --mcast-interface lo', invalid]],
);
