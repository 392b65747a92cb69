import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { afterEach, describe, test } from 'node:test';
import type { LockOptions } from '../../../src/ports/lock.js';
import { lockTable as lockByName } from '../../../src/edge/table-lock.js';
import { LockedError } from '../../../src/errors.js';

/** Nobody else's, so that two runs of the tests on one machine don't meet. */
const name = `ipvsadm/test/${process.pid}`;
const address = `\0${name}`.padEnd(108, '\0');

const lockTable = (options: LockOptions): ReturnType<typeof lockByName> => lockByName(options, name);

const open: (Server | Socket)[] = [];
const children: ChildProcess[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) {
    if ('destroy' in one) one.destroy();
    else one.close();
  }
  for (const child of children.splice(0)) {
    child.kill('SIGKILL');
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  }
});

/** Somebody else's process that listens there and says what it likes, or nothing. */
async function squat(answer: string | undefined): Promise<ChildProcess> {
  const script = `require('node:net').createServer((socket) => {
    socket.on('error', () => {});
    ${answer === undefined ? '' : `socket.write(${JSON.stringify(answer)});`}
  }).listen(${JSON.stringify(address)}, () => console.log('listening'));`;
  const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
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
  test('is had by one at a time, and the other is told who has it, for what and since when', async () => {
    const lock = await lockTable({ waitSeconds: 0, purpose: 'ipvsadm apply web.yaml' });
    const told = await refusal(0);
    assert.match(
      told,
      new RegExp(
        `^process ${process.pid} \\(ipvsadm apply web\\.yaml\\), since \\d{4}-\\d\\d-\\d\\dT[^ ]+Z, has locked`,
      ),
    );
    await lock.release();
    await (await lockTable({ waitSeconds: 0, purpose: 'third' })).release();
  });

  test('goes to one of those who wait as soon as it is given back', async () => {
    const lock = await lockTable({ waitSeconds: 0, purpose: 'first' });
    const order: string[] = [];
    const waiting = lockTable({
      waitSeconds: 3600,
      purpose: 'second',
      onWait: (holder) => {
        order.push(holder.replace(/, since .*/, ''));
        void lock.release();
      },
    });
    await (await waiting).release();
    assert.deepEqual(order, [`process ${process.pid} (first)`]);
  });

  test('ends with SIGKILL of its holder', async () => {
    const holder = await squat('{}\n');
    const waiting = lockTable({ waitSeconds: 3600, purpose: 'second', onWait: () => holder.kill('SIGKILL') });
    await (await waiting).release();
  });

  const answers: readonly (readonly [what: string, answer: string | undefined])[] = [
    ['nothing', undefined],
    ['no JSON', 'hello\n'],
    ['JSON that is no object', '[null]\n'],
    ['other types', '{"pid":"1","purpose":7,"since":{}}\n'],
    ['no end of it', 'x'.repeat(100_000)],
    ['another process number', '{"pid":1}\n'],
  ];
  for (const [what, answer] of answers) {
    test(`is told by what the kernel knows where its holder says ${what}`, async () => {
      const holder = await squat(answer);
      assert.match(await refusal(0.2), new RegExp(`^process ${holder.pid ?? 0} \\(`));
    });
  }

  test('never shows control characters of a holder', async () => {
    await squat(`${JSON.stringify({ purpose: 'nice\u001b[2J\r\n', since: '\u0007now' })}\n`);
    const told = await refusal(0);
    assert.doesNotMatch(told, /\p{Cc}/u);
    assert.match(told, /\(nice\?\[2J\?\?\), since \?now,/);
  });

  test('is not confused by a holder that hangs up at once', async () => {
    const server = createServer((socket) => {
      socket.destroy();
    });
    open.push(server);
    server.listen(address);
    await once(server, 'listening');
    assert.match(await refusal(0.3), new RegExp(`^process ${process.pid} `));
  });
});
