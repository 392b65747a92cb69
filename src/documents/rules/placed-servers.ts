import { serverId, type RealServer, type ServerKey } from '../../model/server.js';

/**
 * The real servers of a service, with their line numbers, in the order in which they were added. There may be
 * thousands: nothing is kept of each but these two, and the index only where rules jump between services.
 */
export class PlacedServers {
  /** Undefined: removed again. */
  readonly #servers: (RealServer | undefined)[] = [];
  readonly #lines: number[] = [];
  #index: Map<string, number> | undefined;
  #isLeft = false;

  /** The place of a server; undefined where it is missing. */
  find(key: ServerKey): number | undefined {
    return this.#indexed().get(serverId(key));
  }

  /** Adds a server that is not there. */
  add(server: RealServer, line: number): void {
    this.#indexed().set(serverId(server), this.#servers.length);
    this.#servers.push(server);
    this.#lines.push(line);
  }

  /** Puts another server of the same identity in a place. */
  replace(place: number, server: RealServer, line: number): void {
    this.#servers[place] = server;
    this.#lines[place] = line;
  }

  /** Takes a server out of its place. */
  remove(place: number): void {
    const server = this.#servers[place];
    if (server !== undefined) this.#indexed().delete(serverId(server));
    this.#servers[place] = undefined;
  }

  /** The line that the server in a place comes from. */
  line(place: number): number {
    return this.#lines[place] ?? 0;
  }

  /** Called when rules go on with another service, mostly for good: the first time, the index is dropped. */
  leave(): void {
    if (!this.#isLeft) this.#index = undefined;
    this.#isLeft = true;
  }

  /** Those that are there. */
  get all(): RealServer[] {
    return this.#servers.filter((server) => server !== undefined);
  }

  /** Their lines. */
  get lines(): number[] {
    return this.#lines.filter((_, place) => this.#servers[place] !== undefined);
  }

  #indexed(): Map<string, number> {
    if (this.#index === undefined) {
      const index = new Map<string, number>();
      this.#servers.forEach((server, place) => {
        if (server !== undefined) index.set(serverId(server), place);
      });
      this.#index = index;
    }
    return this.#index;
  }
}
