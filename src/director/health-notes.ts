// What daemons know of the servers that they keep, for verbs that show the table.

import type { ServerView, ServiceView, Snapshot } from './snapshot.js';
import { StateError } from '../errors.js';
import type { JsonObject } from '../format/json.js';
import { serverName, serviceName } from '../model/entity-name.js';
import type { RealServer } from '../model/server.js';
import { describeEndpoint } from '../model/service.js';
import type { Table } from '../model/table.js';
import type { Io } from '../ports/io.js';

/** Longest time for an answer, in seconds. */
const patience = 5;

/** All that the daemons of this machine know; those that may not be asked count as none. */
export async function readSnapshots({ machine }: Pick<Io, 'machine'>): Promise<Snapshot[]> {
  const snapshots: Snapshot[] = [];
  for (const name of machine.control.list()) {
    try {
      const snapshot = await machine.control.ask(name, { do: 'checks' }, patience);
      if (snapshot !== undefined) snapshots.push(snapshot as Snapshot);
    } catch (error) {
      // One that hangs, or that may not be asked, does not keep the others from telling.
      if (!(error instanceof StateError)) throw error;
    }
  }
  return snapshots;
}

/** What is known of a server, in a few words; undefined: nothing that would have to be said. */
export function healthText({ state, reason, drained, kernelWeight, rising }: ServerView): string | undefined {
  if (drained !== null) return `drained by ${drained.by}${drained.reason === null ? '' : `: ${drained.reason}`}`;
  if (state === 'up' || state === 'unchecked') return rising ? 'rising' : undefined;
  if (state === 'new') return 'not checked yet';
  const out = kernelWeight === null ? ', not in the table' : '';
  return `${state}${reason === null ? '' : `: ${reason}`}${out}`;
}

/** The same for programs, by stable names. */
export function healthJson(view: ServerView | undefined): JsonObject {
  if (view === undefined) return {};
  const { state, since, reason, weight } = view;
  return { health: { state, since, reason, documentWeight: weight } };
}

/** Servers by their names. */
export function serverViews(snapshots: readonly Snapshot[]): ReadonlyMap<string, ServerView> {
  return new Map(
    snapshots.flatMap(({ services }) =>
      services.flatMap(({ servers }) => servers.map((server) => [server.server, server] as const)),
    ),
  );
}

/** Two tables without the differences that daemons have made for the sake of health, and how many these are. */
export function withoutHealth(
  present: Table,
  wanted: Table,
  snapshots: readonly Snapshot[],
): { readonly present: Table; readonly wanted: Table; readonly servers: number } {
  const kept = new Map(
    snapshots.flatMap(({ services }) => services.map((service) => [service.service, service] as const)),
  );
  if (kept.size === 0) return { present, wanted, servers: 0 };
  let count = 0;
  const map = (
    { services, ...settings }: Table,
    server: (one: RealServer, name: string, view: ServiceView) => RealServer | undefined,
  ): Table => ({
    ...settings,
    services: services.map((entry) => {
      const view = kept.get(serviceName(entry.service.key));
      if (view === undefined) return entry;
      const servers = entry.servers.flatMap((one) => server(one, serverName(entry.service.key, one), view) ?? []);
      return { service: entry.service, servers };
    }),
  });
  const views = serverViews(snapshots);
  return {
    present: map(present, (one, name, { leaving, sorry }) => {
      const endpoint = describeEndpoint(one);
      const isGuest = !views.has(name) && (leaving.includes(endpoint) || sorry === endpoint);
      if (isGuest) count++;
      return isGuest ? undefined : one;
    }),
    wanted: map(wanted, (one, name) => {
      const view = views.get(name);
      // What the document says otherwise than the one that the daemon has taken is a difference.
      if (view === undefined || view.kernelWeight === view.weight || one.weight !== view.weight) return one;
      count++;
      return view.kernelWeight === null ? undefined : { ...one, weight: view.kernelWeight };
    }),
    servers: count,
  };
}
