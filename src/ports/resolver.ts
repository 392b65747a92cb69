import type { Protocol } from '../model/service.js';

/** No name server replied. */
export class NoReplyError extends Error {}

/** Turns names into numbers and back. The only access to DNS and /etc; the edge provides it. */
export interface NameResolver {
  /**
   * All IPv4 addresses of a host name as dotted quads, each once, in the order of the system, of which the first counts;
   * empty where it has none. Never rejects.
   */
  hostAddresses(name: string): Promise<readonly string[]>;
  /**
   * The name of an address (reverse look-up); undefined where it has none.
   * @throws {NoReplyError} when no name server replied.
   */
  hostName(address: string): Promise<string | undefined>;
  /** The port, 0..65535, of a service name such as `http`; undefined where it has none. */
  servicePort(name: string, protocol: Protocol): number | undefined;
  /** The name of a port; undefined where it has none. */
  serviceName(port: number, protocol: Protocol): string | undefined;
}

/** A resolver that wants to know before many look-ups start at the same time. */
export interface BulkResolver extends NameResolver {
  /** Called with the number of look-ups that are about to start. */
  expect?(lookups: number): void;
}

/** Looks nothing up: no name has an address or a port. */
export const noNames: NameResolver = {
  hostAddresses: () => Promise.resolve([]),
  hostName: () => Promise.resolve(undefined),
  servicePort: () => undefined,
  serviceName: () => undefined,
};
