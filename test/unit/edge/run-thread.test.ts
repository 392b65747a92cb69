import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { runThread } from '../../../src/edge/run-thread.js';

describe('a thread', () => {
  const directory = mkdtempSync(join(tmpdir(), 'ipvsadm-thread-'));
  after(() => {
    rmSync(directory, { recursive: true });
  });
  const file = join(directory, 'program.cjs');
  writeFileSync(
    file,
    `const { parentPort, workerData } = require('node:worker_threads');
if (workerData === 'fail') throw new Error('as it was told to');
else if (workerData === 'hang') setInterval(() => undefined, 1000);
else if (workerData === 'spin') for (;;);
else if (workerData !== 'end') parentPort.postMessage({ of: workerData });
`,
  );

  test('answers, and is gone', async () => {
    assert.deepEqual(await runThread(file, { a: 1 }, 10), { of: { a: 1 } });
  });

  test('whose file is missing says nothing', async () => {
    assert.equal(await runThread(join(directory, 'missing.cjs'), 1, 10), undefined);
  });

  test('that fails, or ends without an answer, is an error', async () => {
    await assert.rejects(runThread(file, 'fail', 10), /as it was told to/);
    await assert.rejects(runThread(file, 'end', 10), /ended without an answer/);
  });

  test('that waits or works for too long is ended', async () => {
    for (const word of ['hang', 'spin']) await assert.rejects(runThread(file, word, 0.3), /no end after 0\.3 s/);
  });
});
