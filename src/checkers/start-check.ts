import type { CheckType } from '../documents/health-schema.js';
import type { CheckTarget, StartCheck } from '../health/outcome.js';
import { Attempt } from './attempt.js';
import { askAgent } from './agent.js';
import { askDns } from './dns.js';
import { askExec } from './exec.js';
import { askGrpc } from './grpc.js';
import { askHttp } from './http.js';
import { askPing } from './ping.js';
import { askSmtp } from './smtp.js';
import type { Ask } from './target.js';
import { askTcp } from './tcp.js';
import { askUdp } from './udp.js';

/** How each type of check asks. */
const asks: { readonly [K in CheckType]: Ask<K> } = {
  tcp: askTcp,
  http: askHttp,
  dns: askDns,
  smtp: askSmtp,
  udp: askUdp,
  ping: askPing,
  grpc: askGrpc,
  exec: askExec,
  agent: askAgent,
};

/** Asks a real server how it is. */
export const startCheck: StartCheck = (target, done) => {
  const attempt = new Attempt(target.check.timeout, done);
  try {
    // The table goes by the type.
    (asks[target.check.type] as (attempt: Attempt, target: CheckTarget) => void)(attempt, target);
  } catch (cause) {
    attempt.fail(cause);
  }
  return () => {
    attempt.stop();
  };
};
