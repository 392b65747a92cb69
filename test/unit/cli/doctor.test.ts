import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Machine, ProgramResult } from '../../../src/ports/io.js';
import { main } from '../../main.js';
import { FakeIo, pieces } from '../support/fake-io.js';
import { kernelWithIpvs, refusing, ScriptedKernel } from '../support/scripted-kernel.js';

const interfaces = [
  '{"ifname":"lo","flags":["LOOPBACK","UP"],"addr_info":[{"family":"inet","local":"192.0.2.10","prefixlen":32}]}',
  '{"ifname":"eth0","flags":["BROADCAST","UP"],"addr_info":[{"family":"inet","local":"192.0.2.21","prefixlen":24}]}',
].join(',');
const ip: ProgramResult = {
  status: 0,
  stdout: `[${interfaces}]\n[{"dst":"default","gateway":"192.0.2.254","dev":"eth0"}]\n[{"type":"local","dst":"192.0.2.10","dev":"lo"}]\n`,
  stderr: '',
};

function missing(): never {
  throw Object.assign(new Error('no such file'), { code: 'ENOENT' });
}

/** A machine with these files, whose `ip` prints that. */
function machine(files: Readonly<Record<string, string>>, result: ProgramResult | undefined = ip): Partial<Machine> {
  return {
    readFile: (path) => {
      const text = files[path];
      return text === undefined ? missing() : pieces([Buffer.from(text)]);
    },
    run: () => Promise.resolve(result),
  };
}

const silent = {
  '/proc/sys/net/ipv4/conf/all/arp_ignore': '1\n',
  '/proc/sys/net/ipv4/conf/eth0/arp_ignore': '0\n',
  '/proc/sys/net/ipv4/conf/all/arp_announce': '2\n',
  '/proc/sys/net/ipv4/conf/eth0/arp_announce': '0\n',
};

async function run(words: string, surroundings: ConstructorParameters<typeof FakeIo>[0]) {
  const io = new FakeIo(surroundings);
  const status = await main(['doctor', ...words.split(' ').filter((word) => word !== '')], io);
  return { status, stdout: io.stdout.text, stderr: io.stderr.text, io };
}

describe('doctor', () => {
  test('is content with a real server that has everything, without a socket to the kernel', async () => {
    const { status, stdout, stderr, io } = await run('--real-server 192.0.2.10', { machine: machine(silent) });
    assert.deepEqual({ status, stderr, sockets: io.socketsOpened }, { status: 0, stderr: '', sockets: 0 });
    assert.equal(
      stdout,
      'Real server for 192.0.2.10 by direct-routing (guessed; --forwarding overrides it)\n0 errors, 0 warnings; 7 of 7 checks passed\n',
    );
  });

  test('--all says how it was decided', async () => {
    const { status, stdout } = await run('--real-server 192.0.2.10 --all', { machine: machine(silent) });
    assert.equal(status, 0);
    assert.match(stdout, /│ ok +│ 192\.0\.2\.10 +│ is on lo +│/);
    assert.match(stdout, /│ ok +│ default route +│ is by 192\.0\.2\.254 +│/);
  });

  test('JSON has stable names', async () => {
    const { status, stdout } = await run('--real-server 192.0.2.10 --json --port 80', { machine: machine(silent) });
    assert.equal(status, 2);
    const document = JSON.parse(stdout) as { checks: { id: string; findings: unknown[] }[] };
    assert.deepEqual(Object.keys(document), ['role', 'realServer', 'result', 'checks']);
    assert.deepEqual(
      document.checks.find(({ id }) => id === 'real-listener'),
      {
        id: 'real-listener',
        title: 'something listens at the port',
        result: 'error',
        findings: [
          {
            severity: 'error',
            subject: { label: 'TCP port 80' },
            found: 'nothing listens at 192.0.2.10:80',
            why: 'Connections that the director sends here are refused.',
            fixes: [{ how: 'start the program, and let it listen at every address or at 192.0.2.10:80', commands: [] }],
          },
        ],
      },
    );
  });

  test('says on a director without IPVS what is missing, and asks for no module', async () => {
    const { status, stdout, io } = await run('', { machine: machine({}) });
    assert.equal(status, 2);
    assert.match(stdout, /the kernel has no IPVS/);
    assert.match(stdout, /^ {4}modprobe ip_vs$/m);
    assert.deepEqual([io.socketsOpened, io.modulesLoaded], [0, 0]);
  });

  const present = { '/proc/net/ip_vs': 'IP Virtual Server version 1.2.1' };
  const blind: readonly (readonly [title: string, machine: Partial<Machine>, says: RegExp])[] = [
    [
      'ip is not installed',
      { ...machine(silent), run: () => Promise.resolve(undefined) },
      /install the package iproute2/,
    ],
    [
      'ip is too old',
      machine(silent, { status: 255, stdout: '', stderr: 'Option "-json" is unknown\n' }),
      /Option "-json" is unknown \(iproute2 4\.15/,
    ],
    ['ip hangs', machine(silent, { status: undefined, stdout: '', stderr: '' }), /did not end in time/],
    ['ip prints something else', machine(silent, { status: 0, stdout: '\x1b[31mx', stderr: '' }), /no JSON/],
    [
      'a file can not be read',
      {
        ...machine(silent),
        readFile: () => {
          throw Object.assign(new Error('EIO'), { code: 'EIO', errno: -5 });
        },
      },
      /can't read \/proc\/.*Input\/output error/,
    ],
  ];
  for (const [title, unlike, says] of blind) {
    test(`ends with 2 and says why where ${title}`, async () => {
      const { status, stdout, stderr } = await run('--real-server 192.0.2.10', { machine: unlike });
      assert.deepEqual({ status, stdout }, { status: 2, stdout: '' });
      assert.match(stderr, says);
      assert.ok(!stderr.includes('\x1b'));
      assert.equal(stderr.split('\n').length, 2);
    });
  }

  test('ends with 2 where the table may not be read, and loads no module', async () => {
    const { status, stderr, io } = await run('', {
      machine: machine(present),
      sockets: [new ScriptedKernel(refusing({ 0: 1 }))],
    });
    assert.equal(status, 2);
    assert.match(stderr, /Permission denied \(you must be root\)/);
    assert.equal(io.modulesLoaded, 0);
  });

  test('closes the socket when the conversation breaks', async () => {
    const kernel = kernelWithIpvs(() => [new Error('broken')]);
    await assert.rejects(run('', { machine: machine(present), sockets: [kernel] }), /broken/);
    assert.equal(kernel.closed, 1);
  });

  const wrong: readonly (readonly [words: string, says: RegExp])[] = [
    ['--real-server nonsense', /--real-server takes an IPv4 or IPv6 address, not nonsense/],
    ['--real-server 192.0.2.10 --port 0', /--port takes a number from 1 to 65535, not 0/],
    ['--real-server 192.0.2.10 --port http', /--port takes a number/],
    ['--real-server 192.0.2.10 --tun-port 65536', /--tun-port takes a number/],
    ['--real-server 192.0.2.10 --forwarding ipip', /forwarding/],
    ['--real-server 192.0.2.10 --director 1.2.3', /--director takes an IPv4 or IPv6 address/],
    ['--forwarding tunneling', /--forwarding is about a real server/],
    ['--port 80', /--port is about a real server/],
    ['--nosuch', /nosuch/],
    ['everything', /everything/],
  ];
  for (const [words, says] of wrong) {
    test(`refuses ${words}`, async () => {
      const { status, stdout, stderr } = await run(words, { machine: machine({}) });
      assert.deepEqual({ status, stdout }, { status: 2, stdout: '' });
      assert.match(stderr, says);
    });
  }

  for (const [spelling, method] of [
    ['dr', 'direct-routing'],
    ['nat', 'masquerading'],
    ['tunnelling', 'tunneling'],
  ] as const) {
    test(`takes --forwarding ${spelling} for ${method}`, async () => {
      const { stdout } = await run(`--real-server 192.0.2.10 --forwarding ${spelling} --json`, {
        machine: machine({}),
      });
      assert.match(stdout, new RegExp(`"forwarding": "${method}"`));
    });
  }

  test('takes a bracketed address in any spelling', async () => {
    const { stdout } = await run('--real-server [2001:DB8:0::1] --json', { machine: machine({}) });
    assert.match(stdout, /"address": "2001:db8::1"/);
  });
});
