import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { runNow, runToEnd } from '../../../scripts/programs.mjs';

describe('a program of the scripts that can not be started', () => {
  const ways = {
    runToEnd,
    runNow: (program: string, args: readonly string[], options?: { cwd?: string }) =>
      Promise.resolve().then(() => runNow(program, args, options)),
  };
  for (const [name, run] of Object.entries(ways)) {
    test(`${name}: a working directory that is missing is reported as that`, async () => {
      await assert.rejects(run('sh', ['-c', 'true'], { cwd: '/nowhere/at/all' }), {
        message: "can't start sh: its working directory /nowhere/at/all is missing",
      });
    });

    test(`${name}: so is a program`, async () => {
      await assert.rejects(run('no-such-program', []), {
        message: "can't start no-such-program: no such program in PATH",
      });
    });
  }
});

test('what a failed program printed is reported', () => {
  assert.throws(() => runNow('sh', ['-c', 'echo one; echo two >&2; exit 3']), { message: 'sh failed\none\ntwo' });
});

test('a program that ends reports its status and what it printed', async () => {
  assert.deepEqual(await runToEnd('sh', ['-c', 'echo one; exit 3']), { status: 3, output: 'one\n' });
});
