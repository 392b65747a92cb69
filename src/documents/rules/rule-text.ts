import type { Naming } from '../../names/naming.js';
import { endpointLabel } from '../../format/labels.js';
import { netmaskText, protocolOf, schedulerFlagText } from '../../format/service-text.js';
import { TextWriter } from '../../text/text-writer.js';
import type { ForwardingMethod, RealServer, Tunnel, TunnelChecksum } from '../../model/server.js';
import {
  isFirewallMark,
  isKnownProtocol,
  type Protocol,
  type ServiceKey,
  type VirtualService,
} from '../../model/service.js';

const protocolOptions = { tcp: '-t', udp: '-u', sctp: '--sctp-service' } as const;

const forwardingOptions: Partial<Record<ForwardingMethod, string>> = {
  masquerading: ' -m',
  // A local server is added like any other; the kernel finds out that it is local.
  local: ' -g',
  tunneling: ' -i',
  'direct-routing': ' -g',
};

const checksumOptions: Readonly<Record<TunnelChecksum, string>> = {
  nocsum: '--tun-nocsum',
  csum: '--tun-csum',
  remcsum: '--tun-remcsum',
  'csum+remcsum': '--tun-csum --tun-remcsum',
};

/** The option that names a service, with its value: `-t 192.0.2.1:80`, `-f 7 -6`. */
export function serviceOption(key: ServiceKey, naming: Naming): string {
  if (isFirewallMark(key)) return `-f ${key.fwmark}${key.family === 'inet6' ? ' -6' : ''}`;
  const { protocol } = key;
  const option = isKnownProtocol(protocol) ? protocolOptions[protocol] : protocol;
  return `${option} ${endpointLabel(key, protocolOf(key), naming)}`;
}

/** The text around the rule of a service whose protocol has no option: it makes a comment, which a restore skips. */
export function commentOf(key: ServiceKey): readonly [before: string, after: string] {
  if (isFirewallMark(key) || isKnownProtocol(key.protocol)) return ['', ''];
  return ['# ', ` (${key.protocol} has no option)`];
}

/** The rule that adds a service (`-A`), or gives one its settings (`-E`). */
export function formatServiceRule(service: VirtualService, naming: Naming, command: '-A' | '-E' = '-A'): string {
  const netmask = netmaskText(service);
  const flags = schedulerFlagText(service);
  const [before, after] = commentOf(service.key);
  return [
    `${before}${command} ${serviceOption(service.key, naming)} -s ${service.scheduler}`,
    service.persistenceTimeout === undefined ? '' : ` -p ${service.persistenceTimeout}`,
    netmask === undefined ? '' : ` -M ${netmask}`,
    service.persistenceEngine === undefined ? '' : ` --pe ${service.persistenceEngine}`,
    service.onePacket ? ' -o' : '',
    flags === '' ? '' : ` -b ${flags}`,
    `${after}\n`,
  ].join('');
}

/** Appends the rule that adds a real server to the service of `rule`. */
export function writeServerRule(out: TextWriter, server: RealServer, rule: RuleService, naming: Naming): void {
  const { forwarding, tunnel, weight, upperThreshold, lowerThreshold } = server;
  const option = forwardingOptions[forwarding];
  // There is no option, and a rule without one would mean direct routing: as a comment, a restore skips the server.
  if (option === undefined && !rule.isComment) out.text('# ');
  out.text(rule.words);
  out.text(endpointLabel(server, rule.protocol, naming));
  if (option !== undefined) out.text(option);
  out.text(' -w ');
  out.number(weight);
  if (forwarding === 'tunneling') out.text(tunnelWords(tunnel));
  writeThreshold(out, ' -x ', upperThreshold);
  writeThreshold(out, ' -y ', lowerThreshold);
  out.text(option === undefined ? ` (forwarding method "${forwarding}" has no option)\n` : '\n');
}

/** The rule that adds a real server to the service `key` (`-a`), or gives one its settings (`-e`). */
export function formatServerRule(
  server: RealServer,
  key: ServiceKey,
  naming: Naming,
  command: '-a' | '-e' = '-a',
): string {
  const out = new TextWriter();
  writeServerRule(out, server, ruleService(key, naming, command), naming);
  return out.toString();
}

/** The common part of the rules of all servers of a service. */
export interface RuleService {
  /** The rule up to the server's address. */
  readonly words: string;
  /** True where the service can't be added by a rule, so that these are comments. */
  readonly isComment: boolean;
  readonly protocol: Protocol | undefined;
}

/** The start of the rules that add (`-a`) or edit (`-e`) real servers of the service `key`. */
export function ruleService(key: ServiceKey, naming: Naming, command: '-a' | '-e' = '-a'): RuleService {
  const [before] = commentOf(key);
  const words = `${before}${command} ${serviceOption(key, naming)} -r `;
  return { words, isComment: before !== '', protocol: protocolOf(key) };
}

function writeThreshold(out: TextWriter, option: string, value: number): void {
  if (value === 0) return;
  out.text(option);
  out.number(value);
}

function tunnelWords({ type, port, checksum }: Tunnel): string {
  switch (type) {
    case 'ipip':
      return ' --tun-type ipip';
    case 'gue':
      return ` --tun-type gue --tun-port ${port} ${checksumOptions[checksum]}`;
    case 'gre':
      return ` --tun-type gre ${checksumOptions[checksum]}`;
    default:
      return ` --tun-type ${type}`;
  }
}
