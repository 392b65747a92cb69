import type { Topology } from './topology.js';

/** The virtual address of each family. */
export const vip = { inet: '192.0.2.100', inet6: '2001:db8:b::100' } as const;

export type Family = keyof typeof vip;

/**
 * The VIPs as a director has them. A deprecated address is not used as a source: the kernel might choose it for the packets
 * that it puts others into, and real servers drop those as their own.
 */
export const vipAddresses = [`${vip.inet}/32`, `${vip.inet6}/128 preferred_lft 0`] as const;

/** The real servers, and the two addresses that each has: one where the router is, one behind the director. */
export const realServers = {
  real1: { lan: { inet: '192.0.2.21', inet6: '2001:db8:b::21' }, back: { inet: '10.0.0.21', inet6: '2001:db8:c::21' } },
  real2: { lan: { inet: '192.0.2.22', inet6: '2001:db8:b::22' }, back: { inet: '10.0.0.22', inet6: '2001:db8:c::22' } },
  real3: { lan: { inet: '192.0.2.23', inet6: '2001:db8:b::23' }, back: { inet: '10.0.0.23', inet6: '2001:db8:c::23' } },
} as const;

export type RealServerName = keyof typeof realServers;

export const realServerNames = Object.keys(realServers) as RealServerName[];

/** Where the real servers send what is for the client: to the router for direct routing, to the director for NAT. */
export const gateways = {
  router: { inet: '192.0.2.1', inet6: '2001:db8:b::1' },
  director: { inet: '10.0.0.1', inet6: '2001:db8:c::1' },
} as const;

/** The addresses that the client has, for what depends on the client: .2 to .33. */
export const clientAddresses = Array.from({ length: 32 }, (_, index) => `198.51.100.${index + 2}`);

export const clientAddress = { inet: '198.51.100.2', inet6: '2001:db8:a::2' } as const;

/**
 *                                         lan                      back
 *                                          +------- director -------+
 *                                          |                        |
 *   client ------- wan ------- router -----+------- real1 ----------+
 *                                          +------- real2 ----------+
 *                                          +------- real3 ----------+
 *
 * NAT uses `back`, where the director is the servers' way to the client. Direct routing uses `lan`. Nobody has the VIP yet.
 */
export const bareTopology: Topology = {
  client: {
    cables: [
      {
        segment: 'wan',
        addresses: [...clientAddresses.map((address) => `${address}/24`), `${clientAddress.inet6}/64`],
      },
    ],
    routes: ['default via 198.51.100.1', 'default via 2001:db8:a::1'],
  },
  router: {
    cables: [
      { segment: 'wan', addresses: ['198.51.100.1/24', '2001:db8:a::1/64'] },
      { segment: 'lan', addresses: [`${gateways.router.inet}/24`, `${gateways.router.inet6}/64`] },
    ],
    forwards: true,
  },
  director: {
    cables: [
      {
        segment: 'lan',
        addresses: ['192.0.2.10/24', '2001:db8:b::10/64'],
      },
      { segment: 'back', addresses: [`${gateways.director.inet}/24`, `${gateways.director.inet6}/64`] },
    ],
    routes: [`default via ${gateways.router.inet}`, `default via ${gateways.router.inet6}`],
  },
  ...Object.fromEntries(
    Object.entries(realServers).map(([name, { lan, back }]) => [
      name,
      {
        cables: [
          { segment: 'lan', addresses: [`${lan.inet}/24`, `${lan.inet6}/64`] },
          { segment: 'back', addresses: [`${back.inet}/24`, `${back.inet6}/64`] },
        ],
        routes: [`default via ${gateways.director.inet}`, `default via ${gateways.director.inet6}`],
      },
    ]),
  ),
};

/** The same with a director that is one: it has the VIP and hands on packets. */
export const standardTopology: Topology = withVip(bareTopology);

function withVip({ director, ...others }: Topology): Topology {
  const [lan, ...cables] = director?.cables ?? [];
  const addresses = [...(lan?.addresses ?? []), ...vipAddresses];
  return {
    ...others,
    director: { ...director, cables: [{ segment: 'lan', addresses }, ...cables], forwards: true },
  };
}
