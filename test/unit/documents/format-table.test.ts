import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { formatTable, tableFormats } from '../../../src/documents/format-table.js';
import { parseTable } from '../../../src/documents/parse-table.js';
import { DocumentError } from '../../../src/errors.js';
import { canonicalServer, canonicalService } from '../../../src/model/canonical.js';
import type { RealServer } from '../../../src/model/server.js';
import type { VirtualService } from '../../../src/model/service.js';
import type { Table } from '../../../src/model/table.js';
import { plainServer, plainService } from '../support/entries.js';
import { inOrder, table, type TableParts } from '../support/tables.js';

const parts: TableParts = {
  schedulers: ['rr', 'wlc', 'sh', 'mh', 'none', 'no', 'null', '0x10', '1e3', '~', "it's", 'a:b', '[x]', '"'],
  engines: ['sip', 'y', '-'],
  interfaces: ['eth0', 'ipvsadm', '-x', '#1', 'on', '1.5', 'é'],
  unsayable: false,
};

for (const format of tableFormats) {
  test(`a table written as ${format} reads as the same table`, async () => {
    // A rule has no quoting: names that it can't say are tested below.
    const sayable = format === 'rules' ? { ...parts, engines: ['sip', 'y'] } : { ...parts, unsayable: true };
    await fc.assert(
      fc.asyncProperty(table(sayable), async (any) => {
        const read = await parseTable(formatTable(any, format, 'table'), 'text');
        const wanted = inOrder(any);
        // No rule says that no daemon runs.
        const silent = format === 'rules' && wanted.syncDaemons?.length === 0;
        assert.deepEqual(read, silent ? { ...wanted, syncDaemons: undefined } : wanted);
      }),
    );
  });

  test(`the same table is always the same text as ${format}`, () => {
    fc.assert(
      fc.property(table({ ...parts, engines: ['sip'] }), (any) => {
        const text = formatTable(any, format, 'table');
        const other = { ...any, services: any.services.map((entry) => ({ ...entry })).reverse() };
        assert.equal(formatTable(other, format, 'table'), text);
      }),
    );
  });
}

function tableOf(service: Partial<VirtualService>, server: Partial<RealServer> = {}): Table {
  return {
    services: [
      {
        service: canonicalService({ ...plainService, ...service }),
        servers: [canonicalServer({ ...plainServer, ...server })],
      },
    ],
  };
}

const cluster: Table = {
  ...tableOf(
    { scheduler: 'sh', schedulerFlags: ['flag-2'], persistenceTimeout: 360, persistenceNetmask: '255.255.255.0' },
    { upperThreshold: 100, lowerThreshold: 50, weight: 3 },
  ),
  timeouts: { tcp: 900, tcpFin: 120, udp: 0 },
  syncDaemons: [{ role: 'master', syncId: 1, interface: 'eth0', maxLength: 1472, port: 8848, ttl: 2 }],
};

test('YAML leaves out what goes without saying and has a server on a line', () => {
  assert.equal(
    formatTable(cluster, 'yaml', 'table'),
    `timeouts: { tcp: 900, tcpFin: 120 }
syncDaemons:
  - { role: master, interface: eth0, syncId: 1, maxLength: 1472, ttl: 2 }
services:
  - address: 10.0.0.1
    port: 80
    scheduler: sh
    schedulerFlags: [sh-port]
    persistenceTimeout: 360
    persistenceNetmask: 255.255.255.0
    servers:
      - { address: 10.0.0.2, port: 8080, forwarding: masquerading, weight: 3, upperThreshold: 100, lowerThreshold: 50 }
`,
  );
});

test('JSON has every setting', () => {
  assert.deepEqual(JSON.parse(formatTable(cluster, 'json', 'table')), {
    timeouts: { tcp: 900, tcpFin: 120 },
    syncDaemons: [
      { role: 'master', interface: 'eth0', syncId: 1, maxLength: 1472, group: '224.0.0.81', port: 8848, ttl: 2 },
    ],
    services: [
      {
        address: '10.0.0.1',
        protocol: 'tcp',
        port: 80,
        scheduler: 'sh',
        schedulerFlags: ['sh-port'],
        onePacket: false,
        persistenceTimeout: 360,
        persistenceNetmask: '255.255.255.0',
        servers: [
          {
            address: '10.0.0.2',
            port: 8080,
            forwarding: 'masquerading',
            weight: 3,
            upperThreshold: 100,
            lowerThreshold: 50,
          },
        ],
      },
    ],
  });
});

test('rules have timeouts, thresholds and daemons', () => {
  assert.equal(
    formatTable(cluster, 'rules', 'table'),
    `--set 900 120 0
-A -t 10.0.0.1:80 -s sh -p 360 -M 255.255.255.0 -b sh-port
-a -t 10.0.0.1:80 -r 10.0.0.2:8080 -m -w 3 -x 100 -y 50
--start-daemon master --mcast-interface=eth0 --syncid 1 --sync-maxlen 1472 --mcast-group 224.0.0.81 --mcast-port 8848 --mcast-ttl 2
`,
  );
});

test('an empty table is not an empty text', () => {
  assert.equal(formatTable({ services: [], syncDaemons: [] }, 'yaml', 'table'), 'syncDaemons: []\nservices: []\n');
});

const tunneled = { forwarding: 'tunneling', port: 80 } as const;
const unsayable: readonly (readonly [table: Table, message: string])[] = [
  [
    tableOf({}, { forwarding: 'bypass', port: 80 }),
    'TCP 10.0.0.1:80, 10.0.0.2:80, forwarding: forwarding method bypass has no ipvsadm option',
  ],
  [
    tableOf({}, { forwarding: 'local', port: 80 }),
    'TCP 10.0.0.1:80, 10.0.0.2:80, forwarding: forwarding method local has no ipvsadm option',
  ],
  [
    tableOf({}, { ...tunneled, tunnel: { type: 7, port: 0, checksum: 'nocsum' } }),
    'TCP 10.0.0.1:80, 10.0.0.2:80, tunnel: tunnel type 7 has no ipvsadm option',
  ],
  [
    tableOf({}, { ...tunneled, tunnel: { type: 'gue', port: 1, checksum: 'csum+remcsum' } }),
    'TCP 10.0.0.1:80, 10.0.0.2:80, tunnel: tunnel checksum csum+remcsum has no ipvsadm option',
  ],
  [
    tableOf({}, { upperThreshold: 2147483648 }),
    'TCP 10.0.0.1:80, 10.0.0.2:8080, upperThreshold: ipvsadm accepts at most 2147483647 connections, not 2147483648',
  ],
  [tableOf({ scheduler: '#' }), "TCP 10.0.0.1:80, scheduler: ipvsadm can't read the name # from a rule"],
  [
    tableOf({ persistenceEngine: '-x' }),
    "TCP 10.0.0.1:80, persistenceEngine: ipvsadm can't read the name -x from a rule",
  ],
  [tableOf({ scheduler: 'ipvsadm' }), "TCP 10.0.0.1:80, scheduler: ipvsadm can't read the name ipvsadm from a rule"],
];

for (const [table, message] of unsayable) {
  test(`refuses as rules, and takes as a document: ${message}`, () => {
    assert.throws(
      () => formatTable(table, 'rules', 'ipvsadm'),
      (error) => error instanceof DocumentError && error.message === `ipvsadm: ${message}`,
    );
    assert.ok(formatTable(table, 'yaml', 'ipvsadm').length > 0);
  });
}

test('refuses in every format what no reader would take', () => {
  for (const format of tableFormats) {
    assert.throws(
      () => formatTable(tableOf({}, { forwarding: 'direct-routing' }), format, 'ipvsadm'),
      /does not rewrite/,
    );
  }
});

for (const format of tableFormats) {
  test(`a protocol that is not known has no place in ${format}`, () => {
    const key = { family: 'inet', protocol: 'protocol-136', address: '10.0.0.1', port: 80 } as const;
    assert.throws(() => formatTable(tableOf({ key }, { port: 80 }), format, 'table'), {
      name: 'DocumentError',
      message: /136 10\.0\.0\.1:80, protocol: expected tcp, udp or sctp, found protocol-136/,
    });
  });
}
