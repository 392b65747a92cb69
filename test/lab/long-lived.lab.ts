import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test, type TestContext } from 'node:test';
import { RawNetlinkSocket } from 'netlink/dist/raw.js';
import { IpvsClient } from '../../src/client/client.js';
import type { Change } from '../../src/model/change.js';
import { defaultTunnel, type RealServer } from '../../src/model/server.js';
import { describeService, type ServiceKey, type VirtualService } from '../../src/model/service.js';
import { openNetlinkTransport } from '../../src/socket/netlink-transport.js';
import { ipvsadm } from './run-main.js';

// A client that is open for months: other programs change the table while it reads, send it what it didn't ask for, and
// load the module anew.
assert.equal(hostname(), 'lab', 'this suite destroys the IPVS table: npm run lab -- node FILE');

const client = await IpvsClient.open();
after(async () => {
  await client.flush();
  client.close();
});

const original = '/usr/sbin/ipvsadm';

/** NETLINK_GENERIC. */
const genericProtocol = 16;

function mark(fwmark: number): ServiceKey {
  return { family: 'inet', fwmark };
}

function service(key: ServiceKey): VirtualService {
  return { key, scheduler: 'rr', schedulerFlags: [], onePacket: false, persistenceNetmask: '255.255.255.255' };
}

function server(index: number): RealServer {
  const address = `10.2.${index >> 8}.${(index & 255) + 1}`;
  const settings = { weight: 1, upperThreshold: 0, lowerThreshold: 0, tunnel: defaultTunnel };
  return { family: 'inet', address, port: 80, forwarding: 'masquerading', ...settings };
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, index) => from + index);
}

async function changeAll(changes: readonly Change[]): Promise<void> {
  assert.deepEqual(
    (await client.changeAll(changes)).filter((error) => error !== undefined),
    [],
  );
}

// Another program that changes the table -----------------------------------------------------------------------------------

/** Has the original make and unmake changes all the time while something is done. */
async function whileChanging(
  add: readonly string[],
  remove: readonly string[],
  run: () => Promise<void>,
): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'writer-'));
  for (const [name, rules] of Object.entries({ add, remove })) {
    writeFileSync(join(directory, name), rules.map((rule) => `${rule}\n`).join(''));
  }
  const script = `while [ ! -e stop ]; do ${original} -R <add; ${original} -R <remove; done`;
  const writer = spawn('/bin/sh', ['-c', script], { cwd: directory, stdio: 'ignore' });
  const ended = new Promise((resolve) => writer.once('close', resolve));
  try {
    await run();
  } finally {
    writeFileSync(join(directory, 'stop'), '');
    await ended;
  }
}

/** Times that some of the others, but not all, have to be in what is read: the table did change meanwhile. */
const enough = 5;
const others = 40;

const readings: readonly (readonly [
  what: string,
  prepare: readonly Change[],
  add: readonly string[],
  remove: readonly string[],
  staying: readonly string[],
  read: () => Promise<readonly string[]>,
])[] = [
  ...(
    [
      ['services of the library', async () => (await client.services()).map(({ key }) => describeService(key))],
      [
        'services of -Ln',
        async () =>
          [...(await ipvsadm(['-Ln'])).stdout.matchAll(/^FWM {2}(\d+)/gm)].map(([, number]) => `FWM ${number}`),
      ],
    ] as const
  ).map(
    ([what, read]) =>
      [
        what,
        range(1, 201).map((fwmark): Change => ({ kind: 'add-service', service: service(mark(fwmark)) })),
        range(1001, 1001 + others).map((fwmark) => `-A -f ${fwmark} -s rr`),
        range(1001, 1001 + others).map((fwmark) => `-D -f ${fwmark}`),
        range(1, 201).map((fwmark) => `FWM ${fwmark}`),
        read,
      ] as const,
  ),
  [
    'servers of the library',
    [
      { kind: 'add-service', service: service(mark(1)) },
      ...range(0, 200).map((index): Change => ({ kind: 'add-server', key: mark(1), server: server(index) })),
    ],
    range(1001, 1001 + others).map((index) => `-a -f 1 -r ${server(index).address}:80 -m`),
    range(1001, 1001 + others).map((index) => `-d -f 1 -r ${server(index).address}:80`),
    range(0, 200).map((index) => server(index).address),
    async () => (await client.serverStates(mark(1))).map(({ address }) => address),
  ],
];

for (const [what, prepare, add, remove, staying, read] of readings) {
  test(
    `${what}: what stays is there once, while another program adds and removes others`,
    { timeout: 120_000 },
    async () => {
      await client.flush();
      await changeAll(prepare);
      await whileChanging(add, remove, async () => {
        for (let partial = 0; partial < enough;) {
          const found = await read();
          assert.equal(new Set(found).size, found.length, 'something is there twice');
          assert.deepEqual(
            staying.filter((name) => !found.includes(name)),
            [],
          );
          const more = found.length - staying.length;
          if (more > 0 && more < others) partial++;
          // The writer has the same processor.
          await new Promise((resolve) => setTimeout(resolve, 5));
        }
      });
    },
  );
}

// Another program that sends to our socket ---------------------------------------------------------------------------------

/** Ports of this namespace's sockets to generic netlink. */
function ports(): number[] {
  return readFileSync('/proc/net/netlink', 'latin1')
    .split('\n')
    .map((line) => line.trim().split(/ +/))
    .filter(([, protocol]) => protocol === String(genericProtocol))
    .map(([, , port]) => Number(port));
}

/** A client, and a socket that sends to it. */
async function besieged(t: TestContext): Promise<{ mine: IpvsClient; send: (bytes: Uint8Array) => Promise<boolean> }> {
  const before = new Set(ports());
  const mine = await IpvsClient.connect(openNetlinkTransport());
  const port = ports().find((each) => !before.has(each));
  assert.ok(port);
  const socket = new RawNetlinkSocket(genericProtocol);
  t.after(() => {
    socket.close();
    mine.close();
  });
  return {
    mine,
    // False where there is no room for it.
    send: (bytes) =>
      new Promise((resolve) => {
        const full = setTimeout(resolve, 500, false);
        socket.send(bytes, { port }, () => {
          clearTimeout(full);
          resolve(true);
        });
      }),
  };
}

test('what another program sends is not taken for a reply', async (t) => {
  await client.flush();
  await changeAll([{ kind: 'add-service', service: service(mark(1)) }]);
  const { mine, send } = await besieged(t);
  // The end of a list, and refusals with the numbers that come next, but not from the kernel to us.
  for (const type of [2, 3]) {
    for (let sequence = 0; sequence < 3; sequence++) {
      const message = Buffer.alloc(36);
      message.writeUInt32LE(message.length, 0);
      message.writeUInt16LE(type, 4);
      message.writeUInt32LE(sequence, 8);
      await send(message);
      await send(Buffer.from('no message at all'));
    }
  }
  assert.equal((await mine.services()).length, 1);
});

test('a receive queue that another program filled costs an idle client one call, not its process', async (t) => {
  const { mine, send } = await besieged(t);
  while (await send(Buffer.alloc(16_384)));
  await assert.rejects(mine.services(), { name: 'TransportError', message: /no buffer space \(ENOBUFS\)/ });
  assert.deepEqual(await mine.services(), await client.services());
});

// The module -----------------------------------------------------------------------------------------------------------------

/** Unloads IPVS with its schedulers, which the kernel lets go of a moment after the last service. */
const unload = `
modules=$(lsmod | sed -n 's/^\\(ip_vs_[a-z_]*\\) .*/\\1/p')
for try in 1 2 3 4 5 6 7 8 9 10; do
  for module in $modules ip_vs; do modprobe -r $module; done
  lsmod | grep -q '^ip_vs' || exit 0
  sleep 0.5
done 2>/dev/null
lsmod >&2
exit 1`;

async function shell(script: string): Promise<void> {
  const child = spawn('/bin/sh', ['-c', script], { stdio: ['ignore', 'inherit', 'inherit'] });
  assert.equal(await new Promise((resolve) => child.once('close', resolve)), 0, script);
}

test('a client goes on when the module was unloaded and loaded again', async () => {
  await client.flush();
  await shell(unload);
  await shell('modprobe ip_vs');
  assert.deepEqual(await client.services(), []);
  await shell(unload);
  await shell('modprobe ip_vs');
  await client.addService(service(mark(1)));
  assert.equal((await client.services()).length, 1);
});

test('a client says that the module is gone', async () => {
  await client.flush();
  // The kernel would load it when it is asked for the family.
  const helper = readFileSync('/proc/sys/kernel/modprobe', 'latin1');
  await shell(unload);
  writeFileSync('/proc/sys/kernel/modprobe', '/bin/false');
  try {
    await assert.rejects(client.services(), { code: 'IPVS_UNAVAILABLE' });
    await assert.rejects(client.addService(service(mark(1))), { code: 'IPVS_UNAVAILABLE' });
  } finally {
    writeFileSync('/proc/sys/kernel/modprobe', helper);
  }
  assert.deepEqual(await client.services(), []);
});
