import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { formatJson } from '../../../src/format/json.js';
import type { RealServer } from '../../../src/model/server.js';
import type { Table } from '../../../src/model/table.js';
import { compareTables } from '../../../src/plan/difference.js';
import { differenceJson } from '../../../src/format/difference-json.js';
import { plainServer, plainService } from '../support/entries.js';

/** What a program reads of a difference. */
function read(from: Table, to: Table): unknown {
  return JSON.parse(formatJson(differenceJson(compareTables(from, to))));
}

function table(...servers: readonly Partial<RealServer>[]): Table {
  return { services: [{ service: plainService, servers: servers.map((server) => ({ ...plainServer, ...server })) }] };
}

const key = { protocol: 'tcp', address: '10.0.0.1', port: 80, family: 'inet' };
const serverKey = { address: '10.0.0.2', port: 8080, family: 'inet' };
const serverSettings = { forwarding: 'masquerading', weight: 1, upperThreshold: 0, lowerThreshold: 0 };
const serviceSettings = { scheduler: 'wlc', schedulerFlags: [], onePacket: false };

describe('differenceJson', () => {
  test('says that nothing differs', () => {
    assert.deepEqual(read(table({}), table({})), { same: true, services: [], syncDaemons: [] });
  });

  test('has the settings of what is added and of what is removed', () => {
    const added = { change: 'add', ...key, ...serviceSettings };
    assert.deepEqual(read({ services: [] }, table({})), {
      same: false,
      services: [{ ...added, servers: [{ change: 'add', ...serverKey, ...serverSettings }] }],
      syncDaemons: [],
    });
    assert.deepEqual(read(table({}), { services: [] }), {
      same: false,
      services: [{ ...added, change: 'remove', servers: [{ change: 'remove', ...serverKey, ...serverSettings }] }],
      syncDaemons: [],
    });
  });

  test('has old and new values of what is edited, null where one is not set', () => {
    const gue = { type: 'gue', port: 9, checksum: 'csum' } as const;
    const from = table({ forwarding: 'tunneling', port: 80, tunnel: gue });
    const to: Table = {
      services: [
        {
          service: { ...plainService, persistenceTimeout: 60 },
          servers: [{ ...plainServer, port: 80, weight: 5 }],
        },
      ],
    };
    assert.deepEqual(read(from, to), {
      same: false,
      services: [
        {
          change: 'edit',
          ...key,
          settings: { persistenceTimeout: { from: null, to: 60 } },
          servers: [
            {
              change: 'edit',
              ...serverKey,
              port: 80,
              settings: {
                forwarding: { from: 'tunneling', to: 'masquerading' },
                tunnel: { from: gue, to: null },
                weight: { from: 1, to: 5 },
              },
            },
          ],
        },
      ],
      syncDaemons: [],
    });
  });

  test('names a service whose servers differ, with change none', () => {
    assert.deepEqual(read(table({}), table({}, { address: '10.0.0.3' })), {
      same: false,
      services: [
        {
          change: 'none',
          ...key,
          servers: [{ change: 'add', ...serverKey, address: '10.0.0.3', ...serverSettings }],
        },
      ],
      syncDaemons: [],
    });
  });

  test('has timeouts and sync daemons', () => {
    const daemon = { role: 'backup', syncId: 1, interface: 'eth0', maxLength: 0, group: undefined, port: 0, ttl: 0 };
    const from: Table = { services: [], timeouts: { tcp: 1, tcpFin: 2, udp: 3 }, syncDaemons: [] };
    const running: Table = {
      services: [],
      timeouts: { tcp: 1, tcpFin: 5, udp: 3 },
      syncDaemons: [{ ...daemon, role: 'backup' }],
    };
    const kernel = { group: '224.0.0.81', port: 8848, ttl: 1 };
    assert.deepEqual(read(from, running), {
      same: false,
      services: [],
      timeouts: { tcpFin: { from: 2, to: 5 } },
      syncDaemons: [{ change: 'add', ...daemon, ...kernel }],
    });
    const other: Table = { ...running, syncDaemons: [{ ...daemon, role: 'backup', ttl: 9 }] };
    assert.deepEqual(read(running, other), {
      same: false,
      services: [],
      syncDaemons: [{ change: 'edit', role: 'backup', settings: { ttl: { from: 1, to: 9 } } }],
    });
  });
});
