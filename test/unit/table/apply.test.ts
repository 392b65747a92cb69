import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { IpvsClient } from '../../../src/client/client.js';
import { applyPlan, type ApplyOptions } from '../../../src/table/apply.js';
import { ApplyError, ValueError } from '../../../src/errors.js';
import type { RealServer } from '../../../src/model/server.js';
import type { ServiceKey } from '../../../src/model/service.js';
import type { Table } from '../../../src/model/table.js';
import { planChanges } from '../../../src/plan/plan.js';
import { plainServer, plainService } from '../support/entries.js';
import { carriedOut, kernelWithIpvs, refusing, type Answer, type ScriptedKernel } from '../support/scripted-kernel.js';

const key: ServiceKey = plainService.key;

function table(...servers: readonly Partial<RealServer>[]): Table {
  return { services: [{ service: plainService, servers: servers.map((server) => ({ ...plainServer, ...server })) }] };
}

/** Commands by the kernel's numbers. Source: IPVS_CMD_* in include/uapi/linux/ip_vs.h. */
const names: Readonly<Record<number, string>> = { 1: 'A', 2: 'E', 3: 'D', 5: 'a', 6: 'e', 7: 'd', 8: 'g' };

/** Nothing is there, for what looks before it undoes. */
const noServers = carriedOut;

/** What was asked for after the opening, a word for each datagram. */
function asked(kernel: ScriptedKernel): string[] {
  return kernel.asked.slice(2).map((requests) => requests.map(({ command }) => names[command] ?? '').join(''));
}

async function apply(from: Table, to: Table, answers: readonly Answer[], options: ApplyOptions = {}) {
  const kernel = kernelWithIpvs(...answers);
  const client = await IpvsClient.connect(kernel);
  const outcome = await applyPlan(client, planChanges(from, to), options).catch((error: unknown) => error);
  return { kernel, outcome };
}

const before = table({ address: '10.0.0.2' }, { address: '10.0.0.3' });
const after = table({ address: '10.0.0.2', weight: 7 }, { address: '10.0.0.4' });

describe('applyPlan', () => {
  test('adds and edits in one datagram and removes in another', async () => {
    const { kernel, outcome } = await apply(before, after, [carriedOut, carriedOut]);
    assert.deepEqual(outcome, { changes: 3, drained: undefined });
    assert.deepEqual(asked(kernel), ['ae', 'd']);
  });

  test('asks nothing where nothing differs', async () => {
    const { kernel, outcome } = await apply(before, before, []);
    assert.deepEqual([asked(kernel), outcome], [[], { changes: 0, drained: undefined }]);
  });

  test('removes nothing after a refusal, and undoes exactly what was done', async () => {
    const { kernel, outcome } = await apply(before, after, [refusing({ 0: 22 }), carriedOut]);
    assert.ok(outcome instanceof ApplyError);
    assert.deepEqual(asked(kernel), ['ae', 'e']);
    const { refusal, undone, code } = outcome;
    assert.equal(code, 'IPVS_APPLY');
    assert.deepEqual([refusal.operation, refusal.errnoName], ['add-server', 'EINVAL']);
    assert.equal(refusal.subject, '10.0.0.4:8080 of TCP 10.0.0.1:80');
    assert.deepEqual(undone, { failures: [], recreated: [], kept: [] });
  });

  test('undoes in reverse order, and says what had been removed', async () => {
    const all = table({ address: '10.0.0.2' }, { address: '10.0.0.3' }, { address: '10.0.0.5' });
    const { kernel, outcome } = await apply(all, after, [carriedOut, refusing({ 1: 22 }), noServers, carriedOut]);
    assert.ok(outcome instanceof ApplyError);
    assert.deepEqual(asked(kernel), ['ae', 'dd', 'g', 'aed']);
    assert.deepEqual(outcome.undone.recreated, ['10.0.0.3:8080 of TCP 10.0.0.1:80']);
    assert.match(outcome.message, /^delete-server 10\.0\.0\.5:8080 .*EINVAL; undone$/);
  });

  test('says what could not be undone', async () => {
    const { outcome } = await apply(before, after, [refusing({ 0: 22 }), refusing({ 0: 2 })]);
    assert.ok(outcome instanceof ApplyError);
    assert.deepEqual(
      outcome.undone.failures.map(({ operation, errnoName }) => [operation, errnoName]),
      [['edit-server', 'ENOENT']],
    );
  });

  const impossible: readonly (readonly [what: string, server: Partial<RealServer>])[] = [
    ['an address that is none', { address: 'nonsense' }],
    ['a weight that is no number of 32 bits', { address: '10.0.0.9', weight: -1 }],
    ['a port beyond 65535', { address: '10.0.0.9', port: 65536 }],
  ];
  for (const [what, server] of impossible) {
    test(`sends nothing at all where the last change has ${what}`, async () => {
      const to = table({ address: '10.0.0.7' }, { address: '10.0.0.2', weight: 9 }, server);
      const { kernel, outcome } = await apply(before, to, []);
      assert.ok(outcome instanceof ValueError, String(outcome));
      assert.deepEqual(asked(kernel), []);
    });
  }

  test('sends nothing once it is interrupted, and undoes what was done', async () => {
    const ending = new AbortController();
    const interrupting: Answer = (requests) => {
      ending.abort();
      return carriedOut(requests);
    };
    const { kernel, outcome } = await apply(before, after, [interrupting, noServers, carriedOut], {
      signal: ending.signal,
    });
    assert.equal(outcome, ending.signal.reason);
    assert.deepEqual(asked(kernel), ['ae', 'g', 'ed']);
  });

  test('refuses a table that has a server or a service twice', () => {
    const twice = table({ address: '10.0.0.2' }, { address: '10.0.0.2', weight: 3 });
    assert.throws(() => planChanges(before, twice), /10\.0\.0\.2:8080 of TCP 10\.0\.0\.1:80 is in the table twice/);
    const services = { services: [...before.services, { service: { ...plainService, key }, servers: [] }] };
    assert.throws(() => planChanges(before, services), { code: 'IPVS_VALUE' });
  });
});
