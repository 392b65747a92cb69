import type { Outcome } from '../health/outcome.js';
import type { Attempt } from './attempt.js';
import { findPing, pingCommand } from './ping-program.js';
import { runProgram, type Ending } from './program.js';
import { shown } from './shown.js';
import type { TargetOf } from './target.js';

/** What a program says where a route is missing, which is not its own failure. */
const noRoute = /unreachable|no route/i;

function judge({ status, signal, stderr }: Ending): Outcome {
  if (status === 0) return { kind: 'pass', reason: 'answered' };
  const said = shown(stderr);
  // The status alone does not tell: busybox fails with the one that stands for no answer.
  if (status === 1 && said === '') return { kind: 'unreachable', reason: 'no echo' };
  if (noRoute.test(said)) return { kind: 'unreachable', reason: said };
  return { kind: 'unknown', reason: `ping failed: ${said || (signal ?? `exit status ${status ?? ''}`)}` };
}

/** Sends echo requests by a program, for Node.js has no sockets for them. */
export function askPing(attempt: Attempt, { check, family, address }: TargetOf<'ping'>): void {
  const program = findPing();
  if (program === undefined) {
    attempt.end({ kind: 'unknown', reason: 'this host has neither fping nor ping' });
    return;
  }
  const { count, source } = check;
  const command = pingCommand(program, { family, address, count, seconds: attempt.seconds, source });
  runProgram(attempt, command, undefined, judge);
}
