import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { Change } from '../../../../src/model/change.js';
import type { RealServer } from '../../../../src/model/server.js';
import type { ServiceKey } from '../../../../src/model/service.js';
import type { SyncDaemon } from '../../../../src/model/state.js';
import { RuleTable } from '../../../../src/documents/rules/rule-table.js';
import { plainServer, plainService } from '../../support/entries.js';
import { TableModel } from '../../support/table-model.js';

const { key } = plainService;
const other: RealServer = { ...plainServer, address: '10.0.0.3' };
const daemon: SyncDaemon = {
  role: 'master',
  syncId: 0,
  interface: 'eth0',
  maxLength: 0,
  group: undefined,
  port: 0,
  ttl: 0,
};

const addService: Change = { kind: 'add-service', service: plainService };
const addServer: Change = { kind: 'add-server', key, server: plainServer };

/** A table that changes were made to, the first in line 1. @returns it, and why changes could not be made. */
function made(...changes: readonly Change[]) {
  const table = new RuleTable();
  return { table, refusals: changes.map((change, index) => table.apply(change, index + 1)) };
}

const refused: readonly (readonly [what: string, changes: readonly Change[], why: string])[] = [
  ['a second service', [addService, addService], 'TCP 10.0.0.1:80 a second time; the first is in line 1'],
  ['a server without its service', [addServer], 'no service TCP 10.0.0.1:80 at this point'],
  [
    'a second server',
    [addService, addServer, addServer],
    '10.0.0.2:8080 a second time in TCP 10.0.0.1:80; the first is in line 2',
  ],
  [
    'a server after its service was removed',
    [addService, { kind: 'delete-service', key }, addServer],
    'no service TCP 10.0.0.1:80 at this point',
  ],
  [
    'an edit of a server that is not there',
    [addService, { kind: 'edit-server', key, server: other }],
    'no server 10.0.0.3:8080 in TCP 10.0.0.1:80 at this point',
  ],
  [
    'the removal of a server that is not there',
    [addService, { kind: 'delete-server', key, server: other }],
    'no server 10.0.0.3:8080 in TCP 10.0.0.1:80 at this point',
  ],
  [
    'an edit of a service that is not there',
    [{ kind: 'edit-service', service: plainService }],
    'no service TCP 10.0.0.1:80 at this point',
  ],
  [
    'a second daemon of a role',
    [
      { kind: 'start-daemon', daemon },
      { kind: 'start-daemon', daemon },
    ],
    'a second master; the first is in line 1',
  ],
  ['the end of a daemon that does not run', [{ kind: 'stop-daemon', role: 'backup' }], 'no backup runs at this point'],
  ['a reset of counters', [{ kind: 'zero', key: undefined }], 'counters are not part of a table'],
];

describe('a table made of rules', () => {
  for (const [what, changes, why] of refused) {
    test(`refuses ${what}`, () => {
      const { refusals } = made(...changes);
      assert.deepEqual(refusals, [...changes.slice(1).map(() => undefined), why]);
    });
  }

  test('says nothing of timeouts and daemons that no rule named', () => {
    const { table } = made(addService);
    assert.deepEqual(table.table, {
      services: [{ service: plainService, servers: [] }],
      timeouts: undefined,
      syncDaemons: undefined,
    });
  });

  test('carries out edits and removals', () => {
    const { table, refusals } = made(
      addService,
      addServer,
      { kind: 'add-server', key, server: other },
      { kind: 'edit-server', key, server: { ...other, weight: 9 } },
      { kind: 'delete-server', key, server: plainServer },
      { kind: 'edit-service', service: { ...plainService, scheduler: 'rr' } },
    );
    assert.ok(refusals.every((refusal) => refusal === undefined));
    assert.deepEqual(table.table.services, [
      { service: { ...plainService, scheduler: 'rr' }, servers: [{ ...other, weight: 9 }] },
    ]);
  });

  test('knows the line that an entry comes from, the last one that changed it', () => {
    const { table } = made(
      addService,
      addServer,
      { kind: 'start-daemon', daemon },
      { kind: 'edit-service', service: plainService },
    );
    assert.deepEqual(
      [table.lineOf('services', 0), table.lineOf('services', 0, 0), table.lineOf('syncDaemons', 0)],
      [4, 2, 3],
    );
    assert.equal(table.lineOf('services', 1), undefined);
  });

  test('is empty of services after a flush, and keeps timeouts that were set one by one', () => {
    const { table } = made(
      addService,
      { kind: 'set-timeouts', timeouts: { tcp: 5, tcpFin: 0, udp: 0 } },
      { kind: 'flush' },
      { kind: 'set-timeouts', timeouts: { tcp: 0, tcpFin: 0, udp: 7 } },
    );
    assert.deepEqual(table.table, {
      services: [],
      timeouts: { tcp: 5, tcpFin: 0, udp: 7 },
      syncDaemons: undefined,
    });
  });

  test('is what a kernel has after the same changes, however these jump between services', () => {
    const keys = [1, 2, 3].map((fwmark): ServiceKey => ({ family: 'inet', fwmark }));
    const service = fc.constantFrom(...keys.map((one) => ({ ...plainService, key: one })));
    const server = fc.record({ host: fc.integer({ min: 1, max: 4 }), weight: fc.nat(9) }).map(({ host, weight }) => ({
      ...plainServer,
      address: `10.0.0.${host}`,
      weight,
    }));
    const change: fc.Arbitrary<Change> = fc.oneof(
      { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('add-service', 'edit-service'), service }) },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant('delete-service'), key: fc.constantFrom(...keys) }) },
      {
        weight: 9,
        arbitrary: fc.record({
          kind: fc.constantFrom('add-server', 'add-server', 'edit-server', 'delete-server'),
          key: fc.constantFrom(...keys),
          server,
        }),
      },
    );
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 40 }), (changes) => {
        const model = new TableModel({ services: [] });
        // What a line says last of an entry is where it comes from.
        const lines = new Map<RealServer, number>();
        const table = new RuleTable();
        for (const [index, one] of changes.entries()) {
          const refused = model.change(one) !== undefined;
          assert.equal(table.apply(one, index + 1) !== undefined, refused, `line ${index + 1}, ${one.kind}`);
          if (!refused && 'server' in one && 'weight' in one.server) lines.set(one.server, index + 1);
        }
        const { services } = table.table;
        assert.deepEqual(services, model.table().services);
        for (const [at, { servers }] of services.entries()) {
          for (const [number, one] of servers.entries()) {
            assert.equal(table.lineOf('services', at, number), lines.get(one));
          }
        }
      }),
      { numRuns: 500 },
    );
  });
});
