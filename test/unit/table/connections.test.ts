import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { connections } from '../../../src/edge/connection-table.js';
import { connectionsOf, type UnreadableLine } from '../../../src/table/connections.js';

const titles = 'Pro FromIP   FPrt ToIP     TPrt DestIP   DPrt State       Expires PEName PEData\n';
const line = 'TCP 0A000001 A001 0A000002 0050 0A000003 1F90 ESTABLISHED     899\n';
const read = {
  protocol: 'TCP',
  client: { family: 'inet', address: '10.0.0.1', port: 40961 },
  virtual: { family: 'inet', address: '10.0.0.2', port: 80 },
  server: { family: 'inet', address: '10.0.0.3', port: 8080 },
  state: 'ESTABLISHED',
  expires: 899,
};

describe('connections', () => {
  const directory = mkdtempSync(join(tmpdir(), 'ipvsadm-connections-'));
  const file = join(directory, 'ip_vs_conn');
  after(() => {
    rmSync(directory, { recursive: true });
  });

  test('are plain objects, of a file of any name', async () => {
    writeFileSync(file, titles + line);
    const found = [];
    for await (const connection of connections({ file })) found.push(connection);
    assert.deepEqual(found, [read]);
  });

  test('that can not be read are left out and reported, and end nothing', async () => {
    writeFileSync(file, `${titles}${line}nonsense\n${line}`);
    const lines: UnreadableLine[] = [];
    let count = 0;
    for await (const connection of connections({ file, onUnreadable: (one) => lines.push(one) })) {
      assert.deepEqual(connection, read);
      count++;
    }
    assert.deepEqual([count, lines], [2, [{ number: 3, text: 'nonsense' }]]);
  });

  test('end with the reason of a signal, between any two', async () => {
    const controller = new AbortController();
    const reason = new Error('enough');
    let count = 0;
    const reading = async (): Promise<void> => {
      for await (const one of connectionsOf([Buffer.from(titles + line.repeat(100))], { signal: controller.signal })) {
        assert.equal(one.expires, 899);
        if (++count === 5) controller.abort(reason);
      }
    };
    await assert.rejects(reading, reason);
    assert.equal(count, 5);
  });

  test('let timers run while many are read', async () => {
    function* endless(): Generator<Uint8Array> {
      const piece = Buffer.from(line.repeat(50));
      yield Buffer.from(titles);
      for (;;) yield piece;
    }
    const signal = AbortSignal.timeout(30);
    await assert.rejects(
      async () => {
        for await (const one of connectionsOf(endless(), { signal })) assert.equal(one.state, 'ESTABLISHED');
      },
      { name: 'TimeoutError' },
    );
  });

  test('of a file that can not be read are an InputError', async () => {
    const missing = join(directory, 'missing');
    await assert.rejects(connections({ file: missing }).next(), { code: 'IPVS_INPUT', name: 'InputError' });
  });
});
