// What the page's forms do to the table, by what the verbs do.

import { ValueError } from '../errors.js';
import type { Session } from '../command/session.js';
import { readTable } from '../table/read.js';
import type { EditActions } from '../web/app.js';
import { makeTable, withLock } from './make-table.js';
import { quietIo } from './top-actions.js';

/** Seconds to wait for another command: somebody watches. */
const patience = 2;

/** The edits of a session. */
export function editActions({ io, client }: Session): EditActions {
  return {
    table: () => readTable(client),
    apply: (edit) =>
      withLock(io, patience, `web (edit ${edit.name})`, async () => {
        const from = await readTable(client);
        const { quiet, complaints } = quietIo(io);
        const status = await makeTable(quiet, client, from, edit.apply(from), {
          verb: 'web',
          json: false,
          quiet: true,
        });
        if (status !== 0) throw new ValueError(complaints().replaceAll('\n', ' ').trim());
      }),
  };
}
