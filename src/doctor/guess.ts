import type { HostFacts, RealServerForwarding } from './facts.js';

/** Interface kinds that a tunnel ends at. Source: names of rtnl_link_ops in the kernel. */
const tunnelInterfaceKinds: ReadonlySet<string> = new Set(['ipip', 'ip6tnl', 'gre', 'ip6gre', 'sit']);

/**
 * The forwarding method that a real server is most likely set up for. It is never NAT, which needs no settings:
 * a server that lacks all that the other methods need would pass.
 */
export function guessForwarding({ interfaces }: Pick<HostFacts, 'interfaces'>): RealServerForwarding {
  return interfaces.some(({ kind, up }) => up && tunnelInterfaceKinds.has(kind)) ? 'tunneling' : 'direct-routing';
}
