import assert from 'node:assert/strict';
import { spawnSync, type StdioOptions } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { standardOutput } from '../../../src/edge/standard-streams.js';

const self = fileURLToPath(import.meta.url);

if (process.argv[2] === 'tell') {
  const { isTerminal, columns } = standardOutput;
  writeSync(2, `${JSON.stringify({ isTerminal, columns: typeof columns })}\n`);
  process.exit();
}

function told(stdout: number | 'pipe'): unknown {
  const stdio: StdioOptions = ['ignore', stdout, 'pipe'];
  const { stderr } = spawnSync(process.execPath, [self, 'tell'], { stdio, encoding: 'utf8' });
  return JSON.parse(stderr);
}

const nobody = { isTerminal: false, columns: 'undefined' };

for (const device of ['/dev/null', '/dev/full', '/dev/zero']) {
  test(`${device} is no terminal`, () => {
    const fd = openSync(device, 'w');
    try {
      assert.deepEqual(told(fd), nobody);
    } finally {
      closeSync(fd);
    }
  });
}

test('a pipe is no terminal', () => {
  assert.deepEqual(told('pipe'), nobody);
});

test('a file is no terminal', () => {
  const directory = mkdtempSync(path.join(tmpdir(), 'ipvsadm-streams-'));
  const fd = openSync(path.join(directory, 'file'), 'w');
  try {
    assert.deepEqual(told(fd), nobody);
  } finally {
    closeSync(fd);
    rmSync(directory, { recursive: true });
  }
});

test('a terminal is one, and has columns', () => {
  const { stdout } = spawnSync('script', ['-qec', `'${process.execPath}' '${self}' tell`, '/dev/null'], {
    encoding: 'utf8',
    input: '',
  });
  assert.match(stdout, /\{"isTerminal":true,"columns":"number"\}/);
});
