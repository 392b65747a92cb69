// `npm run schema`: writes docs/ipvsadm-document.schema.json from src/documents/schema.ts, the one source of the document's
// shape. A unit test holds the file to it.
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { textOf } from './evaluate.mjs';

process.chdir(path.dirname(path.dirname(fileURLToPath(import.meta.url))));
writeFileSync(
  'docs/ipvsadm-document.schema.json',
  await textOf('test/unit/support/json-schema.ts', 'documentJsonSchema'),
);
