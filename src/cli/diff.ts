import { reportFailures } from '../command/failure.js';
import { readTable } from '../table/read.js';
import { compareTables, isSame } from '../plan/difference.js';
import { withTableAndKernel } from '../command/compare.js';
import {
  comparedFile,
  comparisonOptions,
  noteTeller,
  tellOfHealth,
  writeDifference,
  type ComparisonOptions,
} from './comparison.js';
import { counted } from '../text/counted.js';
import { readSnapshots, withoutHealth } from '../director/health-notes.js';
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
  run: (io, options) =>
    reportFailures(io, 'diff', () => {
      const { file, from } = options;
      return withTableAndKernel(io, file, { from, onNote: noteTeller(io, options) }, async (client, configuration) => {
        const { table, health, ranges } = configuration;
        await tellOfHealth(io, options, health);
        const { present, wanted, servers } = withoutHealth(await readTable(client), table, await readSnapshots(io));
        const difference = compareTables(present, wanted, options);
        await writeDifference(io, difference, options.json, ranges);
        if (servers > 0) {
          const have = `${counted(servers, 'server')} ${servers === 1 ? 'is' : 'are'} not as in a document`;
          await io.stderr.write(`${io.programName}: ${have} because of health or drains: see ipvsadm checks\n`);
        }
        return isSame(difference) ? 0 : different;
      });
    }),
});
