import { reportFailures } from '../command/failure.js';
import { withTableAndKernel } from '../command/compare.js';
import { readTable } from '../table/read.js';
import { comparedFile, comparisonOptions, noteTeller, tellOfHealth, type ComparisonOptions } from './comparison.js';
import { makeTable, readSeconds, waitOption, withLock } from './make-table.js';
import { defineVerb } from './verb.js';

interface ApplyArguments extends ComparisonOptions {
  dryRun: boolean;
  drain: number;
  wait: number;
}

/** `ipvsadm apply`: makes the kernel's table that of a file. */
export const apply = defineVerb<ApplyArguments>({
  name: 'apply',
  file: comparedFile,
  options: {
    ...comparisonOptions,
    'dry-run': { type: 'boolean', default: false, describe: 'show what would be done, as diff does' },
    drain: {
      type: 'number',
      default: 0,
      requiresArg: true,
      coerce: readSeconds('drain'),
      describe: 'servers that go away get weight 0 first, and this many seconds for their active connections to end',
    },
    ...waitOption,
  },
  examples: [
    ['$0 apply web.yaml', 'make the table that of the document, changing only what differs'],
    ['$0 apply --drain 60 web.yaml', 'the same, after connections of removed servers have ended'],
    ['$0 export | $0 apply --dry-run -', 'nothing to do'],
  ],
  run: (io, options) =>
    reportFailures(io, 'apply', () => {
      const { file, from } = options;
      const reading = { from, whole: true, onNote: noteTeller(io, options) };
      return withTableAndKernel(io, file, reading, async (client, { table, health, ranges }) => {
        await tellOfHealth(io, options, health);
        const make = async (): Promise<number> =>
          makeTable(io, client, await readTable(client), table, {
            ...options,
            verb: 'apply',
            leavesKept: true,
            ranges,
            drainSeconds: options.drain,
          });
        return options.dryRun ? make() : withLock(io, options.wait, `apply ${file}`, make);
      });
    }),
});
