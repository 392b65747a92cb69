import { readListing } from '../command/entries.js';
import { listJson } from '../command/list-json.js';
import { withReader, type ReadSession } from '../command/session.js';
import { writeAll } from '../command/write-all.js';
import { naturalOrder } from '../format/order.js';
import { readDrainRecord } from '../table/drain-record.js';
import { healthJson, readSnapshots, serverViews } from '../director/health-notes.js';
import { defineVerb } from './verb.js';

interface StatusOptions {
  json: boolean;
  numeric: boolean;
}

/** `ipvsadm status`: the table at a glance. */
export const status = defineVerb<StatusOptions>({
  name: 'status',
  options: {
    json: { type: 'boolean', default: false, describe: 'for programs: JSON with stable names' },
    numeric: {
      alias: 'n',
      type: 'boolean',
      default: true,
      describe: 'addresses and ports as numbers; --no-numeric looks their names up',
    },
  },
  examples: [
    ['$0 status', 'services, servers, weights and connections'],
    ['$0 status --json | jq .services', 'the same for programs'],
  ],
  run: (io, options) => withReader(io, 'listing', (session) => showStatus(session, options)),
});

async function showStatus({ io, client }: ReadSession, { json, numeric }: StatusOptions): Promise<number> {
  const drained = readDrainRecord(io.machine.state);
  const health = serverViews(await readSnapshots(io));
  if (json) {
    await listJson({ io, client }, { sorted: true, drained, more: (name) => healthJson(health.get(name)) });
    return 0;
  }
  const reading = { order: naturalOrder, counters: false, numeric };
  const { entries, naming } = await readListing({ io, client }, await client.services(), reading);
  const { statusTable } = await import('./status-table.js');
  const { colours } = await import('./colours.js');
  await writeAll(io.stdout, [`${await statusTable(entries, naming, colours(io), drained, health)}\n`]);
  return 0;
}
