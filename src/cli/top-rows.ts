// Readings in, the rows of the three views of `top` out, sorted, filtered and folded; pure.

import { describeService, describeEndpoint } from '../model/service.js';
import { familyOf } from '../model/address.js';
import { naturalOrder } from '../format/order.js';
import { settingsText } from '../format/service-text.js';
import type { ForwardingMethod } from '../model/server.js';
import type { ServerName } from '../model/entity-name.js';
import type { GroupCounts } from '../table/connection-groups.js';
import {
  addedHistory,
  addedRates,
  type MeteredServer,
  type MeteredService,
  type Rates,
  type TableReading,
} from '../table/samples.js';
import type { ColumnName } from './top-columns.js';
import type { TopView } from './top-views.js';

/** A client of the connection table. */
export interface ClientCounts extends GroupCounts {
  readonly client: string;
}

/** What readings there are. */
export interface TopData {
  readonly reading: TableReading;
  /** The clients with the most connections; undefined until they were read. */
  readonly clients?: readonly ClientCounts[] | undefined;
  /** All connections; undefined likewise. */
  readonly totals?: GroupCounts | undefined;
}

/** How a row looks. Colour is never all that says so. */
export type RowLook = 'service' | 'quiesced' | 'full';

/** A row of a view. */
export interface TopRow {
  /** Stays that of the row, wherever it goes. */
  readonly id: string;
  readonly depth: 0 | 1;
  /** True and false: its rows below are shown, or not; undefined: it has none. */
  readonly open: boolean | undefined;
  readonly name: string;
  /** Cells that are no plain numbers. */
  readonly texts: Partial<Record<ColumnName, string>>;
  /** The number in a column, which it is also sorted by; undefined: none. */
  readonly value: (column: ColumnName) => number | undefined;
  readonly history: readonly number[];
  readonly look: RowLook | undefined;
  /** What can be drained; undefined for a service or a client. */
  readonly target: ServerName | undefined;
}

/** A row with those below it, before it is filtered and folded. */
interface Branch extends TopRow {
  /** What a filter looks at. */
  readonly words: string;
  readonly below: readonly Branch[];
}

/** What is shown of a view, and in which order. */
export interface RowChoice {
  readonly view: TopView;
  readonly sort: ColumnName;
  readonly inverted: boolean;
  /** Fixed texts, separated by `|`; empty: all. */
  readonly filter: string;
  /** Rows whose rows below are not shown, by their ids. */
  readonly folded: ReadonlySet<string>;
}

const forwardingWords: Readonly<Partial<Record<ForwardingMethod, string>>> = {
  masquerading: 'nat',
  'direct-routing': 'dr',
  tunneling: 'tun',
  local: 'loc',
  bypass: 'byp',
};

/** Methods by which replies pass the director by: nothing goes out that could be counted. */
const oneWay: ReadonlySet<ForwardingMethod> = new Set(['direct-routing', 'tunneling']);

/** Schedulers whose shares should be those of the weights. */
const byWeight: ReadonlySet<string> = new Set(['wrr', 'wlc', 'sed', 'nq', 'twos']);

/** New connections in the last minute from which on shares mean something. */
const enoughConnections = 30;

/** A share that differs from that of the weights by so much of it is marked. */
const tolerance = 1 / 3;

/** Numbers of columns, by what rows are made of. */
type Values<T> = Readonly<Partial<Record<ColumnName, (subject: T) => number | undefined>>>;

/** The columns of rates, by what has rates; those of replies only where these come back this way. */
function rateValues<T>(ratesOf: (subject: T) => Rates | undefined, isOneWay: (subject: T) => boolean): Values<T> {
  return {
    connections: (subject) => ratesOf(subject)?.connections,
    incomingPackets: (subject) => ratesOf(subject)?.incomingPackets,
    incomingBytes: (subject) => ratesOf(subject)?.incomingBytes,
    outgoingPackets: (subject) => (isOneWay(subject) ? undefined : ratesOf(subject)?.outgoingPackets),
    outgoingBytes: (subject) => (isOneWay(subject) ? undefined : ratesOf(subject)?.outgoingBytes),
  };
}

function sum<T>(items: readonly T[], value: (item: T) => number): number {
  return items.reduce((total, item) => total + value(item), 0);
}

const serverValues: Values<MeteredServer> = {
  weight: ({ server }) => server.weight,
  share: ({ share }) => share,
  active: ({ server }) => server.activeConnections,
  inactive: ({ server }) => server.inactiveConnections,
  ...rateValues(
    ({ rates }: MeteredServer) => rates,
    ({ server }) => oneWay.has(server.forwarding),
  ),
};

const serviceValues: Values<MeteredService> = {
  weight: ({ servers }) => sum(servers, ({ server }) => server.weight),
  active: ({ activeConnections }) => activeConnections,
  inactive: ({ inactiveConnections }) => inactiveConnections,
  ...rateValues(
    ({ rates }: MeteredService) => rates,
    ({ servers }) => servers.length > 0 && servers.every(({ server }) => oneWay.has(server.forwarding)),
  ),
};

const hostValues: Values<readonly MeteredServer[]> = {
  inUse: (all) => all.filter(({ server }) => server.weight > 0).length / all.length,
  active: (all) => sum(all, ({ server }) => server.activeConnections),
  inactive: (all) => sum(all, ({ server }) => server.inactiveConnections),
  bound: (all) => sum(all, ({ server }) => server.persistentConnections),
  ...rateValues(
    (all: readonly MeteredServer[]) => addedRates(all.map(({ rates }) => rates)),
    (all) => all.every(({ server }) => oneWay.has(server.forwarding)),
  ),
};

function percent(share: number | undefined): string {
  return share === undefined ? '-' : `${Math.round(100 * share)}%`;
}

function isUneven(service: MeteredService, { share, weightShare }: MeteredServer): boolean {
  const { scheduler, persistenceTimeout } = service.service;
  if (persistenceTimeout !== undefined || !byWeight.has(scheduler)) return false;
  if (share === undefined || weightShare === undefined) return false;
  const all = service.servers.reduce((sum, { newConnections }) => sum + newConnections, 0);
  return all >= enoughConnections && Math.abs(share - weightShare) > tolerance * weightShare;
}

/** Connections from a threshold on. */
function isFull({ server }: MeteredServer): boolean {
  return server.upperThreshold > 0 && server.activeConnections + server.inactiveConnections >= server.upperThreshold;
}

// Rows tell what they are asked for: of ten thousand, most are only sorted. Classes, as literals with getters are slow.

/** A server of a service. */
class ServerRow implements Branch {
  readonly depth = 1;
  readonly open = undefined;
  readonly below: readonly Branch[] = [];

  constructor(
    private readonly service: MeteredService,
    private readonly metered: MeteredServer,
  ) {}

  get id(): string {
    return this.metered.name;
  }

  get name(): string {
    return describeEndpoint(this.metered.server);
  }

  get history(): readonly number[] {
    return this.metered.history;
  }

  get texts(): TopRow['texts'] {
    const { server, share, weightShare } = this.metered;
    const mark = isFull(this.metered) ? '!' : server.weight === 0 ? '0' : '';
    return {
      forwarding: forwardingWords[server.forwarding] ?? '?',
      share: `${percent(share)}/${percent(weightShare)}`,
      state: `${mark}${isUneven(this.service, this.metered) ? '~' : ''}`,
    };
  }

  value(column: ColumnName): number | undefined {
    return serverValues[column]?.(this.metered);
  }

  get look(): RowLook | undefined {
    return isFull(this.metered) ? 'full' : this.metered.server.weight === 0 ? 'quiesced' : undefined;
  }

  get target(): ServerName {
    const { family, address, port } = this.metered.server;
    return { service: this.service.service.key, family, address, port };
  }

  get words(): string {
    return `${this.name} ${this.metered.server.forwarding} ${this.look ?? ''}`;
  }
}

/** A service with its servers. */
class ServiceRow implements Branch {
  readonly depth = 0;
  readonly open = true;
  readonly look = 'service';
  readonly target = undefined;
  readonly texts = { forwarding: '', share: '', state: '' };

  constructor(private readonly metered: MeteredService) {}

  get id(): string {
    return this.metered.name;
  }

  get name(): string {
    const { service } = this.metered;
    return `${describeService(service.key)} ${settingsText(service)}`;
  }

  get history(): readonly number[] {
    return this.metered.history;
  }

  value(column: ColumnName): number | undefined {
    return serviceValues[column]?.(this.metered);
  }

  get words(): string {
    return `${this.name} ${this.metered.name}`;
  }

  get below(): readonly Branch[] {
    return this.metered.servers.map((server) => new ServerRow(this.metered, server));
  }
}

/** An address of a real server, in all services together. */
class HostRow implements Branch {
  readonly depth = 0;
  readonly open = undefined;
  readonly below: readonly Branch[] = [];

  constructor(
    readonly id: string,
    private readonly all: readonly MeteredServer[],
  ) {}

  get name(): string {
    return this.id;
  }

  private get used(): number {
    return this.all.filter(({ server }) => server.weight > 0).length;
  }

  get history(): readonly number[] {
    return addedHistory(this.all.map(({ history }) => history));
  }

  get texts(): TopRow['texts'] {
    const state = this.all.some(isFull) ? '!' : this.used === 0 ? '0' : '';
    return { inUse: `${this.used}/${this.all.length}`, state };
  }

  value(column: ColumnName): number | undefined {
    return hostValues[column]?.(this.all);
  }

  get look(): RowLook | undefined {
    return this.all.some(isFull) ? 'full' : this.used === 0 ? 'quiesced' : undefined;
  }

  get target(): ServerName {
    return { service: undefined, family: familyOf(this.id), address: this.id, port: undefined };
  }

  get words(): string {
    return `${this.id} ${this.look ?? ''}`;
  }
}

/** A row for each address of a real server, over all services. */
function hostBranches({ services }: TableReading): Branch[] {
  const hosts = new Map<string, MeteredServer[]>();
  for (const { servers } of services) {
    for (const one of servers) {
      const { address } = one.server;
      const known = hosts.get(address);
      if (known === undefined) hosts.set(address, [one]);
      else known.push(one);
    }
  }
  // By address, as services and servers are.
  const addresses = [...hosts.keys()].map((address) => ({ family: familyOf(address), address, port: 0 }));
  return naturalOrder.servers(addresses).map(({ address }) => new HostRow(address, hosts.get(address) ?? []));
}

function clientBranches({ clients = [], totals }: TopData): Branch[] {
  return clients.map(({ client, connections, activeConnections, inactiveConnections, persistentConnections }) => {
    const share = totals === undefined || totals.connections === 0 ? 0 : connections / totals.connections;
    return {
      id: client,
      depth: 0,
      open: undefined,
      name: client,
      texts: { part: `${(100 * share).toFixed(1)}%` },
      value: (column) =>
        (
          ({
            count: connections,
            part: share,
            active: activeConnections,
            inactive: inactiveConnections,
            bound: persistentConnections,
          }) as Partial<Record<ColumnName, number>>
        )[column],
      history: [],
      look: undefined,
      target: undefined,
      words: client,
      below: [],
    };
  });
}

const branches: Readonly<Record<TopView, (data: TopData) => Branch[]>> = {
  services: ({ reading }) => reading.services.map((service) => new ServiceRow(service)),
  hosts: ({ reading }) => hostBranches(reading),
  clients: clientBranches,
};

/** The rows of a view. A service is shown if it, or one of its servers, has what the filter looks for. */
export function topRows(data: TopData, { view, sort, inverted, filter, folded }: RowChoice): TopRow[] {
  const texts = filter
    .toLowerCase()
    .split('|')
    .filter((text) => text !== '');
  const fits = ({ words }: Branch): boolean => texts.some((text) => words.toLowerCase().includes(text));
  const arranged = arrangement(sort, inverted);
  const shown: { readonly branch: Branch; readonly below: readonly Branch[] }[] = [];
  for (const branch of branches[view](data)) {
    const all = branch.below;
    const below = texts.length === 0 || fits(branch) ? all : all.filter(fits);
    if (texts.length === 0 || below.length > 0 || fits(branch)) shown.push({ branch, below });
  }
  return arranged(shown, ({ branch }) => branch).flatMap(({ branch, below }): TopRow[] => {
    if (branch.open === undefined) return [branch];
    const isOpen = !folded.has(branch.id);
    return [isOpen ? branch : closed(branch), ...(isOpen ? arranged(below, (row) => row) : [])];
  });
}

/** The row of a service whose servers are not shown. */
function closed(branch: Branch): TopRow {
  return Object.create(branch, { open: { value: false } }) as TopRow;
}

/** Sorts things by their rows. */
type Arrangement = <T>(things: readonly T[], rowOf: (thing: T) => TopRow) => readonly T[];

/** Numbers go down and names up, unless inverted. Equal rows stay in natural order, in which readings come. */
function arrangement(sort: ColumnName, inverted: boolean): Arrangement {
  if (sort === 'name') return (things) => (inverted ? [...things].reverse() : things);
  const sign = inverted ? 1 : -1;
  return (things, rowOf) =>
    things
      .map((thing) => ({ thing, value: rowOf(thing).value(sort) ?? -1 }))
      .sort((a, b) => sign * (a.value - b.value))
      .map(({ thing }) => thing);
}
