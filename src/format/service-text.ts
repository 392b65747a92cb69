import {
  fullNetmask,
  isFirewallMark,
  type SchedulerFlag,
  type ServiceKey,
  type VirtualService,
} from '../model/service.js';
import { endpointLabel, type Naming } from './labels.js';

/** Names that schedulers give to their flags. Source: IP_VS_SVC_F_SCHED_SH_*, IP_VS_SVC_F_SCHED_MH_*. */
const flagNames: Readonly<Record<string, Partial<Record<SchedulerFlag, string>>>> = {
  sh: { 'flag-1': 'sh-fallback', 'flag-2': 'sh-port' },
  mh: { 'flag-1': 'mh-fallback', 'flag-2': 'mh-port' },
};

/** The scheduler's flags as `-b` takes them; empty where none is set. */
export function schedulerFlagText({ scheduler, schedulerFlags }: VirtualService): string {
  return schedulerFlags.map((flag) => flagNames[scheduler]?.[flag] ?? flag).join(',');
}

/** The persistence mask where it tells something; undefined where every client is on its own. */
export function netmaskText({ key, persistenceTimeout, persistenceNetmask }: VirtualService): string | undefined {
  if (persistenceTimeout === undefined || persistenceNetmask === fullNetmask(key.family)) return undefined;
  return String(persistenceNetmask);
}

/** The address of a service; undefined for a firewall mark. */
export function serviceEndpointLabel(key: ServiceKey, naming: Naming): string | undefined {
  return isFirewallMark(key) ? undefined : endpointLabel(key, key.protocol, naming);
}

/** Whose ports have names: those of a service with a firewall mark have none. */
export function protocolOf(key: ServiceKey): 'tcp' | 'udp' | 'sctp' | undefined {
  return isFirewallMark(key) ? undefined : key.protocol;
}
