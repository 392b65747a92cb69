import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { IpvsClient } from '../../src/client/client.js';
import { formatTable } from '../../src/documents/format-table.js';
import { defaultTunnel, type RealServer } from '../../src/model/server.js';
import { describeService, fullNetmask, type ServiceKey, type VirtualService } from '../../src/model/service.js';
import type { Table } from '../../src/model/table.js';
import { compareTables, isSame } from '../../src/plan/difference.js';
import { planChanges } from '../../src/plan/plan.js';
import { openNetlinkTransport } from '../../src/socket/netlink-transport.js';
import { applyPlan } from '../../src/table/apply.js';
import { readTable } from '../../src/table/read.js';
import { beforeChange } from './apply/spoiling-transport.js';
import { Shell } from './reference.js';
import { ipvsadm } from './run-main.js';

// What apply leaves behind when another process changes the table, or a signal arrives, at every step of its plan.
assert.equal(hostname(), 'lab', 'this suite destroys the IPVS table: npm run lab -- node FILE');

/** In the environment of a process of ours: the signal, and before which change it sends that to itself. */
const signalVariable = 'APPLY_SIGNAL_BEFORE';

const signalBefore = process.env[signalVariable]?.split(' ');
if (signalBefore !== undefined) {
  const [name = '', position = ''] = signalBefore;
  const transport = beforeChange(Number(position), () => process.kill(process.pid, name));
  const { status, stderr } = await ipvsadm(['apply', process.argv[2] ?? ''], {
    machine: { openSocket: () => Promise.resolve(transport) },
  });
  process.stderr.write(stderr);
  process.exit(status);
}

const shell = new Shell();
const client = await IpvsClient.connect(openNetlinkTransport());
after(() => {
  client.close();
  shell.close();
});

const keyOf = (number: number): ServiceKey => ({
  family: 'inet',
  protocol: 'tcp',
  address: '192.0.2.1',
  port: 1000 + number,
});

const serviceOf = (number: number, scheduler: string): VirtualService => ({
  key: keyOf(number),
  scheduler,
  schedulerFlags: [],
  onePacket: false,
  persistenceNetmask: fullNetmask('inet'),
});

const serverOf = (number: number, weight: number): RealServer => ({
  family: 'inet',
  address: `10.0.${number >> 8}.${number & 255}`,
  port: 80,
  forwarding: 'masquerading',
  weight,
  upperThreshold: 0,
  lowerThreshold: 0,
  tunnel: defaultTunnel,
});

const several = (from: number, to: number, weight: number): RealServer[] =>
  Array.from({ length: to - from }, (_, index) => serverOf(from + index, weight));

/** A plan of 210 changes leads from here to `wanted`: services and servers come, go and are edited. */
const present: Table = {
  services: [
    { service: serviceOf(1, 'rr'), servers: several(1, 101, 1) },
    { service: serviceOf(2, 'rr'), servers: several(1, 3, 1) },
    { service: serviceOf(3, 'wlc'), servers: several(1, 6, 1) },
  ],
};
const wanted: Table = {
  services: [
    { service: serviceOf(1, 'wrr'), servers: [...several(71, 101, 2), ...several(101, 221, 1)] },
    { service: serviceOf(2, 'rr'), servers: several(11, 13, 1) },
    { service: serviceOf(4, 'rr'), servers: several(1, 6, 1) },
  ],
};

const document = join(shell.directory, 'wanted.json');
writeFileSync(document, formatTable(wanted, 'json', 'test'));

/** The services alone: timeouts and daemons are the kernel's in all tables. */
async function services(): Promise<Table> {
  return { services: (await readTable(client)).services };
}

async function stage(): Promise<void> {
  await applyPlan(client, planChanges(await services(), present));
}

async function is(table: Table, touched: ReadonlySet<string> = new Set()): Promise<boolean> {
  const others = (one: Table): Table => ({
    services: one.services.filter(({ service }) => !touched.has(describeService(service.key))),
  });
  return isSame(compareTables(others(await services()), others(table)));
}

/** Steps between two that are disturbed; APPLY_EVERY_STEP=1 takes all, which takes minutes. The unit tests always do. */
const stride = process.env['APPLY_EVERY_STEP'] === undefined ? 9 : 1;

const { additions, removals } = planChanges(present, wanted);
const steps = additions.length + removals.length;

test('the plan has at least 200 changes of every kind', () => {
  assert.ok(steps >= 200, `only ${steps}`);
  const kinds = [...additions, ...removals].map(({ change }) => change.kind);
  assert.equal(new Set(kinds).size, 6);
});

describe('a signal', () => {
  for (const [name, status] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const) {
    test(`${name} before any change leaves the old table or the new one, and says which`, async () => {
      const seen = new Set<string>();
      for (let position = name === 'SIGINT' ? 0 : 4; position < steps; position += 2 * stride) {
        await stage();
        const transport = beforeChange(position, () => process.kill(process.pid, name));
        const ended = await ipvsadm(['apply', document], { machine: { openSocket: () => Promise.resolve(transport) } });
        const what = `before change ${position}: ${ended.status} ${ended.stderr}`;
        if (ended.status === 0) {
          assert.ok(await is(wanted), what);
          seen.add('new');
        } else {
          assert.deepEqual(ended, { ...ended, status, stderr: 'ipvsadm: interrupted: everything was undone\n' }, what);
          assert.ok(await is(present), what);
          seen.add('old');
        }
      }
      assert.deepEqual([...seen].sort(), ['new', 'old']);
    });

    test(`${name} ends a real process with status ${status}`, async () => {
      await stage();
      const child = spawn(process.execPath, [fileURLToPath(import.meta.url), document], {
        env: { ...process.env, [signalVariable]: `${name} 5` },
        stdio: ['ignore', 'ignore', 'pipe'],
      });
      let stderr = '';
      child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
      const [ended] = (await once(child, 'close')) as [number | null];
      assert.deepEqual({ ended, stderr }, { ended: status, stderr: 'ipvsadm: interrupted: everything was undone\n' });
      assert.ok(await is(present));
    });
  }
});

/** What the original is called with; undefined where there is nothing for it to do. */
type Interference = (service: string, servers: readonly RealServer[]) => string | undefined;

const addressOf = ({ address, port }: RealServer): string => `${address}:${port}`;

const interferences: Readonly<Record<string, Interference>> = {
  'removes a server': (service, [server]) => server && `-d -t ${service} -r ${addressOf(server)}`,
  'removes the last of the servers': (service, servers) => {
    const server = servers.at(-1);
    return server && `-d -t ${service} -r ${addressOf(server)}`;
  },
  'quiesces a server': (service, [server]) => server && `-e -t ${service} -r ${addressOf(server)} -m -w 0`,
  'adds a server': (service) => `-a -t ${service} -r 10.9.9.9:80 -m -w 3`,
  'adds a server that is to be added': (service) => `-a -t ${service} -r 10.0.0.101:80 -m -w 1`,
  'removes the service': (service) => `-D -t ${service}`,
};

describe('another process', () => {
  const names = Object.keys(interferences);
  for (const [turn, name] of names.entries()) {
    test(`that ${name} before any change leaves the old table, the new one, or what the message says`, async () => {
      const interfere = interferences[name] ?? (() => undefined);
      let disturbed = 0;
      for (let position = turn; position < steps; position += stride * (stride === 1 ? 1 : names.length)) {
        await stage();
        const key = keyOf(1 + (position % 2));
        const words = interfere(`192.0.2.1:${1001 + (position % 2)}`, await client.servers(key));
        const transport = beforeChange(position, () => {
          if (words === undefined) return;
          disturbed++;
          spawnSync('/sbin/ipvsadm', words.split(' '));
        });
        const { status, stderr } = await ipvsadm(['apply', document], {
          machine: { openSocket: () => Promise.resolve(transport) },
        });
        const what = `before change ${position}: ${status} ${stderr}`;
        const touched = new Set([describeService(key)]);
        if (status === 0) assert.ok(await is(wanted), what);
        else if (stderr.includes('remaining differences')) assert.ok(await is(wanted, touched), what);
        else {
          assert.equal(status, 1, what);
          assert.match(stderr, /everything was undone|not everything could be undone/, what);
          assert.ok(await is(present, touched), what);
        }
        const left = await client.serverStates(key);
        const removedAll = name === 'removes the service' || name.includes('quiesces');
        assert.ok(removedAll || left.some(({ weight }) => weight > 0), `no server left, ${what}`);
      }
      assert.ok(disturbed > 0);
    });
  }

  test('the original in a loop beside an apply of 10,000 servers does not keep it from its end', async () => {
    await applyPlan(client, planChanges(await services(), { services: [] }));
    const many: Table = {
      services: Array.from({ length: 10 }, (_, number) => ({
        service: serviceOf(100 + number, 'rr'),
        servers: several(1, 1001, 1),
      })),
    };
    const file = join(shell.directory, 'many.json');
    writeFileSync(file, formatTable(many, 'json', 'test'));
    const loop = spawn('/bin/sh', [
      '-c',
      'while :; do /sbin/ipvsadm -A -f 7; /sbin/ipvsadm -a -f 7 -r 10.9.9.9; /sbin/ipvsadm -D -f 7; done',
    ]);
    const { status, stderr } = await ipvsadm(['apply', '--no-prune', file]);
    loop.kill('SIGKILL');
    await once(loop, 'exit');
    assert.deepEqual({ status, stderr }, { status: 0, stderr: '' });
    const added = (await services()).services.filter(({ service }) => !('fwmark' in service.key));
    assert.ok(isSame(compareTables({ services: added }, many)));
  });
});
