import { readTable } from '../table/read.js';
import { withSession, type Session } from '../command/session.js';
import { writeAll } from '../command/write-all.js';
import { formatTable, tableFormats, type TableFormat } from '../documents/format-table.js';
import { defineVerb } from './verb.js';

/** `ipvsadm export`: the table as a document, or as rules. */
export const exportVerb = defineVerb<{ format: TableFormat }>({
  name: 'export',
  options: { format: { choices: tableFormats, default: 'yaml', describe: 'what to write the table as' } },
  examples: [
    ['$0 export > cluster.yaml', 'keep the table in a file under version control'],
    ['$0 export --format json | jq .services', 'for programs: every setting, defaults too'],
    ['$0 export --format rules', 'for ipvsadm -R, the original one too'],
  ],
  run: (io, { format }) => withSession(io, 'export', (session) => exportTable(session, format)),
});

/** @throws {DocumentError} where the table holds what the format can't express. */
async function exportTable({ io, client }: Session, format: TableFormat): Promise<number> {
  await writeAll(io.stdout, [formatTable(await readTable(client), format, "the kernel's table")]);
  return 0;
}
