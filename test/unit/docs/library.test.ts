import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { after, describe, mock, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { formatWithOptions } from 'node:util';
import { IpvsClient, parseTable } from 'ipvsadm';
import { FakeKernel } from 'ipvsadm/testing';
import * as errors from '../../../src/errors.js';

const page = readFileSync('docs/library.md', 'utf8');

/** The blocks of the page: their language and text. */
const blocks = [...page.matchAll(/^```(\w+)\n([^]*?)^```\n/gm)].map(([, language = '', text = '']) => ({
  language,
  text,
}));
const table = blocks.find(({ language }) => language === 'yaml')?.text ?? '';
const examples = blocks.flatMap(({ language, text }, index) => {
  if (language !== 'js') return [];
  const next = blocks[index + 1];
  return [{ text, output: next?.language === 'text' ? next.text : '' }];
});

const connectionTable = `Pro FromIP   FPrt ToIP     TPrt DestIP   DPrt State       Expires PEName PEData
TCP 0A090909 A001 C0000201 0050 0A000002 1F90 ESTABLISHED     899
TCP 0A090908 A002 C0000201 0050 0A000002 1F90 ESTABLISHED     899
TCP 0A090907 A003 C0000201 0050 0A000003 1F90 TIME_WAIT        59
`;

// Below the project, where the package's own name is found.
const directory = resolve('build/library-examples');

describe('docs/library.md', () => {
  mkdirSync(directory, { recursive: true });
  after(() => {
    rmSync(directory, { recursive: true });
  });

  test('has an example of each part', () => {
    assert.ok(examples.length >= 8, `${examples.length} examples`);
  });

  for (const [index, { text, output }] of examples.entries()) {
    test(`example ${index + 1} prints what the page says`, async () => {
      const kernel = new FakeKernel(await parseTable(table, 'docs/library.md'));
      mock.method(IpvsClient, 'open', () => IpvsClient.connect(kernel));
      let printed = '';
      mock.method(console, 'log', (...values: unknown[]) => (printed += `${formatWithOptions({}, ...values)}\n`));
      try {
        const connections = join(directory, 'ip_vs_conn');
        writeFileSync(connections, connectionTable);
        const file = join(directory, `${index}.mjs`);
        writeFileSync(file, text.replace(/onnections\(\{/, `onnections({ file: ${JSON.stringify(connections)},`));
        await import(pathToFileURL(file).href);
      } finally {
        mock.restoreAll();
      }
      assert.equal(printed, output);
    });
  }

  test('lists every error that the library exports, with its code', async () => {
    const exported = await import('ipvsadm');
    const names = Object.keys(exported).filter(
      (name) => name.endsWith('Error') && name in errors && name !== 'IpvsError',
    );
    const listed = [...page.matchAll(/^\| `(\w+Error)` +\| `(IPVS_\w+)` +\|/gm)].map(([, name = '', code = '']) => ({
      name,
      code,
    }));
    assert.deepEqual(listed.map(({ name }) => name).sort(), names.sort());
    const source = readFileSync('src/errors.ts', 'utf8');
    for (const { name, code } of listed) {
      assert.match(source, new RegExp(`class ${name} [^]*?super\\(\\s*'${code}'`), name);
    }
  });
});
