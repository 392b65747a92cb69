import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { LookError } from '../../src/errors.js';
import { verbSummaries } from '../../src/grammar/verbs.js';
import { mainRestore, mainSave } from '../../src/main.js';
import { main } from '../main.js';
import { FakeIo, MemoryState, pieces, type FakeSurroundings } from './support/fake-io.js';
import { captured, refusing, ScriptedKernel } from './support/scripted-kernel.js';

/** Every way to reach for the kernel: one command line of each verb, and some of the classic grammar. */
const commands: readonly (readonly [line: string, program?: typeof main])[] = [
  ['status'],
  ['status --json'],
  ['connections --orphans'],
  ['top'],
  ['top --json'],
  ['export'],
  ['export --format rules'],
  ['diff -'],
  ['diff --json -'],
  ['apply -'],
  ['apply --dry-run -'],
  ['run web.yaml'],
  ['web'],
  ['set 10.0.0.2 --weight 1'],
  ['drain 10.0.0.2'],
  ['undrain 10.0.0.2'],
  ['ensure -A -t 10.0.0.1:80'],
  ['absent -D -t 10.0.0.1:80'],
  ['undo'],
  ['doctor'],
  ['doctor --json'],
  ['metrics'],
  ['metrics --names node'],
  ['-Ln'],
  ['-Lcn'],
  ['-S'],
  ['-A -t 10.0.0.1:80'],
  ['-R'],
  ['-n', mainSave],
  ['', mainRestore],
];

/** What is written all the same: who collects metrics learns that there are none. */
const answers: Readonly<Record<string, string>> = {
  metrics: '# HELP ipvs_up Whether the kernel could be read.\n# TYPE ipvs_up gauge\nipvs_up 0\n',
};

/** Verbs that ask the kernel nothing. */
const innocent: readonly string[] = ['checks', 'completion', 'import', 'reload'];

/** A table in the words of no program, so that it is read as a document. */
const document = 'services: # none yet\n  []\n';

async function run(line: string, program: typeof main, surroundings: FakeSurroundings) {
  const stdin = line.endsWith('-') ? document : '';
  const state = new MemoryState();
  state.write('previous-20260102T030405000Z.yaml', 'services: []\n', 0o600);
  const io = new FakeIo({ stdin, state, ...surroundings });
  const status = await program(
    line.split(' ').filter((word) => word !== ''),
    io,
  );
  return { status, stdout: io.stdout.text, stderr: io.stderr.text };
}

/** doctor looks for this file before it asks the kernel; run reads its document first. */
const present = {
  machine: {
    readFile: (path: string) =>
      pieces([Buffer.from(path.endsWith('.yaml') ? document : 'IP Virtual Server version 1.2.1')]),
  },
};
const noIpvs = (): ScriptedKernel => new ScriptedKernel(refusing({ 0: 2 }));
const noRights = (): ScriptedKernel => new ScriptedKernel(captured('ipvsadm -A -t 10.0.0.1:80', 3), refusing({ 0: 1 }));
const sure = 'Are you sure that IP Virtual Server is built in the kernel or as module?\n';
const denied = `Can't initialize ipvs: Permission denied (you must be root)\n${sure}`;

describe('every command', () => {
  test('is in this table', () => {
    const verbs = commands.map(([line]) => line.split(' ')[0]).filter((word) => word !== '' && !word?.startsWith('-'));
    assert.deepEqual([...new Set([...verbs, ...innocent])].sort(), Object.keys(verbSummaries).sort());
  });

  for (const [line, program = main] of commands) {
    const stdout = answers[line] ?? '';
    const name = program === main ? `ipvsadm ${line}` : `ipvsadm-${program === mainSave ? 'save' : 'restore'} ${line}`;

    test(`${name}, without IPVS: the words of the original and status 2`, async () => {
      const outcome = await run(line, program, { sockets: [noIpvs(), noIpvs()], ...present });
      const stderr = `Can't initialize ipvs: Protocol not available\n${sure}`;
      assert.deepEqual(outcome, { status: 2, stdout, stderr });
    });

    test(`${name}, without rights: the words of the original and status 2`, async () => {
      const outcome = await run(line, program, { sockets: [noRights(), noRights()], capabilities: 0n, ...present });
      assert.deepEqual(outcome, { status: 2, stdout, stderr: denied });
    });

    test(`${name}, as root of a user namespace: the missing capability too`, async () => {
      const { stderr, ...outcome } = await run(line, program, { sockets: [noRights(), noRights()], ...present });
      assert.deepEqual(outcome, { status: 2, stdout });
      assert.ok(stderr.startsWith(denied), stderr);
      assert.match(
        stderr.slice(denied.length),
        /^ipvsadm: IPVS needs CAP_NET_ADMIN in the initial user namespace; .*\n$/,
      );
    });
  }

  for (const line of ['doctor', 'doctor --json', 'doctor --real-server 192.0.2.10']) {
    test(`ipvsadm ${line}, with an ip that can't be executed: says so and ends with 2`, async () => {
      const missing = (): never => {
        throw Object.assign(new Error('no such file'), { code: 'ENOENT' });
      };
      const outcome = await run(line, main, {
        machine: {
          readFile: missing,
          run: () => Promise.reject(new LookError("can't execute /sbin/ip: Permission denied")),
        },
      });
      assert.deepEqual(outcome, {
        status: 2,
        stdout: '',
        stderr: "ipvsadm: can't execute /sbin/ip: Permission denied\n",
      });
    });
  }
});
