import assert from 'node:assert/strict';
import { test } from 'node:test';
import { canonicalServer, canonicalService } from '../../../src/model/canonical.js';
import { isFirewallMark, type VirtualService } from '../../../src/model/service.js';
import type { Table } from '../../../src/model/table.js';
import { compareTables, isSame } from '../../../src/plan/difference.js';
import { isEmpty, planChanges } from '../../../src/plan/plan.js';
import { realServer, serviceAt, serviceMarked, syncDaemon, virtualService } from '../../../src/model/build.js';
import { plainServer, plainService } from '../support/entries.js';

/** A table with one service of one server and a daemon, with these spellings of their addresses. */
function tableOf(service: string, server: string, group: string): Table {
  return {
    services: [
      {
        service: {
          ...canonicalService(plainService),
          key: { family: 'inet6', protocol: 'tcp', address: service, port: 80 },
          persistenceNetmask: 128,
        },
        servers: [{ ...canonicalServer(plainServer), family: 'inet6', address: server, port: 80 }],
      },
    ],
    syncDaemons: [{ role: 'master', syncId: 0, interface: 'eth0', maxLength: 0, group, port: 8848, ttl: 1 }],
  };
}

const canonical = tableOf('2001:db8::1', '2001:db8::2', 'ff02::1');

/** Other spellings of the same table. */
const spelled = tableOf('2001:DB8::1', '2001:db8:0::0.0.0.2', 'FF02:0::1');

test('an address is the same however it is spelled, in either table', () => {
  for (const [from, to] of [
    [canonical, spelled],
    [spelled, canonical],
    [spelled, spelled],
  ] as const) {
    assert.deepEqual(compareTables(from, to), compareTables(canonical, canonical));
    assert.ok(isSame(compareTables(from, to)));
    assert.ok(isEmpty(planChanges(from, to)));
  }
});

test('what a difference names has addresses in canonical form', () => {
  const empty: Table = { services: [], syncDaemons: [] };
  assert.deepEqual(compareTables(empty, spelled), compareTables(empty, canonical));
  assert.deepEqual(compareTables(spelled, empty), compareTables(canonical, empty));
});

test('two spellings of one server are the same server twice', () => {
  const [{ service, servers } = { service: plainService, servers: [] }] = canonical.services;
  const twice = { services: [{ service, servers: [...servers, ...(spelled.services[0]?.servers ?? [])] }] };
  assert.throws(() => compareTables(canonical, twice), { message: /\[2001:db8::2\]:80 of .* is in the table twice/ });
});

/** Services by their keys, each with a server; of weight 1 unless given. */
function services(weight: number, ...keys: readonly VirtualService['key'][]): Table {
  return {
    services: keys.map((key) => ({
      service: virtualService(key),
      servers: [realServer({ address: '10.0.0.2', port: 80, weight })],
    })),
  };
}

const own = serviceAt('10.0.0.1', 80);
const foreign = serviceAt('10.0.0.1', 81);
const owns = (key: VirtualService['key']): boolean => !isFirewallMark(key) && key.port === 80;

test('services that are not owned are neither edited nor removed', () => {
  const { services: differences } = compareTables(services(1, own, foreign, serviceMarked(7)), services(2, own), {
    owns,
  });
  assert.deepEqual(
    differences.map(({ key, service }) => ({ key, kind: service.kind })),
    [{ key: own, kind: 'same' }],
  );
  assert.ok(isEmpty(planChanges(services(1, foreign), { services: [] }, { owns })));
});

test('what is owned and not wanted is removed', () => {
  const { removals } = planChanges(services(1, own, foreign), { services: [] }, { owns });
  assert.deepEqual(
    removals.map(({ change }) => change),
    [{ kind: 'delete-service', key: own }],
  );
});

test('a wanted service that is not owned is an error', () => {
  assert.throws(() => compareTables({ services: [] }, services(1, foreign), { owns }), {
    code: 'IPVS_VALUE',
    message: 'TCP 10.0.0.1:81 is in the wanted table but is not owned',
  });
});

test('a sync daemon is refused beside a mixed service that is not owned, and so stays', () => {
  const mixed: Table = {
    services: [
      {
        service: virtualService(foreign),
        servers: [realServer({ address: '2001:db8::2', port: 81, forwarding: 'tunneling' })],
      },
    ],
    syncDaemons: [],
  };
  const wanted: Table = { services: [], syncDaemons: [syncDaemon('master', 'eth0')] };
  assert.throws(() => planChanges(mixed, wanted, { owns }), { code: 'IPVS_VALUE', message: /sync daemon/ });
  assert.equal(planChanges(mixed, wanted).removals.length, 2);
});
