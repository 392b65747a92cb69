/** Time as a command sees it. Tests pass their own. */
export interface Clock {
  /** Milliseconds of a monotonic clock. */
  now(): number;
  /** Resolves after that time, or as soon as the signal is aborted. */
  sleep(milliseconds: number, signal?: AbortSignal): Promise<void>;
}

/** The machine's clock. */
export const systemClock: Clock = {
  now: () => performance.now(),
  sleep: async (milliseconds, signal) => {
    const { setTimeout: timer } = await import('node:timers/promises');
    // The only thing that a timer fails with is the signal.
    await timer(milliseconds, undefined, signal === undefined ? {} : { signal }).catch(() => undefined);
  },
};
