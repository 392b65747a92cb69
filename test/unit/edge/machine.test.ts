import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createMachine } from '../../../src/edge/machine.js';

describe('a program run by the machine', () => {
  const machine = createMachine();

  test('gives back what it printed and its status', async () => {
    const result = await machine.run('ip', ['-V']);
    assert.match(result?.stdout ?? '', /^ip utility, iproute2/);
    assert.equal(result?.status, 0);
  });

  test('reads what it is given, and tells its complaints apart', async () => {
    const result = await machine.run('ip', ['-force', '-batch', '-'], 'link show lo\nnosuch object\n');
    assert.match(result?.stdout ?? '', /LOOPBACK/);
    assert.match(result?.stderr ?? '', /nosuch[^]*Command failed -:2/);
    assert.equal(result?.status, 1);
  });

  test('may end before it has read everything', async () => {
    const result = await machine.run('ip', ['-V'], 'x'.repeat(1 << 20));
    assert.equal(result?.status, 0);
  });
});
