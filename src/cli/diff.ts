import { readTable } from '../table/read.js';
import { compareTables, isSame } from '../plan/difference.js';
import { ComparedFile } from '../command/compare.js';
import {
  comparedFile,
  comparisonOptions,
  tellingTrouble,
  writeDifference,
  type ComparisonOptions,
} from './comparison.js';
import { defineVerb } from './verb.js';

/** Exit statuses, as diff(1) has them. */
const different = 1;
const trouble = 2;

/** `ipvsadm diff`: what `apply` would do. */
export const diff = defineVerb<ComparisonOptions>({
  name: 'diff',
  file: comparedFile,
  options: comparisonOptions,
  examples: [
    ['$0 diff web.yaml', 'what `apply web.yaml` would add (+), remove (-) and change (~)'],
    ['ssh other ipvsadm-save -n | $0 diff -', 'what this director has that another one has not'],
  ],
  run: (io, { file: path, json, ...options }) =>
    tellingTrouble(io, trouble, () =>
      ComparedFile.withKernel(io, path, async (client, file) => {
        const difference = compareTables(await readTable(client), await file.table(), options);
        await writeDifference(io, difference, json);
        return isSame(difference) ? 0 : different;
      }),
    ),
});
