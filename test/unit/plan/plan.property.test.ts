import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { ValueError } from '../../../src/errors.js';
import type { SyncDaemon } from '../../../src/model/state.js';
import type { Table } from '../../../src/model/table.js';
import { compareTables, isSame } from '../../../src/plan/difference.js';
import {
  isEmpty,
  planChanges,
  quiescingSteps,
  type Plan,
  type PlanOptions,
  type Step,
} from '../../../src/plan/plan.js';
import { plainServer, plainService } from '../support/entries.js';
import { TableModel, twoTables } from '../support/table-model.js';

const runs = { numRuns: 500 };

function stepsOf({ additions, removals }: Plan): Step[] {
  return [...additions, ...removals];
}

function carryOut(model: TableModel, steps: readonly Step[]): void {
  for (const { change } of steps) assert.equal(model.change(change), undefined, JSON.stringify(change));
}

function assertSame(actual: Table, expected: Table): void {
  const difference = compareTables(actual, expected);
  assert.ok(isSame(difference), JSON.stringify(difference));
}

const daemon: SyncDaemon = {
  role: 'master',
  syncId: 0,
  interface: 'eth0',
  maxLength: 0,
  group: undefined,
  port: 0,
  ttl: 0,
};

function plannedOrRefused(from: Table, to: Table, options: PlanOptions): Plan | undefined {
  try {
    return planChanges(from, to, options);
  } catch (error) {
    assert.ok(error instanceof ValueError, String(error));
    return undefined;
  }
}

function hasDaemons({ syncDaemons = [] }: Table): boolean {
  return syncDaemons.length > 0;
}

function isMixed({ services }: Table): boolean {
  return services.some(({ service, servers }) => servers.some(({ family }) => family !== service.key.family));
}

describe('a plan', () => {
  test('leads from any table to any other', () => {
    fc.assert(
      fc.property(twoTables, ([from, to]) => {
        const model = new TableModel(from);
        carryOut(model, stepsOf(planChanges(from, to)));
        assertSame(model.table(), to);
        assertSame(to, model.table());
      }),
      runs,
    );
  });

  test('is one that the kernel carries out, or none, where the tables say only in part what is to be', () => {
    fc.assert(
      fc.property(twoTables, fc.boolean(), fc.boolean(), ([from, to], prune, silent) => {
        const wanted = silent ? { ...to, syncDaemons: undefined } : to;
        const plan = plannedOrRefused(from, wanted, { prune });
        if (plan !== undefined) carryOut(new TableModel(from), stepsOf(plan));
        else assert.ok([from, to].some(hasDaemons) && [from, to].some(isMixed));
      }),
      runs,
    );
  });

  test('is refused where a sync daemon would go on beside a server of another family than its service', () => {
    const server = { ...plainServer, family: 'inet6', address: '2001:db8::2', forwarding: 'tunneling' } as const;
    const from: Table = { services: [], syncDaemons: [daemon] };
    const to: Table = { services: [{ service: plainService, servers: [server] }] };
    const refusal = /the master would run beside \[2001:db8::2\]:8080 of TCP 10\.0\.0\.1:80; one of them has to go$/;
    assert.throws(() => planChanges(from, to), refusal);
    assert.throws(() => planChanges(to, from, { prune: false }), refusal);
    assert.throws(() => planChanges({ services: [] }, { ...to, syncDaemons: [daemon] }), refusal);
    assert.ok(!isEmpty(planChanges(from, { ...to, syncDaemons: [] })));
    assert.ok(!isEmpty(planChanges(to, from)));
  });

  test('is empty where nothing differs, and only there', () => {
    fc.assert(
      fc.property(twoTables, ([from, to]) => {
        assert.deepEqual(stepsOf(planChanges(from, from)), []);
        const plan = planChanges(from, to);
        assert.equal(isEmpty(plan), stepsOf(plan).length === 0);
        assert.equal(isEmpty(plan), isSame(compareTables(from, to)));
      }),
      runs,
    );
  });

  test('has at most one change for each entry that differs', () => {
    fc.assert(
      fc.property(twoTables, ([from, to]) => {
        const plan = planChanges(from, to);
        const { services, timeouts, syncDaemons } = plan.difference;
        const servers = services.map(({ service, servers: all }) => (service.kind === 'removed' ? 0 : all.length));
        const own = services.filter(({ service }) => service.kind !== 'same').length;
        const daemons = syncDaemons.map(({ kind }) => (kind === 'edited' ? 2 : 1));
        const sum = (numbers: number[]): number => numbers.reduce((total, one) => total + one, 0);
        assert.equal(stepsOf(plan).length, own + sum(servers) + sum(daemons) + (timeouts === undefined ? 0 : 1));
      }),
      runs,
    );
  });

  test('can be undone after every step: the inverses restore the table', () => {
    fc.assert(
      fc.property(twoTables, fc.nat(), ([from, to], stop) => {
        const plan = planChanges(from, to);
        const steps = [...plan.additions, ...quiescingSteps(plan), ...plan.removals];
        const done = steps.slice(0, stop % (steps.length + 1));
        const model = new TableModel(from);
        carryOut(model, done);
        for (const inverse of done.reverse().flatMap((step) => step.inverse)) {
          assert.equal(model.change(inverse), undefined, JSON.stringify(inverse));
        }
        assertSame(model.table(), from);
        assertSame(from, model.table());
      }),
      runs,
    );
  });

  test('leaves no service without the servers that it has before and after, at no step', () => {
    fc.assert(
      fc.property(twoTables, ([from, to]) => {
        const before = new TableModel(from);
        const after = new TableModel(to);
        const model = new TableModel(from);
        const staying = from.services
          .map(({ service }) => service.key)
          .filter((key) => after.serverIds(key) !== undefined)
          .map((key) => ({
            key,
            ids: [...(before.serverIds(key) ?? [])].filter((id) => after.serverIds(key)?.has(id)),
          }));
        for (const { change } of stepsOf(planChanges(from, to))) {
          model.change(change);
          for (const { key, ids } of staying) {
            const now = model.serverIds(key);
            assert.ok(now !== undefined && ids.every((id) => now.has(id)), JSON.stringify(change));
          }
        }
      }),
      runs,
    );
  });

  test('removes nothing before everything is added and edited', () => {
    fc.assert(
      fc.property(twoTables, ([from, to]) => {
        const { additions, removals } = planChanges(from, to);
        const removes = ({ change }: Step): boolean => change.kind.startsWith('delete-');
        assert.ok(!additions.some(removes));
        assert.ok(removals.every((step) => removes(step) || step.change.kind.endsWith('-daemon')));
      }),
      runs,
    );
  });

  test('started anew after any step arrives at the table, too', () => {
    fc.assert(
      fc.property(twoTables, fc.nat(), ([from, to], stop) => {
        const steps = stepsOf(planChanges(from, to));
        const model = new TableModel(from);
        carryOut(model, steps.slice(0, stop % (steps.length + 1)));
        carryOut(model, stepsOf(planChanges(model.table(), to)));
        assertSame(model.table(), to);
      }),
      runs,
    );
  });

  test('without pruning removes nothing, and with kept weights changes none', () => {
    fc.assert(
      fc.property(twoTables, ([from, to]) => {
        const model = new TableModel(from);
        const plan = plannedOrRefused(from, to, { prune: false, keepWeights: true });
        fc.pre(plan !== undefined);
        carryOut(model, stepsOf(plan));
        const before = new TableModel(from);
        for (const { service, servers } of from.services) {
          const now = model.table().services.find((one) => compareKeys(one.service.key, service.key));
          for (const { address, port, weight } of servers) {
            const left = now?.servers.find((one) => one.address === address && one.port === port);
            assert.equal(left?.weight, weight);
          }
        }
        assert.ok([...before.services.keys()].every((name) => model.services.has(name)));
      }),
      runs,
    );
  });
});

function compareKeys(a: object, b: object): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
