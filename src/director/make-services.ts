// Services as they are to be in, changes of the kernel out: those that take connections first, those that lose them after.

import { setImmediate } from 'node:timers/promises';
import type { IpvsClient } from '../client/client.js';
import type { KernelError } from '../errors.js';
import type { Change } from '../model/change.js';
import { planChanges } from '../plan/plan.js';
import type { Wanted, WatchedService } from '../health/watch.js';
import { Turns } from '../table/turns.js';

/** What became of services. */
export interface MadeServices {
  readonly made: readonly Wanted[];
  /** Services that the kernel refused something of, with the first refusal. */
  readonly failed: ReadonlyMap<WatchedService, KernelError>;
}

/** Changes that are handed to the kernel at a time: timers and sockets are served in between. */
const batchSize = 128;

interface ServiceChange {
  readonly service: WatchedService;
  readonly change: Change;
}

/** Whether it takes connections away: it must not come before those that give them. */
function takesAway(change: Change): boolean {
  if (change.kind === 'edit-server') return change.server.weight === 0;
  return change.kind === 'delete-server' || change.kind === 'delete-service';
}

/**
 * Makes services what they are to be, each as far as the kernel goes along: what it refuses of one holds up none of the others,
 * and of that one nothing is taken away.
 * @throws {IpvsError} when the kernel can't be asked; what was made is then unknown: read the table.
 */
export async function makeServices(
  client: Pick<IpvsClient, 'changeAll'>,
  services: readonly Wanted[],
): Promise<MadeServices> {
  const giving: ServiceChange[] = [];
  const taking: ServiceChange[] = [];
  const turns = new Turns();
  for (const { service, wanted } of services) {
    const from = service.present === undefined ? [] : [service.present];
    const plan = planChanges({ services: from }, { services: wanted === undefined ? [] : [wanted] });
    for (const { change } of plan.additions) (takesAway(change) ? taking : giving).push({ service, change });
    for (const { change } of plan.removals) taking.push({ service, change });
    await turns.take();
  }
  const failed = new Map<WatchedService, KernelError>();
  await makeAll(client, giving, failed);
  await makeAll(
    client,
    taking.filter(({ service }) => !failed.has(service)),
    failed,
  );
  return { made: services.filter(({ service }) => !failed.has(service)), failed };
}

async function makeAll(
  client: Pick<IpvsClient, 'changeAll'>,
  all: readonly ServiceChange[],
  failed: Map<WatchedService, KernelError>,
): Promise<void> {
  for (let start = 0; start < all.length; start += batchSize) {
    const batch = all.slice(start, start + batchSize);
    const results = await client.changeAll(
      batch.map(({ change }) => change),
      { idempotent: true },
    );
    for (const [index, { service }] of batch.entries()) {
      const error = results[index];
      if (error !== undefined && !failed.has(service)) failed.set(service, error);
    }
    await setImmediate();
  }
}
