import { describeEndpoint, isFirewallMark, type AddressServiceKey } from '../../model/service.js';
import type { ServerEntry, ServiceEntry } from '../../model/state.js';
import { commandLine, editServer, familyOption, hostPrefix, routeOnLink, setSysctls } from '../commands.js';
import type { DirectorFacts, NetworkInterface, Route } from '../facts.js';
import { problem, note, type Check, type Finding, type Fix } from '../finding.js';
import { effective, settingPath, sysctl } from '../settings.js';
import { aboutAddress, aboutInterface, aboutServer, thisHost } from './subjects.js';

interface RoutedServer {
  readonly service: ServiceEntry;
  readonly server: ServerEntry;
  readonly route: Route;
}

/** Each server that packets are sent to, with the route to it. */
function routedServers({ services, routes }: DirectorFacts): RoutedServer[] {
  return services.flatMap(({ service, servers }) =>
    servers.flatMap((server) => {
      const route = routes.get(server.address);
      return route === undefined || server.forwarding === 'local' ? [] : [{ service, server, route }];
    }),
  );
}

/** Whether a real server is this host: the kernel decides that for each connection, whatever method the table has. */
export function isLocal({ routes }: DirectorFacts, { address, forwarding: method }: ServerEntry): boolean {
  return method === 'local' || routes.get(address)?.kind === 'local';
}

/** Each virtual address once, with a service that has it. */
export function virtualAddresses({ services }: DirectorFacts): AddressServiceKey[] {
  const found = new Map<string, AddressServiceKey>();
  for (const { service } of services) {
    if (!isFirewallMark(service.key)) found.set(service.key.address, service.key);
  }
  return [...found.values()];
}

/** Returns a look-up of the interfaces that have an address: a director can have thousands of addresses. */
export function holders({ interfaces }: DirectorFacts): (address: string) => readonly NetworkInterface[] {
  const byAddress = new Map<string, NetworkInterface[]>();
  for (const link of interfaces) {
    for (const address of new Set(link.addresses.map((one) => one.address))) {
      const having = byAddress.get(address);
      if (having === undefined) byAddress.set(address, [link]);
      else having.push(link);
    }
  }
  return (address) => byAddress.get(address) ?? [];
}

/** The interface that a person would most likely mean by "the network". */
function likelyInterface({ interfaces, defaultRoutes }: DirectorFacts, family: 'inet' | 'inet6'): string | undefined {
  const route = defaultRoutes[family];
  if (route?.kind === 'unicast') return route.interface;
  const outward = interfaces.filter(({ arp, up }) => arp && up);
  return (outward.find(({ addresses }) => addresses.some((one) => one.family === family)) ?? outward[0])?.name;
}

/** IPVS sees only packets that are delivered locally. */
const vipHere: Check<DirectorFacts> = {
  id: 'vip-here',
  title: 'each virtual address is one of this host',
  run: (facts) => {
    const holdersOf = holders(facts);
    return virtualAddresses(facts).flatMap(({ address, family }) => {
      const subject = aboutAddress(address);
      const having = holdersOf(address);
      if (facts.routes.get(address)?.kind === 'local') {
        const names = having.map(({ name }) => name).join(', ');
        return [note(subject, names === '' ? 'is here by a route of type local' : `is on ${names}`)];
      }
      const [duplicate] = having.filter(({ addresses }) =>
        addresses.some((one) => one.address === address && one.duplicate),
      );
      const name = having[0]?.name ?? likelyInterface(facts, family);
      const fixes: Fix[] = [];
      if (having[0] !== undefined && !having[0].up) {
        fixes.push({
          how: `set ${having[0].name} up`,
          commands: [commandLine('ip', 'link', 'set', having[0].name, 'up')],
        });
      } else if (name !== undefined && duplicate === undefined) {
        const commands = [
          commandLine('ip', ...familyOption(family), 'address', 'add', hostPrefix(address, family), 'dev', name),
        ];
        fixes.push({ how: 'give it to the interface that clients come in by', commands });
      } else if (duplicate !== undefined) {
        fixes.push({ how: 'take the address from the other host that has it', commands: [] });
      }
      return [
        problem(
          'error',
          subject,
          duplicate !== undefined
            ? `is on ${duplicate.name}, but another host has it too`
            : having[0] !== undefined && !having[0].up
              ? `is on ${having[0].name}, which is down`
              : 'is not an address of this host',
          'IPVS sees only packets that the host takes for its own; those to this address are passed on or dropped.',
          ...fixes,
        ),
      ];
    });
  },
};

/** Values of arp_ignore with which an interface answers ARP for addresses of another one. */
const answeringValues: ReadonlySet<number> = new Set([0]);

/** An address that no interface answers ARP for is not found on the network. */
const vipArp: Check<DirectorFacts> = {
  id: 'vip-arp',
  title: 'somebody answers when a virtual address is asked for',
  run: (facts) => {
    const outward = facts.interfaces.filter(({ arp, up }) => arp && up);
    const holdersOf = holders(facts);
    return virtualAddresses(facts).flatMap(({ address, family }) => {
      const having = holdersOf(address);
      if (family !== 'inet' || having.length === 0 || having.some(({ arp }) => arp)) return [];
      const values = outward.map(({ name }) => effective(facts, name, 'arp_ignore') ?? 0);
      if (values.length === 0 || values.some((value) => answeringValues.has(value))) return [];
      const settings = Object.fromEntries(
        ['all', ...outward.map(({ name }) => name)].map((name) => [settingPath(name, 'arp_ignore'), 0]),
      );
      return [
        problem(
          'warning',
          aboutAddress(address),
          `is on ${having.map(({ name }) => name).join(', ')} only, and arp_ignore is set on every other interface`,
          'Nobody on the network learns where the address is, unless a router has a route to it. That is right on a real server, not on a director.',
          { how: 'answer for it', commands: [setSysctls(settings)] },
        ),
      ];
    });
  },
};

/** Packets to a server without a route, or behind an unplugged cable, are lost. */
const serverRoute: Check<DirectorFacts> = {
  id: 'server-route',
  title: 'there is a route to each real server',
  run: (facts) =>
    routedServers(facts).flatMap(({ service: { key }, server, route }) => {
      const subject = aboutServer(key, server);
      const why = 'Connections that are given to this server get no reply.';
      if (route.kind === 'none') {
        const name = likelyInterface(facts, server.family);
        return [
          problem('error', subject, `can't be reached: ${route.reason}`, why, {
            how: 'add a route: by the network that it is on, or with `via` and a router',
            commands: name === undefined ? [] : [routeOnLink(server.address, server.family, name)],
          }),
        ];
      }
      const link = facts.interfaces.find(({ name }) => route.kind === 'unicast' && name === route.interface);
      if (link === undefined || link.carrier) return [];
      return [
        problem('error', subject, `is reached by ${link.name}, which has no carrier`, why, {
          how: 'plug in the cable, or look at the switch',
          commands: [],
        }),
      ];
    }),
};

/** Direct routing changes the hardware address only: a router on the way sends the packet back. */
const serverOnLink: Check<DirectorFacts> = {
  id: 'server-on-link',
  title: 'servers reached by direct routing are on a network of this host',
  run: (facts) =>
    routedServers(facts).flatMap(({ service: { key }, server, route }) => {
      if (server.forwarding !== 'direct-routing' || route.kind !== 'unicast' || route.gateway === undefined) return [];
      return [
        problem(
          'error',
          aboutServer(key, server),
          `is reached by the router ${route.gateway}`,
          'Direct routing leaves the virtual address as the destination: a router in between sends the packets back here.',
          {
            how: 'if the server is on the same network after all, a route without a router',
            commands: [routeOnLink(server.address, server.family, route.interface)],
          },
          {
            how: 'otherwise a tunnel, which the server has to be set up for',
            commands: [editServer({ ...server, forwarding: 'tunneling' }, key)],
          },
        ),
      ];
    }),
};

/** Replies of servers behind NAT pass through this host, which drops them unless it forwards. */
const forwarding: Check<DirectorFacts> = {
  id: 'forwarding',
  title: 'replies of servers behind NAT are forwarded',
  run: (facts) => {
    const masquerading = routedServers(facts).filter(({ server }) => server.forwarding === 'masquerading');
    const why = 'Replies of the real servers come back here and are dropped: clients see connections that never open.';
    const findings: Finding[] = [];
    if (masquerading.some(({ server }) => server.family === 'inet')) {
      const how = 'forward packets';
      if (sysctl(facts, 'net/ipv4/ip_forward') === 0) {
        const commands = [setSysctls({ 'net/ipv4/ip_forward': 1 })];
        findings.push(problem('error', thisHost, 'net.ipv4.ip_forward is 0', why, { how, commands }));
      } else {
        for (const name of interfacesTo(masquerading, 'inet')) {
          if (effective(facts, name, 'forwarding') !== 0) continue;
          const commands = [setSysctls({ [settingPath(name, 'forwarding')]: 1 })];
          findings.push(problem('error', aboutInterface(name), 'does not forward', why, { how, commands }));
        }
      }
    }
    const path = 'net/ipv6/conf/all/forwarding';
    if (masquerading.some(({ server }) => server.family === 'inet6') && sysctl(facts, path) === 0) {
      findings.push(
        problem('error', thisHost, 'net.ipv6.conf.all.forwarding is 0', why, {
          how: 'forward packets; a host that forwards ignores router advertisements unless accept_ra is 2',
          commands: [setSysctls({ [path]: 1 })],
        }),
      );
    }
    return findings;
  },
};

/** Names of the interfaces that servers are reached by. */
function interfacesTo(routed: readonly RoutedServer[], family: 'inet' | 'inet6'): Set<string> {
  return new Set(
    routed.flatMap(({ server, route }) =>
      server.family === family && route.kind === 'unicast' ? [route.interface] : [],
    ),
  );
}

/** A server behind NAT that was redirected to the client replies to it directly, from the wrong address. */
const sendRedirects: Check<DirectorFacts> = {
  id: 'send-redirects',
  title: 'servers behind NAT get no redirects to clients on the same network',
  run: (facts) => {
    const masquerading = routedServers(facts).filter(({ server }) => server.forwarding === 'masquerading');
    const holdersOf = holders(facts);
    const clientSide = new Set(
      virtualAddresses(facts).flatMap(({ address }) => holdersOf(address).map(({ name }) => name)),
    );
    const route = facts.defaultRoutes.inet;
    if (route?.kind === 'unicast') clientSide.add(route.interface);
    return [...interfacesTo(masquerading, 'inet')]
      .filter((name) => clientSide.has(name) && effective(facts, name, 'send_redirects') === 1)
      .map((name) =>
        problem(
          'warning',
          aboutInterface(name),
          'leads to clients and to servers behind NAT, and send_redirects is on',
          'The kernel redirects servers to the shorter way to the client; their replies then bypass NAT, and the client drops them.',
          {
            how: 'send no redirects',
            commands: [
              setSysctls({ [settingPath('all', 'send_redirects')]: 0, [settingPath(name, 'send_redirects')]: 0 }),
            ],
          },
        ),
      );
  },
};

/** A strict reverse path filter drops clients that are replied to by another interface. */
const rpFilter: Check<DirectorFacts> = {
  id: 'rp-filter',
  title: 'the reverse path filter lets clients in',
  run: (facts) => {
    const route = facts.defaultRoutes.inet;
    if (route?.kind !== 'unicast') return [];
    const vips = new Set(virtualAddresses(facts).map(({ address }) => address));
    return facts.interfaces
      .filter(({ name, arp }) => arp && name !== route.interface && effective(facts, name, 'rp_filter') === 1)
      .flatMap(({ name, addresses }) => {
        const vip = addresses.find(({ family, address }) => family === 'inet' && vips.has(address));
        if (vip === undefined) return [];
        return [
          problem(
            'warning',
            aboutInterface(name),
            `has ${vip.address} and a strict rp_filter, and the default route leaves by ${route.interface}`,
            'Packets whose sender would be replied to by another interface are dropped: clients beyond the networks of this interface get no reply.',
            {
              how: 'accept senders that are reached by any interface',
              commands: [setSysctls({ [settingPath(name, 'rp_filter')]: 2 })],
            },
          ),
        ];
      });
  },
};

/** IPVS handles packets before local sockets do: a program at the port of a service gets none. */
const localListener: Check<DirectorFacts> = {
  id: 'local-listener',
  title: 'no local socket waits in vain at the port of a service',
  run: (facts) => {
    const { services, listeners } = facts;
    const at = new Map<string, string>();
    for (const { protocol, address, port } of listeners) at.set(`${protocol} ${address} ${port}`, address);
    return services.flatMap(({ service: { key }, servers }) => {
      if (isFirewallMark(key) || servers.some((server) => isLocal(facts, server))) return [];
      // A socket for all addresses and another port has other uses than a service for all ports.
      const places = key.port === 0 ? [] : key.family === 'inet' ? [key.address, '0.0.0.0', '::'] : [key.address, '::'];
      const found = places.find((address) => at.has(`${key.protocol} ${address} ${key.port}`));
      if (found === undefined) return [];
      return [
        problem(
          'warning',
          {
            ...aboutAddress(key.address),
            label: `${key.protocol.toUpperCase()} ${describeEndpoint(key)}`,
            service: key,
          },
          `a program of this host listens at ${describeEndpoint({ ...key, family: found.includes(':') ? 'inet6' : 'inet', address: found })}`,
          'IPVS takes packets to the service before local sockets do: the program never sees them.',
          {
            how: 'nothing, if the program serves other addresses; otherwise stop it, or let it listen at another address',
            commands: [],
          },
        ),
      ];
    });
  },
};

/** A real server that is this host needs a program that listens here. */
const localNode: Check<DirectorFacts> = {
  id: 'local-node',
  title: 'something listens where this host is a real server itself',
  run: (facts) => {
    const ports = new Set(facts.listeners.map(({ protocol, port }) => `${protocol} ${port}`));
    return facts.services.flatMap(({ service: { key }, servers }) => {
      if (isFirewallMark(key) || key.protocol === 'sctp' || key.port === 0) return [];
      return servers
        .filter((server) => server.weight > 0 && isLocal(facts, server))
        .map((server) => ({ server, port: server.forwarding === 'masquerading' ? server.port : key.port }))
        .filter(({ port }) => !ports.has(`${key.protocol} ${port}`))
        .map(({ server, port }) =>
          problem(
            'error',
            aboutServer(key, server),
            `is this host, and nothing listens at port ${port}`,
            'Connections that are given to this server are refused.',
            {
              how: 'start the program, or quiesce the server until then',
              commands: [editServer({ ...server, weight: 0 }, key)],
            },
          ),
        );
    });
  },
};

/** Checks of the host around the table: addresses, routes, settings of interfaces, sockets. */
export const routingChecks: readonly Check<DirectorFacts>[] = [
  vipHere,
  vipArp,
  serverRoute,
  serverOnLink,
  forwarding,
  sendRedirects,
  rpFilter,
  localListener,
  localNode,
];
