import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { after, beforeEach, test } from 'node:test';
import {
  applyPlan,
  connections,
  IpvsClient,
  IpvsError,
  KernelError,
  planChanges,
  readTable,
  realServer,
  serviceAt,
  serviceMarked,
  syncDaemon,
  UnavailableError,
  virtualService,
  type Change,
  type RealServer,
  type ServerSettings,
  type ServiceKey,
  type ServiceSettings,
  type VirtualService,
} from 'ipvsadm';
import { FakeKernel } from 'ipvsadm/testing';
import { Reference, Shell } from './reference.js';

// The published library, imported by its name: what the README promises of it, with the reference as the witness.
assert.equal(hostname(), 'lab', 'this suite destroys the IPVS table: npm run lab -- node FILE');

const shell = new Shell();
const reference = new Reference(shell);
const client = await IpvsClient.open();
after(() => {
  client.close();
  shell.close();
});
beforeEach(async () => {
  await reference.stage([]);
});

/** The rules as the reference reads them. */
async function rules(): Promise<string[]> {
  const [result] = await reference.run([{ argv: ['-Sn'] }]);
  assert.equal(result?.status, 0);
  return result.stdout.split('\n').slice(0, -1);
}

/** Runs Node and returns what it left behind; one that does not end is killed. */
async function node(args: readonly string[], prefix: readonly string[] = []) {
  const [program = process.execPath, ...rest] = [...prefix, process.execPath, ...args];
  const child = spawn(program, rest, { stdio: ['ignore', 'pipe', 'pipe'], timeout: 20_000 });
  const texts = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => (texts[name] += text));
  }
  const status = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { ...texts, status };
}

const web = serviceAt('10.0.0.1', 80);
const dns = serviceAt('2001:db8::1', 53, 'udp');
const mark = serviceMarked(4_000_000_000, 'inet6');

function service(key: ServiceKey, settings: ServiceSettings = {}): VirtualService {
  return virtualService(key, { scheduler: 'rr', ...settings });
}

function server(address: string, settings: Omit<ServerSettings, 'address'> = {}): RealServer {
  return realServer({ address, port: 80, forwarding: 'masquerading', ...settings });
}

/** The members of `actual` that `expected` has, for a comparison that leaves counters out. */
function part(actual: object | undefined, expected: object): object {
  return Object.fromEntries(Object.entries(actual ?? {}).filter(([name]) => name in expected));
}

// The example -----------------------------------------------------------------------------------------------------------

test('the example of the README prints the table and changes nothing', async () => {
  await client.addService(service(web, { scheduler: 'wrr' }));
  await client.addServer(web, server('10.0.0.2', { port: 8080, weight: 3 }));
  const { stdout, stderr, status } = await node(['examples/library.mjs']);
  assert.deepEqual({ stderr, status }, { stderr: '', status: 0 });
  assert.match(stdout, /address: '10\.0\.0\.1'[^]*wrr 0n\n {2}10\.0\.0\.2 8080 3 0\n$/);
  assert.deepEqual(
    (await client.servers(web)).map(({ weight }) => weight),
    [3],
  );
});

test('the example that quiesces a server leaves the others alone', async () => {
  await client.addService(service(web));
  await client.addServer(web, server('10.0.0.2', { port: 8080, weight: 3, upperThreshold: 10 }));
  await client.addServer(web, server('10.0.0.3', { weight: 5 }));
  assert.deepEqual(await node(['examples/quiesce.mjs', '10.0.0.1', '80', '10.0.0.2']), {
    stdout: '10.0.0.2:8080 gets no new connections; 0 are active\n',
    stderr: '',
    status: 0,
  });
  const servers = await client.servers(web);
  assert.deepEqual(
    servers
      .map(({ address, weight, upperThreshold }) => ({ address, weight, upperThreshold }))
      .sort((one, other) => one.address.localeCompare(other.address)),
    [
      { address: '10.0.0.2', weight: 0, upperThreshold: 10 },
      { address: '10.0.0.3', weight: 5, upperThreshold: 0 },
    ],
  );
});

test('the example that applies a document says what it does, and has nothing to do the second time', async () => {
  await client.addService(service(web, { scheduler: 'wrr' }));
  await client.addServer(web, server('10.0.0.3', { port: 8080, weight: 7 }));
  await client.addServer(web, server('10.0.0.4', { port: 8080 }));
  const outcome = [
    '-A -t 10.0.0.1:80 -s wrr',
    '-a -t 10.0.0.1:80 -r 10.0.0.2:8080 -m -w 1',
    '-a -t 10.0.0.1:80 -r 10.0.0.3:8080 -m -w 7',
  ];
  assert.deepEqual(await node(['examples/apply.mjs']), {
    stdout: `  TCP  10.0.0.1:80 wrr
+   10.0.0.2:8080 masquerading weight 1
-   10.0.0.4:8080 masquerading weight 1
0 servers still have connections
3 changes
${outcome.join('\n')}
`,
    stderr: '',
    status: 0,
  });
  assert.deepEqual(await rules(), outcome);
  assert.equal((await node(['examples/apply.mjs'])).stdout, `0 changes\n${outcome.join('\n')}\n`);
});

test('calls made at the same time are carried out one after the other', async () => {
  await client.addService(service(web));
  const [servers, timeouts, services] = await Promise.all([client.servers(web), client.timeouts(), client.services()]);
  assert.deepEqual([servers.length, timeouts.udp > 0, services.length], [0, true, 1]);
});

test('the example says nothing about an empty table', async () => {
  assert.deepEqual(await node(['examples/library.mjs']), { stdout: '', stderr: '', status: 0 });
});

test('without CAP_NET_ADMIN there is an UnavailableError that says so by number', async () => {
  const script = `import { IpvsClient } from 'ipvsadm';
    try { (await IpvsClient.open()).close(); } catch ({ name, code, errno }) { console.log(name, code, errno); }`;
  const capless = ['setpriv', '--bounding-set=-net_admin'];
  const { stdout, stderr } = await node(['--input-type=module', '-e', script], capless);
  assert.deepEqual({ stdout, stderr }, { stdout: 'UnavailableError IPVS_UNAVAILABLE 1\n', stderr: '' });
  assert.ok(new UnavailableError(1) instanceof IpvsError);
});

// Services and servers --------------------------------------------------------------------------------------------------

test('the client knows the version of IPVS', async () => {
  const fresh = await IpvsClient.open();
  fresh.close();
  const { version, connectionTableSize } = fresh.info;
  assert.deepEqual(version, { major: 1, minor: 2, patch: 1 });
  const procfs = readFileSync('/proc/net/ip_vs', 'latin1');
  assert.equal(connectionTableSize, Number(/size=(\d+)/.exec(procfs)?.[1]));
});

const services: readonly [rule: string, service: VirtualService][] = [
  ['-A -t 10.0.0.1:80 -s rr', service(web)],
  ['-A -u [2001:db8::1]:53 -s wlc -o', service(dns, { scheduler: 'wlc', onePacket: true })],
  [
    '-A --sctp-service 10.0.0.1:9 -s sed -p 60 -M 255.255.255.0',
    service(serviceAt('10.0.0.1', 9, 'sctp'), {
      scheduler: 'sed',
      persistenceTimeout: 60,
      persistenceNetmask: '255.255.255.0',
    }),
  ],
  [
    '-A -u 10.0.0.1:5060 -s sh -p 2678400 --pe sip -b sh-fallback,sh-port',
    service(serviceAt('10.0.0.1', 5060, 'udp'), {
      scheduler: 'sh',
      schedulerFlags: ['flag-1', 'flag-2'],
      persistenceTimeout: 2678400,
      persistenceEngine: 'sip',
    }),
  ],
  ['-A -f 7 -s rr', service(serviceMarked(7))],
  [
    '-A -f 8 -6 -s rr -p 5 -M 64',
    service(serviceMarked(8, 'inet6'), { persistenceTimeout: 5, persistenceNetmask: 64 }),
  ],
];
for (const [rule, one] of services) {
  test(`a service is added and read back: ${rule}`, async () => {
    await client.addService(one);
    assert.deepEqual(await rules(), [rule]);
    const entry = await client.service(one.key);
    assert.deepEqual(part(entry, one), one);
    assert.deepEqual(await client.services(), [entry]);
    assert.deepEqual([...new Set(Object.values(entry.statistics))], [0n]);
    await client.zero(one.key);
    await client.deleteService(one.key);
    assert.deepEqual(await client.services(), []);
  });
}

const servers: readonly [rule: string, key: ServiceKey, server: RealServer][] = [
  ['-r 10.0.0.2:8080 -m -w 5', web, server('10.0.0.2', { port: 8080, weight: 5 })],
  ['-r 10.0.0.2:80 -g -w 0', web, server('10.0.0.2', { forwarding: 'direct-routing', weight: 0 })],
  ['-r 10.0.0.2:80 -i -w 1 --tun-type ipip', web, server('10.0.0.2', { forwarding: 'tunneling' })],
  [
    '-r 10.0.0.2:80 -i -w 2147483647 --tun-type gue --tun-port 6080 --tun-remcsum',
    web,
    server('10.0.0.2', {
      forwarding: 'tunneling',
      weight: 2147483647,
      tunnel: { type: 'gue', port: 6080, checksum: 'remcsum' },
    }),
  ],
  [
    '-r 10.0.0.2:53 -i -w 1 --tun-type gre --tun-csum',
    dns,
    server('10.0.0.2', { port: 53, forwarding: 'tunneling', tunnel: { type: 'gre', port: 0, checksum: 'csum' } }),
  ],
  ['-r [2001:db8::2]:53 -m -w 1', dns, server('2001:db8::2', { port: 53, upperThreshold: 9, lowerThreshold: 3 })],
];
for (const [rule, key, one] of servers) {
  test(`a server is added and read back: ${rule}`, async () => {
    await client.addService(service(key));
    await client.addServer(key, one);
    assert.match((await rules())[1] ?? '', new RegExp(`${rule.replace(/[[\]]/g, '\\$&')}$`));
    const [entry, ...more] = await client.servers(key);
    assert.deepEqual(part(entry, one), one);
    assert.deepEqual(more, []);
    assert.equal(entry?.activeConnections, 0);
    await client.deleteServer(key, { family: one.family, address: one.address, port: one.port });
    assert.deepEqual(await client.servers(key), []);
  });
}

test('editing replaces all settings', async () => {
  await client.addService(service(web, { persistenceTimeout: 60 }));
  await client.editService(service(web, { scheduler: 'wrr' }));
  await client.addServer(web, server('10.0.0.2', { upperThreshold: 9 }));
  await client.editServer(web, server('10.0.0.2', { weight: 4 }));
  assert.deepEqual(await rules(), ['-A -t 10.0.0.1:80 -s wrr', '-a -t 10.0.0.1:80 -r 10.0.0.2:80 -m -w 4']);
  assert.equal((await client.servers(web))[0]?.upperThreshold, 0);
});

test('flushing removes everything, and there is nothing to flush after that', async () => {
  for (const [, one] of services) await client.addService(one);
  await client.zero();
  await client.flush();
  await client.flush();
  assert.deepEqual(await client.services(), []);
});

test('a service that does not exist has no servers', async () => {
  assert.deepEqual(await client.servers(web), []);
});

test('timeouts of 0 keep what they were', async () => {
  await client.setTimeouts({ tcp: 30, tcpFin: 5, udp: 60 });
  await client.setTimeouts({ tcp: 0, tcpFin: 7, udp: 0 });
  assert.deepEqual(await client.timeouts(), { tcp: 30, tcpFin: 7, udp: 60 });
});

// Refusals --------------------------------------------------------------------------------------------------------------

interface Refusal {
  readonly what: string;
  readonly setup?: readonly Change[];
  readonly attempt: (client: IpvsClient) => Promise<unknown>;
  readonly expected: Pick<KernelError, 'operation' | 'errnoName' | 'errno' | 'subject'>;
}

const daemon = syncDaemon('master', 'lo', { syncId: 7 });
const withService: readonly Change[] = [{ kind: 'add-service', service: service(web) }];
const refusals: readonly Refusal[] = [
  {
    what: 'a service that is there already',
    setup: withService,
    attempt: (client) => client.addService(service(web)),
    expected: { operation: 'add-service', errnoName: 'EEXIST', errno: 17, subject: 'TCP 10.0.0.1:80' },
  },
  {
    what: 'a scheduler that does not exist',
    attempt: (client) => client.addService(service(mark, { scheduler: 'nosuch' })),
    expected: { operation: 'add-service', errnoName: 'ENOENT', errno: 2, subject: 'FWM 4000000000 IPv6' },
  },
  {
    what: 'a service to remove that is not there',
    attempt: (client) => client.deleteService(dns),
    expected: { operation: 'delete-service', errnoName: 'ESRCH', errno: 3, subject: 'UDP [2001:db8::1]:53' },
  },
  {
    what: 'a service to read that is not there',
    attempt: (client) => client.service(web),
    expected: { operation: 'list', errnoName: 'ESRCH', errno: 3, subject: 'TCP 10.0.0.1:80' },
  },
  {
    what: 'a server for a service that is not there',
    attempt: (client) => client.addServer(web, server('10.0.0.2')),
    expected: { operation: 'add-server', errnoName: 'ESRCH', errno: 3, subject: '10.0.0.2:80 of TCP 10.0.0.1:80' },
  },
  {
    what: 'a server to change that is not there',
    setup: withService,
    attempt: (client) => client.editServer(web, server('10.0.0.2')),
    expected: { operation: 'edit-server', errnoName: 'ENOENT', errno: 2, subject: '10.0.0.2:80 of TCP 10.0.0.1:80' },
  },
  {
    what: 'thresholds the wrong way round',
    setup: withService,
    attempt: (client) => client.addServer(web, server('10.0.0.2', { upperThreshold: 1, lowerThreshold: 2 })),
    expected: { operation: 'add-server', errnoName: 'ERANGE', errno: 34, subject: '10.0.0.2:80 of TCP 10.0.0.1:80' },
  },
  {
    what: 'a daemon on an interface that does not exist',
    attempt: (client) => client.startSyncDaemon({ ...daemon, interface: 'nosuch' }),
    expected: { operation: 'start-daemon', errnoName: 'ENODEV', errno: 19, subject: 'master' },
  },
  {
    what: 'a daemon to stop that does not run',
    attempt: (client) => client.stopSyncDaemon('backup'),
    expected: { operation: 'stop-daemon', errnoName: 'ESRCH', errno: 3, subject: 'backup' },
  },
];
for (const { what, setup = [], attempt, expected } of refusals) {
  test(`a refusal says what was refused: ${what}`, async () => {
    await client.changeAll(setup);
    const error: unknown = await attempt(client).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    assert.ok(error instanceof KernelError && error instanceof IpvsError);
    const { name, code, operation, errnoName, errno, subject } = error;
    assert.deepEqual(
      { name, code, operation, errnoName, errno, subject },
      { name: 'KernelError', code: 'IPVS_KERNEL', ...expected },
    );
  });
}

test('of 500 changes at once each refusal is at the place of its change, and the others are carried out', async () => {
  await client.addService(service(web));
  const changes = Array.from({ length: 500 }, (_, index): Change => {
    // Every seventh is the server before it once more, every eleventh is for a service that isn't there.
    const number = index % 7 === 6 ? index - 1 : index;
    const one = server(`10.0.${number >>> 8}.${number & 255}`, { port: 1000 });
    return { kind: 'add-server', key: index % 11 === 10 ? dns : web, server: one };
  });
  const results = await client.changeAll(changes);
  const expected = changes.map((_, index) => {
    if (index % 11 === 10) return 'ESRCH';
    // The one before may itself have been for the service that isn't there.
    return index % 7 === 6 && (index - 1) % 11 !== 10 ? 'EEXIST' : undefined;
  });
  // 10.0.0.0 is no address of a host, but the kernel doesn't mind.
  assert.deepEqual(
    results.map((error) => error?.errnoName),
    expected,
  );
  assert.equal((await client.servers(web)).length, expected.filter((name) => name === undefined).length);
  assert.equal(results[10]?.subject, '10.0.0.10:1000 of UDP [2001:db8::1]:53');
});

test('changes at once are carried out in the order given', async () => {
  const one = server('10.0.0.2');
  const results = await client.changeAll([
    { kind: 'add-server', key: web, server: one },
    { kind: 'add-service', service: service(web) },
    { kind: 'add-server', key: web, server: one },
    { kind: 'flush' },
    { kind: 'edit-server', key: web, server: one },
  ]);
  assert.deepEqual(
    results.map((error) => error?.errnoName),
    ['ESRCH', undefined, undefined, undefined, 'ESRCH'],
  );
  assert.deepEqual(await client.changeAll([]), []);
});

test('the removal of what is gone and the addition of what is there are done where that is asked for', async () => {
  await client.addService(service(web, { persistenceTimeout: 60 }));
  await client.addServer(web, server('10.0.0.2', { weight: 5 }));
  await client.startSyncDaemon(daemon);
  const made: readonly Change[] = [
    { kind: 'add-service', service: service(web, { persistenceTimeout: 60 }) },
    { kind: 'add-server', key: web, server: server('10.0.0.2', { weight: 5 }) },
    { kind: 'start-daemon', daemon },
    { kind: 'delete-server', key: web, server: server('10.0.0.9') },
    { kind: 'delete-service', key: dns },
    { kind: 'stop-daemon', role: 'backup' },
  ];
  assert.deepEqual(await client.changeAll(made, { idempotent: true }), Array(6).fill(undefined));
  assert.deepEqual(
    (await client.changeAll(made)).map((refusal) => refusal?.errnoName),
    ['EEXIST', 'EEXIST', 'EEXIST', 'ENOENT', 'ESRCH', 'ESRCH'],
  );
  await client.stopSyncDaemon('master');
  await assert.rejects(client.addServer(web, server('10.0.0.2'), { idempotent: true }), { errnoName: 'EEXIST' });
});

// Updates ---------------------------------------------------------------------------------------------------------------

test('an update keeps what it does not name', async () => {
  await client.addService(service(web, { persistenceTimeout: 60 }));
  await client.addServer(web, server('10.0.0.2', { weight: 5, upperThreshold: 9 }));
  assert.equal((await client.setWeight(web, server('10.0.0.2'), 0)).weight, 5);
  await client.updateServer(web, server('10.0.0.2'), { lowerThreshold: 2 });
  await client.updateService(web, { scheduler: 'wrr' });
  assert.deepEqual(await rules(), ['-A -t 10.0.0.1:80 -s wrr -p 60', '-a -t 10.0.0.1:80 -r 10.0.0.2:80 -m -w 0']);
  const [{ upperThreshold, lowerThreshold } = server('10.0.0.2')] = await client.servers(web);
  assert.deepEqual([upperThreshold, lowerThreshold], [9, 2]);
  await assert.rejects(client.setWeight(web, server('10.0.0.3'), 1), { errnoName: 'ENOENT' });
  await assert.rejects(client.setWeight(dns, server('10.0.0.3'), 1), { errnoName: 'ESRCH' });
});

test('a table of 5,000 servers is not read any further when the signal is aborted', async () => {
  await client.addService(service(web));
  const all = Array.from({ length: 5000 }, (_, index): Change => {
    return { kind: 'add-server', key: web, server: server('10.0.0.2', { port: index + 1 }) };
  });
  await client.changeAll(all);
  const reason = new Error('enough');
  await assert.rejects(readTable(client, { signal: AbortSignal.abort(reason) }), reason);
  const controller = new AbortController();
  const reading = readTable(client, { signal: controller.signal });
  setImmediate(() => {
    controller.abort(reason);
  });
  await assert.rejects(reading, reason);
  assert.equal((await client.servers(web)).length, 5000);
});

test('there are no connections where there was no traffic', async () => {
  for await (const connection of connections()) assert.fail(JSON.stringify(connection));
});

// The kernel in memory --------------------------------------------------------------------------------------------------

test('the kernel in memory is read as this one is, with the same table', async () => {
  for (const [, one] of services) await client.addService(one);
  await client.changeAll(
    servers.flatMap(([, key, one]): Change[] => [
      { kind: 'add-service', service: service(key) },
      { kind: 'add-server', key, server: one },
    ]),
  );
  await client.setTimeouts({ tcp: 30, tcpFin: 5, udp: 60 });
  const table = await readTable(client, { counters: true });
  assert.ok(table.services.length >= services.length && table.services.some((one) => one.servers.length > 1));
  await using inMemory = await IpvsClient.connect(new FakeKernel());
  await applyPlan(inMemory, planChanges(await readTable(inMemory), table));
  assert.deepEqual(await readTable(inMemory, { counters: true }), table);
  assert.deepEqual(inMemory.info.version, client.info.version);
});

test('the kernel in memory refuses what this one refuses', async () => {
  for (const { what, setup = [], attempt, expected } of refusals) {
    // It has no schedulers and no interfaces.
    if (expected.errnoName === 'ENODEV' || what.includes('scheduler')) continue;
    await using inMemory = await IpvsClient.connect(new FakeKernel());
    await inMemory.changeAll(setup);
    await assert.rejects(attempt(inMemory), { name: 'KernelError', ...expected }, what);
  }
});

// Sync daemons ----------------------------------------------------------------------------------------------------------

test('sync daemons are started, read and stopped', async () => {
  const backup = syncDaemon('backup', 'lo', { maxLength: 1400, group: 'ff02::81', port: 9000, ttl: 3 });
  await client.startSyncDaemon(daemon);
  await client.startSyncDaemon(backup);
  const running = await client.syncDaemons();
  assert.deepEqual(
    running.map(({ role, syncId }) => ({ role, syncId })),
    [
      { role: 'master', syncId: 7 },
      { role: 'backup', syncId: 0 },
    ],
  );
  assert.deepEqual(part(running[1], backup), backup);
  assert.equal(running[0]?.group, '224.0.0.81');
  await client.stopSyncDaemon('backup');
  await client.stopSyncDaemon('master');
  assert.deepEqual(await client.syncDaemons(), []);
});

// The kernel says nothing at all to a daemon stopped before it has run: who waits for its answer waits for ever.
test('daemons are started and stopped many times in a row without waiting for ever', { timeout: 60_000 }, async () => {
  for (let round = 0; round < 20; round += 1) {
    await client.startSyncDaemon(daemon);
    await client.stopSyncDaemon('master');
    const [start, stop] = await client.changeAll([
      { kind: 'start-daemon', daemon: { ...daemon, role: 'backup' } },
      { kind: 'stop-daemon', role: 'backup' },
    ]);
    assert.deepEqual([start, stop], [undefined, undefined]);
  }
  assert.deepEqual(await client.syncDaemons(), []);
});

// The conversation ------------------------------------------------------------------------------------------------------

test('two clients get along with each other, and one may be closed twice', async () => {
  const other = await IpvsClient.open();
  await other.addService(service(web));
  assert.equal((await client.services()).length, 1);
  other.close();
  other.close();
  await assert.rejects(other.services(), { code: 'IPVS_TRANSPORT' });
  assert.equal((await client.services()).length, 1);
});

test('values that no message can hold are refused before anything is sent', async () => {
  await assert.rejects(client.addService(service({ ...web, address: 'nonsense' })), { code: 'IPVS_VALUE' });
  await assert.rejects(client.addService(service(web, { scheduler: 'x'.repeat(40) })), { code: 'IPVS_VALUE' });
  assert.deepEqual(await client.services(), []);
});

test('the package exports what the README uses', async () => {
  const readme = readFileSync('README.md', 'utf8');
  const names = [...readme.matchAll(/import \{([^}]*)\} from 'ipvsadm'/g)].flatMap(([, list = '']) =>
    list.split(',').map((name) => name.trim()),
  );
  assert.ok(names.includes('IpvsClient'));
  const exported: object = await import('ipvsadm');
  for (const name of names) assert.ok(name in exported, `${name} is not exported`);
});
