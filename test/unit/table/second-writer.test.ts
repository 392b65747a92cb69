import assert from 'node:assert/strict';
import { constants } from 'node:os';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { ApplyError, InterruptedError, isUndone, KernelError, TransportError } from '../../../src/errors.js';
import type { Change } from '../../../src/model/change.js';
import type { RealServer } from '../../../src/model/server.js';
import { describeService } from '../../../src/model/service.js';
import type { Table } from '../../../src/model/table.js';
import { compareTables, isSame } from '../../../src/plan/difference.js';
import { planChanges } from '../../../src/plan/plan.js';
import { applyPlan, type ApplyOptions } from '../../../src/table/apply.js';
import { plainServer, plainService } from '../support/entries.js';
import { ModelClient } from '../support/model-client.js';
import { TableModel, twoTables } from '../support/table-model.js';

const { key } = plainService;
const server = (number: number, weight = 1): RealServer => ({
  ...plainServer,
  address: `10.${(number >> 16) & 255}.${(number >> 8) & 255}.${number & 255}`,
  weight,
});
const table = (...servers: readonly RealServer[]): Table => ({ services: [{ service: plainService, servers }] });

const removed = (one: RealServer): Change => ({ kind: 'delete-server', key, server: one });
const added = (one: RealServer): Change => ({ kind: 'add-server', key, server: one });

/** Addresses and weights of the service. */
function serversOf(model: TableModel): Record<string, number> {
  const servers = model.services.get(describeService(key))?.servers.values() ?? [];
  return Object.fromEntries([...servers].map(({ address, weight }) => [address, weight]));
}

interface Case {
  readonly from: Table;
  readonly to: Table;
  /** What another process does before the change of that number; its refusals don't matter. */
  readonly other: Readonly<Record<number, readonly Change[]>>;
  readonly options?: ApplyOptions;
}

async function run({ from, to, other, options }: Case) {
  const model = new TableModel(from);
  const client = new ModelClient(model, (_, index) => {
    for (const change of other[index] ?? []) model.change(change);
  });
  const outcome: unknown = await applyPlan(client, planChanges(from, to), options).catch((error: unknown) => error);
  return { model, outcome };
}

const now = { now: () => 0, sleep: () => Promise.resolve() };
const [one, two, three] = [server(1), server(2), server(3)];

describe('a second writer beside apply', () => {
  test('may remove the server that is to go, also during its drain: that is done, and nothing is undone', async () => {
    for (const [index, options] of [
      [1, {}],
      [1, { drainSeconds: 60, clock: now }],
      [2, { drainSeconds: 60, clock: now }],
    ] as const) {
      const { model, outcome } = await run({
        from: table(one),
        to: table(two),
        other: { [index]: [removed(one)] },
        options,
      });
      assert.ok(!(outcome instanceof Error), String(outcome));
      assert.deepEqual(serversOf(model), { [two.address]: 1 });
    }
  });

  test('may add the server that is to be added, in the same words', async () => {
    const { model, outcome } = await run({ from: table(one), to: table(one, two), other: { 0: [added(two)] } });
    assert.deepEqual(outcome, { changes: 0, drained: undefined });
    assert.deepEqual(serversOf(model), { [one.address]: 1, [two.address]: 1 });
  });

  test('that adds the server with another weight is a refusal, and keeps what it added', async () => {
    const other = { 1: [added({ ...three, weight: 9 })] };
    const { model, outcome } = await run({ from: table(one), to: table(one, two, three), other });
    assert.ok(outcome instanceof ApplyError && isUndone(outcome.undone));
    assert.deepEqual(serversOf(model), { [one.address]: 1, [three.address]: 9 });
  });

  test('that removed the servers of before does not make undoing an outage: the new one is kept, and named', async () => {
    const other = { 1: [removed(one), added({ ...three, weight: 0 })] };
    const { model, outcome } = await run({ from: table(one), to: table(one, two, three), other });
    assert.ok(outcome instanceof ApplyError);
    assert.deepEqual(serversOf(model), { [two.address]: 1, [three.address]: 0 });
    assert.deepEqual(outcome.undone, {
      failures: [],
      recreated: [],
      kept: [`add-server ${two.address}:8080 of TCP 10.0.0.1:80`],
    });
  });

  test('that removes a server which undoing would remove, too, is no failure of undoing', async () => {
    const ending = new AbortController();
    const model = new TableModel(table(one));
    const client = new ModelClient(model, (_, index) => {
      if (index === 0) ending.abort();
      if (index === 1) model.change(removed(two));
    });
    const plan = planChanges(table(one), table(one, two));
    await assert.rejects(applyPlan(client, plan, { signal: ending.signal }), (error) => error === ending.signal.reason);
    assert.deepEqual(serversOf(model), { [one.address]: 1 });
  });

  test('that removes a server whose weight was changed is reported after an interruption, too', async () => {
    const ending = new AbortController();
    const model = new TableModel(table(one, two));
    const client = new ModelClient(model, (_, index) => {
      if (index === 0) ending.abort();
      if (index === 1) model.change(removed(two));
    });
    const plan = planChanges(table(one, two), table(one, { ...two, weight: 7 }));
    const outcome: unknown = await applyPlan(client, plan, { signal: ending.signal }).catch((error: unknown) => error);
    assert.ok(outcome instanceof InterruptedError && outcome.cause === ending.signal.reason);
    assert.deepEqual(
      outcome.undone?.failures.map(({ operation, errnoName }) => [operation, errnoName]),
      [['edit-server', 'ENOENT']],
    );
  });

  test('what could not be created again is not said to have been', async () => {
    const from = table(one, two, three);
    const model = new TableModel(from);
    const client = new ModelClient(model, (_, index) => {
      // The second removal is refused, and by then another process has put its own server in the place of the first.
      if (index === 1) model.change(added({ ...two, weight: 99 }));
    });
    const real = ModelClient.prototype.changeAll.bind(client);
    client.prepare = (changes) => async () => {
      const results = await real(changes);
      return results.map((result, index) =>
        index === 1 ? new KernelError(constants.errno.EINVAL, 'delete-server', '') : result,
      );
    };
    const outcome: unknown = await applyPlan(client, planChanges(from, table(one))).catch((error: unknown) => error);
    assert.ok(outcome instanceof ApplyError, String(outcome));
    assert.deepEqual(outcome.undone.recreated, []);
    assert.equal(outcome.undone.failures[0]?.subject, `${two.address}:8080 of TCP 10.0.0.1:80`);
  });

  test('an error while undoing never takes the place of the refusal', async () => {
    const model = new TableModel(table(one));
    const client = new ModelClient(model, (_, index) => {
      if (index === 1) model.change(added({ ...three, weight: 9 }));
    });
    const lost = new TransportError('replies were lost');
    client.changeAll = () => Promise.reject(lost);
    client.prepare = (changes) => () => ModelClient.prototype.changeAll.call(client, changes);
    const plan = planChanges(table(one), table(one, two, three));
    const outcome: unknown = await applyPlan(client, plan).catch((error: unknown) => error);
    assert.ok(outcome instanceof ApplyError && outcome.cause === outcome.refusal);
    assert.equal(outcome.refusal.errnoName, 'EEXIST');
    assert.equal(outcome.undone.error, lost);
    assert.match(outcome.message, /not everything was undone$/);
  });

  test('at every step of any plan leaves the new table, the old one, or what the error says', async () => {
    let disturbed = 0;
    await fc.assert(
      fc.asyncProperty(
        twoTables,
        fc.nat(),
        fc.constantFrom('remove', 'edit', 'add', 'signal'),
        async ([from, to], at, what) => {
          const plan = planChanges(from, to);
          const steps = [...plan.additions, ...plan.removals];
          if (steps.length === 0) return;
          const model = new TableModel(from);
          const ending = new AbortController();
          const touched = new Set<string>();
          const client = new ModelClient(model, (_, index) => {
            if (index !== at % steps.length) return;
            if (what === 'signal') ending.abort();
            else for (const name of disturb(model, what)) touched.add(name);
          });
          const outcome: unknown = await applyPlan(client, plan, { signal: ending.signal }).catch(
            (error: unknown) => error,
          );
          if (touched.size > 0) disturbed++;
          const untouched = ({ services, ...rest }: Table): Table => ({
            ...rest,
            services: services.filter(({ service }) => !touched.has(describeService(service.key))),
          });
          const is = (wanted: Table): boolean => isSame(compareTables(untouched(model.table()), untouched(wanted)));
          if (!(outcome instanceof Error)) assert.ok(is(to), 'the new table');
          else if (outcome === ending.signal.reason) assert.ok(is(from), 'the old table');
          else {
            assert.ok(outcome instanceof ApplyError, String(outcome));
            if (isUndone(outcome.undone)) assert.ok(is(from), 'the old table');
          }
        },
      ),
      { numRuns: 1000 },
    );
    assert.ok(disturbed > 100, `only ${disturbed} runs were disturbed`);
  });

  test('no interference leaves a service without a usable server that apply could have left with one', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(5), fc.nat(2), async (at, victim) => {
        const servers = [one, two, three];
        const gone = servers[victim] ?? one;
        const from = table(gone);
        const to = table(...servers.map((each) => ({ ...each, weight: 5 })));
        const { model } = await run({ from, to, other: { [at]: [removed(gone)] } });
        assert.ok(Object.values(serversOf(model)).some((weight) => weight > 0));
      }),
    );
  });

  test('at every step of a plan of 210 changes, as well as a signal there', async () => {
    const from = table(...Array.from({ length: 100 }, (_, index) => server(index + 1)));
    const kept = Array.from({ length: 30 }, (_, index) => server(index + 71, 2));
    const to = table(...kept, ...Array.from({ length: 110 }, (_, index) => server(index + 1000)));
    const steps = planChanges(from, to);
    const count = steps.additions.length + steps.removals.length;
    assert.equal(count, 210);
    const endings = new Map<string, number>();
    for (let at = 0; at < count; at++) {
      for (const what of ['remove', 'edit', 'add', 'signal'] as const) {
        const model = new TableModel(from);
        const ending = new AbortController();
        const client = new ModelClient(model, (_, index) => {
          if (index !== at) return;
          if (what === 'signal') ending.abort();
          else disturb(model, what);
        });
        const outcome: unknown = await applyPlan(client, planChanges(from, to), { signal: ending.signal }).catch(
          (error: unknown) => error,
        );
        const is = (wanted: Table): boolean =>
          isSame(compareTables({ services: model.table().services }, { services: wanted.services }));
        const where = `${what} before change ${at}: ${String(outcome)}`;
        if (outcome === ending.signal.reason && what === 'signal') assert.ok(is(from), where);
        else if (what === 'signal') assert.ok(!(outcome instanceof Error) && is(to), where);
        const usable = Object.values(serversOf(model)).filter((weight) => weight > 0);
        assert.ok(usable.length > 0, where);
        const kind = outcome instanceof Error ? outcome.name : outcome === ending.signal.reason ? 'undone' : 'done';
        endings.set(`${what} ${kind}`, (endings.get(`${what} ${kind}`) ?? 0) + 1);
      }
    }
    assert.ok((endings.get('remove done') ?? 0) > 200 && endings.has('signal done'), JSON.stringify([...endings]));
  });

  test('a plan of 10,000 servers ends with the new table where every other server to go is removed meanwhile', async () => {
    const old = Array.from({ length: 10_000 }, (_, index) => server(index + 1));
    const wanted = Array.from({ length: 10_000 }, (_, index) => server(20_000 + index));
    const model = new TableModel(table(...old));
    const client = new ModelClient(model, (_, index) => {
      const next = old[index];
      if (next !== undefined && index % 2 === 0) model.change(removed(next));
    });
    const { changes } = await applyPlan(client, planChanges(table(...old), table(...wanted)));
    assert.equal(changes, 15_000);
    assert.ok(isSame(compareTables(model.table(), { ...table(...wanted), timeouts: model.timeouts, syncDaemons: [] })));
  });
});

/** Another process changes the first service. @returns the names of the services that it touched. */
function disturb(model: TableModel, what: 'remove' | 'edit' | 'add'): string[] {
  const [held] = model.services.values();
  if (held === undefined) return [];
  const { key: service } = held.service;
  const [first] = held.servers.values();
  if (what === 'add') {
    const like = first ?? { ...plainServer, family: service.family };
    const address = service.family === 'inet' ? '10.255.0.1' : '2001:db8:ffff::1';
    const other = { ...like, family: service.family, address };
    return model.change({ kind: 'add-server', key: service, server: other }) === undefined
      ? [describeService(service)]
      : [];
  }
  if (first === undefined) return [];
  if (what === 'remove') model.change({ kind: 'delete-server', key: service, server: first });
  else model.change({ kind: 'edit-server', key: service, server: { ...first, weight: first.weight + 1 } });
  return [describeService(service)];
}
