import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { inspect } from 'node:util';
import fc from 'fast-check';
import { IpvsClient } from '../../../src/client/client.js';
import { canonicalTable } from '../../../src/model/canonical.js';
import { realServer, serviceAt, serviceMarked, syncDaemon, virtualService } from '../../../src/model/build.js';
import type { Change } from '../../../src/model/change.js';
import type { Table } from '../../../src/model/table.js';
import { planChanges } from '../../../src/plan/plan.js';
import { applyPlan } from '../../../src/table/apply.js';
import { readTable } from '../../../src/table/read.js';
import { serviceKeyIn } from '../../../src/testing/decode-change.js';
import { FakeKernel } from '../../../src/testing/index.js';
import { daemonOf, serverEntryOf, serviceEntryOf } from '../../../src/wire/decode.js';
import { controlType, messageFlag } from '../../../src/wire/message.js';
import { rawMessages, type RawMessage } from '../../../src/wire/raw-message.js';
import {
  commandAttributes,
  controllerAttributes,
  controllerFamily,
  infoAttributes,
  ipvsCommand,
  type CommandValues,
} from '../../../src/wire/tables.js';
import { inOrder, table as tables } from '../support/tables.js';
import { captures } from '../wire/captures.js';
import { bytesOf } from '../support/hexadecimal.js';

const web = serviceAt('10.0.0.1', 80);
const one = realServer({ address: '10.0.0.2', port: 80 });

describe('the kernel in memory', () => {
  // The captured commands in order, on a table that was empty: the bytes of the original's requests, and the kernel's.
  test('replies to the captured requests as Linux 6.1 did', () => {
    const kernel = new FakeKernel();
    for (const { command, request, replies } of captures) {
      const expected = replies.flatMap((reply) => [...rawMessages(bytesOf(reply))]);
      for (const asked of rawMessages(bytesOf(request))) addMissing(kernel, asked, expected);
      kernel.send(bytesOf(request));
      const actual: RawMessage[] = [];
      for (let reply = kernel.receive(); reply !== undefined; reply = kernel.receive()) {
        actual.push(...rawMessages(reply));
      }
      assert.deepEqual(meaning(actual), meaning(expected), `${command}: ${request}`);
    }
  });

  test('holds every table that a client writes, and reads it back', async () => {
    const parts = { schedulers: ['wlc', 'mh'], engines: ['sip'], interfaces: ['eth0'], unsayable: true };
    await fc.assert(
      fc.asyncProperty(tables(parts), tables(parts), async (from, to) => {
        const kernel = new FakeKernel(from);
        const client = await IpvsClient.connect(kernel);
        const before = await readTable(client);
        assert.deepEqual(before, inOrder(from));
        let plan;
        try {
          plan = planChanges(before, to);
        } catch {
          // Two tables that no kernel could have one after the other.
          return;
        }
        await applyPlan(client, plan);
        assert.deepEqual(withoutLengths(await readTable(client)), withoutLengths(inOrder(to)));
        assert.deepEqual(canonicalTable(inOrder(kernel.table)).services, inOrder(to).services);
      }),
      { numRuns: 50 },
    );
  });

  const add: Change = { kind: 'add-server', key: web, server: one };
  const refused: readonly (readonly [what: string, change: Change, refusal: string])[] = [
    ['a service that is there', { kind: 'add-service', service: virtualService(web) }, 'EEXIST'],
    ['a server that is there', add, 'EEXIST'],
    ['a service to edit that is not', { kind: 'edit-service', service: virtualService(serviceMarked(1)) }, 'ESRCH'],
    ['a service to remove that is not', { kind: 'delete-service', key: serviceMarked(1) }, 'ESRCH'],
    ['a server of a service that is not', { ...add, key: serviceMarked(1) }, 'ESRCH'],
    ['a server to edit that is not', { ...add, kind: 'edit-server', server: { ...one, port: 81 } }, 'ENOENT'],
    ['a server to remove that is not', { ...add, kind: 'delete-server', server: { ...one, port: 81 } }, 'ENOENT'],
    ['thresholds the wrong way round', { ...add, server: { ...one, port: 81, lowerThreshold: 2 } }, 'ERANGE'],
    ['counters of a service that is not', { kind: 'zero', key: serviceMarked(1) }, 'ESRCH'],
    ['a second master', { kind: 'start-daemon', daemon: syncDaemon('master', 'eth1') }, 'EEXIST'],
    ['a backup that does not run', { kind: 'stop-daemon', role: 'backup' }, 'ESRCH'],
  ];
  for (const [what, change, refusal] of refused) {
    test(`refuses ${what}`, async () => {
      const services = [{ service: virtualService(web), servers: [one] }];
      const kernel = new FakeKernel({ services, syncDaemons: [syncDaemon('master', 'eth0')] });
      const client = await IpvsClient.connect(kernel);
      await assert.rejects(client.change(change), { name: 'KernelError', errnoName: refusal, operation: change.kind });
      assert.deepEqual(kernel.changes, []);
    });
  }

  test('refuses what onChange says, and lets it play another process', async () => {
    const kernel = new FakeKernel();
    const client = await IpvsClient.connect(kernel);
    kernel.onChange = (change) => {
      if (change.kind === 'add-server') assert.equal(kernel.change({ kind: 'flush' }), undefined);
      return change.kind === 'set-timeouts' ? 'EPERM' : undefined;
    };
    await client.addService(virtualService(web));
    await assert.rejects(client.addServer(web, one), { errnoName: 'ESRCH' });
    await assert.rejects(client.setTimeouts({ tcp: 1, tcpFin: 1, udp: 1 }), { errnoName: 'EPERM' });
    assert.deepEqual(
      kernel.changes.map(({ kind }) => kind),
      ['add-service'],
    );
  });

  test('reports the connections and counters that a test sets, which edits keep and zeroing clears', async () => {
    const kernel = new FakeKernel({ services: [{ service: virtualService(web), servers: [one] }] });
    const client = await IpvsClient.connect(kernel);
    kernel.report(web, one, { activeConnections: 5, statistics: { connections: 2n ** 64n - 1n } });
    kernel.report(web, undefined, { statistics: { incomingBytes: 7n } });
    await client.setWeight(web, one, 9);
    const [server] = await client.servers(web);
    assert.deepEqual(
      [server?.weight, server?.activeConnections, server?.statistics.connections],
      [9, 5, 2n ** 64n - 1n],
    );
    assert.equal((await client.service(web)).statistics.incomingBytes, 7n);
    await client.zero();
    const [zeroed] = await client.servers(web);
    assert.deepEqual([zeroed?.activeConnections, zeroed?.statistics.connections], [5, 0n]);
    assert.throws(() => {
      kernel.report(serviceMarked(1), undefined, {});
    }, RangeError);
  });

  test('sends a long list in several pieces', async () => {
    const servers = Array.from({ length: 1000 }, (_, index) => realServer({ address: '10.1.0.1', port: index + 1 }));
    const client = await IpvsClient.connect(new FakeKernel({ services: [{ service: virtualService(web), servers }] }));
    assert.equal((await client.servers(web)).length, 1000);
  });

  test('is closed by the client, and keeps its table to be looked at', async () => {
    const kernel = new FakeKernel();
    const client = await IpvsClient.connect(kernel);
    await client.addService(virtualService(web));
    client.close();
    await assert.rejects(client.services(), { code: 'IPVS_TRANSPORT' });
    assert.equal(kernel.table.services.length, 1);
  });
});

function valuesOf({ view, offset, length }: RawMessage): CommandValues {
  return commandAttributes.decode(view, offset, length, 'message');
}

/** Of what was listed some had been there before the captures began, and had traffic: it is added, with its traffic. */
function addMissing(kernel: FakeKernel, request: RawMessage, replies: readonly RawMessage[]): void {
  if (request.type < controllerFamily.type || (request.flags & messageFlag.dump) === 0) return;
  const data = replies.filter(({ type }) => type > controllerFamily.type).map(valuesOf);
  for (const { service, server, daemon } of data) {
    if (service !== undefined) {
      const entry = serviceEntryOf(service);
      kernel.change({ kind: 'add-service', service: entry });
      kernel.report(entry.key, undefined, entry);
    } else if (server !== undefined) {
      const key = serviceKeyIn(valuesOf(request));
      const entry = serverEntryOf(server, key.family);
      kernel.change({ kind: 'add-server', key, server: entry });
      kernel.report(key, entry, entry);
    } else if (daemon !== undefined) {
      // The length depends on the interface.
      const { role, ...settings } = daemonOf(daemon);
      kernel.change({ kind: 'stop-daemon', role });
      kernel.change({ kind: 'start-daemon', daemon: { role, ...settings } });
    }
  }
}

/**
 * What messages say, by the tables: the order of a list is that of a hash table. That a question was carried out some
 * captures hold apart from the data.
 */
function meaning(messages: readonly RawMessage[]): unknown[] {
  const said = messages.map((message) => {
    const { type, sequence, command, view, offset, length, bytes } = message;
    if (type < controllerFamily.type) return { type, sequence, errno: -Buffer.from(bytes).readInt32LE(16) };
    const ipvsSet = command === ipvsCommand.setInfo ? infoAttributes : commandAttributes;
    const set = type === controllerFamily.type ? controllerAttributes : ipvsSet;
    return { type, sequence, command, values: set.decode(view, offset, length, 'message') };
  });
  const isData = said.some((one) => !('errno' in one));
  const kept = said.filter((one) => !isData || !('errno' in one) || one.errno !== 0 || one.type !== controlType.error);
  return kept.sort((one, other) => (inspect(one, { depth: 9 }) < inspect(other, { depth: 9 }) ? -1 : 1));
}

/** The kernel in memory has no interfaces, which the default length of a sync daemon depends on. */
function withoutLengths({ syncDaemons, ...rest }: Table): Table {
  return { ...rest, syncDaemons: syncDaemons?.map((daemon) => ({ ...daemon, maxLength: 0 })) };
}
