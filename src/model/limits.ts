// The ranges of what can be configured. What is lower than its smallest value or above its largest is refused, by the
// kernel or by what reads it.

/** A range of integers, both ends included. */
export interface Range {
  readonly lowest: number;
  readonly highest: number;
}

/**
 * Longest name of a scheduler, a persistence engine or a network interface, in bytes. Source: IP_VS_SCHEDNAME_MAXLEN,
 * IP_VS_PENAME_MAXLEN and IP_VS_IFNAME_MAXLEN in include/uapi/linux/ip_vs.h, less the closing zero byte.
 */
export const longestName = 15;

/** What a document may say as such a name: with anything else in it, nobody has a module or an interface. */
export const plainName = /^[^\s\p{Cc}\u2028\u2029]+$/u;

/** The same in words, for messages. */
export const plainNameText = `1 to ${longestName} bytes without blanks or control characters`;

/** Ports: 0 is every port, or none. */
export const ports: Range = { lowest: 0, highest: 65535 };

/** Ports that packets can be sent to. */
export const realPorts: Range = { lowest: 1, highest: 65535 };

/** Firewall marks of services. */
export const firewallMarks: Range = { lowest: 1, highest: 0xffffffff };

/** Seconds that persistence or an idle connection lasts: up to 31 days. Source: MAX_TIMEOUT of ipvsadm and the kernel. */
export const timeoutSeconds: Range = { lowest: 1, highest: 31 * 86400 };

/** Weights of real servers. Source: ip_vs_add_dest in net/netfilter/ipvs/ip_vs_ctl.c, which reads them as an int. */
export const weights: Range = { lowest: 0, highest: 0x7fffffff };

/** Connections of a threshold, as the kernel keeps them. */
export const thresholds: Range = { lowest: 0, highest: 0xffffffff };

/** Connections of a threshold that the classic command line accepts. */
export const classicThresholds: Range = { lowest: 0, highest: 0x7fffffff };

/** Prefix lengths of IPv6 persistence. */
export const prefixLengths: Range = { lowest: 1, highest: 128 };

/** Identifiers of the group of directors that synchronise connections. */
export const syncIds: Range = { lowest: 0, highest: 255 };

/** TTLs of the multicast of sync daemons. */
export const multicastTtls: Range = { lowest: 1, highest: 255 };

/**
 * Bytes of a message of a sync daemon, by the family of its multicast group: what a UDP datagram has room for. Source:
 * start_sync_thread in net/netfilter/ipvs/ip_vs_sync.c.
 */
export const syncMessageLengths: Readonly<Record<'inet' | 'inet6', Range>> = {
  inet: { lowest: 1, highest: 65507 },
  inet6: { lowest: 1, highest: 65487 },
};

/** Shortest messages that a backup accepts, in bytes: the kernel raises what is lower. Source: the same. */
export const shortestBackupMessage = 1024;
