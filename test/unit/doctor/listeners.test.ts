import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { parseListeners } from '../../../src/doctor/listeners.js';

// /proc/net/tcp and its like, Linux 6.1, x86-64.
const tcp = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1234 1 0000000000000000 100 0 0 10 0
   1: 0A0200C0:0050 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1235 1 0000000000000000 100 0 0 10 0
  12: 0A0200C0:0050 0B0200C0:C350 01 00000000:00000000 00:00000000 00000000     0        0 1236 1 0000000000000000 20 4 30 10 -1
`;
const tcp6 = `  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000000000000000000000000000:0016 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 99 1 0 100 0 0 10 0
   1: B80D0120000000000000000001000000:01BB 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 98 1 0 100 0 0 10 0
`;
const udp = `   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops
  101: 00000000:0035 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 5 2 0 0
  102: 00000000:A001 08080808:0035 01 00000000:00000000 00:00000000 00000000     0        0 6 2 0 0
`;

describe('parseListeners', () => {
  test('takes sockets that wait, not those that talk', () => {
    assert.deepEqual(parseListeners('tcp', tcp, true), [
      { protocol: 'tcp', family: 'inet', address: '127.0.0.1', port: 8080 },
      { protocol: 'tcp', family: 'inet', address: '192.0.2.10', port: 80 },
    ]);
    assert.deepEqual(parseListeners('udp', udp, true), [
      { protocol: 'udp', family: 'inet', address: '0.0.0.0', port: 53 },
    ]);
  });

  test('reads IPv6 in words of the byte order of the machine', () => {
    assert.deepEqual(
      parseListeners('tcp6', tcp6, true).map(({ address, port }) => [address, port]),
      [
        ['::', 22],
        ['2001:db8::1', 443],
      ],
    );
    const [big] = parseListeners('tcp', tcp.replaceAll('0A0200C0', 'C000020A').split('\n').slice(2).join('\n'), false);
    assert.equal(big?.address, '192.0.2.10');
  });

  test('passes over everything else', () => {
    fc.assert(
      fc.property(fc.string(), fc.nat(tcp.length), (text, cut) => {
        parseListeners('udp6', text, true);
        for (const { port } of parseListeners('tcp', tcp.slice(cut) + text, true)) assert.ok(port <= 65535);
      }),
    );
    assert.deepEqual(parseListeners('tcp6', tcp, true), []);
    assert.deepEqual(parseListeners('tcp', tcp6, true), []);
  });
});
