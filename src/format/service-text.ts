import type { Naming } from '../names/naming.js';
import { schedulerFlagWords } from '../model/scheduler-flags.js';
import {
  fullNetmask,
  isFirewallMark,
  isKnownProtocol,
  protocolLabel,
  type Protocol,
  type ServiceKey,
  type VirtualService,
} from '../model/service.js';
import { endpointLabel } from './labels.js';

/** The scheduler's flags as `-b` accepts them; empty where none is set. */
export function schedulerFlagText(service: VirtualService): string {
  return schedulerFlagWords(service).join(',');
}

/** The persistence mask; undefined where it has no effect, because every client is on its own. */
export function netmaskText({ key, persistenceTimeout, persistenceNetmask }: VirtualService): string | undefined {
  if (persistenceTimeout === undefined || persistenceNetmask === fullNetmask(key.family)) return undefined;
  return String(persistenceNetmask);
}

/** The protocol for names of ports; undefined for a firewall mark or an unknown protocol, whose ports have none. */
export function protocolOf(key: ServiceKey): Protocol | undefined {
  return isFirewallMark(key) || !isKnownProtocol(key.protocol) ? undefined : key.protocol;
}

/**
 * What identifies a service, as listings show it: `TCP  192.0.2.1:80`, `FWM  7 IPv6`.
 * @param endpoint writes the address and port.
 */
export function serviceTitle(key: ServiceKey, naming: Naming, endpoint = endpointLabel): string {
  if (isFirewallMark(key)) return `FWM  ${key.fwmark}${key.family === 'inet6' ? ' IPv6' : ''}`;
  return `${protocolLabel(key.protocol).padEnd(4)} ${endpoint(key, protocolOf(key), naming)}`;
}

/** The scheduler and all that makes a service special, as listings show it: `wlc persistent 360 ops`. */
export function settingsText(service: VirtualService): string {
  const flags = schedulerFlagText(service);
  const persistent = service.persistenceTimeout !== undefined;
  const netmask = netmaskText(service);
  return [
    service.scheduler,
    flags === '' ? '' : ` (${flags})`,
    persistent ? ` persistent ${service.persistenceTimeout}` : '',
    netmask === undefined ? '' : ` mask ${netmask}`,
    persistent && service.persistenceEngine !== undefined ? ` pe ${service.persistenceEngine}` : '',
    service.onePacket ? ' ops' : '',
  ].join('');
}
