import { reportFailures } from '../command/failure.js';
import { previousPrefix } from '../command/previous.js';
import { withSession } from '../command/session.js';
import { writeAll } from '../command/write-all.js';
import { ValueError } from '../errors.js';
import { hasKnownProtocol } from '../model/service.js';
import type { Table } from '../model/table.js';
import type { StateFiles } from '../ports/state.js';
import { readTable } from '../table/read.js';
import { printable } from '../text/printable.js';
import { makeTable, waitOption, withLock } from './make-table.js';
import { defineVerb } from './verb.js';

interface UndoOptions {
  words: readonly string[];
  list: boolean;
  dryRun: boolean;
  json: boolean;
  wait: number;
}

/** `ipvsadm undo`: puts back the table before a change that removed much. */
export const undo = defineVerb<UndoOptions>({
  name: 'undo',
  operands: { name: 'number', describe: 'of the list: which table; 1, the last one, if left out', required: false },
  options: {
    list: { type: 'boolean', default: false, describe: 'show which tables there are' },
    'dry-run': { type: 'boolean', default: false, describe: 'show what would be changed' },
    json: { type: 'boolean', default: false, describe: 'for programs: JSON with stable names' },
    ...waitOption,
  },
  examples: [
    ['$0 undo --list', 'the tables that are kept'],
    ['$0 undo --dry-run', 'what would be changed'],
    ['$0 undo', 'the table before the last -C, restore, apply, drain or set; once more: as it was'],
  ],
  run: (io, options) =>
    reportFailures(io, 'apply', async () => {
      const { state } = io.machine;
      if (options.list) {
        const names = state.list(previousPrefix).reverse();
        await writeAll(
          io.stdout,
          names.map((name, index) => `${index + 1}  ${describe(state, name)}\n`),
        );
        return 0;
      }
      const number = readNumber(options.words);
      const chosen = tableOfNumber(state, number);
      return withSession(io, 'apply', ({ client }) => {
        const make = async (): Promise<number> => {
          // Another command may have kept one since: the number is of the list that there is under the lock.
          const kept = await readKept(state, tableOfNumber(state, number));
          const from = await readTable(client);
          const unkept = from.services.filter(({ service }) => !hasKnownProtocol(service.key));
          const wanted = { ...kept, services: [...kept.services, ...unkept] };
          return makeTable(io, client, from, wanted, { verb: 'undo', leavesKept: true, ...options });
        };
        return options.dryRun ? make() : withLock(io, options.wait, `undo (${describe(state, chosen)})`, make);
      });
    }),
});

/** The name of a kept table. @throws {ValueError} where there is none of that number. */
function tableOfNumber(state: StateFiles, number: number): string {
  const names = state.list(previousPrefix).reverse();
  const name = names[number - 1];
  if (name !== undefined) return name;
  throw new ValueError(
    names.length === 0 ? 'nothing to undo: no table is kept' : 'there is no such table: see ipvsadm undo --list',
  );
}

async function readKept(state: StateFiles, name: string): Promise<Table> {
  const { readDocument } = await import('../documents/read-document.js');
  return readDocument(state.read(name) ?? '', name, { asFound: true }).table;
}

function readNumber(words: readonly string[]): number {
  const [word = '1', more] = words;
  if (more !== undefined || !/^\d{1,3}$/.test(word))
    throw new ValueError('undo takes one number, of the list of ipvsadm undo --list');
  return Number(word);
}

/** The comment that a kept table begins with. */
function describe(state: StateFiles, name: string): string {
  const [comment = ''] = (state.read(name) ?? '').split('\n', 1);
  return printable(comment.replace(/^# /, ''));
}
