import { reportFailures } from '../command/failure.js';
import { readForeignFile } from '../command/read-table-file.js';
import { writeAll } from '../command/write-all.js';
import type { ForeignKind } from '../documents/foreign/kinds.js';
import { fromOption, noteTeller } from './comparison.js';
import { defineVerb } from './verb.js';

interface ImportOptions {
  file: string;
  from?: ForeignKind;
}

/** Exit status where services, servers or files are missing in the document. */
const incomplete = 1;

/** `ipvsadm import`: a document of what another program was told to do. */
export const importVerb = defineVerb<ImportOptions>({
  name: 'import',
  file: 'keepalived.conf, ldirectord.cf or lvs.cf of Piranha; - is the standard input',
  options: { from: fromOption },
  examples: [
    ['$0 import /etc/keepalived/keepalived.conf >web.yaml', 'services, servers and health checks as a document'],
    ['$0 import --from ldirectord old.cf | $0 diff -', 'what it would change in the table'],
  ],
  run: (io, { file, from }) =>
    reportFailures(io, 'listing', async () => {
      const imported = await readForeignFile(io, file, from);
      const { formatImport } = await import('../documents/foreign/format-import.js');
      await writeAll(io.stdout, formatImport(imported, file === '-' ? 'the standard input' : file));
      const tell = noteTeller(io, { verbose: true });
      for (const note of imported.notes) await tell(note);
      return imported.notes.some(({ isLoss }) => isLoss) ? incomplete : 0;
    }),
});
