import type { Protocol } from '../model/service.js';

/** A resolver was asked and did not answer. */
export class NoAnswerError extends Error {}

/** Turns names into numbers and back. The only door to DNS and /etc; injected at the edge. */
export interface NameResolver {
  /** The first IPv4 address of a host name as dotted quad; undefined where it has none. Never throws. */
  hostAddress(name: string): Promise<string | undefined>;
  /** Says how many addresses are about to be looked up, so that they can be at the same time. */
  expect(lookups: number): void;
  /**
   * The name of an address (reverse look-up); undefined where it has none.
   * @throws {NoAnswerError} when nobody answered.
   */
  hostName(address: string): Promise<string | undefined>;
  /** The port, 0..65535, of a service name such as `http`; undefined where it has none. */
  servicePort(name: string, protocol: Protocol): number | undefined;
  /** The name of a port; undefined where it has none. */
  serviceName(port: number, protocol: Protocol): string | undefined;
}
