// Checks and facts in, a report of all findings out.

import { severities, type Check, type Finding, type Severity } from './finding.js';

/** Result of a check. */
export interface CheckResult {
  readonly id: string;
  readonly title: string;
  /** The worst of its findings. */
  readonly result: Severity;
  readonly findings: readonly Finding[];
}

/** Results of all checks. */
export interface Report {
  readonly result: Severity;
  readonly checks: readonly CheckResult[];
}

/** The worst of some severities; `ok` where there are none. */
function worst(of: readonly Severity[]): Severity {
  return severities.findLast((severity) => of.includes(severity)) ?? 'ok';
}

/** Runs checks on facts. */
export function examine<Facts>(checks: readonly Check<Facts>[], facts: Facts): Report {
  const results = checks.map(({ id, title, run }) => {
    const findings = run(facts);
    return { id, title, result: worst(findings.map(({ severity }) => severity)), findings };
  });
  return { result: worst(results.map(({ result }) => result)), checks: results };
}

/** Exit status by the worst that was found. */
export const exitStatus: Readonly<Record<Severity, number>> = { ok: 0, warning: 1, error: 2 };
