import type { ServerKey } from '../model/server.js';
import type { ServiceKey } from '../model/service.js';
import type { SyncRole } from '../model/state.js';

/** From the best to the worst; `ok` findings explain how something was decided. */
export const severities = ['ok', 'warning', 'error'] as const;

/** How bad it is. An error keeps traffic from being served, a warning will, or does for some. */
export type Severity = (typeof severities)[number];

/** How to fix a finding. */
export interface Fix {
  /** In words, for a choice among several or where no command is known. */
  readonly how: string;
  /** Commands of a shell, to be run in this order; none where they depend on what only the operator knows. */
  readonly commands: readonly string[];
}

/** The entry that a finding is about. */
export interface Subject {
  /** For people, such as `TCP 192.0.2.1:80`. */
  readonly label: string;
  readonly service?: ServiceKey;
  readonly server?: ServerKey;
  readonly interface?: string;
  readonly address?: string;
  readonly syncDaemon?: SyncRole;
}

/** Result of a check about one subject. */
export interface Finding {
  readonly severity: Severity;
  readonly subject: Subject;
  /** What was found. */
  readonly found: string;
  /** What it does to the traffic; empty where nothing is wrong. */
  readonly why: string;
  /** The preferred fix is the first. */
  readonly fixes: readonly Fix[];
}

/** A check: facts in, findings out. */
export interface Check<Facts> {
  /** Stable name for programs. */
  readonly id: string;
  /** What holds where nothing is wrong. */
  readonly title: string;
  readonly run: (facts: Facts) => Finding[];
}

/** Makes a finding of something that is wrong. */
export function problem(
  severity: Exclude<Severity, 'ok'>,
  subject: Subject,
  found: string,
  why: string,
  ...fixes: readonly Fix[]
): Finding {
  return { severity, subject, found, why, fixes };
}

/** Makes a finding that explains how something was decided. */
export function note(subject: Subject, found: string): Finding {
  return { severity: 'ok', subject, found, why: '', fixes: [] };
}
