// `npm run reference`: writes docs/reference.md from the help and the tables of the verbs' options. A unit test holds the
// file to them.
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { format } from 'prettier';
import { textOf } from './evaluate.mjs';

process.chdir(path.dirname(path.dirname(fileURLToPath(import.meta.url))));
const text = await textOf('test/unit/support/reference-text.ts', 'referenceText');
writeFileSync('docs/reference.md', await format(text, { parser: 'markdown' }));
