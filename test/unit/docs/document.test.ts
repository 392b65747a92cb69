import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { formatTable, tableFormats } from '../../../src/documents/format-table.js';
import { parseTable } from '../../../src/documents/parse-table.js';
import { documentFields, documentJsonSchema } from '../support/json-schema.js';

test('the published JSON Schema is that of the source: npm run schema', () => {
  assert.equal(readFileSync('docs/ipvsadm-document.schema.json', 'utf8'), documentJsonSchema());
});

/** Rows of tables without the blanks that line columns up. */
function rows(markdown: string): string[] {
  return markdown.split('\n').flatMap((line) => (line.startsWith('| `') ? [line.replace(/ +/g, ' ')] : []));
}

test('the description of the document has every field as the schema has it, and no other', () => {
  assert.deepEqual(rows(readFileSync('docs/document.md', 'utf8')).sort(), documentFields().sort());
});

test('the documents that the description shows are taken', async () => {
  const shown = [...readFileSync('docs/document.md', 'utf8').matchAll(/^```yaml\n(.*?)^```/gms)];
  assert.ok(shown.length > 0);
  for (const [, text = ''] of shown) {
    assert.ok((await parseTable(text, 'docs/document.md')).services.length > 0);
    assert.ok(text.trimEnd().split('\n').length <= 10, 'a small cluster is ten lines');
  }
});

test('the example is accepted, and can be written in every format', async () => {
  const table = await parseTable(readFileSync('examples/cluster.yaml'), 'examples/cluster.yaml');
  assert.equal(table.services.length, 4);
  for (const format of tableFormats) {
    const text = formatTable(table, format, 'the example');
    assert.equal(formatTable(await parseTable(text, format), format, 'the example'), text);
  }
});
