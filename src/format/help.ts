import { releaseDate, version } from '../version.js';

/**
 * The output of `-v`. The shape is the original's, so that programs that check its version go on working: they compare
 * the second word.
 */
export function versionText(): string {
  return `ipvsadm v1.31 ${releaseDate} (compiled with node ${process.version}, ipvsadm for Node.js ${version} and IPVS v1.2.1)\n`;
}

/** The usage of `ipvsadm-save`. @param program its name in the text */
export function saveUsage(program: string): string {
  return `Usage: ${program} [-n]
Prints the IPVS table as rules that ipvsadm-restore reads; with -n, addresses and ports
are numbers, as they should be in a file. To save it:
  in a shell:            ${program} -n >FILE
  in a unit of systemd:  ExecStop=/bin/sh -c '${program} -n >FILE'
`;
}

/** The usage of `ipvsadm-restore`. @param program its name in the text */
export function restoreUsage(program: string): string {
  return `Usage: ${program} <FILE
Replaces the IPVS table by the rules on the standard input, after checking all of them.
It has no options and takes no names of files. To restore a file:
  in a shell:            ${program} <FILE
  in a unit of systemd:  ExecStart=/bin/sh -c '${program} <FILE'
                         or StandardInput=file:FILE
`;
}

const synopses = [
  '-A|E virtual-service [-s scheduler] [-p [timeout]] [-M netmask] [--pe engine] [-o] [-b flags]',
  '-D virtual-service',
  '-C',
  '-R',
  '-S [-n]',
  '-a|e virtual-service -r server-address [options]',
  '-d virtual-service -r server-address',
  '-L|l [virtual-service] [options]',
  '-Z [virtual-service]',
  '--set tcp tcpfin udp',
  '--start-daemon {master|backup} [daemon-options]',
  '--stop-daemon {master|backup}',
  '-h | -v',
];

/** A section of the help: its heading, and rows of what to type and what it does. */
export interface Section {
  readonly heading: string;
  readonly rows: readonly (readonly [typed: string, meaning: string])[];
}

/** What can be typed, in sections: names at the left, values behind them. */
export const helpSections: readonly Section[] = [
  {
    heading: 'Commands (long or short)',
    rows: [
      ['--add-service     -A', 'define a virtual service'],
      ['--edit-service    -E', 'replace all settings of a virtual service'],
      ['--delete-service  -D', 'remove a virtual service and its servers'],
      ['--clear           -C', 'remove everything'],
      ['--restore         -R', 'carry out the rules on standard input'],
      ['--save            -S', 'print the table as rules'],
      ['--add-server      -a', 'give a service a real server'],
      ['--edit-server     -e', 'replace all settings of a real server'],
      ['--delete-server   -d', 'take a real server away from a service'],
      ['--list            -L|-l', 'show the table'],
      ['--zero            -Z', 'set counters to zero, of one service or of all'],
      ['--set tcp tcpfin udp', 'set the timeouts of connections in seconds; 0 keeps one'],
      ['--start-daemon role', 'start synchronising connections as master or backup'],
      ['--stop-daemon role', 'stop it'],
      ['--help            -h', 'show this text'],
      ['--version         -v', 'show the version'],
    ],
  },
  {
    heading: 'virtual-service',
    rows: [
      ['--tcp-service     -t address', 'TCP, host[:port] or [IPv6]:port'],
      ['--udp-service     -u address', 'UDP, likewise'],
      ['--sctp-service       address', 'SCTP, likewise'],
      ['--fwmark-service  -f mark', 'packets with this firewall mark, 1 to 4294967295'],
      ['--ipv6            -6', 'the firewall mark is put on IPv6 packets (after -f)'],
    ],
  },
  {
    heading: 'Options of a virtual service',
    rows: [
      ['--scheduler       -s scheduler', 'rr, wrr, lc, wlc, lblc, lblcr, dh, sh, sed, nq, fo, ovf, mh,'],
      ['', 'twos (default: wlc)'],
      ['--persistent      -p [seconds]', 'same client, same server (default: 360)'],
      ['--netmask         -M mask', 'clients that count as one: IPv4 mask or IPv6 prefix length'],
      ['--pe                 engine', 'persistence engine: sip'],
      ['--ops             -o', 'schedule every UDP packet on its own'],
      ['--sched-flags     -b flags', 'sh-fallback, sh-port, mh-fallback, mh-port, flag-1, flag-2, flag-3'],
    ],
  },
  {
    heading: 'Options of a real server',
    rows: [
      ['--real-server     -r address', 'host[:port]'],
      ['--gatewaying      -g', 'direct routing (default)'],
      ['--ipip            -i', 'tunneling'],
      ['--masquerading    -m', 'NAT'],
      ['--tun-type           type', 'ipip, gue or gre (default: ipip)'],
      ['--tun-port           port', 'UDP port of a gue tunnel'],
      ['--tun-nocsum', 'tunnel without checksum (default)'],
      ['--tun-csum', 'tunnel with checksum'],
      ['--tun-remcsum', 'gue tunnel with remote checksum offload'],
      ['--weight          -w weight', 'share of new connections, 0 for none (default: 1)'],
      ['--u-threshold     -x number', 'no new connections from this many on, 0 for no limit'],
      ['--l-threshold     -y number', 'new connections again below this many'],
    ],
  },
  {
    heading: 'Options of a listing',
    rows: [
      ['--numeric         -n', 'addresses and ports as numbers'],
      ['--connection      -c', 'the connections'],
      ['--timeout', 'the timeouts'],
      ['--daemon', 'the synchronisation daemons'],
      ['--stats', 'counters'],
      ['--rate', 'rates per second'],
      ['--thresholds', 'thresholds'],
      ['--persistent-conn', 'persistent connections; with -c the engine too'],
      ['--tun-info', 'tunnels'],
      ['--exact           -X', 'counters in full'],
      ['--json', 'for programs: JSON with stable names, numbers exact'],
      ['--proc', 'from /proc/net/ip_vs, which needs no privileges and has less'],
      ['--nosort', "in the kernel's order"],
      ['--sort', 'does nothing; kept for old scripts'],
    ],
  },
  {
    heading: 'With every command and verb',
    rows: [['--netns               namespace', 'in this network namespace: a name of ip netns, or a path']],
  },
  {
    heading: 'Options of a synchronisation daemon',
    rows: [
      ['--syncid             id', 'group of directors, 0 to 255 (default: 0)'],
      ['--sync-maxlen        bytes', 'longest message, 1 to 65507 (default: by the MTU)'],
      ['--mcast-interface    name', 'network interface (default: eth0)'],
      ['--mcast-group        address', 'multicast group (default: 224.0.0.81)'],
      ['--mcast-port         port', 'UDP port (default: 8848)'],
      ['--mcast-ttl          ttl', 'multicast TTL (default: 1)'],
    ],
  },
];

/** The output of `-h`. @param program the program's name in the text */
export function helpText(program: string, verbs: readonly (readonly [name: string, summary: string])[]): string {
  const verbSection: Section = { heading: `Verbs (more: ${program} VERB --help)`, rows: verbs };
  const parts = [...helpSections, verbSection].map(
    ({ heading, rows }) =>
      `${heading}:\n${rows.map(([typed, meaning]) => `  ${typed.padEnd(34)}${meaning}`.trimEnd()).join('\n')}\n`,
  );
  const usage = `Usage:\n${synopses.map((synopsis) => `  ${program} ${synopsis}\n`).join('')}  ${program} VERB ...\n`;
  return `${versionText()}${usage}\n${parts.join('\n')}`;
}
