import os from 'node:os';

/**
 * Ends work early: after a signal, a reader that went away, or npm's death.
 * @param {string} npmScript the name of the npm script that runs us
 * @returns {{ signal: AbortSignal, status: (otherwise: number) => number }} the exit status is 128 + n after signal n
 */
export function abortOnSignals(npmScript) {
  const stop = new AbortController();
  /** @type {NodeJS.Signals | undefined} */
  let received;
  const onSignal = (/** @type {NodeJS.Signals} */ signal) => {
    received ??= signal;
    stop.abort();
  };
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) process.on(signal, onSignal);
  // npm gives SIGTERM to a shell that keeps it to itself and ends: all that we notice is another parent.
  const parent = process.ppid;
  const lookUp = () => {
    if (process.ppid !== parent) onSignal('SIGTERM');
  };
  if (process.env['npm_lifecycle_event'] === npmScript) setInterval(lookUp, 200).unref();
  // Whoever read our output has gone, as in `npm run lab -- yes | head`.
  process.stdout.on('error', () => {
    onSignal('SIGPIPE');
  });
  return {
    signal: stop.signal,
    status: (otherwise) => (received === undefined ? otherwise : 128 + os.constants.signals[received]),
  };
}
