import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { drainDisplay } from '../../../src/cli/drain-display.js';
import type { BusyServer, DrainProgress } from '../../../src/table/drain.js';
import { FakeOutput } from '../support/fake-io.js';

const busyServer = (address: string, connections: number): BusyServer => ({
  subject: `${address}:80 of TCP 192.0.2.1:80`,
  connections,
});

const progress = (secondsLeft: number, ...busy: readonly BusyServer[]): DrainProgress => ({
  servers: 2,
  busy,
  back: [],
  secondsLeft,
});

const one = busyServer('192.0.2.7', 1);
const two = busyServer('192.0.2.8', 3);

/** An output that a person watches. */
class Terminal extends FakeOutput {
  override readonly isTerminal = true;
}

describe('how a drain is shown', () => {
  test('a log gets a line at the start, for each server that is done, and every ten seconds', async () => {
    const output = new FakeOutput();
    const display = drainDisplay(output);
    for (const step of [
      progress(60, one, two),
      progress(59.5, one, two),
      progress(55, one),
      progress(50, one),
      progress(45, one),
      progress(44.5, one),
      progress(1.2),
    ]) {
      await display.show(step);
    }
    assert.deepEqual(output.text.split('\n'), [
      'draining: 2 of 2 servers busy, 4 active connections, 60 s left',
      'draining: 1 of 2 servers busy, 1 active connection, 55 s left',
      'draining: 1 of 2 servers busy, 1 active connection, 45 s left',
      'draining: 0 of 2 servers busy, 0 active connections, 2 s left',
      '',
    ]);
  });

  for (const [kind, output] of [
    ['a log', new FakeOutput()],
    ['a terminal', new Terminal()],
  ] as const) {
    test(`${kind} ends with a line for each server that is still busy`, async () => {
      const display = drainDisplay(output);
      await display.show(progress(1, one, two));
      await display.finish(progress(0, one, two));
      assert.match(
        output.text,
        /192\.0\.2\.7:80 of TCP 192\.0\.2\.1:80 still has 1 active connection\n192\.0\.2\.8:80 .* 3 active connections\n$/,
      );
    });
  }

  test('a terminal gets one line that is written over', async () => {
    const output = new Terminal();
    const display = drainDisplay(output);
    await display.show(progress(10, one, two));
    await display.show(progress(9, one));
    await display.finish(progress(9));
    assert.equal(
      output.text,
      '\r\x1b[Kdraining: 2 of 2 servers busy, 4 active connections, 10 s left' +
        '\r\x1b[Kdraining: 1 of 2 servers busy, 1 active connection, 9 s left\n',
    );
  });

  test('nothing at all is shown where nothing was drained', async () => {
    for (const output of [new FakeOutput(), new Terminal()]) {
      await drainDisplay(output).finish(undefined);
      assert.equal(output.text, '');
    }
  });
});
