import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { connect, createServer, type AddressInfo } from 'node:net';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { TransportError } from '../../../src/errors.js';
import { openNetlinkTransport } from '../../../src/socket/netlink-transport.js';
import { messageFlag, writeNoop } from '../../../src/wire/message.js';
import { Writer } from '../../../src/wire/writer.js';
import { repliesOf } from '../support/replies.js';

// The sockets here are real ones, to the generic netlink of this machine's kernel; it need not have IPVS.

/** Asks for nothing but replies, numbered from 1. */
function fences(count: number): Uint8Array {
  const writer = new Writer();
  for (let sequence = 1; sequence <= count; sequence++) {
    writeNoop(writer, messageFlag.request | messageFlag.ack, sequence);
  }
  return writer.bytes();
}

const [, , role] = process.argv;

if (role === 'forgetful') {
  const transport = openNetlinkTransport();
  transport.send(fences(1));
  assert.ok(transport.receive());
} else {
  test('the kernel has replied when a request is sent, and then nothing more is there', () => {
    const transport = openNetlinkTransport();
    for (let count = 0; count < 3; count++) {
      transport.send(fences(2));
      const replies = [1, 2].map(() => repliesOf(transport.receive() ?? new Uint8Array()));
      assert.deepEqual(
        replies.flat().map(({ kind, sequence, errno }) => ({ kind, sequence, errno })),
        [1, 2].map((sequence) => ({ kind: 'result', sequence, errno: 0 })),
      );
      assert.equal(transport.receive(), undefined);
    }
    transport.close();
  });

  test('a socket that nobody closed does not keep the process alive', () => {
    const file = fileURLToPath(import.meta.url);
    const { status, signal, stderr } = spawnSync(process.execPath, [file, 'forgetful'], {
      encoding: 'utf8',
      timeout: 60_000,
    });
    assert.deepEqual({ status, signal, stderr }, { status: 0, signal: null, stderr: '' });
  });

  test('a closed socket can be closed again, and says that it is closed', () => {
    const before = readdirSync('/proc/self/fd').length;
    const transport = openNetlinkTransport();
    transport.close();
    transport.close();
    const closed = new TransportError('the netlink socket is closed');
    assert.throws(() => {
      transport.send(fences(1));
    }, closed);
    assert.throws(() => transport.receive(), closed);
    assert.equal(readdirSync('/proc/self/fd').length, before);
  });

  test('each of many sockets gets the replies to its own requests, while others come and go', async () => {
    const server = createServer((socket) => socket.end());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    for (let round = 0; round < 10; round++) {
      const other = connect(port, '127.0.0.1');
      const transports = Array.from({ length: 5 }, openNetlinkTransport);
      for (const [index, transport] of transports.entries()) transport.send(fences(index + 1));
      for (const [index, transport] of transports.entries()) {
        for (let count = 0; count <= index; count++) assert.ok(transport.receive());
        assert.equal(transport.receive(), undefined);
        transport.close();
      }
      await new Promise((resolve) => other.once('close', resolve).resume());
    }
    await new Promise((resolve) => server.close(resolve));
  });

  test('an idle socket whose replies overflow does no harm: the next call reports it, and then it works again', async () => {
    const transport = openNetlinkTransport();
    for (let count = 0; count < 1000; count++) transport.send(fences(32));
    for (let turns = 0; turns < 10; turns++) await new Promise((resolve) => setImmediate(resolve));
    assert.throws(() => transport.receive(), {
      name: 'TransportError',
      message: 'the kernel dropped replies: no buffer space (ENOBUFS)',
    });
    while (transport.receive() !== undefined);
    transport.send(fences(1));
    assert.equal(repliesOf(transport.receive() ?? new Uint8Array())[0]?.sequence, 1);
    transport.close();
  });
}
