import type { HostFacts } from './facts.js';

/**
 * Per-interface settings of IPv4 that the kernel combines with that of `all`.
 * Source: Documentation/networking/ip-sysctl.rst and the IN_DEV_* macros of include/linux/inetdevice.h.
 */
const joint = {
  /** IN_DEV_RPFILTER: the larger one; 0 off, 1 strict, 2 loose. */
  rp_filter: Math.max,
  /** IN_DEV_ARP_IGNORE: the larger one. */
  arp_ignore: Math.max,
  /** IN_DEV_ARP_ANNOUNCE: the larger one. */
  arp_announce: Math.max,
  /** IN_DEV_TX_REDIRECTS: either of them. */
  send_redirects: (all: number, own: number) => Number(all !== 0 || own !== 0),
  /** IN_DEV_FORWARD: the interface's own; setting that of `all` or ip_forward sets it for every interface. */
  forwarding: (_all: number, own: number) => own,
} as const;

/** Name of a per-interface setting. */
export type InterfaceSetting = keyof typeof joint;

/** All of them. */
export const interfaceSettings = Object.keys(joint) as readonly InterfaceSetting[];

/** Path of a per-interface setting of IPv4 below /proc/sys. */
export function settingPath(name: string, setting: InterfaceSetting): string {
  return `net/ipv4/conf/${name}/${setting}`;
}

/** A setting as a number; undefined where the kernel has none, or its value is not a number. */
export function sysctl({ sysctls }: HostFacts, path: string): number | undefined {
  const text = sysctls.get(path)?.trim() ?? '';
  return /^-?\d+$/.test(text) ? Number(text) : undefined;
}

/** The value in effect for an interface; undefined where the interface has no such setting. */
export function effective(facts: HostFacts, name: string, setting: InterfaceSetting): number | undefined {
  const own = sysctl(facts, settingPath(name, setting));
  return own === undefined ? undefined : joint[setting](sysctl(facts, settingPath('all', setting)) ?? 0, own);
}

/** Settings that concern everything, read on a director. Paths below /proc/sys. */
export const directorSettings = [
  'net/ipv4/ip_forward',
  'net/ipv4/ip_unprivileged_port_start',
  'net/ipv6/conf/all/forwarding',
  'net/ipv4/vs/backup_only',
  'net/ipv4/vs/conntrack',
  'net/ipv4/vs/conn_reuse_mode',
  'net/ipv4/vs/drop_entry',
  'net/ipv4/vs/drop_packet',
  'net/ipv4/vs/run_estimation',
  'net/ipv4/vs/secure_tcp',
  'net/ipv4/vs/expire_nodest_conn',
  'net/ipv4/vs/expire_quiescent_template',
  'net/netfilter/nf_conntrack_count',
] as const;
