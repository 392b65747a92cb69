import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { describe, test } from 'node:test';
import { verbSummaries } from '../../../src/grammar/verbs.js';
import { main } from '../../main.js';
import { FakeIo } from '../support/fake-io.js';

async function run(...argv: string[]): Promise<{ status: number; stdout: string; stderr: string }> {
  const io = new FakeIo();
  const status = await main(argv, io);
  return { status, stdout: io.stdout.text, stderr: io.stderr.text };
}

/** What may follow these words, the last of which is to be completed. */
async function completed(...words: string[]): Promise<string[]> {
  const { status, stdout, stderr } = await run('--get-yargs-completions', 'ipvsadm', ...words);
  assert.deepEqual({ status, stderr }, { status: 0, stderr: '' });
  return stdout.split('\n').filter((line) => line !== '');
}

describe('completion', () => {
  test('the first word can be any verb', async () => {
    const verbs = (await completed('')).map((word) => word.replace(/:.*/, ''));
    assert.deepEqual(verbs, Object.keys(verbSummaries));
  });

  const options: readonly (readonly [verb: string, options: readonly string[]])[] = [
    ['export', ['--format']],
    ['diff', ['--json', '--prune', '--keep-weights', '--from']],
    ['apply', ['--json', '--prune', '--keep-weights', '--from', '--dry-run', '--drain', '--wait']],
  ];
  for (const [verb, expected] of options) {
    test(`after ${verb} and a dash come its options`, async () => {
      const words = (await completed(verb, '--')).map((word) => word.replace(/:.*/, ''));
      assert.deepEqual(words, ['--help', ...expected]);
    });
  }

  test('other words after a verb are left to the shell, which knows files', async () => {
    assert.deepEqual(await completed('apply', ''), []);
    assert.deepEqual(await completed('apply', '--drain', '60', 'web'), []);
  });

  test('the script is one that bash understands, and is for the program in PATH', async () => {
    const { status, stdout, stderr } = await run('completion');
    assert.deepEqual({ status, stderr }, { status: 0, stderr: '' });
    assert.ok(stdout.includes('ipvsadm --get-yargs-completions'));
    const { status: syntax, stderr: complaint } = spawnSync('bash', ['-n'], { input: stdout, encoding: 'utf8' });
    assert.deepEqual({ syntax, complaint }, { syntax: 0, complaint: '' });
  });

  test('a word too many is refused', async () => {
    assert.equal((await run('completion', 'fish')).status, 2);
  });
});
