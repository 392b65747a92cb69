/** A cable from a host to a segment. The host's interface has the name of the segment. */
export interface Cable {
  readonly segment: string;
  /** Addresses as `ip address add` takes them, such as `192.0.2.1/24`. */
  readonly addresses: readonly string[];
}

/** A host: a network namespace of its own. */
export interface Host {
  readonly cables: readonly Cable[];
  /** Routes as `ip route add` takes them, such as `default via 192.0.2.1`. */
  readonly routes?: readonly string[];
  /** Hands on packets that are not its own. */
  readonly forwards?: boolean;
}

/** Hosts by name, at most seven letters: names of interfaces have fifteen. */
export type Topology = Readonly<Record<string, Host>>;

/** The host that the suite itself is: the namespace that the lab starts in, with the IPVS table that `main` reaches. */
export const director = 'director';

/** The words that run something in a host. */
export function inHost(host: string): readonly string[] {
  return host === director ? [] : ['ip', 'netns', 'exec', host];
}

/** The namespace of the switches. */
const switches = 'switches';

/** `ip` for commands in a host, one a line on its standard input. */
function batch(host: string, commands: readonly string[]): string {
  return `ip ${host === director ? '' : `-n ${host} `}-batch - <<'END'\n${commands.join('\n')}\nEND\n`;
}

/** A shell script that makes hosts and switches of a topology, which run and are connected when it has ended. */
export function buildScript(topology: Topology): string {
  const hosts = Object.entries(topology);
  const segments = [...new Set(hosts.flatMap(([, { cables }]) => cables.map(({ segment }) => segment)))];
  return [
    'set -e\n[ -e /proc/sys/net/ipv6 ] || modprobe -q ipv6\nmodprobe -aq veth bridge\n',
    ...[switches, ...Object.keys(topology)].filter((name) => name !== director).map((name) => `ip netns add ${name}\n`),
    batch(
      switches,
      segments.flatMap((segment) => [
        `link add ${segment} type bridge forward_delay 0 mcast_snooping 0`,
        `link set ${segment} up`,
      ]),
    ),
    ...hosts.map(([name, host]) => buildHost(name, host)),
    batch(
      switches,
      hosts.flatMap(([name, { cables }]) =>
        cables.flatMap(({ segment }) => [`link set ${name}.${segment} master ${segment} up`]),
      ),
    ),
    // Last, as a route needs its interface to have a carrier.
    ...hosts.map(([name, { routes = [] }]) =>
      batch(
        name,
        routes.map((route) => `route add ${route}`),
      ),
    ),
  ].join('');
}

function buildHost(name: string, { cables, forwards = false }: Host): string {
  // Addresses are usable at once, without the second of duplicate detection.
  const settings = [
    'echo 0 >/proc/sys/net/ipv6/conf/all/accept_dad',
    'echo 0 >/proc/sys/net/ipv6/conf/default/accept_dad',
    `echo ${forwards ? 1 : 0} >/proc/sys/net/ipv4/ip_forward`,
    `echo ${forwards ? 1 : 0} >/proc/sys/net/ipv6/conf/all/forwarding`,
    // Who is refused is to hear of it, also when leftovers of earlier tests, which nobody knows any more, are refused too.
    'echo 0 >/proc/sys/net/ipv4/icmp_ratelimit',
    'echo 0 >/proc/sys/net/ipv6/icmp/ratelimit',
  ];
  return (
    `${[...inHost(name), 'sh', '-c'].join(' ')} '${settings.join(' && ')}'\n` +
    batch(name, [
      'link set lo up',
      ...cables.flatMap(({ segment, addresses }) => [
        `link add ${segment} type veth peer name ${name}.${segment} netns ${switches}`,
        ...addresses.map((address) => `address add ${address} dev ${segment}`),
        `link set ${segment} up`,
      ]),
    ])
  );
}
