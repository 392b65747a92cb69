import { daemonDefaults } from '../../model/canonical.js';
import { describeEndpoint, describeService, isFirewallMark } from '../../model/service.js';
import type { SyncDaemon } from '../../model/state.js';
import { familyOf } from '../../model/address.js';
import { commandLine, setSysctls } from '../commands.js';
import { ftpPort, type DirectorFacts } from '../facts.js';
import { problem, type Check, type Finding, type Fix, type Subject } from '../finding.js';
import { sysctl } from '../settings.js';
import { isLocal } from './routing.js';
import { counted } from '../../text/counted.js';
import { aboutService, thisHost } from './subjects.js';

/** Without the module there is no table, and nothing is balanced. */
const inKernel: Check<DirectorFacts> = {
  id: 'ipvs',
  title: 'the kernel has IPVS',
  run: ({ hasIpvs }) =>
    hasIpvs
      ? []
      : [
          problem('error', thisHost, 'the kernel has no IPVS', 'Nothing is balanced.', {
            how: 'load the module (in a container: on the host)',
            commands: ['modprobe ip_vs'],
          }),
        ],
};

const vs = (name: string): string => `net/ipv4/vs/${name}`;

/** A stateful packet filter that does not see the connections of IPVS drops the replies of servers behind NAT. */
const conntrack: Check<DirectorFacts> = {
  id: 'conntrack',
  title: 'a packet filter that tracks connections knows those behind NAT',
  run: (facts) => {
    const masquerading = facts.services.some(({ servers }) =>
      servers.some(({ forwarding }) => forwarding === 'masquerading'),
    );
    const tracked = sysctl(facts, 'net/netfilter/nf_conntrack_count') ?? 0;
    if (!masquerading || tracked === 0 || sysctl(facts, vs('conntrack')) !== 0) return [];
    return [
      problem(
        'warning',
        thisHost,
        `the packet filter tracks connections (${tracked} now), and net.ipv4.vs.conntrack is 0`,
        'Rules that go by the state of a connection take the replies of servers behind NAT for invalid, and SNAT does not work for them.',
        { how: 'track the connections of IPVS too', commands: [setSysctls({ [vs('conntrack')]: 1 })] },
      ),
    ];
  },
};

/** From this release on a used port is scheduled anew without the delay of a second, even if connections are tracked. */
const promptReuse = { major: 5, minor: 9 };

/** A client that opens a connection from a port of an earlier one gets the old server, or waits a second. */
const connReuse: Check<DirectorFacts> = {
  id: 'conn-reuse',
  title: 'a client port that is used again is scheduled anew, at once',
  run: (facts) => {
    const { kernel, services } = facts;
    const mode = sysctl(facts, vs('conn_reuse_mode'));
    if (services.length === 0 || mode === undefined) return [];
    const prompt =
      kernel.major > promptReuse.major || (kernel.major === promptReuse.major && kernel.minor >= promptReuse.minor);
    const tracking = (sysctl(facts, vs('conntrack')) ?? 0) !== 0;
    if (mode === 0 && (prompt || !tracking)) {
      return [
        problem(
          'warning',
          thisHost,
          'net.ipv4.vs.conn_reuse_mode is 0',
          'A connection from a port that the client has used before goes to the server that it went to then, even if that has weight 0 now; under load, new servers get nothing.',
          { how: 'schedule it anew', commands: [setSysctls({ [vs('conn_reuse_mode')]: 1 })] },
        ),
      ];
    }
    if (mode !== 0 && !prompt && tracking) {
      return [
        problem(
          'warning',
          thisHost,
          `net.ipv4.vs.conn_reuse_mode is ${mode} with conntrack, on Linux ${kernel.major}.${kernel.minor}`,
          'Before Linux 5.9 the first packet from a port that the client has used before is dropped: such connections take a second longer to open.',
          {
            how: 'let it go to the server that it went to then',
            commands: [setSysctls({ [vs('conn_reuse_mode')]: 0 })],
          },
        ),
      ];
    }
    return [];
  },
};

/** UDP has no end of a connection: what a client sends from the same port stays bound to a server that was removed. */
const expireNoDestination: Check<DirectorFacts> = {
  id: 'expire-nodest',
  title: 'UDP clients of a server that is removed find another one',
  run: (facts) => {
    const path = vs('expire_nodest_conn');
    if (sysctl(facts, path) !== 0) return [];
    const service = facts.services.find(
      ({ service: { key, onePacket } }) => !isFirewallMark(key) && key.protocol === 'udp' && !onePacket,
    )?.service;
    if (service === undefined) return [];
    return [
      problem(
        'warning',
        aboutService(service.key),
        'net.ipv4.vs.expire_nodest_conn is 0',
        `What a client goes on sending from one port (DNS, syslog, SIP) is dropped once its server is removed, until the entry has timed out${udpTimeout(facts)}.`,
        { how: 'forget such connections at their next packet', commands: [setSysctls({ [path]: 1 })] },
      ),
    ];
  },
};

/** For the end of a sentence: ` (UDP: after 300 s)`. */
function udpTimeout({ timeouts }: DirectorFacts): string {
  return timeouts === undefined ? '' : ` (UDP: after ${timeouts.udp} s)`;
}

/** Servers that are named in a finding about connections. */
const namedServers = 5;

/** The kernel drops packets of a connection whose server was removed, and keeps its entry until that has timed out. */
const orphans: Check<DirectorFacts> = {
  id: 'connection-servers',
  title: 'connections belong to servers of the table',
  run: (facts) => {
    const { connections, groups } = facts.orphans;
    const path = vs('expire_nodest_conn');
    if (connections === 0 || sysctl(facts, path) !== 0) return [];
    const named = groups
      .slice(0, namedServers)
      .map((group) => `${group.connections} to ${describeEndpoint(group.server)} of ${describeService(group.service)}`);
    const more = groups.length > namedServers ? ', ...' : '';
    const shorter = groups.some(({ service }) => service.protocol === 'udp')
      ? [
          {
            how: `let entries of UDP time out sooner${udpTimeout(facts)}, by \`ipvsadm --set 0 0 SECONDS\``,
            commands: [],
          },
        ]
      : [];
    return [
      problem(
        'warning',
        thisHost,
        `${counted(connections, 'connection')} with a server that is not in the table: ${named.join(', ')}${more}`,
        'The server was removed, or was never entered here. Packets of such a connection are dropped until its entry has timed out.',
        { how: 'forget such connections at their next packet', commands: [setSysctls({ [path]: 1 })] },
        ...shorter,
      ),
    ];
  },
};

/** Without the kernel's estimation neither rates nor counters are brought up to date. */
const estimation: Check<DirectorFacts> = {
  id: 'estimation',
  title: 'counters and rates are kept up to date',
  run: (facts) => {
    const path = vs('run_estimation');
    if (sysctl(facts, path) !== 0) return [];
    return [
      problem(
        'warning',
        thisHost,
        'net.ipv4.vs.run_estimation is 0',
        'The kernel adds up nothing: --stats and --rate show 0 for what was added since, and stand still for the rest.',
        { how: 'let it add up again', commands: [setSysctls({ [path]: 1 })] },
      ),
    ];
  },
};

/** Settings that make IPVS drop what it could serve. 3: always. Source: Documentation/networking/ipvs-sysctl.rst. */
const defences = {
  drop_entry: 'drops entries of the connection table at random',
  drop_packet: 'drops a share of all packets',
  secure_tcp: 'shortens the time that connections may take to open',
} as const;
const always = 3;

/** A defence that is always on drops traffic without an attack. */
const defence: Check<DirectorFacts> = {
  id: 'defence',
  title: 'no defence against floods is on all the time',
  run: (facts) =>
    Object.entries(defences).flatMap(([name, effect]) =>
      sysctl(facts, vs(name)) === always
        ? [
            problem('warning', thisHost, `net.ipv4.vs.${name} is 3: always on`, `It ${effect}, attack or not.`, {
              how: 'let it start when memory is short',
              commands: [setSysctls({ [vs(name)]: 1 })],
            }),
          ]
        : [],
    ),
};

/** FTP names addresses and ports in its commands, which NAT has to rewrite. */
const ftp: Check<DirectorFacts> = {
  id: 'ftp-helper',
  title: 'FTP through NAT has its helper',
  run: ({ services, hasFtpHelper }) =>
    services.flatMap(({ service: { key }, servers }) => {
      if (hasFtpHelper || isFirewallMark(key) || key.protocol !== 'tcp' || key.port !== ftpPort) return [];
      if (!servers.some(({ forwarding }) => forwarding === 'masquerading')) return [];
      return [
        problem(
          'warning',
          aboutService(key),
          'is FTP through NAT, and the module ip_vs_ftp is not loaded',
          'FTP sends addresses and ports in its commands. Nobody translates them, so that transfers fail although the login works.',
          { how: 'load the helper', commands: ['modprobe ip_vs_ftp'] },
        ),
      ];
    }),
};

/** A sync daemon on an interface without multicast sends or receives nothing, and reports no error. */
const syncInterface: Check<DirectorFacts> = {
  id: 'sync-interface',
  title: 'sync daemons have an interface that carries multicast',
  run: ({ syncDaemons, interfaces }) =>
    syncDaemons.flatMap((daemon) => {
      const { role, interface: name } = daemon;
      const link = interfaces.find((one) => one.name === name);
      const family = familyOf(daemon.group ?? daemonDefaults.group);
      if (link === undefined) {
        const restart = {
          how: 'stop it, and start it on an interface that exists',
          commands: [commandLine('ipvsadm', '--stop-daemon', role)],
        };
        return [aboutDaemon(daemon, `its interface ${name} does not exist`, restart)];
      }
      const set = (...words: readonly string[]): string[] => [commandLine('ip', 'link', 'set', name, ...words)];
      if (!link.up)
        return [aboutDaemon(daemon, `its interface ${name} is down`, { how: 'set it up', commands: set('up') })];
      if (!link.carrier) {
        return [
          aboutDaemon(daemon, `its interface ${name} has no carrier`, {
            how: 'plug in the cable, or look at the switch',
            commands: [],
          }),
        ];
      }
      if (!link.multicast) {
        const fix = { how: 'let it carry multicast', commands: set('multicast', 'on') };
        return [aboutDaemon(daemon, `its interface ${name} carries no multicast`, fix)];
      }
      if (!link.addresses.some((one) => one.family === family)) {
        const what = family === 'inet' ? 'IPv4' : 'IPv6';
        return [
          aboutDaemon(daemon, `its interface ${name} has no ${what} address`, { how: 'give it one', commands: [] }),
        ];
      }
      return [];
    }),
};

function subjectOf({ role }: SyncDaemon): Subject {
  return { label: `sync daemon (${role})`, syncDaemon: role };
}

function aboutDaemon(daemon: SyncDaemon, found: string, fix: Fix): Finding {
  const why =
    daemon.role === 'master'
      ? 'No connection is sent to the backup: all break when it takes over.'
      : 'No connection of the master is received: all break when this host takes over.';
  return problem('error', subjectOf(daemon), found, why, fix);
}

/** A backup with another sync id, group, port or network than the master receives nothing, and reports no error. */
const syncPeer: Check<DirectorFacts> = {
  id: 'sync-peer',
  title: 'a backup receives the connections of its master',
  run: ({ syncDaemons, hasSyncedConnections }) =>
    syncDaemons
      .filter(({ role }) => role === 'backup' && !hasSyncedConnections)
      .map((daemon) =>
        problem(
          'warning',
          subjectOf(daemon),
          'has received no open connection from a master',
          'Either the master has none, or none arrives here, and all break when this host takes over. Both need the same sync id, group and port, and interfaces on one network.',
          {
            how: 'compare it with the master, and see whether anything arrives',
            commands: [
              'ipvsadm -L --daemon',
              commandLine(
                'tcpdump',
                '-c1',
                '-ni',
                daemon.interface,
                `udp and dst host ${daemon.group ?? daemonDefaults.group} and dst port ${daemon.port || daemonDefaults.port}`,
              ),
            ],
          },
        ),
      ),
};

/** A backup that is a real server too can balance what the master has sent it, back to the master. */
const syncLoop: Check<DirectorFacts> = {
  id: 'sync-loop',
  title: 'a backup that is a real server too passes nothing on',
  run: (facts) => {
    const [daemon, ...others] = facts.syncDaemons;
    const path = vs('backup_only');
    if (daemon?.role !== 'backup' || others.length > 0 || sysctl(facts, path) !== 0) return [];
    const entry = facts.services.find(
      ({ servers }) =>
        servers.some((server) => isLocal(facts, server)) &&
        servers.some(
          (server) =>
            !isLocal(facts, server) && (server.forwarding === 'direct-routing' || server.forwarding === 'tunneling'),
        ),
    );
    if (entry === undefined) return [];
    return [
      problem(
        'warning',
        { ...subjectOf(daemon), service: entry.service.key },
        'this backup is a real server too, and net.ipv4.vs.backup_only is 0',
        'It balances what the master has sent it to serve: packets can go round between the two.',
        { how: 'serve only, while it is a backup', commands: [setSysctls({ [path]: 1 })] },
      ),
    ];
  },
};

/** The check that comes first: without IPVS there is nothing else to check. */
export const inKernelCheck = inKernel;

/** Checks of the kernel's own part: modules, settings of IPVS, synchronisation. */
export const kernelChecks: readonly Check<DirectorFacts>[] = [
  conntrack,
  connReuse,
  expireNoDestination,
  orphans,
  estimation,
  defence,
  ftp,
  syncInterface,
  syncPeer,
  syncLoop,
];
