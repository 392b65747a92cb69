// Writes docs/ipvsadm-document.schema.json from src/documents/schema.ts, the one source of the document's shape. A unit
// test holds the file to it.
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';

process.chdir(path.dirname(path.dirname(fileURLToPath(import.meta.url))));

const outfile = path.resolve('build/json-schema.mjs');
await build({
  entryPoints: ['test/unit/support/json-schema.ts'],
  bundle: true,
  platform: 'node',
  format: 'esm',
  packages: 'external',
  outfile,
  logLevel: 'warning',
});
const program = `import { documentJsonSchema } from ${JSON.stringify(pathToFileURL(outfile).href)};
process.stdout.write(documentJsonSchema());`;
const schema = execFileSync(process.execPath, ['--input-type=module', '--eval', program], { encoding: 'utf8' });
writeFileSync('docs/ipvsadm-document.schema.json', schema);
