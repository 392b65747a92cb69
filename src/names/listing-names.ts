import type { Protocol } from '../model/service.js';
import type { BulkResolver } from '../ports/resolver.js';
import { lookUpAll } from './look-up-all.js';
import type { Naming } from './naming.js';

/** Names for a listing: addresses are looked up beforehand, each once, so that formatting needs no waiting. */
export class ListingNames implements Naming {
  readonly numeric = false;
  readonly #resolver: BulkResolver;
  readonly #readsAsName: ((name: string) => boolean) | undefined;
  readonly #hosts = new Map<string, string | undefined>();
  #gaveUp = false;

  /**
   * @param readsAsName for names that are read again, as those of a dump: whether a word would be read as this name.
   * Then only names count that resolve to just this address or port, and none of IPv6 addresses, whose names are not
   * read.
   */
  constructor(resolver: BulkResolver, readsAsName?: (name: string) => boolean) {
    this.#resolver = resolver;
    this.#readsAsName = readsAsName;
  }

  get restorable(): boolean {
    return this.#readsAsName !== undefined;
  }

  /**
   * Looks the names of addresses up; those already known cost nothing. Addresses whose look-up fails keep their numbers,
   * and once nobody has replied for two seconds no more are tried.
   */
  async resolve(addresses: Iterable<string>): Promise<void> {
    const unknown = [...new Set(addresses)].filter(
      (address) => !this.#hosts.has(address) && !(this.restorable && address.includes(':')),
    );
    if (this.#gaveUp || unknown.length === 0) return;
    this.#resolver.expect?.(unknown.length);
    const { found, gaveUp } = await lookUpAll(unknown, (address) => this.#resolver.hostName(address));
    this.#gaveUp = gaveUp;
    const names = this.#readsAsName === undefined ? found : await this.#resolvingBack(found, this.#readsAsName);
    for (const [address, name] of names) this.#hosts.set(address, name);
  }

  /** The names by address that have this one address and no other. */
  async #resolvingBack(
    names: ReadonlyMap<string, string | undefined>,
    readsAsName: (name: string) => boolean,
  ): Promise<ReadonlyMap<string, string>> {
    const candidates = [...names].flatMap(([address, name]) =>
      name !== undefined && readsAsName(name) ? [{ address, name }] : [],
    );
    const unique = [...new Set(candidates.map(({ name }) => name))];
    const { found, gaveUp } = await lookUpAll(unique, (name) => this.#resolver.hostAddresses(name));
    this.#gaveUp ||= gaveUp;
    const leading = candidates.filter(({ address, name }) => {
      const addresses = found.get(name);
      return addresses?.length === 1 && addresses[0] === address;
    });
    return new Map(leading.map(({ address, name }) => [address, name]));
  }

  host(address: string): string | undefined {
    return this.#hosts.get(address);
  }

  service(port: number, protocol: Protocol): string | undefined {
    const name = this.#resolver.serviceName(port, protocol);
    if (name === undefined || !this.restorable) return name;
    return this.#resolver.servicePort(name, protocol) === port ? name : undefined;
  }
}
