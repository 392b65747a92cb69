import assert from 'node:assert/strict';
import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { hostname } from 'node:os';
import type { Readable } from 'node:stream';
import { after, before, beforeEach, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { IpvsClient } from '../../src/client/client.js';
import type { EndSignal } from '../../src/ports/io.js';
import type { ServiceKey } from '../../src/model/service.js';
import { openNetlinkTransport } from '../../src/socket/netlink-transport.js';
import { ipvsadm } from './run-main.js';
import { Reference, Shell } from './reference.js';

// Real connections through the director: what apply does to those that it has nothing to do with, and how it drains.
assert.equal(hostname(), 'lab', 'this suite destroys the IPVS table: npm run lab -- node FILE');

const shell = new Shell();
const reference = new Reference(shell);
const client = await IpvsClient.connect(openNetlinkTransport());

const vip = '192.0.2.80';
const web: ServiceKey = { family: 'inet', protocol: 'tcp', address: vip, port: 80 };

/** The first half at once, the second when it gets SIGUSR1. */
const serverScript = `
  const half = Buffer.alloc(500000, 'x');
  const waiting = [];
  process.on('SIGUSR1', () => { for (const socket of waiting.splice(0)) socket.end(half); });
  require('node:net').createServer((socket) => {
    socket.on('error', () => {});
    socket.write(half);
    waiting.push(socket);
  }).listen(80, () => console.log('listening'));`;

/** Says when the first half is there, and how much came in all. */
const clientScript = `
  let length = 0;
  const socket = require('node:net').connect(80, '${vip}');
  socket.on('data', (piece) => {
    if (length < 500000 && length + piece.length >= 500000) console.log('half');
    length += piece.length;
  });
  socket.on('end', () => console.log('end ' + length));
  socket.on('error', (error) => console.log(error.code));`;

type Child = ChildProcessByStdio<null, Readable, null>;

const children: Child[] = [];

/** Starts a script in a host; what it prints comes line by line. */
function start(host: string, script: string): { child: Child; line: () => Promise<string> } {
  const child = spawn('ip', ['netns', 'exec', host, process.execPath, '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  child.stdout.setEncoding('utf8');
  const lines: string[] = [];
  let wake: (() => void) | undefined;
  child.stdout.on('data', (text: string) => {
    lines.push(...text.trimEnd().split('\n'));
    wake?.();
  });
  return {
    child,
    line: async () => {
      for (;;) {
        const next = lines.shift();
        if (next !== undefined) return next;
        await new Promise<void>((resolve) => (wake = resolve));
      }
    },
  };
}

let server: ReturnType<typeof start>;

before(async () => {
  const host = (name: string, address: string, gateway: string): string =>
    [
      `ip netns add ${name}`,
      `ip link add ${name} type veth peer name eth0 netns ${name}`,
      `ip address add ${gateway}/24 dev ${name}`,
      `ip link set ${name} up`,
      `ip -n ${name} address add ${address}/24 dev eth0`,
      `ip -n ${name} link set eth0 up`,
      `ip -n ${name} route add default via ${gateway}`,
    ].join(' && ');
  const printed = await shell.script(`
echo 1 >/proc/sys/net/ipv4/ip_forward
ip address add ${vip}/32 dev lo
{ ${host('client', '192.0.2.10', '192.0.2.1')}; } 2>&1
{ ${host('web1', '10.0.1.2', '10.0.1.1')}; } 2>&1`);
  assert.equal(printed, '');
  server = start('web1', serverScript);
  assert.equal(await server.line(), 'listening');
});

after(async () => {
  for (const child of children) {
    child.kill('SIGKILL');
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  }
  client.close();
  shell.close();
});

beforeEach(async () => {
  const { complaints } = await reference.stage(
    [`-A -t ${vip}:80 -s wrr`, `-a -t ${vip}:80 -r 10.0.1.2:80 -m -w 1`].map((line) => line.split(' ')),
  );
  assert.equal(complaints, '');
});

/** Begins a download through the director; it is half done when this resolves. */
async function download(): Promise<{ finish: () => Promise<string> }> {
  const { line } = start('client', clientScript);
  assert.equal(await line(), 'half');
  return {
    finish: () => {
      server.child.kill('SIGUSR1');
      return line();
    },
  };
}

const others = (weight: number): string => `
services:
  - address: ${vip}
    port: 80
    scheduler: wrr
    servers:
      - { address: 10.0.1.2, forwarding: masquerading, weight: 1 }
      - { address: 10.0.9.${weight}, forwarding: masquerading, weight: ${weight} }
      - { address: 10.0.9.99, forwarding: masquerading, weight: ${weight} }
  - { address: ${vip}, port: ${8000 + weight} }
`;

const withoutServer = `services: [{ address: ${vip}, port: 80, scheduler: wrr }]\n`;

test('a download through a server that stays goes on while the others change, and so do its counters', async () => {
  const { finish } = await download();
  // The kernel brings its counters up to date every two seconds.
  const counted = async (bytes: bigint) => {
    for (;;) {
      const service = await client.service(web);
      const one = (await client.servers(web)).find(({ address }) => address === '10.0.1.2');
      assert.ok(one !== undefined);
      const both = [service.statistics, one.statistics];
      if (both.every(({ outgoingBytes }) => outgoingBytes > bytes)) return both;
      await setTimeout(100);
    }
  };
  const first = await counted(500_000n);
  for (const weight of [1, 2, 3, 4]) {
    const { status, stderr } = await ipvsadm(['apply', '-'], { stdin: others(weight) });
    assert.deepEqual({ status, stderr }, { status: 0, stderr: '' });
  }
  assert.equal((await client.servers(web)).length, 3);
  assert.equal(await finish(), 'end 1000000');
  // Both halves together: nothing was set to zero in between.
  const last = await counted(1_000_000n);
  for (const [index, { connections, incomingPackets }] of last.entries()) {
    assert.equal(connections, 1n);
    assert.ok(incomingPackets > (first[index]?.incomingPackets ?? 0n));
  }
});

test('a drain lets a download end, and removes its server as soon as it has', async () => {
  const { finish } = await download();
  let ended: Promise<string> | undefined;
  const { status, stdout, stderr } = await ipvsadm(['apply', '--drain', '3600', '-'], {
    stdin: withoutServer,
    onStderr: () => {
      ended ??= finish();
    },
  });
  assert.equal(status, 0);
  assert.equal(await ended, 'end 1000000');
  assert.match(stdout, /^- {3}10\.0\.1\.2:80 masquerading weight 1$/m);
  assert.match(
    stderr,
    /^draining: 1 of 1 server busy, 1 active connection, 3600 s left\n(draining: .*\n)*draining: 0 of 1 server busy, 0 active connections, \d+ s left\n$/,
  );
  assert.deepEqual(await client.servers(web), []);
});

const signals: readonly (readonly [signal: EndSignal, status: number])[] = [
  ['SIGINT', 130],
  ['SIGTERM', 143],
];
for (const [signal, expected] of signals) {
  test(`${signal} during a drain leaves the server with weight 0, and the same command goes on`, async () => {
    const { finish } = await download();
    let interrupt: ((name: EndSignal) => void) | undefined;
    const { status, stderr } = await ipvsadm(['apply', '--drain', '3600', '-'], {
      stdin: withoutServer,
      machine: {
        onSignal: (listener) => {
          interrupt = listener;
          return () => undefined;
        },
      },
      onStderr: (text) => {
        if (text.startsWith('draining')) interrupt?.(signal);
      },
    });
    assert.equal(status, expected);
    assert.match(
      stderr,
      /ipvsadm: interrupted while draining: other changes applied; 1 server left at weight 0, run again to remove them\n$/,
    );
    assert.deepEqual(
      (await client.servers(web)).map(({ weight, activeConnections }) => [weight, activeConnections]),
      [[0, 1]],
    );
    assert.equal(await finish(), 'end 1000000');
    assert.equal((await ipvsadm(['apply', '--drain', '3600', '-'], { stdin: withoutServer })).status, 0);
    assert.deepEqual(await client.servers(web), []);
  });
}

test('on a terminal one line shows how a drain goes on', async () => {
  const { finish } = await download();
  let ended: Promise<string> | undefined;
  const { status, stderr } = await ipvsadm(['apply', '--drain', '3600', '-'], {
    stdin: withoutServer,
    isTerminal: true,
    onStderr: () => {
      ended ??= finish();
    },
  });
  assert.deepEqual([status, await ended], [0, 'end 1000000']);
  const clearLine = '\r\x1b[K';
  assert.ok(stderr.startsWith(`${clearLine}draining: 1 of 1 server busy, 1 active connection, 3600 s left`));
  assert.ok(stderr.includes(`${clearLine}draining: 0 of 1 server busy`));
  assert.ok(stderr.endsWith('\n'));
});

// From here on connections are lost with their server, which the kernel remembers for a while.

test('a drain whose time is up removes the server, and says what it still had', async () => {
  const { finish } = await download();
  let milliseconds = 0;
  const clock = {
    now: () => milliseconds,
    sleep: (time: number) => {
      milliseconds += time;
      return Promise.resolve();
    },
  };
  const { status, stderr } = await ipvsadm(['apply', '--drain', '30', '-'], {
    stdin: withoutServer,
    machine: { clock },
  });
  assert.equal(status, 0);
  assert.match(stderr, /\n10\.0\.1\.2:80 of TCP 192\.0\.2\.80:80 still has 1 active connection\n$/);
  assert.equal(stderr.match(/^draining: 1 of 1/gm)?.length, 4, 'a line now and then');
  assert.deepEqual(await client.servers(web), []);
  // The connection was lost with its server, and nobody waits for it.
  void finish();
});

test('what another process changes meanwhile is reported, with status 1', async () => {
  const { finish } = await download();
  const other: ServiceKey = { family: 'inet', fwmark: 99 };
  let milliseconds = 0;
  const clock = {
    now: () => milliseconds,
    sleep: async (time: number) => {
      if (milliseconds === 0) {
        await client.addService({
          key: other,
          scheduler: 'rr',
          schedulerFlags: [],
          onePacket: false,
          persistenceNetmask: '255.255.255.255',
        });
      }
      milliseconds += time;
    },
  };
  const { status, stderr } = await ipvsadm(['apply', '--drain', '2', '-'], {
    stdin: withoutServer,
    machine: { clock },
  });
  assert.equal(status, 1);
  assert.match(
    stderr,
    /ipvsadm: the table was changed by another process during apply; remaining differences:\n- FWM {2}99 rr\n$/,
  );
  void finish();
});
