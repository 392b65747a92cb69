import type { Naming } from '../format/labels.js';
import type { NameResolver } from './resolver.js';

/**
 * Names for a listing: addresses are looked up beforehand, all at the same time and each once, so that formatting
 * needs no waiting.
 */
export class ListingNames implements Naming {
  readonly #resolver: NameResolver;
  readonly #hosts = new Map<string, string | undefined>();

  constructor(resolver: NameResolver) {
    this.#resolver = resolver;
  }

  /** Looks the names of addresses up; those already known cost nothing. */
  async resolve(addresses: Iterable<string>): Promise<void> {
    const unknown = [...new Set(addresses)].filter((address) => !this.#hosts.has(address));
    await Promise.all(
      unknown.map(async (address) => {
        this.#hosts.set(address, await this.#resolver.hostName(address));
      }),
    );
  }

  host(address: string): string | undefined {
    return this.#hosts.get(address);
  }

  service(port: number, protocol: 'tcp' | 'udp' | 'sctp'): string | undefined {
    return this.#resolver.serviceName(port, protocol);
  }
}
