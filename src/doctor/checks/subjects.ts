import type { ServerKey } from '../../model/server.js';
import { describeEndpoint, describeService, type ServiceKey } from '../../model/service.js';
import type { Subject } from '../finding.js';

/** A finding about the host as a whole. */
export const thisHost: Subject = { label: 'this host' };

/** A finding about a service. */
export function aboutService(key: ServiceKey): Subject {
  return { label: describeService(key), service: key };
}

/** A finding about a real server of a service. */
export function aboutServer(key: ServiceKey, { family, address, port }: ServerKey): Subject {
  const server = { family, address, port };
  return { label: `${describeEndpoint(server)} of ${describeService(key)}`, service: key, server };
}

/** A finding about an interface. */
export function aboutInterface(name: string): Subject {
  return { label: name, interface: name };
}

/** A finding about an address. */
export function aboutAddress(address: string): Subject {
  return { label: address, address };
}
