import type { Naming } from '../format/labels.js';
import type { NameResolver } from './resolver.js';

/** Milliseconds without any answer after which names are given up: the resolver is dead, and numbers do. */
const patience = 2000;

/**
 * Names for a listing: addresses are looked up beforehand, all at the same time and each once, so that formatting
 * needs no waiting.
 */
export class ListingNames implements Naming {
  readonly #resolver: NameResolver;
  readonly #hosts = new Map<string, string | undefined>();
  #gaveUp = false;

  constructor(resolver: NameResolver) {
    this.#resolver = resolver;
  }

  /**
   * Looks the names of addresses up; those already known cost nothing. Addresses whose look-up is not answered keep
   * their numbers, and once nobody has answered for two seconds no more are tried.
   */
  async resolve(addresses: Iterable<string>): Promise<void> {
    const unknown = [...new Set(addresses)].filter((address) => !this.#hosts.has(address));
    if (this.#gaveUp || unknown.length === 0) return;
    await new Promise<void>((resolve) => {
      const silence = setTimeout(() => {
        this.#gaveUp = true;
        resolve();
      }, patience);
      let left = unknown.length;
      const finished = (): void => {
        if (--left > 0) return;
        clearTimeout(silence);
        resolve();
      };
      for (const address of unknown) {
        this.#resolver.hostName(address).then((name) => {
          this.#hosts.set(address, name);
          silence.refresh();
          finished();
        }, finished);
      }
    });
  }

  host(address: string): string | undefined {
    return this.#hosts.get(address);
  }

  service(port: number, protocol: 'tcp' | 'udp' | 'sctp'): string | undefined {
    return this.#resolver.serviceName(port, protocol);
  }
}
