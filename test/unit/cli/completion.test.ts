import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { describe, test } from 'node:test';
import { TransportError } from '../../../src/errors.js';
import { realServer, serviceAt, serviceMarked, virtualService } from '../../../src/model/build.js';
import type { Table } from '../../../src/model/table.js';
import { FakeKernel } from '../../../src/testing/index.js';
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

/** Options of the page, which `run --web` has, too. */
const pageWords = [
  '--listen',
  '--socket',
  '--group',
  '--host',
  '--token-file',
  '--web.config.file',
  '--allow-changes',
  '--allow-edit',
  '--document',
  '--interval',
];

describe('completion', () => {
  test('the first word can be any verb', async () => {
    const verbs = (await completed('')).map((word) => word.replace(/:.*/, ''));
    assert.deepEqual(verbs, Object.keys(verbSummaries));
  });

  const options: readonly (readonly [verb: string, options: readonly string[]])[] = [
    ['export', ['--format']],
    ['diff', ['--json', '--prune', '--keep-weights', '--from', '--verbose']],
    ['apply', ['--json', '--prune', '--keep-weights', '--from', '--verbose', '--dry-run', '--drain', '--wait']],
    ['run', ['--name', '--check', '--json', '--track-file', '--most-checks', '--web', ...pageWords]],
    ['checks', ['--name', '--now', '--json', '--watch']],
    ['reload', ['--name', '--force']],
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
    assert.deepEqual(await completed('run', ''), []);
    assert.deepEqual(await completed('run', '--check', 'web'), []);
    assert.deepEqual(await completed('run', '--track-file', '/run/ipvs'), []);
  });

  const table: Table = {
    services: [
      {
        service: virtualService(serviceAt('192.0.2.10', 80)),
        servers: [realServer({ address: '10.0.1.2', port: 8080 }), realServer({ address: '2001:db8::2', port: 80 })],
      },
      { service: virtualService(serviceMarked(7)), servers: [realServer({ address: '10.0.1.2' })] },
    ],
  };
  const server = 'tcp:192.0.2.10:80/10.0.1.2:8080';
  const names: readonly (readonly [line: string, shell: string, words: readonly string[]])[] = [
    ['drain 10', 'bash', ['10.0.1.2']],
    ['drain 10.0.1.2 fw', 'bash', ['fwmark:7/10.0.1.2:0']],
    ['drain tc', 'bash', [server, 'tcp:192.0.2.10:80/[2001:db8::2]:80']],
    ['drain tcp :', 'bash', ['192.0.2.10:80/10.0.1.2:8080', '192.0.2.10:80/[2001:db8::2]:80']],
    ['drain tcp : 192.0.2.10 : 80/1', 'bash', ['80/10.0.1.2:8080']],
    ['set --weight 3 fw', 'bash', ['fwmark:7', 'fwmark:7/10.0.1.2:0']],
    ['drain --service t', 'bash', ['tcp:192.0.2.10:80']],
    ['connections --virtual f', 'bash', ['fwmark:7']],
    ['connections -d t', 'bash', ['tcp:192.0.2.10:80']],
    ['connections --json -r 10', 'bash', ['10.0.1.2']],
    ['connections --server fw', 'bash', ['fwmark:7/10.0.1.2:0']],
    ['top -d t', 'bash', []],
    ['drain tcp:192.0.2.10:80/1', 'zsh', [server.replaceAll(':', '\\:')]],
    ['drain x', 'bash', []],
    ['checks --now 10', 'bash', ['10.0.1.2']],
    ['reload f', 'bash', []],
  ];
  for (const [line, shell, words] of names) {
    test(`${line} is completed from the table, for ${shell}`, async () => {
      const io = new FakeIo({ sockets: [new FakeKernel(table)], env: { SHELL: `/bin/${shell}` } });
      assert.equal(await main(['--get-yargs-completions', 'ipvsadm', ...line.split(' ')], io), 0);
      assert.equal(io.stdout.text, words.map((word) => `${word}\n`).join(''));
    });
  }

  test('names are completed by no words where the table can not be read', async () => {
    const io = new FakeIo({ sockets: [new TransportError('no socket')] });
    assert.equal(await main(['--get-yargs-completions', 'ipvsadm', 'drain', ''], io), 0);
    assert.deepEqual([io.stdout.text, io.stderr.text, io.modulesLoaded], ['', '', 0]);
  });

  test('bash completes what comes behind the last colon', async () => {
    const { stdout: script } = await run('completion');
    const shown = spawnSync(
      'bash',
      [
        '-c',
        `${script}
ipvsadm() { printf '%s\\n' 192.0.2.10:80 192.0.2.11:80; }
for words in 'tcp :' 'tcp : 192.0.2.11'; do
  COMP_WORDS=(ipvsadm drain $words) COMP_CWORD=$((\${#COMP_WORDS[@]} - 1))
  _ipvsadm_yargs_completions
  echo "\${COMPREPLY[*]}"
done`,
      ],
      { encoding: 'utf8' },
    );
    assert.deepEqual([shown.stdout, shown.stderr], ['192.0.2.10:80 192.0.2.11:80\n192.0.2.11:80\n', '']);
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
