import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { LookError } from '../../../src/errors.js';
import { createMachine } from '../../../src/edge/machine.js';

describe('a program run by the machine', () => {
  const machine = createMachine();

  test('gives back what it printed and its status', async () => {
    const result = await machine.run('ip', ['-V']);
    assert.match(result?.stdout ?? '', /^ip utility, iproute2/);
    assert.equal(result?.status, 0);
  });

  test('reads what it is given, and separates its error output', async () => {
    const result = await machine.run('ip', ['-force', '-batch', '-'], 'link show lo\nnosuch object\n');
    assert.match(result?.stdout ?? '', /LOOPBACK/);
    assert.match(result?.stderr ?? '', /nosuch[^]*Command failed -:2/);
    assert.equal(result?.status, 1);
  });

  test('that can not be executed is an error that says so', async () => {
    // No program can be given a NUL: the system is not even asked. The lab has an ip without the right to execute it.
    await assert.rejects(machine.run('ip', ['\0']), LookError);
  });

  test('may end before it has read everything', async () => {
    const result = await machine.run('ip', ['-V'], 'x'.repeat(1 << 20));
    assert.equal(result?.status, 0);
  });
});
