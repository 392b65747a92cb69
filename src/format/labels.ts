import type { AddressFamily } from '../model/address.js';
import { column, rowSize, type ServerRows } from '../model/server-rows.js';
import type { Protocol } from '../model/service.js';
import type { Naming } from '../names/naming.js';
import { printable } from '../text/printable.js';
import type { TextWriter } from '../text/text-writer.js';

const colon = 58;

/** Characters that the original has room for in a `host:port`. */
const endpointLimit = 59;

/** An address and a port. */
interface Endpoint {
  readonly family: AddressFamily;
  readonly address: string;
  readonly port: number;
}

/**
 * An address and a port as text, never cut however long their names are.
 * @param protocol of the port, for its name; undefined: none has a name, as for services with a firewall mark.
 */
export function endpointText(endpoint: Endpoint, protocol: Protocol | undefined, naming: Naming): string {
  const { family, address, port } = endpoint;
  const name = naming.host(address);
  const service = protocol === undefined ? undefined : naming.service(port, protocol);
  return joined(
    family,
    name === undefined ? address : printable(name),
    service === undefined ? port : printable(service),
  );
}

/**
 * An address and a port as listings and dumps show them: as `endpointText`, cut where the original cuts, or as numbers
 * where the names have to resolve to them again.
 */
export function endpointLabel(endpoint: Endpoint, protocol: Protocol | undefined, naming: Naming): string {
  const label = endpointText(endpoint, protocol, naming);
  if (label.length <= endpointLimit) return label;
  const { family, address, port } = endpoint;
  return naming.restorable === true ? joined(family, address, port) : label.slice(0, endpointLimit);
}

function joined(family: AddressFamily, host: string, port: string | number): string {
  return family === 'inet6' ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Appends the address and port of a server, as `endpointLabel` writes them. */
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
