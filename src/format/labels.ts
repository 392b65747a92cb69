import type { AddressFamily } from '../model/address.js';
import { column, rowSize, type ServerRows } from '../model/server-rows.js';
import type { Protocol } from '../model/service.js';
import type { Naming } from '../names/naming.js';
import { printable } from '../text/printable.js';
import type { TextWriter } from '../text/text-writer.js';

const colon = 58;

/** Characters that the original has room for in a `host:port`. */
const endpointLimit = 59;

/**
 * An address and a port as listings and dumps show them.
 * @param protocol names the ports; undefined: none has a name, as for services with a firewall mark.
 */
export function endpointLabel(
  endpoint: { readonly family: AddressFamily; readonly address: string; readonly port: number },
  protocol: Protocol | undefined,
  naming: Naming,
): string {
  const name = naming.host(endpoint.address);
  const host = name === undefined ? endpoint.address : printable(name);
  const service = protocol === undefined ? undefined : naming.service(endpoint.port, protocol);
  const port = service === undefined ? endpoint.port : printable(service);
  return (endpoint.family === 'inet6' ? `[${host}]:${port}` : `${host}:${port}`).slice(0, endpointLimit);
}

/** Appends the address and port of a server, as `endpointLabel` words them. */
export function writeServerEndpoint(
  out: TextWriter,
  servers: ServerRows,
  row: number,
  protocol: Protocol | undefined,
  naming: Naming,
): void {
  const at = row * rowSize;
  const { numbers } = servers;
  const port = numbers[at + column.port] ?? 0;
  const inet6 = numbers[at + column.inet6] !== 0;
  if (inet6 || !naming.numeric) {
    const family = inet6 ? 'inet6' : 'inet';
    out.text(endpointLabel({ family, address: servers.address(row), port }, protocol, naming));
    return;
  }
  out.ipv4(numbers[at + column.address] ?? 0);
  out.byte(colon);
  out.number(port);
}
