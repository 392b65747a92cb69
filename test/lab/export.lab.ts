import assert from 'node:assert/strict';
import { hostname } from 'node:os';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { IpvsClient } from '../../src/client/client.js';
import { applyPlan } from '../../src/table/apply.js';
import { readTable as readKernelTable } from '../../src/table/read.js';
import { formatTable, type TableFormat } from '../../src/documents/format-table.js';
import { parseTable } from '../../src/documents/parse-table.js';
import type { Change } from '../../src/model/change.js';
import type { Table } from '../../src/model/table.js';
import { createNameResolver } from '../../src/edge/system-resolver.js';
import { planChanges } from '../../src/plan/plan.js';
import { openNetlinkTransport } from '../../src/socket/netlink-transport.js';
import { inOrder, table, type TableParts } from '../unit/support/tables.js';
import { Ours } from './ours.js';
import { Reference, Shell } from './reference.js';

// What is exported, cleared and put back is the same table: in our eyes and in those of the reference.
assert.equal(hostname(), 'lab', 'this suite destroys the IPVS table: npm run lab -- node FILE');

/** TABLES chooses how many random tables, SEED which. */
const tableCount = Number(process.env['TABLES'] ?? 300);
const seed = Number(process.env['SEED'] ?? 19981109);

const shell = new Shell();
const reference = new Reference(shell);
const ours = new Ours();
const client = await IpvsClient.connect(openNetlinkTransport());
const names = createNameResolver();
// Multicast over IPv4 needs an address, and over IPv6 a route. The second name is one that rules have to attach.
const interfaces = ['sync0', 'ipvsadm'];
await shell.script(
  interfaces
    .map(
      (name, index) =>
        `ip link add ${name} type dummy; ip address add 10.99.0.${index + 1}/32 dev ${name}; ip link set ${name} up`,
    )
    .join('\n'),
);
after(() => {
  client.close();
  shell.close();
});

const known = ['rr', 'wrr', 'lc', 'wlc', 'lblc', 'lblcr', 'dh', 'sh', 'sed', 'nq', 'fo', 'ovf', 'mh', 'twos'];

/** Those of the schedulers that this kernel has; which they are depends on its version. */
async function availableSchedulers(): Promise<string[]> {
  const available: string[] = [];
  for (const scheduler of known) {
    const key = { family: 'inet', fwmark: 1 } as const;
    const service = { key, scheduler, schedulerFlags: [], onePacket: false, persistenceNetmask: '255.255.255.255' };
    const [error] = await client.changeAll([
      { kind: 'add-service', service },
      { kind: 'delete-service', key },
    ]);
    if (error === undefined) available.push(scheduler);
    else assert.equal(error.errnoName, 'ENOENT');
  }
  return available;
}

/** All that there is goes, the daemons too. */
async function clear(): Promise<void> {
  for (const { role } of await client.syncDaemons()) await client.stopSyncDaemon(role);
  await client.flush();
  await client.setTimeouts({ tcp: 900, tcpFin: 120, udp: 300 });
}

function changes({ services, timeouts, syncDaemons = [] }: Table): Change[] {
  return [
    ...(timeouts === undefined ? [] : [{ kind: 'set-timeouts', timeouts } as const]),
    ...services.flatMap(({ service, servers }): Change[] => [
      { kind: 'add-service', service },
      ...servers.map((server) => ({ kind: 'add-server', key: service.key, server }) as const),
    ]),
    ...syncDaemons.map((daemon) => ({ kind: 'start-daemon', daemon }) as const),
  ];
}

async function put(wanted: Table): Promise<void> {
  const refused = (await client.changeAll(changes(wanted))).filter((error) => error !== undefined);
  assert.deepEqual(refused, []);
}

/** In natural order, and with the lengths that the kernel chose. */
function asKept(wanted: Table, kept: Table): Table {
  const ordered = inOrder(wanted);
  return {
    ...ordered,
    syncDaemons: ordered.syncDaemons?.map((daemon, index) =>
      daemon.maxLength === 0 ? { ...daemon, maxLength: kept.syncDaemons?.[index]?.maxLength ?? 0 } : daemon,
    ),
  };
}

/** What the verb prints. */
async function exported(format: TableFormat): Promise<string> {
  const [result] = await ours.run([{ argv: ['export', '--format', format] }]);
  assert.deepEqual({ status: result?.status, stderr: result?.stderr }, { status: 0, stderr: '' });
  return result?.stdout ?? '';
}

/** The rules through our `-R`. */
async function restore(rules: string): Promise<void> {
  const [result] = await ours.run([{ argv: ['-R'], stdin: rules }]);
  assert.deepEqual(result, { stdout: '', stderr: '', status: 0 }, rules);
}

/** A format, and how a text of it becomes the kernel's table again. */
interface WayBack {
  readonly format: TableFormat;
  readonly put: (text: string, byVerb: boolean) => Promise<void>;
}

/** What `ipvsadm apply` does, or the verb itself. */
async function apply(text: string, byVerb: boolean): Promise<void> {
  if (!byVerb) {
    await applyPlan(client, planChanges(await readKernelTable(client), await parseTable(text, 'export', { names })));
    return;
  }
  const [result] = await ours.run([{ argv: ['apply', '-'], stdin: text }]);
  assert.deepEqual({ status: result?.status, stderr: result?.stderr }, { status: 0, stderr: '' }, text);
}

const documentWays: readonly WayBack[] = [
  { format: 'yaml', put: apply },
  { format: 'json', put: apply },
];
const ways: readonly WayBack[] = [...documentWays, { format: 'rules', put: apply }, { format: 'rules', put: restore }];

/** Every how many tables the verbs themselves are used, which costs more than all the rest. */
const verbTurns = 5;

/** Checks the way from the kernel to a text and back whose turn it is. @returns what the kernel has. */
async function survives(wanted: Table, turn: number, chosen: readonly WayBack[]): Promise<Table> {
  await clear();
  await put(wanted);
  const kept = await readKernelTable(client);
  assert.deepEqual(kept, asKept(wanted, kept));
  const way = chosen[turn % chosen.length];
  assert.ok(way !== undefined);
  const text = formatTable(kept, way.format, 'the kernel');
  const byVerb = turn % verbTurns === 0;
  if (byVerb) assert.equal(await exported(way.format), text);
  await clear();
  await way.put(text, byVerb);
  assert.deepEqual(await readKernelTable(client), kept, text);
  return kept;
}

/** The reference sees the same table before, and after it has restored the rules itself. */
async function restoresByReference(kept: Table): Promise<void> {
  const before = await reference.table();
  await clear();
  const rules = formatTable(kept, 'rules', 'the kernel');
  const { table: seen, complaints } = await reference.restoreAndShow(rules);
  assert.equal(complaints, '', rules);
  assert.deepEqual(await readKernelTable(client), kept, rules);
  assert.equal(seen, before);
}

/** Later kernels take a threshold for a signed number. */
async function largestThreshold(): Promise<number> {
  const key = { family: 'inet', fwmark: 1 } as const;
  const service = { key, scheduler: 'rr', schedulerFlags: [], onePacket: false, persistenceNetmask: '255.255.255.255' };
  const tunnel = { type: 'ipip', port: 0, checksum: 'nocsum' } as const;
  const server = { family: 'inet', address: '10.0.0.2', port: 0, forwarding: 'direct-routing', weight: 1 } as const;
  const [, refusal] = await client.changeAll([
    { kind: 'add-service', service },
    { kind: 'add-server', key, server: { ...server, upperThreshold: 2 ** 31, lowerThreshold: 0, tunnel } },
    { kind: 'delete-service', key },
  ]);
  if (refusal !== undefined) assert.equal(refusal.errnoName, 'EINVAL');
  return refusal === undefined ? 2 ** 32 - 1 : 2 ** 31 - 1;
}

const schedulers = await availableSchedulers();
const parts: TableParts = { schedulers, engines: ['sip'], interfaces, unsayable: false };

test(`${tableCount} random tables are the same after export, clear and apply`, async () => {
  assert.ok(schedulers.includes('sh') && schedulers.includes('mh'), `this kernel has only ${schedulers.join(' ')}`);
  let turn = 0;
  const property = fc.asyncProperty(table(parts), async (wanted) => {
    await restoresByReference(await survives(wanted, turn++, ways));
  });
  await fc.assert(property, { numRuns: tableCount, seed });
});

test('so are tables with what only another program can have set, as documents', async () => {
  let turn = 0;
  const largest = await largestThreshold();
  const property = fc.asyncProperty(table({ ...parts, unsayable: true, largestThreshold: largest }), async (wanted) => {
    await survives(wanted, turn++, documentWays);
  });
  await fc.assert(property, { numRuns: 50, seed });
});

test('a table that no reader would take is not exported: status 1, each entry reported, nothing printed', async () => {
  await clear();
  const key = { family: 'inet', protocol: 'tcp', address: '10.0.0.1', port: 80 } as const;
  const service = { key, scheduler: 'rr', schedulerFlags: [], onePacket: false, persistenceNetmask: '255.255.255.255' };
  const server = {
    family: 'inet',
    address: '10.0.0.2',
    port: 8080,
    forwarding: 'direct-routing',
    weight: 1,
    upperThreshold: 0,
    lowerThreshold: 0,
    tunnel: { type: 'ipip', port: 0, checksum: 'nocsum' },
  } as const;
  await put({ services: [{ service, servers: [server, { ...server, port: 8081 }] }] });
  for (const format of ['yaml', 'json', 'rules'] as const) {
    const [result] = await ours.run([{ argv: ['export', '--format', format] }]);
    assert.deepEqual([result?.status, result?.stdout], [1, '']);
    for (const port of [8080, 8081]) {
      assert.match(
        result?.stderr ?? '',
        new RegExp(`TCP 10\\.0\\.0\\.1:80, 10\\.0\\.0\\.2:${port}, port: .*not ${port}`),
      );
    }
  }
  await clear();
});
