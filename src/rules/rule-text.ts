import { endpointLabel, type Naming } from '../format/labels.js';
import { netmaskText, protocolOf, schedulerFlagText } from '../format/service-text.js';
import type { ForwardingMethod, RealServer, TunnelChecksum } from '../model/server.js';
import { isFirewallMark, type ServiceKey, type VirtualService } from '../model/service.js';

const protocolOptions = { tcp: '-t', udp: '-u', sctp: '--sctp-service' } as const;

const forwardingOptions: Partial<Record<ForwardingMethod, string>> = {
  masquerading: '-m',
  // A local server is entered as any other; the kernel finds out.
  local: '-g',
  tunnelling: '-i',
  'direct-routing': '-g',
};

const checksumOptions: Readonly<Record<TunnelChecksum, string>> = {
  nocsum: '--tun-nocsum',
  csum: '--tun-csum',
  remcsum: '--tun-remcsum',
  'csum+remcsum': '--tun-csum --tun-remcsum',
};

function serviceOption(key: ServiceKey, naming: Naming): string {
  if (isFirewallMark(key)) return `-f ${key.fwmark}${key.family === 'inet6' ? ' -6' : ''}`;
  return `${protocolOptions[key.protocol]} ${endpointLabel(key, key.protocol, naming)}`;
}

/** The rule that adds a service. */
export function formatServiceRule(service: VirtualService, naming: Naming): string {
  const netmask = netmaskText(service);
  const flags = schedulerFlagText(service);
  return [
    `-A ${serviceOption(service.key, naming)} -s ${service.scheduler}`,
    service.persistenceTimeout === undefined ? '' : ` -p ${service.persistenceTimeout}`,
    netmask === undefined ? '' : ` -M ${netmask}`,
    service.persistenceEngine === undefined ? '' : ` --pe ${service.persistenceEngine}`,
    service.onePacket ? ' -o' : '',
    flags === '' ? '' : ` -b ${flags}`,
    '\n',
  ].join('');
}

/** The rule that adds a real server to the service `key`. */
export function formatServerRule(server: RealServer, key: ServiceKey, naming: Naming): string {
  const forwarding = forwardingOptions[server.forwarding];
  const rule = [
    `-a ${serviceOption(key, naming)} -r ${endpointLabel(server, protocolOf(key), naming)}`,
    forwarding === undefined ? '' : ` ${forwarding}`,
    ` -w ${server.weight}`,
    server.forwarding === 'tunnelling' ? tunnelOptions(server) : '',
    server.upperThreshold === 0 ? '' : ` -x ${server.upperThreshold}`,
    server.lowerThreshold === 0 ? '' : ` -y ${server.lowerThreshold}`,
  ].join('');
  // No rule can say it, and one without a method would route directly: a remark leaves the server out of a restore.
  return forwarding === undefined
    ? `# ${rule} (forwarding method "${server.forwarding}" has no option)\n`
    : `${rule}\n`;
}

function tunnelOptions({ tunnel }: RealServer): string {
  switch (tunnel.type) {
    case 'ipip':
      return ' --tun-type ipip';
    case 'gue':
      return ` --tun-type gue --tun-port ${tunnel.port} ${checksumOptions[tunnel.checksum]}`;
    case 'gre':
      return ` --tun-type gre ${checksumOptions[tunnel.checksum]}`;
    default:
      return ` --tun-type ${tunnel.type}`;
  }
}
