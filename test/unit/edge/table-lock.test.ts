import assert from 'node:assert/strict';
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, beforeEach, describe, test } from 'node:test';
import type { LockOptions } from '../../../src/ports/lock.js';
import { lockTable as lockByFile, tableLockFile } from '../../../src/edge/table-lock.js';
import { LockedError } from '../../../src/errors.js';

const directory = mkdtempSync(join(tmpdir(), 'ipvsadm-lock-'));
let file = '';
let files = 0;
beforeEach(() => {
  file = join(directory, `${files++}`, 'table.lock');
});

const lockTable = (options: LockOptions): ReturnType<typeof lockByFile> => lockByFile(options, file);

const children: ChildProcess[] = [];
afterEach(async () => {
  for (const child of children.splice(0)) {
    child.kill('SIGKILL');
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  }
});
after(() => {
  rmSync(directory, { recursive: true });
});

/** Another process of ours that has the lock until its standard input ends. */
async function holder(): Promise<ChildProcess> {
  const child = spawn('flock', ['-x', file, 'cat'], { stdio: ['pipe', 'pipe', 'inherit'] });
  children.push(child);
  child.stdin.write('x');
  await once(child.stdout, 'data');
  return child;
}

async function refusal(waitSeconds: number): Promise<string> {
  const error: unknown = await lockTable({ waitSeconds, purpose: 'second' }).catch((reason: unknown) => reason);
  assert.ok(error instanceof LockedError, String(error));
  assert.equal(error.code, 'IPVS_LOCKED');
  return error.message;
}

describe('the lock on the table', { concurrency: false }, () => {
  test('is held by one at a time, and the other reads who has it, for what and since when', async () => {
    const lock = await lockTable({ waitSeconds: 0, purpose: 'ipvsadm apply web.yaml' });
    const message = await refusal(0);
    assert.match(
      message,
      new RegExp(
        `^process ${process.pid} \\(ipvsadm apply web\\.yaml\\), since \\d{4}-\\d\\d-\\d\\dT[^ ]+Z, has locked`,
      ),
    );
    await lock.release();
    await (await lockTable({ waitSeconds: 0, purpose: 'third' })).release();
  });

  test('goes to one of those who wait as soon as it is released', async () => {
    const lock = await lockTable({ waitSeconds: 0, purpose: 'first' });
    const order: string[] = [];
    const waiting = lockTable({
      waitSeconds: 3600,
      purpose: 'second',
      onWait: (who) => {
        order.push(who.replace(/, since .*/, ''));
        void lock.release();
      },
    });
    await (await waiting).release();
    assert.deepEqual(order, [`process ${process.pid} (first)`]);
  });

  test('ends with SIGKILL of its holder', async () => {
    await lockTable({ waitSeconds: 0, purpose: 'to make the directory' }).then((lock) => lock.release());
    const script = `import { lockTable } from './dist/index.js';
      await lockTable({ waitSeconds: 0, purpose: 'dying' }, ${JSON.stringify(file)});
      console.log('locked');
      setInterval(() => {}, 1000);`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    children.push(child);
    await once(child.stdout, 'data');
    const waiting = lockTable({ waitSeconds: 3600, purpose: 'second', onWait: () => child.kill('SIGKILL') });
    await (await waiting).release();
  });

  test('is not lost by Ctrl-C, which a terminal sends to every process of the group', async () => {
    await lockTable({ waitSeconds: 0, purpose: 'to make the directory' }).then((lock) => lock.release());
    const script = `import { lockTable } from './dist/index.js';
      process.on('SIGINT', () => console.log('heard'));
      await lockTable({ waitSeconds: 0, purpose: 'undoing' }, ${JSON.stringify(file)});
      console.log('locked');
      setInterval(() => {}, 1000);`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
      detached: true,
    });
    children.push(child);
    await once(child.stdout, 'data');
    process.kill(-(child.pid ?? NaN), 'SIGINT');
    await once(child.stdout, 'data');
    assert.match(await refusal(0), new RegExp(`^process ${child.pid ?? 0} \\(undoing\\)`));
  });

  test('does not keep a process alive that forgets to release it', () => {
    const script = `import { lockTable } from './dist/index.js';
      await lockTable({ waitSeconds: 0, purpose: 'forgotten' }, ${JSON.stringify(file)});`;
    const { status } = spawnSync(process.execPath, ['--input-type=module', '-e', script], { timeout: 60_000 });
    assert.equal(status, 0);
  });

  test('can be taken by a script with flock(1), which says nothing of itself', async () => {
    await lockTable({ waitSeconds: 0, purpose: 'to make the directory' }).then((lock) => lock.release());
    writeFileSync(file, '');
    const child = await holder();
    assert.match(await refusal(0.2), /^another process has locked the table; waited 0\.2 s for it$/);
    child.stdin?.end();
    await once(child, 'exit');
    await (await lockTable({ waitSeconds: 0, purpose: 'free again' })).release();
  });

  const descriptions: readonly (readonly [what: string, text: string])[] = [
    ['no JSON', 'hello\n'],
    ['JSON that is no object', '[null]\n'],
    ['other types', '{"pid":"1","purpose":7,"since":{}}\n'],
    ['no end', 'x'.repeat(100_000)],
  ];
  for (const [what, text] of descriptions) {
    test(`is reported as held by another process where its file has ${what}`, async () => {
      await lockTable({ waitSeconds: 0, purpose: 'to make the directory' }).then((lock) => lock.release());
      writeFileSync(file, text);
      await holder();
      assert.match(await refusal(0), /^another process has locked the table/);
    });
  }

  test('never shows control characters of a description', async () => {
    await lockTable({ waitSeconds: 0, purpose: 'to make the directory' }).then((lock) => lock.release());
    writeFileSync(file, JSON.stringify({ purpose: 'nice\u001b[2J\r\n', since: '\u0007now' }));
    await holder();
    const message = await refusal(0);
    assert.doesNotMatch(message, /\p{Cc}/u);
    assert.match(message, /\(nice\?\[2J\?\?\), since \?now,/);
  });

  test('is a file that nobody else can open, in a directory that nobody else can write to', async () => {
    await (await lockTable({ waitSeconds: 0, purpose: 'first' })).release();
    assert.equal(statSync(file).mode & 0o777, 0o600);
    assert.equal(statSync(join(file, '..')).mode & 0o777, 0o755);
  });

  test('is refused where others may write to its directory, and where a link is in its place', async () => {
    await (await lockTable({ waitSeconds: 0, purpose: 'first' })).release();
    chmodSync(join(file, '..'), 0o777);
    assert.match(await refusal(0), /^can't lock the table: .*: others may write to /);
    chmodSync(join(file, '..'), 0o700);
    const target = join(directory, 'elsewhere');
    rmSync(file);
    symlinkSync(target, file);
    assert.match(await refusal(0), /^can't lock the table: .*Too many levels of symbolic links$/);
    assert.ok(!existsSync(target));
  });

  test('is named after the network namespace', () => {
    assert.equal(tableLockFile(), `/run/ipvsadm/${statSync('/proc/self/ns/net').ino}.lock`);
  });
});
