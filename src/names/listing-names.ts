import type { Naming } from './naming.js';
import type { NameResolver } from '../ports/resolver.js';

/** Milliseconds without any answer after which names are given up: the resolver is dead, and numbers do. */
const patience = 2000;

/**
 * Names for a listing: addresses are looked up beforehand, all at the same time and each once, so that formatting
 * needs no waiting.
 */
export class ListingNames implements Naming {
  readonly numeric = false;
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
    this.#resolver.expect(unknown.length);
    await new Promise<void>((resolve) => {
      let left = unknown.length;
      let answers = 0;
      const silence = setTimeout(() => {
        // A busy machine runs timers late: answers that are there by now count.
        const before = answers;
        setImmediate(() => {
          if (answers > before || left === 0) return;
          this.#gaveUp = true;
          resolve();
        });
      }, patience);
      const finished = (): void => {
        if (--left > 0) return;
        clearTimeout(silence);
        resolve();
      };
      for (const address of unknown) {
        this.#resolver.hostName(address).then((name) => {
          this.#hosts.set(address, name);
          answers++;
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
