import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { TransportError } from '../../../src/errors.js';
import { parseTotals, totalsFile } from '../../../src/table/totals.js';
import { connectionTable } from '../../../src/table/connections.js';
import { FakeKernel } from '../../../src/testing/index.js';
import { parseTable } from '../../../src/documents/parse-table.js';
import { main } from '../../main.js';
import { FakeIo, pieces } from '../support/fake-io.js';

const stats = `   Total Incoming Outgoing         Incoming         Outgoing
   Conns  Packets  Packets            Bytes            Bytes
       A       1F       10             FFFF FFFFFFFFFFFFFFFF

 Conns/s   Pkts/s   Pkts/s          Bytes/s          Bytes/s
       1        2        3                4                5
`;
const end = 'C0000214 C350 C000020A 0050 0A000102 1F90';
const connections = `Pro FromIP   FPrt ToIP     TPrt DestIP   DPrt State       Expires PEName PEData
TCP ${end} ESTABLISHED     899
TCP ${end} FIN_WAIT        119
TCP ${end} ESTABLISHED     898
UDP ${end} UDP             299
`;
const files: Readonly<Record<string, string>> = { [totalsFile]: stats, [connectionTable]: connections };

function missing(): never {
  throw Object.assign(new Error('no such file'), { code: 'ENOENT', errno: -2 });
}

const document =
  'services: [{ address: 192.0.2.10, port: 80, servers: [{ address: 10.0.1.2 }, { address: 10.0.1.3 }] }]';

async function run(words: string, present: Readonly<Record<string, string>> = files) {
  const io = new FakeIo({
    sockets: [new FakeKernel(await parseTable(document, 'document'))],
    machine: {
      readFile: (path) => {
        const text = present[path];
        return text === undefined ? missing() : pieces([Buffer.from(text)]);
      },
    },
  });
  const status = await main(['metrics', ...words.split(' ').filter((word) => word !== '')], io);
  return { status, stdout: io.stdout.text, stderr: io.stderr.text };
}

describe('metrics', () => {
  test('shows the table and the totals of the kernel', async () => {
    const { status, stdout, stderr } = await run('');
    assert.deepEqual({ status, stderr }, { status: 0, stderr: '' });
    assert.match(stdout, /^ipvs_up 1$/m);
    assert.match(stdout, /^ipvs_outgoing_bytes_total 18446744073709551615$/m);
    assert.equal(stdout.match(/^ipvs_server_weight\{/gm)?.length, 2);
    assert.doesNotMatch(stdout, /ipvs_connection_entries|node_ipvs/);
  });

  test('counts connections where it is asked to', async () => {
    const { stdout } = await run('--connections --no-servers');
    assert.deepEqual(stdout.match(/^ipvs_connection_entries.*$/gm), [
      'ipvs_connection_entries{proto="TCP",state="ESTABLISHED"} 2',
      'ipvs_connection_entries{proto="TCP",state="FIN_WAIT"} 1',
      'ipvs_connection_entries{proto="UDP",state="UDP"} 1',
    ]);
    assert.doesNotMatch(stdout, /ipvs_server_/);
  });

  test('shows how many series there would be', async () => {
    const { status, stdout } = await run('--names node --dry-run');
    assert.equal(status, 0);
    assert.equal(
      stdout,
      `node_ipvs_backend_connections_active 2
node_ipvs_backend_connections_inactive 2
node_ipvs_backend_weight 2
node_ipvs_connections_total 1
node_ipvs_incoming_bytes_total 1
node_ipvs_incoming_packets_total 1
node_ipvs_outgoing_bytes_total 1
node_ipvs_outgoing_packets_total 1
total 11
`,
    );
  });

  test('leaves out what can not be read, and says so', async () => {
    const { status, stdout, stderr } = await run('--connections', {});
    assert.equal(status, 1);
    assert.equal(
      stderr,
      `ipvsadm: can't read ${totalsFile}: No such file or directory\n` +
        `ipvsadm: can't read ${connectionTable}: No such file or directory\n`,
    );
    assert.match(stdout, /^ipvs_server_weight/m);
    assert.doesNotMatch(stdout, /^ipvs_connections_total/m);
  });

  test('says in its answer that the kernel can not be read', async () => {
    const io = new FakeIo({ sockets: [new TransportError('no socket')] });
    assert.equal(await main(['metrics', '--openmetrics'], io), 1);
    assert.match(io.stdout.text, /^ipvs_up 0\n# EOF\n$/m);
    assert.match(io.stderr.text, /no socket/);
  });

  for (const [words, message] of [
    ['--server-labels proto,color', /--server-labels takes family, local_address, .*, not color/],
    ['--names all', /--names takes one of own, node, both, not all/],
  ] as const) {
    test(`${words} is refused`, async () => {
      const { status, stdout, stderr } = await run(words);
      assert.deepEqual([status, stdout], [2, '']);
      assert.match(stderr, message);
    });
  }
});

describe('the totals of the kernel', () => {
  test('are read in full', () => {
    assert.deepEqual(parseTotals(stats), {
      connections: 10n,
      incomingPackets: 31n,
      outgoingPackets: 16n,
      incomingBytes: 65535n,
      outgoingBytes: (1n << 64n) - 1n,
    });
  });

  test('are refused where there are none', () => {
    for (const text of ['', 'A B C D\n', stats.replaceAll(/[0-9A-F]+$/gm, '')]) {
      assert.throws(() => parseTotals(text), { code: 'IPVS_DECODE' });
    }
  });
});
