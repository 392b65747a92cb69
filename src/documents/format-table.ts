import { pathText, type Path, type TableProblem } from '../model/problem.js';
import { describeEndpoint, describeService } from '../model/service.js';
import type { Table } from '../model/table.js';
import { formatRules, withoutOption } from './rules/table-rules.js';
import { checkTable } from './check-table.js';
import { formatJsonDocument, formatYaml } from './format-document.js';
import { documentError } from './report.js';

/** Formats that a table can be written in. */
export const tableFormats = ['yaml', 'json', 'rules'] as const;
/** One of them. */
export type TableFormat = (typeof tableFormats)[number];

const writers: Readonly<Record<TableFormat, (table: Table) => string>> = {
  yaml: formatYaml,
  json: formatJsonDocument,
  rules: formatRules,
};

/** A path by the names of entries, for a table that has no text: `TCP 192.0.2.1:80, 10.0.0.2:80, port`. */
function entryText(table: Table, path: Path): string {
  const [list, index, member, number] = path;
  const entry = list === 'services' && typeof index === 'number' ? table.services[index] : undefined;
  if (entry === undefined) return pathText(path);
  const title = describeService(entry.service.key);
  const server = member === 'servers' && typeof number === 'number' ? entry.servers[number] : undefined;
  const parts =
    server === undefined
      ? [title, pathText(path.slice(2))]
      : [title, describeEndpoint(server), pathText(path.slice(4))];
  return parts.filter((part) => part !== '').join(', ');
}

/**
 * Writes a table so that reading it gives the same table.
 * @param source the name of the table in messages.
 * @throws {DocumentError} with all that the format can't express, or no reader would accept.
 */
export function formatTable(table: Table, format: TableFormat, source: string): string {
  const problems: readonly TableProblem[] = [
    ...checkTable(table, (path) => entryText(table, path)),
    ...(format === 'rules' ? withoutOption(table) : []),
  ];
  if (problems.length > 0) {
    throw documentError(
      source,
      problems.map(({ path, message }) => ({
        line: undefined,
        column: undefined,
        path: entryText(table, path),
        message,
      })),
    );
  }
  return writers[format](table);
}
