import { basename } from 'node:path';
import { asksForNamespace } from '../src/edge/namespace-words.js';
import { isVerb } from '../src/grammar/verbs.js';
import type { run as runClassic } from './classic.js';
import type * as verbs from './verbs.js';

// All three commands. The classic command line and the verbs are a file each: compiling the verbs would take a tenth of the
// time of `ipvsadm -Ln`.
const words = process.argv.slice(2);
const name = basename(__filename, '.cjs') as Parameters<typeof runClassic>[0];
/* eslint-disable @typescript-eslint/no-require-imports -- one of two files of the package */
if (asksForNamespace(words)) void (require('../verbs.cjs') as typeof verbs).enter(name);
else if (name === 'ipvsadm' && isVerb(words[0])) void (require('../verbs.cjs') as typeof verbs).run();
else void (require('../classic.cjs') as { run: typeof runClassic }).run(name);
