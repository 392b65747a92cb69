import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { ipvsadm } from './run-main.js';
import { countingTransport, killingTransport, refusingTransport } from './apply/spoiling-transport.js';
import { present, wanted } from './apply/tables.js';
import { Reference, Shell } from './reference.js';

// What apply leaves behind when the kernel refuses one of its changes, or when it is killed.
assert.equal(hostname(), 'lab', 'this suite destroys the IPVS table: npm run lab -- node FILE');

/** In the environment of a process of ours: after how many changes it kills itself. */
const killVariable = 'APPLY_KILL_AFTER';

const killAfter = process.env[killVariable];
if (killAfter !== undefined) {
  const transport = (): Promise<ReturnType<typeof killingTransport>> =>
    Promise.resolve(killingTransport(Number(killAfter)));
  const { status, stderr } = await ipvsadm(['apply', process.argv[2] ?? ''], { machine: { openSocket: transport } });
  process.stderr.write(stderr);
  process.exit(status);
}

const shell = new Shell();
const reference = new Reference(shell);
after(() => {
  shell.close();
});

const document = join(shell.directory, 'wanted.yaml');

async function stage(): Promise<void> {
  const { complaints } = await reference.stage(present);
  assert.equal(complaints, '');
}

let changes = 0;
before(async () => {
  writeFileSync(document, wanted);
  await stage();
  const openSocket = (): Promise<ReturnType<typeof countingTransport>> =>
    Promise.resolve(
      countingTransport((count) => {
        changes += count;
      }),
    );
  const { status, stderr } = await ipvsadm(['apply', document], { machine: { openSocket } });
  assert.deepEqual({ status, stderr }, { status: 0, stderr: '' });
});

// Refusals -------------------------------------------------------------------------------------------------------------

describe('a refusal by the kernel', () => {
  for (const drain of [false, true]) {
    test(`at every step in turn leaves the table as before${drain ? ', also with a drain' : ''}`, async () => {
      const argv = drain ? ['apply', '--drain', '1', document] : ['apply', document];
      // Two services and a server go: of those, four servers have a weight to be taken.
      const steps = changes + (drain ? 4 : 0);
      assert.ok(changes >= 12, `the plan has only ${changes} changes`);
      for (let position = 0; position < steps; position++) {
        await stage();
        const untouched = await reference.table();
        const { status, stderr } = await ipvsadm(argv, {
          machine: { openSocket: () => Promise.resolve(refusingTransport(position)) },
        });
        assert.equal(status, 1, `step ${position}: ${stderr}`);
        assert.match(stderr, /ipvsadm: (add|edit|delete|set|start|stop)-\w+( \S.*)?: Operation not supported/);
        assert.match(stderr, /everything was undone: the table is configured as before\n/);
        assert.equal(await reference.table(), untouched, `step ${position}: ${stderr}`);
      }
      await stage();
      const { status } = await ipvsadm(argv, {
        machine: { openSocket: () => Promise.resolve(refusingTransport(steps)) },
      });
      assert.equal(status, 0, 'there is no further step');
    });
  }

  test('of its own names the entry and the reason', async () => {
    await reference.stage([]);
    const text = 'services: [{ address: 10.0.0.1, port: 80 }, { address: 10.0.0.2, port: 80, scheduler: nosuch }]\n';
    const { status, stderr } = await ipvsadm(['apply', '-'], { stdin: text });
    assert.equal(status, 1);
    assert.match(stderr, /^ipvsadm: add-service TCP 10\.0\.0\.2:80: Scheduler or persistence engine not found\n/);
    assert.doesNotMatch(await reference.table(), /^-A/m);
  });
});

// SIGKILL --------------------------------------------------------------------------------------------------------------

test('killed after every step in turn and run again, apply arrives at the document', async () => {
  await stage();
  await ipvsadm(['apply', document]);
  const goal = await reference.table();
  for (let done = 0; done < changes; done++) {
    await stage();
    const child = spawn(process.execPath, [fileURLToPath(import.meta.url), document], {
      env: { ...process.env, [killVariable]: String(done) },
      stdio: 'inherit',
    });
    const [, signal] = (await once(child, 'exit')) as [number | null, string | null];
    assert.equal(signal, 'SIGKILL', `after ${done} changes`);
    const { status, stderr } = await ipvsadm(['apply', document]);
    // What held the lock for it ends a moment after it.
    assert.deepEqual({ status, stderr: stderr.replace(/^waiting for .*\n/, '') }, { status: 0, stderr: '' });
    assert.equal(await reference.table(), goal, `after ${done} changes`);
  }
});
