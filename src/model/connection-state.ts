// States of connections by the kernel's names, and which of them count as active.

/** States by protocol. Source: the *_state_name_table of net/netfilter/ipvs/ip_vs_proto_*.c. */
const stateNames = {
  TCP: [
    ...['NONE', 'ESTABLISHED', 'SYN_SENT', 'SYN_RECV', 'FIN_WAIT', 'TIME_WAIT', 'CLOSE', 'CLOSE_WAIT', 'LAST_ACK'],
    ...['LISTEN', 'SYNACK'],
  ],
  UDP: ['UDP'],
  SCTP: [
    ...['NONE', 'INIT1', 'INIT', 'COOKIE_SENT', 'COOKIE_REPLIED', 'COOKIE_WAIT', 'COOKIE', 'COOKIE_ECHOED'],
    ...['ESTABLISHED', 'SHUTDOWN_SENT', 'SHUTDOWN_RECEIVED', 'SHUTDOWN_ACK_SENT', 'REJECTED', 'CLOSED'],
  ],
  /** Of persistence templates, whatever their protocol. Source: ip_vs_state_name. */
  template: ['NONE', 'ASSURED'],
} as const;

/** The names of all states, each once. */
export const connectionStates: readonly string[] = [...new Set<string>(Object.values(stateNames).flat())].sort();

/**
 * The states in which the kernel counts a connection as active; those of other protocols never are. Source:
 * tcp_state_active_table in ip_vs_proto_tcp.c, set_sctp_state in ip_vs_proto_sctp.c.
 */
const activeStates: ReadonlyMap<string, ReadonlySet<string>> = new Map([
  ['TCP', new Set(['ESTABLISHED', 'SYN_SENT', 'SYN_RECV', 'SYNACK'])],
  ['SCTP', new Set(['ESTABLISHED'])],
]);

/** Whether the kernel counts a connection as active, by its protocol and state as the kernel writes them. */
export function isActiveState(protocol: string, state: string): boolean {
  return activeStates.get(protocol)?.has(state) ?? false;
}

/**
 * Whether an entry is a persistence template: it has no client port. Nor has an FTP data connection that the kernel
 * expects, which is in the state LISTEN.
 */
export function isTemplate(clientPort: number, state: string): boolean {
  return clientPort === 0 && state !== 'LISTEN';
}
