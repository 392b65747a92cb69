import { reportFailures } from '../command/failure.js';
import { readTable } from '../table/read.js';
import { compareTables, isSame } from '../plan/difference.js';
import { withTableAndKernel } from '../command/compare.js';
import { comparedFile, comparisonOptions, noteTeller, writeDifference, type ComparisonOptions } from './comparison.js';
import { defineVerb } from './verb.js';

/** Exit status where something differs, as diff(1) has it. */
const different = 1;

/** `ipvsadm diff`: what `apply` would do. */
export const diff = defineVerb<ComparisonOptions>({
  name: 'diff',
  file: comparedFile,
  options: comparisonOptions,
  examples: [
    ['$0 diff web.yaml', 'what `apply web.yaml` would add (+), remove (-) and change (~)'],
    ['$0 diff /etc/keepalived/keepalived.conf', 'what the kernel has otherwise than keepalived was told to'],
    ['ssh other ipvsadm-save -n | $0 diff -', 'what this director has that another one has not'],
  ],
  run: (io, { file: path, json, ...options }) =>
    reportFailures(io, 'diff', () =>
      withTableAndKernel(io, path, { from: options.from, onLoss: noteTeller(io) }, async (client, wanted) => {
        const difference = compareTables(await readTable(client), wanted, options);
        await writeDifference(io, difference, json);
        return isSame(difference) ? 0 : different;
      }),
    ),
});
