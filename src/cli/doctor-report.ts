import type { ChalkInstance } from 'chalk';
import { severities, type Finding, type Severity } from '../doctor/finding.js';
import type { CheckResult, Report } from '../doctor/report.js';
import { counted } from '../text/counted.js';
import { printable } from '../text/printable.js';
import { drawTable, wrapText, type Row } from './draw-table.js';

/** How a report is shown. */
export interface ReportStyle {
  readonly colour: ChalkInstance;
  /** Columns of the screen. */
  readonly width: number;
  /** Show checks that passed too, and every finding of a check. */
  readonly all: boolean;
}

/** Findings of one check that are shown unless all are requested. */
const shownFindings = 10;

const smallestWidth = 60;

const longestSeverity = Math.max(...severities.map(({ length }) => length));

/** A report for people: a table of what was found, why it matters and what fixes it, and a line that sums it up. */
export function formatReport({ checks, result }: Report, headline: string, style: ReportStyle): string {
  const { colour, all } = style;
  const shown = checks.filter((check) => all || check.result !== 'ok');
  return [
    colour.bold(printable(headline)),
    ...(shown.length === 0 ? [] : [overview(shown, style)]),
    ...checks.filter((check) => check.result !== 'ok').flatMap((check) => ['', ...explanation(check, style)]),
    ...(shown.length === 0 ? [] : ['']),
    painted(result, colour)(summary(checks)),
    '',
  ].join('\n');
}

function painted(severity: Severity, colour: ChalkInstance): ChalkInstance {
  return { ok: colour.green, warning: colour.yellow, error: colour.red }[severity];
}

function relevant({ findings }: CheckResult, all: boolean): readonly Finding[] {
  return all ? findings : findings.filter(({ severity }) => severity !== 'ok');
}

function overview(checks: readonly CheckResult[], style: ReportStyle): string {
  const { colour, all } = style;
  const rows: Row[] = [];
  const add = (severity: Severity, about: string, found: string): void => {
    rows.push({ cells: [severity, about, found], colours: [painted(severity, colour)] });
  };
  for (const check of checks) {
    const findings = relevant(check, all);
    if (findings.length === 0) add('ok', '', check.title);
    for (const { severity, subject, found } of findings.slice(0, all ? undefined : shownFindings)) {
      add(severity, printable(subject.label), printable(found));
    }
    const rest = all ? 0 : findings.length - shownFindings;
    if (rest > 0) add(check.result, '', `${rest} more like these; --all shows them`);
  }
  // What is left of the line beside the frame and the severities.
  const width = Math.max(style.width, smallestWidth) - 17;
  const about = Math.floor((width + 4) * 0.36) - 2;
  const columns = [
    { title: '', align: 'left', width: longestSeverity },
    { title: 'About', align: 'left', width: about },
    { title: 'Found', align: 'left', width: width - about },
  ] as const;
  return drawTable(columns, rows, colour);
}

/** Why findings matter and what fixes them; a reason that several share is shown once. */
function explanation(check: CheckResult, { colour, width, all }: ReportStyle): string[] {
  const findings = check.findings.filter(({ severity }) => severity !== 'ok').slice(0, all ? undefined : shownFindings);
  const lines = [painted(check.result, colour).bold(`${check.id} (should be: ${check.title})`)];
  let shown: string | undefined;
  for (const { why, subject, fixes } of findings) {
    if (why !== shown) lines.push(...wrapped(why, width, '  '));
    shown = why;
    for (const [index, { how, commands }] of fixes.entries()) {
      const start = index === 0 ? `${subject.label}: ` : 'or ';
      lines.push(...wrapped(`${start}${how}${commands.length === 0 ? '' : ':'}`, width, '  '));
      // Never wrapped: these lines are for copying.
      for (const command of commands) lines.push(`    ${colour.cyan(printable(command))}`);
    }
  }
  return lines;
}

/** Text in lines of at most `width` columns, each after this indentation. */
function wrapped(text: string, width: number, indent: string): string[] {
  return wrapText(printable(text), Math.max(width, smallestWidth) - indent.length).map((line) => `${indent}${line}`);
}

function summary(checks: readonly CheckResult[]): string {
  const number = (severity: Severity): number =>
    checks.flatMap(({ findings }) => findings).filter((finding) => finding.severity === severity).length;
  const passed = checks.filter(({ result }) => result === 'ok').length;
  return `${counted(number('error'), 'error')}, ${counted(number('warning'), 'warning')}; ${passed} of ${counted(checks.length, 'check')} passed`;
}
