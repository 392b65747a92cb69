import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { parseAccounts } from '../../../src/checkers/accounts.js';
import { startCheck } from '../../../src/checkers/start-check.js';
import { ask, find, targetOf } from './support.js';

const directory = mkdtempSync(join(tmpdir(), 'ipvsadm-exec-'));
after(() => {
  rmSync(directory, { recursive: true });
});

const sh = (script: string, ...words: string[]): string[] => ['/bin/sh', '-c', script, 'sh', ...words];
const me = process.getuid?.() === 0 ? 'root' : undefined;
const asMe = me === undefined ? {} : { user: me };

/** Resolves when the process is gone, or only waits to be reaped by the parent that it has now. */
async function gone(pid: number): Promise<void> {
  const isGone = (): boolean => {
    try {
      return /^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
    } catch {
      return true;
    }
  };
  for (let tries = 0; !isGone(); tries++) {
    assert.ok(tries < 200, `process ${pid} is still there`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** The pid that a script has written. */
async function pidIn(file: string): Promise<number> {
  for (let tries = 0; tries < 200; tries++) {
    const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
    if (text.endsWith('\n')) return Number(text);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`${file} was not written`);
}

describe('an exec check', () => {
  const endings: readonly [name: string, command: string[], outcome: string][] = [
    ['exit status 0', sh('exit 0'), 'pass: exit status 0'],
    ['exit status 0 and a text', sh('echo; echo "lag 2 s"; echo more'), 'pass: lag 2 s'],
    ['exit status 1', sh('exit 1'), 'said-no: exit status 1'],
    ['exit status 1 and a text', sh('echo standby >&2; exit 1'), 'said-no: standby'],
    ['exit status 2', sh('echo no such option; exit 2'), 'unknown: exit status 2: no such option'],
    ['a signal', sh('kill -TERM $$'), 'unknown: killed by SIGTERM'],
    ['a program that is missing', ['/nonexistent/check'], 'unknown: this host: No such file or directory'],
    ['a program that is no program', ['/etc/passwd'], 'unknown: this host: Permission denied'],
    ['a directory', ['/etc'], 'unknown: this host: Permission denied'],
    ['text that drives terminals', sh("printf '\\033[2J'"), 'pass: ?[2J'],
    ['a flood of output', sh('head -c 3000000 /dev/zero | tr "\\0" x; exit 1'), `said-no: ${'x'.repeat(119)}…`],
  ];
  for (const [name, command, outcome] of endings) {
    test(`that ends with ${name}`, async () => {
      assert.equal(await ask({ type: 'exec', command, timeout: 3 }), outcome);
    });
  }

  test('knows nothing when it takes too long, and kills the whole group though it ignores SIGTERM', async () => {
    const file = join(directory, 'group');
    const script = `trap '' TERM; (trap '' TERM; while :; do sleep 1; done) & echo $! > "$1"; while :; do sleep 1; done`;
    const start = performance.now();
    const outcome = await ask({ type: 'exec', command: sh(script, file), timeout: 0.3, ...asMe });
    assert.equal(outcome, 'unknown: killed: it took more than 0.3 s');
    assert.ok(performance.now() - start < 5000);
    await gone(await pidIn(file));
  });

  test('that has ended leaves nobody of its group behind, and does not wait for them', async () => {
    const file = join(directory, 'left');
    const command = sh('sleep 60 & echo $! > "$1"; echo done', file);
    assert.equal(await ask({ type: 'exec', command, timeout: 3, ...asMe }), 'pass: done');
    await gone(await pidIn(file));
  });

  test('does not wait for the output of who has left the group', async () => {
    const file = join(directory, 'daemon');
    const command = sh(
      'setsid sh -c \'echo $$ > "$1"; exec sleep 60\' sh "$1" & while ! [ -s "$1" ]; do sleep 0.01; done',
      file,
    );
    const start = performance.now();
    assert.equal(await ask({ type: 'exec', command, timeout: 5, ...asMe }), 'pass: exit status 0');
    assert.ok(performance.now() - start < 5000);
    process.kill(await pidIn(file), 'SIGKILL');
  });

  test('that is stopped is killed, and says nothing', async () => {
    const file = join(directory, 'stopped');
    const target = targetOf({ type: 'exec', command: sh('echo $$ > "$1"; exec sleep 60', file), timeout: 5, ...asMe });
    let told = 0;
    const stop = startCheck(target, () => told++);
    const pid = await pidIn(file);
    stop();
    await gone(pid);
    assert.equal(told, 0);
  });

  test('is told whom it checks, and nothing of our environment', async () => {
    const command = sh('echo "$1 $2 $(env | sort | tr "\\n" " ")$PWD"', '%a:%p', 'x%vx%V%%');
    const target = targetOf({ type: 'exec', command, timeout: 3 }, 80, '192.0.2.7');
    const { reason } = await find({ ...target, virtual: { address: '192.0.2.1', port: 443 } });
    assert.equal(reason, '192.0.2.7:80 x192.0.2.1x443%% LC_ALL=C PATH=/usr/bin:/bin:/usr/sbin:/sbin PWD=/ /');
  });

  test('runs as nobody, or as who is asked for', { skip: me === undefined }, async () => {
    const command = sh('echo "$(id -un) $(id -G)"');
    const nobody = parseAccounts(readFileSync('/etc/passwd', 'utf8')).get('nobody');
    assert.equal(await ask({ type: 'exec', command, timeout: 3 }), `pass: nobody ${nobody?.gid}`);
    assert.equal(await ask({ type: 'exec', command, timeout: 3, user: 'daemon' }), 'pass: daemon 1');
    assert.equal(await ask({ type: 'exec', command, user: 'nosuch' }), 'unknown: this host has no user nosuch');
  });

  test('sets the weight by a number that it prints', async () => {
    const weightOf = async (script: string) =>
      find(targetOf({ type: 'exec', command: sh(script), weight: 'stdout', timeout: 3 }));
    assert.deepEqual(await weightOf('echo 40'), { kind: 'pass', reason: 'weight 40', wish: { weight: 40 } });
    assert.deepEqual(await weightOf('echo many'), { kind: 'pass', reason: 'many' });
    assert.deepEqual(await weightOf('echo 40; exit 1'), { kind: 'said-no', reason: '40' });
  });
});

test('accounts are read as the C library reads them', () => {
  const text = 'root:x:0:0:root:/root:/bin/sh\n#no:x:5:5::/:\nodd:x:\nwww:x:33:34::/:/bin/false\nwww:x:1:1::/:\n';
  assert.deepEqual(
    [...parseAccounts(text)],
    [
      ['root', { uid: 0, gid: 0 }],
      ['www', { uid: 33, gid: 34 }],
    ],
  );
});
