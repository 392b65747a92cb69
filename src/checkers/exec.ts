import type { Outcome } from '../health/outcome.js';
import { accountOf, type Account } from './accounts.js';
import type { Attempt } from './attempt.js';
import { runProgram, type Ending } from './program.js';
import { shown } from './shown.js';
import type { TargetOf } from './target.js';
import { parseWeight } from './weight.js';

/** Who programs run as unless their check says otherwise. */
const defaultUser = 'nobody';

/** What a program may be told about whom it checks. */
function substitute(word: string, { address, port, virtual }: TargetOf<'exec'>): string {
  const values: Readonly<Record<string, string>> = {
    '%a': address,
    '%p': String(port),
    '%v': virtual?.address ?? '',
    '%V': virtual === undefined ? '' : String(virtual.port),
  };
  return word.replace(/%[apvV]/g, (name) => values[name] ?? name);
}

/** Only root can be somebody else. Undefined: as who we are. */
function accountFor(user = defaultUser): Account | undefined | string {
  if (process.getuid?.() !== 0) return undefined;
  return accountOf(user) ?? `this host has no user ${user}`;
}

function judge({ status, signal, stdout, stderr }: Ending, hasWeight: boolean): Outcome {
  const said = shown(stdout) || shown(stderr);
  const reason = said === '' ? `exit status ${status ?? ''}` : said;
  if (signal !== null) return { kind: 'unknown', reason: `killed by ${signal}` };
  if (status === 1) return { kind: 'said-no', reason };
  if (status !== 0) return { kind: 'unknown', reason: `exit status ${status ?? ''}${said === '' ? '' : `: ${said}`}` };
  const weight = hasWeight ? parseWeight(stdout.trim()) : undefined;
  if (weight !== undefined) return { kind: 'pass', reason: `weight ${weight}`, wish: { weight } };
  return { kind: 'pass', reason };
}

/** Runs a program; its exit status is the answer. */
export function askExec(attempt: Attempt, target: TargetOf<'exec'>): void {
  const { command, user, weight } = target.check;
  const account = accountFor(user);
  if (typeof account === 'string') {
    attempt.end({ kind: 'unknown', reason: account });
    return;
  }
  attempt.silence = { kind: 'unknown', reason: `killed: it took more than ${attempt.seconds} s` };
  runProgram(
    attempt,
    command.map((word) => substitute(word, target)),
    account,
    (ending) => judge(ending, weight !== undefined),
  );
}
