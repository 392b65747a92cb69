import type { HostFacts, RealServerForwarding } from './facts.js';

/** Interface kinds that a tunnel ends at. Source: names of rtnl_link_ops in the kernel. */
const tunnelKinds: ReadonlySet<string> = new Set(['ipip', 'ip6tnl', 'gre', 'ip6gre', 'sit']);

/**
 * The forwarding method that a real server is most likely set up for. It is never NAT, which needs next to nothing:
 * a server that lacks all that the others need would pass for one.
 */
export function guessForwarding({ interfaces }: Pick<HostFacts, 'interfaces'>): RealServerForwarding {
  return interfaces.some(({ kind, up }) => up && tunnelKinds.has(kind)) ? 'tunneling' : 'direct-routing';
}
