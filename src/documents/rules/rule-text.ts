import type { Naming } from '../../names/naming.js';
import { endpointLabel, writeServerEndpoint } from '../../format/labels.js';
import { netmaskText, protocolOf, schedulerFlagText } from '../../format/service-text.js';
import { TextWriter } from '../../text/text-writer.js';
import { column, ServerRows, type KnownServer } from '../../model/server-rows.js';
import {
  forwardingMethods,
  tunnelChecksums,
  tunnelTypes,
  type ForwardingMethod,
  type TunnelChecksum,
} from '../../model/server.js';
import { isFirewallMark, type Protocol, type ServiceKey, type VirtualService } from '../../model/service.js';

const protocolOptions = { tcp: '-t', udp: '-u', sctp: '--sctp-service' } as const;

const forwardingOptions: Partial<Record<ForwardingMethod, string>> = {
  masquerading: ' -m',
  // A local server is entered as any other; the kernel finds out.
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
  return `${protocolOptions[key.protocol]} ${endpointLabel(key, key.protocol, naming)}`;
}

/** The rule that adds a service (`-A`), or gives one its settings (`-E`). */
export function formatServiceRule(service: VirtualService, naming: Naming, command: '-A' | '-E' = '-A'): string {
  const netmask = netmaskText(service);
  const flags = schedulerFlagText(service);
  return [
    `${command} ${serviceOption(service.key, naming)} -s ${service.scheduler}`,
    service.persistenceTimeout === undefined ? '' : ` -p ${service.persistenceTimeout}`,
    netmask === undefined ? '' : ` -M ${netmask}`,
    service.persistenceEngine === undefined ? '' : ` --pe ${service.persistenceEngine}`,
    service.onePacket ? ' -o' : '',
    flags === '' ? '' : ` -b ${flags}`,
    '\n',
  ].join('');
}

/** Appends the rule that adds a real server to the service that `serviceWords` names. */
export function writeServerRule(
  out: TextWriter,
  servers: ServerRows,
  row: number,
  { words, protocol }: RuleService,
  naming: Naming,
): void {
  const method = forwardingMethods[servers.number(row, column.forwarding)] ?? 'masquerading';
  const option = forwardingOptions[method];
  // There is no option for it, and a rule without a method would route directly: a comment leaves the server out of a restore.
  if (option === undefined) out.text('# ');
  out.append(words);
  writeServerEndpoint(out, servers, row, protocol, naming);
  if (option !== undefined) out.text(option);
  out.text(' -w ');
  out.number(servers.number(row, column.weight));
  if (method === 'tunneling') out.text(tunnelOptions(servers, row));
  writeThreshold(out, ' -x ', servers.number(row, column.upperThreshold));
  writeThreshold(out, ' -y ', servers.number(row, column.lowerThreshold));
  out.text(option === undefined ? ` (forwarding method "${method}" has no option)\n` : '\n');
}

/** The rule that adds a real server to the service `key` (`-a`), or gives one its settings (`-e`). */
export function formatServerRule(
  server: KnownServer,
  key: ServiceKey,
  naming: Naming,
  command: '-a' | '-e' = '-a',
): string {
  const rows = new ServerRows(false);
  rows.append(server);
  const out = new TextWriter();
  writeServerRule(out, rows, 0, ruleService(key, naming, command), naming);
  return out.toString();
}

/** What the rules of all servers of a service share. */
export interface RuleService {
  /** The rule up to the server's address, as bytes: there may be thousands of such rules. */
  readonly words: Uint8Array;
  readonly protocol: Protocol | undefined;
}

/** The start of the rules that add (`-a`) or edit (`-e`) real servers of the service `key`. */
export function ruleService(key: ServiceKey, naming: Naming, command: '-a' | '-e' = '-a'): RuleService {
  return { words: Buffer.from(`${command} ${serviceOption(key, naming)} -r `), protocol: protocolOf(key) };
}

function writeThreshold(out: TextWriter, option: string, value: number): void {
  if (value === 0) return;
  out.text(option);
  out.number(value);
}

function tunnelOptions(servers: ServerRows, row: number): string {
  const type = servers.number(row, column.tunnelType);
  const checksum = checksumOptions[tunnelChecksums[servers.number(row, column.tunnelChecksum)] ?? 'nocsum'];
  switch (tunnelTypes[type]) {
    case 'ipip':
      return ' --tun-type ipip';
    case 'gue':
      return ` --tun-type gue --tun-port ${servers.number(row, column.tunnelPort)} ${checksum}`;
    case 'gre':
      return ` --tun-type gre ${checksum}`;
    default:
      return ` --tun-type ${type}`;
  }
}
