import type { AddressFamily } from '../model/address.js';
import type { ServiceProtocol } from '../names/resolver.js';
import { printable } from './printable.js';

/** Names of addresses and ports, as far as they are known; undefined: show the number. */
export interface Naming {
  host(address: string): string | undefined;
  service(port: number, protocol: ServiceProtocol): string | undefined;
}

/** Shows numbers only. */
export const numericNaming: Naming = { host: () => undefined, service: () => undefined };

/** Characters that the original has room for in a `host:port`. */
const endpointLimit = 59;

/**
 * An address and a port as listings and dumps show them.
 * @param protocol names the ports; undefined: none has a name, as for services with a firewall mark.
 */
export function endpointLabel(
  endpoint: { readonly family: AddressFamily; readonly address: string; readonly port: number },
  protocol: ServiceProtocol | undefined,
  naming: Naming,
): string {
  const name = naming.host(endpoint.address);
  const host = name === undefined ? endpoint.address : printable(name);
  const service = protocol === undefined ? undefined : naming.service(endpoint.port, protocol);
  const port = service === undefined ? endpoint.port : printable(service);
  return (endpoint.family === 'inet6' ? `[${host}]:${port}` : `${host}:${port}`).slice(0, endpointLimit);
}
