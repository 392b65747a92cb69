/** Milliseconds without any reply after which look-ups are given up: the resolver is dead, and numbers are shown. */
const patience = 2000;

/** Results of many look-ups. */
export interface LookedUp<T> {
  /** Results by key; keys whose look-up failed or was given up are missing. */
  readonly found: ReadonlyMap<string, T>;
  /** Nobody replied for two seconds. */
  readonly gaveUp: boolean;
}

/** Looks up all keys at the same time, and waits until each has a result or nobody replies any more. */
export async function lookUpAll<T>(keys: readonly string[], lookUp: (key: string) => Promise<T>): Promise<LookedUp<T>> {
  const found = new Map<string, T>();
  if (keys.length === 0) return { found, gaveUp: false };
  const gaveUp = await new Promise<boolean>((resolve) => {
    let left = keys.length;
    const silence = setTimeout(() => {
      // A busy machine runs timers late: replies that are there by now count.
      const before = found.size;
      setImmediate(() => {
        if (found.size === before && left > 0) resolve(true);
      });
    }, patience);
    const finished = (): void => {
      if (--left > 0) return;
      clearTimeout(silence);
      resolve(false);
    };
    for (const key of keys) {
      lookUp(key).then((result) => {
        found.set(key, result);
        silence.refresh();
        finished();
      }, finished);
    }
  });
  return { found, gaveUp };
}
