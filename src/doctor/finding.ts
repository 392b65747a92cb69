import type { ServerKey } from '../model/server.js';
import type { ServiceKey } from '../model/service.js';
import type { SyncRole } from '../model/state.js';

/** From the best to the worst; `ok` findings say how something was decided. */
export const severities = ['ok', 'warning', 'error'] as const;

/** How bad it is. An error keeps traffic from being served, a warning will, or does for some. */
export type Severity = (typeof severities)[number];

/** What fixes a finding. */
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

/** Something that a check has seen. */
export interface Finding {
  readonly severity: Severity;
  readonly subject: Subject;
  /** What is the case. */
  readonly found: string;
  /** What it does to the traffic; empty where nothing is wrong. */
  readonly why: string;
  /** The first is the one to take where nothing speaks against it. */
  readonly fixes: readonly Fix[];
}

/** Something that is looked at. */
export interface Check<Facts> {
  /** Stable name for programs. */
  readonly id: string;
  /** What is the case where all is well. */
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

/** Makes a finding that says how something was decided. */
export function note(subject: Subject, found: string): Finding {
  return { severity: 'ok', subject, found, why: '', fixes: [] };
}
