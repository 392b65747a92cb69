import { readdirSync } from 'node:fs';
import type { Cluster } from './cluster.js';

/**
 * Everything on a host that the start-up scripts may touch, as text to compare. The queueing of an interface is left out: it
 * stays what the first time up has made it.
 */
export async function surroundings(cluster: Cluster, host: string): Promise<string> {
  // Few programs, as starting one is slow in user-mode Linux.
  const text = await cluster.run(
    host,
    `ip -batch - <<'END'
address show
link show
route show table all
fou show
END
ip -6 -batch - <<'END'
route show default
tunnel show
END
cd /proc/sys/net
grep . ipv4/ip_forward ipv6/conf/all/forwarding \\
  ipv4/conf/*/arp_ignore ipv4/conf/*/arp_announce ipv4/conf/*/rp_filter ipv4/conf/*/send_redirects`,
  );
  // What ipvsadm keeps for its own verbs is not the scripts'.
  const run = readdirSync('/run').filter((name) => name !== 'ipvsadm');
  return `${text.replace(/valid_lft.*| qdisc \S+/g, '')}${run.sort().join('\n')}`;
}
