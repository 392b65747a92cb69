// No descriptors left: nothing of that is a server's fault. This file runs itself in a process that has few.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { openSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { CheckInput } from '../../../src/documents/health-schema.js';
import { ask } from './support.js';

const variable = 'IPVSADM_TEST_FEW_DESCRIPTORS';

const checks: readonly CheckInput[] = [
  { type: 'tcp' },
  { type: 'http' },
  { type: 'http', tls: {} },
  { type: 'http', tls: {}, version: 2 },
  { type: 'dns', name: 'example.test' },
  { type: 'dns', name: 'example.test', transport: 'tcp' },
  { type: 'smtp' },
  { type: 'udp', assumeUp: true },
  { type: 'grpc' },
  { type: 'agent', port: 1 },
  { type: 'exec', command: ['/bin/true'] },
];

async function askWithoutDescriptors(): Promise<void> {
  // What is loaded late has to be there.
  for (const check of checks) await ask(check, 1);
  try {
    for (;;) openSync('/dev/null', 'r');
  } catch {
    // None is left.
  }
  const outcomes = [];
  for (const check of checks) outcomes.push(await ask(check, 1));
  console.log(JSON.stringify(outcomes));
}

if (process.env[variable] === undefined) {
  test('a host without descriptors knows nothing about its servers', () => {
    const file = fileURLToPath(import.meta.url);
    const { stdout, stderr } = spawnSync('/bin/sh', ['-c', 'ulimit -n 64; exec "$0" "$1"', process.execPath, file], {
      env: { ...process.env, [variable]: '1' },
      encoding: 'utf8',
    });
    assert.equal(stderr, '');
    assert.deepEqual(
      JSON.parse(stdout),
      checks.map(() => 'unknown: this host: Too many open files'),
    );
  });
} else await askWithoutDescriptors();
