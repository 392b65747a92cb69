import assert from 'node:assert/strict';
import { readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { Shell } from './reference.js';
import { ipvsadm } from './run-main.js';
import { nameHosts } from './surroundings.js';

// What other programs were told to do, in the kernel: the document made of each file applies, and is what the file asks for.
const place = join(process.cwd(), 'test/fixtures/import');
const files = readdirSync(place).flatMap((kind) =>
  readdirSync(join(place, kind))
    .filter((name) => /\.(conf|cf)$/.test(name))
    .map((name) => join(place, kind, name)),
);

describe('import', () => {
  before(async () => {
    const shell = new Shell();
    await nameHosts(shell);
    shell.close();
  });

  for (const file of files) {
    test(`${file.slice(place.length + 1)} applies, and diff finds nothing left`, async () => {
      await ipvsadm(['-C']);
      const imported = await ipvsadm(['import', file]);
      // 1: something was not carried over, which is in comments.
      assert.ok(imported.status === 0 || imported.status === 1, imported.stderr);
      const document = join(tmpdir(), 'imported.yaml');
      writeFileSync(document, imported.stdout);
      const applied = await ipvsadm(['apply', document]);
      assert.deepEqual({ status: applied.status, stderr: applied.stderr }, { status: 0, stderr: '' });
      for (const one of [document, file]) {
        const left = await ipvsadm(['diff', one]);
        assert.deepEqual({ status: left.status, stdout: left.stdout }, { status: 0, stdout: '' }, left.stderr);
      }
      assert.match((await ipvsadm(['-Sn'])).stdout, /^-A /);
    });
  }
});
