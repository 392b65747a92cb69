import type { Naming } from '../../../src/names/naming.js';
import type { NameResolver } from '../../../src/ports/resolver.js';

/** Names of addresses and ports, both ways, that need no machine. */
export class NameTable implements Naming, NameResolver {
  readonly numeric = false;
  readonly #hosts: Readonly<Record<string, string>>;
  readonly #services: Readonly<Record<string, number>>;

  /**
   * @param hosts names to addresses
   * @param services `http/tcp` to ports
   */
  constructor(hosts: Readonly<Record<string, string>> = {}, services: Readonly<Record<string, number>> = {}) {
    this.#hosts = hosts;
    this.#services = services;
  }

  host(address: string): string | undefined {
    return Object.entries(this.#hosts).find(([, known]) => known === address)?.[0];
  }

  service(port: number, protocol: string): string | undefined {
    return Object.entries(this.#services)
      .find(([name, known]) => known === port && name.endsWith(`/${protocol}`))?.[0]
      .replace(/\/.*/, '');
  }

  hostAddresses(name: string): Promise<readonly string[]> {
    const address = Object.hasOwn(this.#hosts, name) ? this.#hosts[name] : undefined;
    return Promise.resolve(address === undefined ? [] : [address]);
  }

  hostName(address: string): Promise<string | undefined> {
    return Promise.resolve(this.host(address));
  }

  servicePort(name: string, protocol: string): number | undefined {
    const key = `${name}/${protocol}`;
    return Object.hasOwn(this.#services, key) ? this.#services[key] : undefined;
  }

  serviceName(port: number, protocol: string): string | undefined {
    return this.service(port, protocol);
  }
}

export const noNames = new NameTable();
