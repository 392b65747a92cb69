import { describeEndpoint } from '../../model/service.js';
import { commandLine, familyOption, fullLength, hostPrefix, setSysctls } from '../commands.js';
import type { InterfaceAddress, NetworkInterface, RealServerFacts } from '../facts.js';
import { problem, note, type Check, type Finding, type Fix } from '../finding.js';
import { effective, settingPath, sysctl } from '../settings.js';
import { aboutAddress, aboutInterface, thisHost } from './subjects.js';

/** Interfaces by which other hosts can ask for addresses. */
function outward({ interfaces }: RealServerFacts): NetworkInterface[] {
  return interfaces.filter(({ arp, up, addresses }) => arp && up && addresses.some(({ family }) => family === 'inet'));
}

function ip(facts: RealServerFacts, ...words: readonly string[]): string {
  return commandLine('ip', ...familyOption(facts.family), ...words);
}

/** Where the virtual address is, and as what. */
function places({ interfaces, vip }: RealServerFacts): { link: NetworkInterface; as: InterfaceAddress }[] {
  return interfaces.flatMap((link) =>
    link.addresses.filter(({ address }) => address === vip).map((as) => ({ link, as })),
  );
}

/** A server drops packets to an address that it lacks, and diverts traffic from the director if it answers ARP for it. */
const vip: Check<RealServerFacts> = {
  id: 'real-vip',
  title: 'the virtual address is where it serves and disturbs nobody',
  run: (facts) => {
    const subject = aboutAddress(facts.vip);
    const wanted = hostPrefix(facts.vip, facts.family);
    const add = ip(facts, 'address', 'add', wanted, 'dev', 'lo');
    const remove = (link: NetworkInterface, as: InterfaceAddress): string =>
      ip(facts, 'address', 'del', `${facts.vip}/${as.prefixLength}`, 'dev', link.name);
    const found = places(facts);
    if (facts.forwarding === 'masquerading') {
      return found
        .filter(({ link }) => link.arp)
        .map(({ link, as }) =>
          problem(
            'error',
            subject,
            `is on ${link.name}`,
            'Behind NAT the virtual address belongs to the director alone. This host answers for it too, so that clients may reach it instead.',
            { how: 'remove it', commands: [remove(link, as)] },
          ),
        );
    }
    if (found.length === 0) {
      if (facts.routes.get(facts.vip)?.kind === 'local') return [note(subject, 'is here by a route of type local')];
      return [
        problem(
          'error',
          subject,
          'is not an address of this host',
          'Packets to it are dropped: they are not for this host.',
          {
            how: 'give it to an interface that answers nobody',
            commands: [add],
          },
        ),
      ];
    }
    const others = (one: NetworkInterface): boolean =>
      found.some(
        ({ link, as }) => link !== one && !link.arp && link.up && as.prefixLength === fullLength(facts.family),
      );
    return found.flatMap(({ link, as }): Finding[] => {
      const move = [...(others(link) ? [] : [add]), remove(link, as)];
      if (link.arp) {
        const how = 'move it to an interface that answers nobody';
        const why =
          'Clients and routers that ask for the address may get this host in place of the director, which then balances nothing.';
        return [problem('error', subject, `is on ${link.name}, which answers for it`, why, { how, commands: move })];
      }
      if (!link.up) {
        const how = 'set the interface up';
        const why = 'Packets to the address are dropped.';
        return [
          problem('error', subject, `is on ${link.name}, which is down`, why, {
            how,
            commands: [commandLine('ip', 'link', 'set', link.name, 'up')],
          }),
        ];
      }
      if (as.prefixLength !== fullLength(facts.family)) {
        const how = 'give it its full length';
        const why = link.loopback
          ? 'On the loopback interface the whole network counts as this host: it can reach no other host of it, clients and the director included.'
          : 'The whole network of the address counts as reached by this interface, where nobody is.';
        return [
          problem('error', subject, `is on ${link.name} with a prefix of ${as.prefixLength} bits`, why, {
            how,
            commands: [remove(link, as), ip(facts, 'address', 'add', wanted, 'dev', link.name)],
          }),
        ];
      }
      return [note(subject, `is on ${link.name}`)];
    });
  },
};

interface ArpRule {
  readonly setting: 'arp_ignore' | 'arp_announce';
  readonly good: ReadonlySet<number>;
  readonly wanted: number;
  readonly why: string;
}

const arpRules: Readonly<Record<ArpRule['setting'], ArpRule>> = {
  arp_ignore: {
    setting: 'arp_ignore',
    good: new Set([1, 2]),
    wanted: 1,
    why: 'With 0 this host answers when somebody asks for the virtual address: traffic goes to it in place of the director. From 3 on it may not answer for its own address either.',
  },
  arp_announce: {
    setting: 'arp_announce',
    good: new Set([2]),
    wanted: 2,
    why: 'Below 2 this host names the virtual address as the sender when it asks for others, who then send there what is meant for the director.',
  },
};

/** ARP concerns IPv4, and hosts that have the virtual address. */
function arpCheck({ setting, good, wanted, why }: ArpRule, title: string): Check<RealServerFacts> {
  return {
    id: `real-${setting.replace('_', '-')}`,
    title,
    run: (facts) => {
      if (facts.family !== 'inet' || facts.forwarding === 'masquerading') return [];
      const shown = (name: string): string => `${name} ${sysctl(facts, settingPath(name, setting)) ?? '?'}`;
      const wrong = outward(facts).filter(({ name }) => {
        const value = effective(facts, name, setting);
        return value !== undefined && !good.has(value);
      });
      const [first] = wrong;
      if (first === undefined) return [];
      // The larger value has effect, so one that is too large has to be lowered where it is set.
      const tooLarge = wrong.filter(({ name }) => (sysctl(facts, settingPath(name, setting)) ?? 0) > wanted);
      const settings = Object.fromEntries(
        ['all', 'lo', ...tooLarge.map(({ name }) => name)].map((name) => [settingPath(name, setting), wanted]),
      );
      const names = wrong.map(({ name }) => name);
      return [
        problem(
          facts.forwarding === 'direct-routing' ? 'error' : 'warning',
          aboutInterface(first.name),
          `${setting} is ${effective(facts, first.name, setting) ?? '?'} for ${names.join(', ')} (${['all', 'lo', ...names].map(shown).join(', ')}; the larger of all and the interface counts)`,
          why,
          { how: `set it to ${wanted}, and keep it in /etc/sysctl.d`, commands: [setSysctls(settings)] },
        ),
      ];
    },
  };
}

/** Interface kinds that decapsulate packets of a tunnel, and the interface that the kernel makes by itself. */
const tunnelKinds = {
  ipip: {
    inet: { kinds: ['ipip'], own: 'tunl0', module: 'ipip' },
    inet6: { kinds: ['ip6tnl'], own: 'ip6tnl0', module: 'ip6_tunnel' },
  },
  gre: {
    inet: { kinds: ['gre'], own: 'gre0', module: 'ip_gre' },
    inet6: { kinds: ['ip6gre'], own: 'ip6gre0', module: 'ip6_gre' },
  },
  // Inside GUE is IP in IP.
  gue: {
    inet: { kinds: ['ipip'], own: 'tunl0', module: 'ipip' },
    inet6: { kinds: ['ip6tnl'], own: 'ip6tnl0', module: 'ip6_tunnel' },
  },
} as const;

/** The tunnel interfaces that packets to the virtual address can come out of. */
export function tunnelsOf({
  tunnel,
  family,
  interfaces,
}: Pick<RealServerFacts, 'tunnel' | 'family' | 'interfaces'>): NetworkInterface[] {
  const kinds: readonly string[] = tunnelKinds[tunnel][family].kinds;
  return interfaces.filter(({ kind }) => kinds.includes(kind));
}

/** Encapsulated packets that are not decapsulated are lost. */
const tunnel: Check<RealServerFacts> = {
  id: 'real-tunnel',
  title: 'packets are taken out of the tunnel',
  run: (facts) => {
    if (facts.forwarding !== 'tunneling') return [];
    const { own, module } = tunnelKinds[facts.tunnel][facts.family];
    const why = 'Packets of the director arrive wrapped, and nobody unwraps them.';
    const findings: Finding[] = [];
    const tunnels = tunnelsOf(facts);
    if (!tunnels.some(({ up }) => up)) {
      const down = tunnels.find(({ name }) => name === own) ?? tunnels[0];
      const up = (name: string): string => commandLine('ip', 'link', 'set', name, 'up');
      findings.push(
        down === undefined
          ? problem('error', aboutInterface(own), `there is no ${facts.tunnel} tunnel interface`, why, {
              how: 'make one',
              commands: [`modprobe ${module}`, up(own)],
            })
          : problem('error', aboutInterface(down.name), 'is down', why, {
              how: 'set it up',
              commands: [up(down.name)],
            }),
      );
    }
    const { tunnelPort } = facts;
    if (
      facts.tunnel === 'gue' &&
      !facts.listeners.some(({ protocol, port }) => protocol === 'udp' && port === tunnelPort)
    ) {
      findings.push(
        problem('error', thisHost, `nothing takes GUE packets at UDP port ${tunnelPort}`, why, {
          how: 'receive them',
          commands: [ip(facts, 'fou', 'add', 'port', String(tunnelPort), 'gue')],
        }),
      );
    }
    return findings;
  },
};

/** What comes out of a tunnel has senders that are reached by another interface: the reverse path filter drops it. */
const rpFilter: Check<RealServerFacts> = {
  id: 'real-rp-filter',
  title: 'the reverse path filter lets packets in',
  run: (facts) => {
    if (facts.family !== 'inet') return [];
    return facts.forwarding === 'tunneling' ? tunnelFilter(facts) : networkFilter(facts);
  },
};

/**
 * Clients are replied to by another interface than the tunnel. An interface without any address lets such packets in only
 * where the filter is off. Source: __fib_validate_source in net/ipv4/fib_frontend.c.
 */
function tunnelFilter(facts: RealServerFacts): Finding[] {
  return tunnelsOf(facts)
    .filter(({ up }) => up)
    .flatMap(({ name, addresses }) => {
      const value = effective(facts, name, 'rp_filter') ?? 0;
      const addressed = addresses.some(({ family }) => family === 'inet');
      if (value === 0 || (value === 2 && addressed)) return [];
      return [
        problem(
          'error',
          aboutInterface(name),
          `rp_filter is ${value} for ${name}${addressed ? '' : ', which has no address'}`,
          'Packets come out of the tunnel with the addresses of clients, who are replied to by another interface: the filter drops them.',
          addressed
            ? {
                how: 'accept senders that are reached by any interface',
                commands: [setSysctls({ [settingPath(name, 'rp_filter')]: 2 })],
              }
            : {
                how: 'switch it off for the tunnel, and keep it for the others',
                commands: [setSysctls(filterOff(facts, name))],
              },
        ),
      ];
    });
}

/** Settings with which `rp_filter` is off for one interface and as before for every other. */
function filterOff(facts: RealServerFacts, except: string): Record<string, number> {
  const all = sysctl(facts, settingPath('all', 'rp_filter')) ?? 0;
  const kept = facts.interfaces.filter(({ name }) => all > 0 && name !== except);
  return Object.fromEntries([
    ...kept.map(({ name }) => [settingPath(name, 'rp_filter'), effective(facts, name, 'rp_filter') ?? all] as const),
    ...(all > 0 ? [[settingPath('all', 'rp_filter'), 0] as const] : []),
    [settingPath(except, 'rp_filter'), 0] as const,
  ]);
}

/** Packets of clients come in from the director's side. */
function networkFilter(facts: RealServerFacts): Finding[] {
  const route = facts.director === undefined ? undefined : facts.routes.get(facts.director);
  const toClients = facts.defaultRoutes.inet;
  if (route?.kind !== 'unicast' || toClients?.kind !== 'unicast' || route.interface === toClients.interface) return [];
  const { interface: name } = route;
  if (effective(facts, name, 'rp_filter') !== 1) return [];
  return [
    problem(
      'error',
      aboutInterface(name),
      `leads to the director and has a strict rp_filter, and the default route leaves by ${toClients.interface}`,
      'Packets of clients come in by the one interface and would be replied to by the other: the filter drops them.',
      {
        how: 'accept senders that are reached by any interface',
        commands: [setSysctls({ [settingPath(name, 'rp_filter')]: 2 })],
      },
    ),
  ];
}

/** Replies need a route to the clients; behind NAT that route is the director. */
const gateway: Check<RealServerFacts> = {
  id: 'real-gateway',
  title: 'replies find their way to clients',
  run: (facts) => {
    const { director, family, forwarding } = facts;
    const nat = forwarding === 'masquerading';
    const route = facts.defaultRoutes[family];
    const subject = { label: 'default route' };
    const via = (address: string): string => ip(facts, 'route', 'replace', 'default', 'via', address);
    const fix = (how: string): Fix => ({
      how: director === undefined ? `${how}; --director ADDRESS completes the command` : how,
      commands: director === undefined ? [] : [via(director)],
    });
    if (route === undefined || route.kind === 'none') {
      const why = nat
        ? 'Replies have to go back through the director, which puts the virtual address in their place.'
        : 'Replies go to clients directly, and there is no way to those on other networks.';
      return [
        problem(
          nat ? 'error' : 'warning',
          subject,
          'there is none',
          why,
          nat
            ? fix('make the director the default gateway')
            : { how: 'add one, by a router of this network', commands: [] },
        ),
      ];
    }
    const by = route.kind === 'unicast' ? (route.gateway ?? route.interface) : 'this host';
    if (nat && director !== undefined && by !== director) {
      return [
        problem(
          'error',
          subject,
          `is by ${by}, the director is ${director}`,
          'Replies bypass the director: clients get them from an address that they never asked, and drop them.',
          fix('make the director the default gateway'),
        ),
      ];
    }
    return [note(subject, `is by ${by}`)];
  },
};

/** A port that nothing listens at refuses connections, whatever the director does. */
const listener: Check<RealServerFacts> = {
  id: 'real-listener',
  title: 'something listens at the port',
  run: (facts) => {
    const { listeners, ports, protocol, family, forwarding } = facts;
    // A socket for every IPv6 address accepts IPv4 too, unless IPV6_V6ONLY is set, which can't be seen.
    const every = family === 'inet' ? ['0.0.0.0', '::'] : ['::'];
    const loopback = (address: string): boolean => address.startsWith('127.') || address === '::1';
    return ports.flatMap((port) => {
      const there = listeners.filter((one) => one.protocol === protocol && one.port === port);
      const accepts = (address: string): boolean =>
        every.includes(address) ||
        (forwarding === 'masquerading'
          ? !loopback(address) && address.includes(':') === (family === 'inet6')
          : address === facts.vip);
      if (there.some(({ address }) => accepts(address))) return [];
      const where = there.map((one) => describeEndpoint(one)).join(', ');
      const place =
        forwarding === 'masquerading' ? `port ${port}` : describeEndpoint({ family, address: facts.vip, port });
      return [
        problem(
          'error',
          { label: `${protocol.toUpperCase()} port ${port}` },
          where === '' ? `nothing listens at ${place}` : `nothing listens at ${place}, only at ${where}`,
          'Connections that the director sends here are refused.',
          { how: `start the program, and let it listen at every address or at ${place}`, commands: [] },
        ),
      ];
    });
  },
};

/** The checks of a real server. ARP comes first: fixed in this order, the virtual address never disturbs the network. */
export const realServerChecks: readonly Check<RealServerFacts>[] = [
  arpCheck(arpRules.arp_ignore, 'nobody learns that the virtual address is here'),
  arpCheck(arpRules.arp_announce, 'this host does not name the virtual address when it asks for others'),
  vip,
  tunnel,
  rpFilter,
  gateway,
  listener,
];
