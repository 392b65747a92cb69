import type { CheckType } from '../documents/health-schema.js';
import type { CheckTarget, StartCheck } from '../health/outcome.js';
import { Attempt } from './attempt.js';
import { askExec } from './exec.js';
import { askHttp } from './http.js';
import type { Ask } from './target.js';
import { askTcp } from './tcp.js';

/** How each type of check asks. */
const asks: { readonly [K in CheckType]?: Ask<K> } = {
  tcp: askTcp,
  http: askHttp,
  exec: askExec,
};

/** Asks a real server how it is. */
export const startCheck: StartCheck = (target, done) => {
  const attempt = new Attempt(target.check.timeout, done);
  try {
    // The table goes by the type.
    (asks[target.check.type] as ((attempt: Attempt, target: CheckTarget) => void) | undefined)?.(attempt, target);
  } catch (cause) {
    attempt.fail(cause);
  }
  return () => {
    attempt.stop();
  };
};
