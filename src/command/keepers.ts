// Which services daemons of `run` keep: whoever changes the table leaves these to them.

import { parseServerName, serverName, serviceName } from '../model/entity-name.js';
import { defaultTunnel, serverId, type RealServer } from '../model/server.js';
import type { ServiceKey } from '../model/service.js';
import type { ServiceWithServers, Table } from '../model/table.js';
import type { Selected } from '../plan/selection.js';
import type { Machine } from '../ports/io.js';

/** A service that a daemon keeps, with its servers by name and the weights that the document gives them. */
export interface OwnedService {
  readonly service: string;
  readonly servers: Readonly<Record<string, number>>;
}

/** A daemon, and what it keeps. */
export interface Keeper {
  readonly instance: string;
  readonly document: string;
  readonly pid: number;
  readonly services: readonly OwnedService[];
  /** Names of services that it is about to keep. */
  readonly claims: readonly string[];
  /** Names of servers that operators have drained, also of some that left the document. */
  readonly drained: readonly string[];
}

const socketPrefix = 'run-';

/** The name of a daemon's socket. */
export const socketOf = (instance: string): string => socketPrefix + instance;

/** Longest time for an answer that takes no work, in seconds: one that hangs must not hold up others. */
const promptly = 3;

/**
 * The daemon of a name; undefined where none runs.
 * @throws {StateError} where it does not answer.
 */
export async function daemonCalled(machine: Pick<Machine, 'control'>, instance: string): Promise<Keeper | undefined> {
  return (await machine.control.ask(socketOf(instance), { do: 'owns' }, promptly)) as Keeper | undefined;
}

/** The daemons that run in this network namespace, but for one. @throws {StateError} where one does not answer. */
export async function daemonsOf(machine: Pick<Machine, 'control'>, except?: string): Promise<Keeper[]> {
  const keepers: Keeper[] = [];
  for (const name of machine.control.list()) {
    if (!name.startsWith(socketPrefix) || (except !== undefined && name === socketOf(except))) continue;
    const keeper = await daemonCalled(machine, name.slice(socketPrefix.length));
    if (keeper !== undefined) keepers.push(keeper);
  }
  return keepers;
}

/** Servers of daemons, by the names that these know them by. */
export type KeptServers = ReadonlyMap<Keeper, readonly string[]>;

/** A kept service, and who keeps it. */
interface Owner {
  readonly daemon: Keeper;
  readonly owned: OwnedService;
}

/** The daemons that run, and what they keep. */
export class Keepers {
  readonly #owners = new Map<string, Owner>();
  readonly #weights = new Map<string, number>();
  readonly #drained = new Map<string, Keeper>();

  constructor(daemons: readonly Keeper[]) {
    for (const daemon of daemons) {
      for (const name of daemon.drained) this.#drained.set(name, daemon);
      for (const owned of daemon.services) {
        this.#owners.set(owned.service, { daemon, owned });
        for (const [name, weight] of Object.entries(owned.servers)) this.#weights.set(name, weight);
      }
    }
  }

  /** Finds those that run. @throws {StateError} where one does not answer. */
  static async find(machine: Pick<Machine, 'control'>): Promise<Keepers> {
    return new Keepers(await daemonsOf(machine));
  }

  /** Who keeps a service; undefined: nobody. */
  ownerOf(key: ServiceKey): Keeper | undefined {
    return this.#owner(key)?.daemon;
  }

  #owner(key: ServiceKey): Owner | undefined {
    return this.#owners.size === 0 ? undefined : this.#owners.get(serviceName(key));
  }

  /** The weight that a kept server has in its document; undefined: it is not kept. */
  weightOf(name: string): number | undefined {
    return this.#weights.get(name);
  }

  /** Servers that operators have drained and daemons keep. */
  get drained(): KeptServers {
    const kept = new Map<Keeper, string[]>();
    for (const [name, keeper] of this.#drained) addName(kept, keeper, name);
    return kept;
  }

  /** Whether an operator has drained a kept server. */
  isDrained(name: string): boolean {
    return this.#drained.has(name);
  }

  /** The table with the servers that daemons have taken out of it, at weight 0. */
  complete(table: Table): Table {
    if (this.#owners.size === 0) return table;
    const services = table.services.map((entry) => {
      const owned = this.#owner(entry.service.key)?.owned;
      if (owned === undefined) return entry;
      const present = new Set(entry.servers.map(serverId));
      const missing = Object.keys(owned.servers).flatMap((name) => serverOf(name));
      return { ...entry, servers: [...entry.servers, ...missing.filter((one) => !present.has(serverId(one)))] };
    });
    return { ...table, services };
  }

  /** The table in which kept servers have the weights of their documents. */
  asWritten(table: Table): Table {
    if (this.#owners.size === 0) return table;
    const services = this.complete(table).services.map(({ service, servers }) => ({
      service,
      servers: servers.map((server) => {
        const weight = this.#weights.get(serverName(service.key, server)) ?? server.weight;
        return weight === server.weight ? server : { ...server, weight };
      }),
    }));
    return { ...table, services };
  }

  /** A table in which kept services are as they are in another one. */
  leaveAlone(from: Table, wanted: Table): Table {
    const isKept = ({ service }: ServiceWithServers): boolean => this.ownerOf(service.key) !== undefined;
    return {
      ...wanted,
      services: [...wanted.services.filter((entry) => !isKept(entry)), ...from.services.filter(isKept)],
    };
  }

  /** Servers that nobody keeps, and those of daemons. */
  split(selected: readonly Selected[]): { readonly own: Selected[]; readonly kept: KeptServers } {
    const own: Selected[] = [];
    const kept = new Map<Keeper, string[]>();
    for (const one of selected) {
      const keeper = this.ownerOf(one.key);
      if (keeper === undefined) own.push(one);
      else addName(kept, keeper, serverName(one.key, one.server));
    }
    return { own, kept };
  }
}

function addName(kept: Map<Keeper, string[]>, keeper: Keeper, name: string): void {
  const names = kept.get(keeper);
  if (names === undefined) kept.set(keeper, [name]);
  else names.push(name);
}

/** A server that is not in the kernel, as far as its name tells. */
function serverOf(name: string): RealServer[] {
  const { family, address, port } = parseServerName(name);
  if (port === undefined) return [];
  const settings = { forwarding: 'masquerading', upperThreshold: 0, lowerThreshold: 0, tunnel: defaultTunnel } as const;
  return [{ family, address, port, weight: 0, ...settings }];
}

/** Why a service is not changed here, and what to do. */
export function keptText(name: string, { instance, document, pid }: Keeper): string {
  return `${name} is kept by ipvsadm run (${instance}, process ${pid}): change ${document} and run ipvsadm reload`;
}
