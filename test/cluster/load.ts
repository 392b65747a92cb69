import type { Cluster } from './cluster.js';
import type { Connecting, LoadedRequest } from './protocol.js';

/** What came of a load. */
export class LoadReport {
  readonly requests: readonly LoadedRequest[];

  constructor(requests: readonly LoadedRequest[]) {
    this.requests = requests;
  }

  /** The requests that nobody answered. */
  get failed(): readonly LoadedRequest[] {
    return this.requests.filter(({ failure }) => failure !== undefined);
  }

  /** What failed, for people: how many milliseconds after a time, and why. */
  failuresAfter(time: number): string[] {
    return this.failed.filter(({ at }) => at >= time).map(({ at, failure }) => `+${at - time} ms ${failure ?? ''}`);
  }

  /** Who answered requests that began at or after a time. */
  serversAfter(time: number): string[] {
    return this.serversBetween(time, Infinity);
  }

  /** Who answered requests that began between two times. */
  serversBetween(from: number, until: number): string[] {
    const began = this.requests.filter(({ at }) => at >= from && at < until);
    return [...new Set(began.flatMap(({ server }) => server ?? []))].sort();
  }
}

/** A load of requests that runs. */
export interface RunningLoad {
  /** Ends it. */
  end(): Promise<LoadReport>;
}

/** Lets the client ask at a constant rate, each time over a new connection. */
export async function startLoad(
  cluster: Cluster,
  where: Connecting,
  { perSecond = 20, patience = 3000 } = {},
): Promise<RunningLoad> {
  const { handle } = await cluster.ask('client', 'load', { ...where, perSecond, patience });
  return { end: async () => new LoadReport(await cluster.ask('client', 'unload', { handle })) };
}
