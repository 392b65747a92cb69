import type { ChalkInstance } from 'chalk';
import Table from 'cli-table3';
import type { Finding, Severity } from '../doctor/finding.js';
import type { CheckResult, Report } from '../doctor/report.js';
import { counted } from '../text/counted.js';
import { printable } from '../text/printable.js';

/** How a report is shown. */
export interface ReportStyle {
  readonly colour: ChalkInstance;
  /** Columns of the screen. */
  readonly width: number;
  /** Show what is well, too, and every finding of a check. */
  readonly all: boolean;
}

/** Findings of one check that are shown unless all are asked for. */
const shownFindings = 10;

const smallestWidth = 60;

/** A report for people: a table of what was found, why it matters and what mends it, and a line that sums it up. */
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
  const width = Math.max(style.width, smallestWidth);
  const left = { result: 9, subject: Math.floor((width - 13) * 0.36) };
  const table = new Table({
    head: ['', 'About', 'Found'].map((title) => colour.bold(title)),
    colWidths: [left.result, left.subject, width - left.result - left.subject - 4],
    wordWrap: true,
    wrapOnWordBoundary: true,
    style: { head: [], border: [], compact: true },
  });
  for (const check of checks) {
    const findings = relevant(check, all);
    if (findings.length === 0) table.push([colour.green('ok'), '', check.title]);
    for (const { severity, subject, found } of findings.slice(0, all ? undefined : shownFindings)) {
      table.push([painted(severity, colour)(severity), printable(subject.label), printable(found)]);
    }
    const rest = all ? 0 : findings.length - shownFindings;
    if (rest > 0)
      table.push([painted(check.result, colour)(check.result), '', `${rest} more like these; --all shows them`]);
  }
  return table.toString();
}

/** Why findings matter and what mends them; a reason that several have is said once. */
function explanation(check: CheckResult, { colour, width, all }: ReportStyle): string[] {
  const findings = check.findings.filter(({ severity }) => severity !== 'ok').slice(0, all ? undefined : shownFindings);
  const lines = [painted(check.result, colour).bold(`${check.id} (should be: ${check.title})`)];
  let said: string | undefined;
  for (const { why, subject, remedies } of findings) {
    if (why !== said) lines.push(...wrapped(why, width, '  '));
    said = why;
    for (const [index, { how, commands }] of remedies.entries()) {
      const start = index === 0 ? `${subject.label}: ` : 'or ';
      lines.push(...wrapped(`${start}${how}${commands.length === 0 ? '' : ':'}`, width, '  '));
      // Never wrapped: these lines are there to be copied.
      for (const command of commands) lines.push(`    ${colour.cyan(printable(command))}`);
    }
  }
  return lines;
}

/** Text in lines of at most `width` columns, where its words allow it. */
function wrapped(text: string, width: number, indent: string): string[] {
  const lines: string[] = [];
  let line = indent;
  for (const word of printable(text).split(' ')) {
    if (line !== indent && line.length + 1 + word.length > Math.max(width, smallestWidth)) {
      lines.push(line);
      line = indent;
    }
    line += line === indent ? word : ` ${word}`;
  }
  return [...lines, line];
}

function summary(checks: readonly CheckResult[]): string {
  const number = (severity: Severity): number =>
    checks.flatMap(({ findings }) => findings).filter((finding) => finding.severity === severity).length;
  const passed = checks.filter(({ result }) => result === 'ok').length;
  return `${counted(number('error'), 'error')}, ${counted(number('warning'), 'warning')}; ${passed} of ${counted(checks.length, 'check')} passed`;
}
