import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readTableFile } from '../../../src/command/read-table-file.js';
import { DocumentError } from '../../../src/errors.js';
import { FakeIo, pieces } from '../support/fake-io.js';

function refusal(message: RegExp): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof DocumentError);
    assert.match(error.message, message);
    return true;
  };
}

test('reads a file, however it comes in pieces', async () => {
  const bytes = Buffer.from('services: [{ fwmark: 1, scheduler: "é" }]');
  const io = new FakeIo({ connections: pieces(Array.from(bytes, (byte) => Uint8Array.of(byte))) });
  const { table } = await readTableFile(io, 'cluster.yaml');
  assert.equal(table.services[0]?.service.scheduler, 'é');
});

test('reads the standard input for a dash', async () => {
  assert.deepEqual((await readTableFile(new FakeIo({ stdin: '{"services": []}' }), '-')).table.services, []);
  await assert.rejects(readTableFile(new FakeIo({ stdin: '' }), '-'), refusal(/^standard input: file is empty/));
});

test('stops reading a file of 100 MB at the limit', async () => {
  const mebibyte = new Uint8Array(1 << 20).fill(0x20);
  let given = 0;
  function* large(): Generator<Uint8Array> {
    for (; given < 100; given++) yield mebibyte;
  }
  const io = new FakeIo({ connections: pieces(large()) });
  await assert.rejects(readTableFile(io, 'large'), refusal(/^large: exceeds the limit of 16 MiB$/));
  assert.ok(given < 20);
});

test('reports why a file can not be read, and shows no control characters of its name', async () => {
  const missing = Object.assign(new Error('ENOENT'), { errno: -2 });
  function* failing(): Generator<Uint8Array> {
    yield Buffer.from('services:');
    throw missing;
  }
  const io = new FakeIo({ connections: pieces(failing()) });
  await assert.rejects(readTableFile(io, 'a\u001b[2J'), refusal(/^a\?\[2J: can't be read: No such file or directory$/));
});
