import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Cluster } from '../cluster/cluster.js';
import { director, type Topology } from '../cluster/topology.js';
import { asText, Reference } from './reference.js';
import { ipvsadm } from './run-main.js';

// The operator's verbs on a director that works: six real servers behind it, and a client that never stops asking.
const names = ['real1', 'real2', 'real3', 'real4', 'real5', 'real6'] as const;
const addressOf = (name: string): string => `10.0.0.2${name.slice(-1)}`;
const vip = '192.0.2.100';
const topology: Topology = {
  client: { cables: [{ segment: 'lan', addresses: ['192.0.2.2/24'] }] },
  director: {
    cables: [
      { segment: 'lan', addresses: ['192.0.2.10/24', `${vip}/32`] },
      { segment: 'back', addresses: ['10.0.0.1/24'] },
    ],
    forwards: true,
  },
  ...Object.fromEntries(
    names.map((name) => [
      name,
      { cables: [{ segment: 'back', addresses: [`${addressOf(name)}/24`] }], routes: ['default via 10.0.0.1'] },
    ]),
  ),
};
const cluster = await Cluster.build(topology, ['client', ...names]);
after(() => {
  cluster.close();
});
await cluster.serve(names, { http: [80], udp: [] });

/** Runs ipvsadm. @returns what it printed. */
async function run(...words: string[]): Promise<{ stdout: string; stderr: string }> {
  const { status, stdout, stderr } = await ipvsadm(words);
  assert.equal(status, 0, `${words.join(' ')}: ${stderr}`);
  return { stdout, stderr };
}

async function addServers(): Promise<void> {
  await cluster.ipvsadm(
    '-C',
    `-A -t ${vip}:80 -s wlc`,
    ...names.map((name) => `-a -t ${vip}:80 -r ${addressOf(name)}:80 -m -w 100`),
  );
}

describe('a release that nobody notices', () => {
  test('half of six servers are drained, upgraded and put back, then the others, without one failed request', async () => {
    await addServers();
    const answers: string[] = [];
    const ended = new AbortController();
    const load = (async () => {
      // A failed request throws.
      while (!ended.signal.aborted) answers.push(...(await cluster.fetch({ address: vip, port: 80 }, 4)));
    })();
    const upgraded: string[] = [];
    try {
      for (const half of ['1/2', '2/2']) {
        const { stdout } = await run('drain', '--batch', half, '--dry-run', '--format', 'name');
        const hosts = stdout.trim().split('\n');
        assert.equal(hosts.length, 3);
        await run('drain', ...hosts, '--timeout', '60', '--reason', 'release 1.2');
        const { stdout: status } = await run('status');
        assert.equal(status.match(/drained by \S+: release 1\.2/g)?.length, 3);
        for (const host of hosts) {
          const name = names.find((one) => addressOf(one) === host) ?? '';
          upgraded.push(name);
          // As a server that restarts: nobody is there for a while.
          await cluster.run(
            name,
            'ip link set back down && sleep 0.2 && ip link set back up && ip route add default via 10.0.0.1',
          );
        }
        await run('undrain', ...hosts, '--ramp', '2');
      }
    } finally {
      ended.abort();
      await load;
    }
    assert.deepEqual(upgraded.sort(), [...names]);
    assert.ok(answers.length > 50, `only ${answers.length} requests`);
    assert.deepEqual([...new Set(answers)].sort(), [...names]);
    const { stdout } = await run('-Sn');
    assert.equal(stdout.match(/ -w 100$/gm)?.length, 6);
  });

  test('a server with an open connection is waited for, and gets nothing new', async () => {
    await addServers();
    const held = await cluster.hold({ address: vip, port: 80 });
    const host = addressOf(held.server);
    const { status, stderr } = await ipvsadm(['drain', host, '--timeout', '1']);
    assert.equal(status, 1);
    assert.match(stderr, new RegExp(`${host}:80 of TCP ${vip}:80 still has 1 active connection`));
    const answers = await cluster.fetch({ address: vip, port: 80 }, 12);
    assert.ok(!answers.includes(held.server), 'it got a new connection');
    assert.equal(await held.again(), held.server);
    const drained = run('drain', host);
    await held.close();
    await drained;
    await run('undrain', host);
  });
});

describe('another network namespace', () => {
  const node = process.execPath;
  const attempt = (command: string, ...words: string[]): ReturnType<Cluster['attempt']> =>
    cluster.attempt(director, [node, `${process.cwd()}/dist/bin/${command}.cjs`, ...words]);
  const cases: readonly (readonly [command: string, words: string[], stdout: RegExp])[] = [
    ['ipvsadm', ['--netns', 'real1', '-A', '-t', '192.0.2.7:80'], /^$/],
    ['ipvsadm', ['-Ln', '--netns=/run/netns/real1'], /^TCP {2}192\.0\.2\.7:80 wlc$/m],
    ['ipvsadm', ['status', '--netns', 'real1', '--json'], /"address": "192\.0\.2\.7"/],
    ['ipvsadm-save', ['-n', '--netns', 'real1'], /^-A -t 192\.0\.2\.7:80 -s wlc\n$/],
  ];
  for (const [command, words, stdout] of cases) {
    test(`${command} ${words.join(' ')}`, async () => {
      const result = await attempt(command, ...words);
      assert.deepEqual({ status: result.status, stderr: result.stderr }, { status: 0, stderr: '' });
      assert.match(result.stdout, stdout);
      assert.doesNotMatch((await run('-Sn')).stdout, /192\.0\.2\.7/);
    });
  }

  test('the exit status of the command is handed on, and a namespace that is none is named', async () => {
    const refused = await attempt('ipvsadm', '--netns', 'real1', '-A', '-t', '192.0.2.7:80');
    assert.deepEqual([refused.status, refused.stderr], [255, 'Service already exists\n']);
    const missing = await attempt('ipvsadm', '-Ln', '--netns', 'nosuch');
    assert.equal(missing.status, 2);
    assert.match(missing.stderr, /network namespace nosuch: \/run\/netns\/nosuch: No such file or directory/);
  });
});

test('what is kept of a namespace is not that of a later one, which the kernel gives the same number', async () => {
  const inside = async (name: string, line: string): Promise<string> => {
    const words = [process.execPath, `${process.cwd()}/dist/bin/ipvsadm.cjs`, '--netns', name, ...line.split(' ')];
    const { status, stdout, stderr } = await cluster.attempt(director, words);
    assert.equal(status, 0, `${line}: ${stderr}`);
    return stdout;
  };
  const numberOf = (name: string): Promise<string> => cluster.run(director, `stat -Lc %i /run/netns/${name}`);
  // Servers need a route.
  const route = (name: string): Promise<string> =>
    cluster.run(director, `ip -n ${name} link set lo up; ip -n ${name} route add 10.0.0.0/24 dev lo`);
  await cluster.run(director, 'ip netns add first');
  await route('first');
  for (const line of [
    '-A -t 192.0.2.7:80',
    '-a -t 192.0.2.7:80 -r 10.0.0.21:80 -m -w 7',
    'drain 10.0.0.21 --force --no-wait',
  ])
    await inside('first', line);
  assert.match(await inside('first', 'undo --list'), /^1 {2}before ipvsadm drain/);
  assert.match(await inside('first', 'status'), /drained by/);
  const number = await numberOf('first');
  // Files have a second of grace.
  await sleep(1500);
  await cluster.run(director, 'ip netns del first; ip netns add second');
  // The kernel takes its time to give the number back.
  for (let tries = 0; (await numberOf('second')) !== number; tries++) {
    assert.ok(tries < 100, `no namespace has got the number ${number} again`);
    await cluster.run(director, 'ip netns del second; sleep 0.1; ip netns add second');
  }
  await route('second');
  for (const line of ['-A -t 192.0.2.7:80', '-a -t 192.0.2.7:80 -r 10.0.0.21:80 -m -w 0']) await inside('second', line);
  assert.doesNotMatch(await inside('second', 'status'), /drained by/);
  assert.equal(await inside('second', 'undo --list'), '');
  await inside('second', 'set 10.0.0.21 --weight 3');
  assert.match(await inside('second', 'undo --list'), /^1 {2}before ipvsadm set .*\n$/);
  await cluster.run(director, 'ip netns del second');
});

test('the table that everybody may read is that of the kernel', async () => {
  await cluster.ipvsadm(
    '-C',
    '-A -t 192.0.2.7:80 -s rr -p 300 -M 255.255.255.0',
    '-a -t 192.0.2.7:80 -r 10.0.0.21:8080 -m -w 5',
    '-a -t 192.0.2.7:80 -r 10.0.0.22:80 -m -w 0',
    '-A -u 192.0.2.7:53 -s rr -o',
    '-A --sctp-service 192.0.2.7:99 -s lc',
    '-A -t [2001:db8::7]:443 -s wlc -p 60 -M 56',
    '-a -t [2001:db8::7]:443 -r [2001:db8::21]:443 -g',
    '-A -f 7 -s wrr -p 10',
    '-a -f 7 -r 10.0.0.21 -i',
    '-A -f 8 -6 -s wlc -p 10 -M 128',
    '-a -f 8 -6 -r [2001:db8::22] -g -w 3',
  );
  const { stdout, stderr } = await run('-Ln', '--proc');
  // The lab's kernel has no configuration in /boot: timeouts in ticks.
  assert.match(stderr, /in ticks of the kernel/);
  const ticks = Number(/ rr persistent (\d+)/.exec(stdout)?.[1]) / 300;
  assert.ok([100, 250, 300, 1000].includes(ticks), `${ticks} ticks a second`);
  const inSeconds = stdout.replace(/ persistent (\d+)/g, (_, count: string) => ` persistent ${Number(count) / ticks}`);
  assert.equal(inSeconds, (await run('-Ln')).stdout);
  assert.equal(stdout.split('\n').length, 3 + 11 + 1);
});

describe('without CAP_NET_ADMIN', () => {
  const attempt = (line: string): ReturnType<Cluster['attempt']> => {
    const program = [process.execPath, `${process.cwd()}/dist/bin/ipvsadm.cjs`, ...line.split(' ')];
    return cluster.attempt(director, ['setpriv', '--bounding-set=-net_admin', '--', ...program]);
  };
  const said = /^ipvsadm\.cjs: not privileged \(CAP_NET_ADMIN\): read from \/proc\/net\/ip_vs, /gm;
  const reading: readonly (readonly [line: string, stdout: RegExp])[] = [
    ['status', /10\.0\.0\.21:80 .* masquerading .* 7 /],
    ['top --batch -d 0.5', /10\.0\.0\.21:80 +nat +7 /],
    ['metrics', /^ipvs_server_weight\{.*remote_address="10\.0\.0\.21".*\} 7$/m],
  ];
  before(async () => {
    await cluster.ipvsadm('-C', `-A -t ${vip}:80`, `-a -t ${vip}:80 -r 10.0.0.21:80 -m -w 7`);
  });

  for (const [line, stdout] of reading) {
    test(`${line} shows what everybody may read, and says once what is missing`, async () => {
      const result = await attempt(line);
      assert.equal(result.status, 0, result.stderr);
      assert.match(result.stdout, stdout);
      assert.equal(result.stderr.match(said)?.length, 1, result.stderr);
    });
  }

  test('connections --orphans, which needs no more than that, says nothing', async () => {
    const { status, stdout, stderr } = await attempt('connections --orphans --count');
    assert.deepEqual({ status, stderr }, { status: 0, stderr: '' });
    assert.match(stdout, /^\d+\n$/);
  });

  test('-Ln is refused as by the original, and --proc shows the table', async () => {
    const refused = await attempt('-Ln');
    assert.equal(refused.status, 2);
    assert.match(refused.stderr, /^Can't initialize ipvs: Permission denied \(you must be root\)\n/);
    assert.match((await attempt('-Ln --proc')).stdout, /-> 10\.0\.0\.21:80 +Masq +7 /);
  });
});

test('-C of 1,000 services is undone, byte for byte as the original reads it', async () => {
  const rules = Array.from({ length: 1000 }, (_, index) => {
    const service = `10.${1 + (index >> 8)}.${index & 255}.1:80`;
    return [
      ['-A', '-t', service, '-s', 'wrr', '-p', '300'],
      ['-a', '-t', service, '-r', `10.200.${index >> 8}.${index & 255 || 1}:8080`, '-m', '-w', String(index)],
    ];
  }).flat();
  const reference = new Reference(cluster.shell);
  const { complaints } = await reference.stage(rules);
  assert.equal(complaints, '');
  const dump = async (): Promise<string> => (await reference.run([{ argv: ['-Sn'] }]))[0]?.stdout ?? '';
  const before = await dump();
  assert.equal(before.split('\n').length, asText(rules).split('\n').length);
  await run('-C');
  assert.equal(await dump(), '');
  assert.ok(existsSync('/run/ipvsadm'));
  await run('undo');
  assert.equal(await dump(), before);
  await cluster.run(director, 'stat -c %a /run/ipvsadm/*previous-*').then((modes) => {
    assert.deepEqual([...new Set(modes.trim().split('\n'))], ['600']);
  });
});
