import type { Options } from 'yargs';
import { verbs } from '../../../src/cli/run-verb.js';
import { helpSections, type Section } from '../../../src/format/help.js';
import { verbSummaries } from '../../../src/grammar/verbs.js';

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|').replaceAll('<', '\\<')).join(' | ')} |\n`;
  return `${line(head)}${line(head.map(() => '---'))}${rows.map(line).join('')}`;
}

function code(text: string): string {
  return text === '' ? '' : `\`${text}\``;
}

/** Rows of a section, each whole: a meaning that is long goes on in rows of its own. */
function wholeRows(rows: Section['rows']): (readonly [typed: string, meaning: string])[] {
  const whole: (readonly [string, string])[] = [];
  for (const [typed, meaning] of rows) {
    const last = typed === '' ? whole.pop() : undefined;
    whole.push(last === undefined ? [typed, meaning] : [last[0], `${last[1]} ${meaning}`]);
  }
  return whole;
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}

/** A row of the help: `--numeric -n` and so on, with the value apart. */
function classicRow([typed, meaning]: readonly [string, string]): string[] {
  const words = typed.split(/\s+/);
  const names = words.filter((word) => word.startsWith('-')).flatMap((word) => word.split('|'));
  const values = words.filter((word) => !word.startsWith('-'));
  return [names.map(code).join(', '), code(values.join(' ')), meaning];
}

function valueOf({ type, choices }: Options): string {
  if (choices !== undefined) return choices.map((choice) => code(String(choice))).join(', ');
  return type === 'boolean' || type === undefined ? '' : type === 'number' ? 'number' : 'word';
}

function verbRow([name, option]: readonly [string, Options]): string[] {
  const { alias, describe = '' } = option;
  const usual: unknown = option.default;
  const negated = usual === true ? [`--no-${name}`] : [];
  const names = [...(typeof alias === 'string' ? [`-${alias}`] : []), `--${name}`, ...negated];
  const shown =
    usual === undefined || typeof usual === 'boolean' || Array.isArray(usual)
      ? ''
      : code(String(usual as string | number));
  return [names.map(code).join(', '), valueOf(option), shown, describe];
}

/** All commands and options as Markdown, from what the programs print and read. */
export function referenceText(): string {
  const parts = ['# Commands and options\n', 'Made from the help and the options themselves by `npm run reference`.\n'];
  parts.push('What each means in full, with examples: the manual page, `man ipvsadm`.\n');
  parts.push('## The classic command line\n');
  parts.push(
    'The command comes first, then the service, then the rest: `-r`, `-M` and `-6` look at what stands left of them.\n',
  );
  for (const { heading, rows } of helpSections) {
    parts.push(
      `### ${sentence(heading).slice(0, -1)}\n`,
      table(['Option', 'Value', 'Meaning'], wholeRows(rows).map(classicRow)),
    );
  }
  parts.push('## Verbs\n');
  for (const { name, file, options, examples } of verbs) {
    parts.push(`### \`ipvsadm ${name}\`\n`, `${sentence(verbSummaries[name])}\n`);
    if (file !== undefined) parts.push(`\`FILE\`: ${file}.\n`);
    const rows = Object.entries(options).map(verbRow);
    if (rows.length > 0) parts.push(table(['Option', 'Value', 'Default', 'Meaning'], rows));
    const shown = examples.map(([command, what]) => `${command.replaceAll('$0', 'ipvsadm')}   # ${what}\n`);
    parts.push(`\`\`\`sh\n${shown.join('')}\`\`\`\n`);
  }
  return parts.join('\n');
}
