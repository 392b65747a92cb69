import { formatJson, type JsonValue } from '../format/json.js';
import type { Table } from '../model/table.js';
import { tableDocument } from './table-document.js';

/** Words that a YAML reader, of version 1.1 too, takes for something else than text. */
const reserved = /^(true|false|yes|no|on|off|y|n|null|none)$/i;

function scalar(value: string | number | boolean): string {
  if (typeof value !== 'string') return String(value);
  const plain = /^[a-z][a-z0-9-]*$/.test(value) || /^\d{1,3}(\.\d{1,3}){3}$/.test(value);
  return plain && !reserved.test(value) ? value : JSON.stringify(value);
}

/** A value on one line: `{ address: 10.0.0.1, weight: 1 }`, `[sh-port]`. */
function flow(value: JsonValue): string {
  if (Array.isArray(value)) return `[${value.map(flow).join(', ')}]`;
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return scalar(value);
  const members = Object.entries(value ?? {}).map(([name, member]) => `${name}: ${flow(member as JsonValue)}`);
  return members.length === 0 ? '{}' : `{ ${members.join(', ')} }`;
}

function list(name: string, lines: readonly string[], indent: string): string[] {
  return lines.length === 0 ? [`${indent}${name}: []`] : [`${indent}${name}:`, ...lines];
}

/** A table as YAML: short, defaults left out, a server on a line. */
export function formatYaml(table: Table): string {
  const { timeouts, syncDaemons, services } = tableDocument(table, { defaults: false });
  const lines: string[] = [];
  if (timeouts !== undefined) lines.push(`timeouts: ${flow(timeouts)}`);
  if (syncDaemons !== undefined) {
    lines.push(
      ...list(
        'syncDaemons',
        syncDaemons.map((daemon) => `  - ${flow(daemon)}`),
        '',
      ),
    );
  }
  const shown = services.flatMap(({ servers = [], ...settings }) => [
    ...Object.entries(settings).map(
      ([name, value], index) => `${index === 0 ? '  - ' : '    '}${name}: ${flow(value as JsonValue)}`,
    ),
    ...list(
      'servers',
      servers.map((server) => `      - ${flow(server)}`),
      '    ',
    ),
  ]);
  lines.push(...list('services', shown, ''));
  return `${lines.join('\n')}\n`;
}

/** A table as JSON for programs: everything is there, defaults too. */
export function formatJsonDocument(table: Table): string {
  return `${formatJson(tableDocument(table, { defaults: true }))}\n`;
}
