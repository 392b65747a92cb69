import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Cluster } from '../cluster/cluster.js';
import { bareTopology, vip, type Family } from '../cluster/standard.js';
import { surroundings } from '../cluster/surroundings.js';
import { director } from '../cluster/topology.js';
import { installPrograms } from './installed.js';
import { quote, referencePath, type Result } from './reference.js';

// The start-up scripts and units of examples/, run as they are, with our programs first in PATH, or the original's.
const path = `${installPrograms()}:${referencePath}:${dirname(process.execPath)}`;
const servers = ['real1', 'real2'] as const;
const cluster = await Cluster.build(bareTopology, ['client', ...servers], path);
after(() => {
  cluster.close();
});

// Modules stay when they have been loaded, so they are there from the start.
await cluster.run(director, 'modprobe -a ipip sit ip_gre ip6_gre ip6_tunnel fou fou6');
// An administrator had an opinion on one of the settings before.
await cluster.run('real1', 'echo 1 >/proc/sys/net/ipv4/conf/all/arp_announce');
await cluster.serve(servers, { http: [80, 8080], udp: [] });

type Settings = Readonly<Record<string, string>>;
type Shell = readonly string[];

const directorScript = resolve('examples/ipvs.server.sh');
const serverScript = resolve('examples/realserver.sh');

function runScript(host: string, shell: Shell, script: string, word: string, settings: Settings): Promise<Result> {
  return cluster.attempt(host, [...shell, script, word], { PATH: path, STATE: `/run/state-${host}`, ...settings });
}

async function succeed(host: string, shell: Shell, script: string, word: string, settings: Settings): Promise<string> {
  const result = await runScript(host, shell, script, word, settings);
  assert.deepEqual({ status: result.status, stderr: result.stderr }, { status: 0, stderr: '' }, `${script} ${word}`);
  return result.stdout;
}

interface Scenario {
  readonly title: string;
  readonly shell: Shell;
  readonly family: Family;
  readonly director: Settings;
  readonly server: Settings;
  /** The original's programs are used, as on a director that has not got ours yet. */
  readonly original?: boolean;
  /** Start and stop are repeated. */
  readonly repeated?: boolean;
  /** The table that the director's script makes. */
  readonly rules: readonly string[];
}

const gateway = '10.0.0.1';
const scenarios: readonly Scenario[] = [
  {
    title: 'NAT with another port and weights',
    repeated: true,
    shell: ['dash'],
    family: 'inet',
    director: { FORWARDING: 'nat', SERVER_PORT: '8080', SCHEDULER: 'wrr', REAL_SERVERS: '10.0.0.21=1 10.0.0.22=1' },
    server: { FORWARDING: 'nat', GATEWAY: gateway },
    rules: [
      '-A -t 192.0.2.100:80 -s wrr',
      '-a -t 192.0.2.100:80 -r 10.0.0.21:8080 -m -w 1',
      '-a -t 192.0.2.100:80 -r 10.0.0.22:8080 -m -w 1',
    ],
  },
  {
    title: 'direct routing of two ports, in busybox, with the original',
    original: true,
    repeated: true,
    shell: ['busybox', 'sh'],
    family: 'inet',
    director: { FORWARDING: 'dr', SCHEDULER: 'rr', PORT: '80 443', REAL_SERVERS: '192.0.2.21 192.0.2.22=1' },
    server: { FORWARDING: 'dr' },
    rules: ['80', '443'].flatMap((port) => [
      `-A -t 192.0.2.100:${port} -s rr`,
      `-a -t 192.0.2.100:${port} -r 192.0.2.21:${port} -g -w 1`,
      `-a -t 192.0.2.100:${port} -r 192.0.2.22:${port} -g -w 1`,
    ]),
  },
  {
    title: 'direct routing over IPv6, with the original',
    original: true,
    shell: ['bash', '--posix'],
    family: 'inet6',
    director: { FORWARDING: 'dr', SCHEDULER: 'rr', REAL_SERVERS: '2001:db8:b::21 2001:db8:b::22' },
    server: { FORWARDING: 'dr' },
    rules: [
      '-A -t [2001:db8:b::100]:80 -s rr',
      '-a -t [2001:db8:b::100]:80 -r [2001:db8:b::21]:80 -g -w 1',
      '-a -t [2001:db8:b::100]:80 -r [2001:db8:b::22]:80 -g -w 1',
    ],
  },
  {
    title: 'gue tunnels',
    shell: ['dash'],
    family: 'inet',
    director: {
      FORWARDING: 'tun',
      TUNNEL: '--tun-type gue --tun-port 6080',
      SCHEDULER: 'rr',
      REAL_SERVERS: '192.0.2.21 192.0.2.22',
    },
    server: { FORWARDING: 'tun', TUNNEL: 'gue' },
    rules: [
      '-A -t 192.0.2.100:80 -s rr',
      '-a -t 192.0.2.100:80 -r 192.0.2.21:80 -i -w 1 --tun-type gue --tun-port 6080 --tun-nocsum',
      '-a -t 192.0.2.100:80 -r 192.0.2.22:80 -i -w 1 --tun-type gue --tun-port 6080 --tun-nocsum',
    ],
  },
];

for (const { title, shell, family, original = false, repeated = false, ...scenario } of scenarios) {
  describe(title, () => {
    const directorSettings = {
      VIP: vip[family],
      INTERFACE: 'lan',
      ...(original ? { PATH: referencePath } : {}),
      ...scenario.director,
    };
    const serverSettings = { VIP: vip[family], ...scenario.server };
    const hosts = [director, ...servers];
    let atFirst: string[] = [];
    const onDirector = (word: string): Promise<string> =>
      succeed(director, shell, directorScript, word, directorSettings);
    const onServers = (word: string): Promise<string[]> =>
      Promise.all(servers.map((name) => succeed(name, shell, serverScript, word, serverSettings)));
    const everywhere = async (word: string): Promise<string[]> => [await onDirector(word), ...(await onServers(word))];

    before(async () => {
      // Every real server starts with the router as its way out.
      for (const name of servers) {
        await cluster.run(
          name,
          'ip route replace default via 192.0.2.1; ip -6 route replace default via 2001:db8:b::1 dev lan',
        );
      }
      atFirst = await Promise.all(hosts.map((host) => surroundings(cluster, host)));
    });

    test('start makes the table, and connections reach the real servers', async () => {
      await everywhere('start');
      assert.deepEqual((await cluster.ipvsadm('-Sn')).trimEnd().split('\n').sort(), [...scenario.rules].sort());
      const answered = await cluster.fetch({ address: vip[family], port: 80 }, 4);
      assert.deepEqual(answered.sort(), ['real1', 'real1', 'real2', 'real2']);
    });

    if (repeated) {
      test('a second start changes nothing', async () => {
        const running = await Promise.all(hosts.map((host) => surroundings(cluster, host)));
        const rules = await cluster.ipvsadm('-Sn');
        await everywhere('start');
        assert.deepEqual(await Promise.all(hosts.map((host) => surroundings(cluster, host))), running);
        assert.equal(await cluster.ipvsadm('-Sn'), rules);
      });
    }

    test('status says that it runs', async () => {
      const [directorStatus = '', ...serverStatus] = await everywhere('status');
      assert.match(directorStatus, /^Prot LocalAddress/);
      for (const text of serverStatus) assert.notEqual(text, '');
    });

    test('stop leaves everything as it was before the first start', async () => {
      await everywhere('stop');
      assert.deepEqual(await Promise.all(hosts.map((host) => surroundings(cluster, host))), atFirst);
      assert.equal(await cluster.ipvsadm('-Sn'), '');
    });

    if (repeated) {
      test('a second stop does nothing more, and status says that it does not run', async () => {
        await everywhere('stop');
        assert.deepEqual(await Promise.all(hosts.map((host) => surroundings(cluster, host))), atFirst);
        assert.equal((await runScript(director, shell, directorScript, 'status', directorSettings)).status, 3);
        assert.equal((await runScript('real1', shell, serverScript, 'status', serverSettings)).status, 3);
      });
    }
  });
}

describe('a script that can not do what is asked', () => {
  let atFirst = '';
  before(async () => {
    atFirst = await surroundings(cluster, 'real1');
  });

  const wrong: readonly [script: string, word: string, settings: Settings, says: RegExp][] = [
    [directorScript, 'begin', {}, /^usage: .*start\|stop\|restart\|status$/m],
    [directorScript, 'start', { FORWARDING: 'magic' }, /FORWARDING is nat, dr or tun, not magic/],
    [directorScript, 'start', { PROTOCOL: 'icmp' }, /PROTOCOL is tcp, udp or sctp, not icmp/],
    [directorScript, 'start', { VIP: '' }, /VIP is empty/],
    [directorScript, 'start', { FORWARDING: 'dr', SERVER_PORT: '8080' }, /only nat can change the port/],
    [serverScript, '', {}, /^usage: /],
    [serverScript, 'start', { FORWARDING: 'magic' }, /FORWARDING is nat, dr or tun, not magic/],
    [serverScript, 'start', { FORWARDING: 'tun', TUNNEL: 'rope' }, /TUNNEL is ipip, gre or gue, not rope/],
    [serverScript, 'start', { FORWARDING: 'dr', VIP: '' }, /VIP is empty/],
  ];
  for (const [script, word, settings, says] of wrong) {
    test(`says why: ${[word, ...Object.entries(settings).map(([name, value]) => `${name}=${value}`)].join(' ')}`, async () => {
      const result = await runScript('real1', ['dash'], script, word, settings);
      assert.equal(result.status, 2);
      assert.match(result.stderr, says);
    });
  }

  test('changes nothing', async () => {
    assert.equal(await surroundings(cluster, 'real1'), atFirst);
  });

  test('says so to anybody but root', async () => {
    // The checkout may be in a directory that only root can enter.
    const reads = ['--inh-caps=+dac_read_search', '--ambient-caps=+dac_read_search'];
    for (const script of [directorScript, serverScript]) {
      const result = await runScript('real1', ['setpriv', '--reuid=65534', ...reads, 'dash'], script, 'start', {});
      assert.deepEqual([result.status, result.stderr.includes('only root')], [4, true]);
    }
  });

  test('tells which command failed', async () => {
    const settings = { VIP: vip.inet, REAL_SERVERS: '10.0.0.21', SCHEDULER: 'nosuch' };
    const result = await runScript(director, ['dash'], directorScript, 'start', settings);
    assert.equal(result.status, 1);
    assert.match(result.stderr, /this failed: ipvsadm -A -t 192\.0\.2\.100:80 -s nosuch/);
    await succeed(director, ['dash'], directorScript, 'stop', settings);
  });
});

test('stop leaves alone what somebody has changed since', async () => {
  const settings = { VIP: vip.inet, FORWARDING: 'dr' };
  await succeed('real2', ['dash'], serverScript, 'start', settings);
  await cluster.run('real2', 'echo 8 >/proc/sys/net/ipv4/conf/all/arp_ignore');
  await succeed('real2', ['dash'], serverScript, 'stop', settings);
  assert.equal(await cluster.run('real2', 'cat /proc/sys/net/ipv4/conf/all/arp_ignore'), '8\n');
  await cluster.run('real2', 'echo 0 >/proc/sys/net/ipv4/conf/all/arp_ignore');
});

test('restart with another VIP takes the old one away', async () => {
  const settings = { INTERFACE: 'lan', REAL_SERVERS: '10.0.0.21', SCHEDULER: 'rr' };
  const vips = async (): Promise<string[]> =>
    [...(await cluster.run(director, 'ip -o -4 address show dev lan')).matchAll(/inet (\S+)/g)].map(
      ([, text = '']) => text,
    );
  const atFirst = await vips();
  await succeed(director, ['dash'], directorScript, 'start', { ...settings, VIP: '192.0.2.101' });
  assert.deepEqual(await vips(), [...atFirst, '192.0.2.101/32']);
  await succeed(director, ['dash'], directorScript, 'restart', { ...settings, VIP: '192.0.2.102' });
  assert.deepEqual(await vips(), [...atFirst, '192.0.2.102/32']);
  await succeed(director, ['dash'], directorScript, 'stop', settings);
  assert.deepEqual(await vips(), atFirst);
});

// Units -----------------------------------------------------------------------------------------------------------------

describe('the unit ipvsadm.service', () => {
  const unit = readFileSync('examples/systemd/ipvsadm.service', 'utf8');
  /** The commands of a setting such as ExecStart, for a shell: systemd's `$$` is a plain `$`. */
  const commands = (setting: string): string[] =>
    [...unit.matchAll(new RegExp(`^${setting}=(.*)$`, 'gm'))].map(([, line = '']) => line.replaceAll('$$', '$'));
  const runAll = async (setting: string): Promise<void> => {
    const lines = commands(setting);
    assert.ok(lines.length > 0);
    for (const line of lines) await cluster.run(director, `PATH=${quote(path)}; ${line}`);
  };
  const rules = '-A -t 192.0.2.100:80 -s rr\n-a -t 192.0.2.100:80 -r 10.0.0.21:80 -m -w 7\n';

  test('starts with nothing to restore, saves on stop, and restores on the next start', async () => {
    await cluster.run(director, 'rm -f /etc/ipvsadm.rules /etc/sysconfig/ipvsadm');
    await runAll('ExecStart');
    assert.equal(await cluster.ipvsadm('-Sn'), '');
    await cluster.ipvsadm('-A -t 192.0.2.100:80 -s rr', '-a -t 192.0.2.100:80 -r 10.0.0.21:80 -m -w 7');
    await runAll('ExecStop');
    assert.equal(await cluster.ipvsadm('-Sn'), '');
    assert.equal(readFileSync('/etc/ipvsadm.rules', 'utf8'), rules);
    await runAll('ExecStart');
    assert.equal(await cluster.ipvsadm('-Sn'), rules);
  });

  test('reloads the rules by apply: what is the same is not touched, and a mistake changes nothing', async () => {
    assert.equal(await cluster.ipvsadm('-Sn'), rules);
    const added = `${rules}-a -t 192.0.2.100:80 -r 10.0.0.22:80 -m -w 1\n`;
    writeFileSync('/etc/ipvsadm.rules', added);
    await runAll('ExecReload');
    assert.equal(await cluster.ipvsadm('-Sn'), added);
    writeFileSync('/etc/ipvsadm.rules', `${rules}-A -q\n`);
    await assert.rejects(runAll('ExecReload'));
    assert.equal(await cluster.ipvsadm('-Sn'), added);
    writeFileSync('/etc/ipvsadm.rules', rules);
    await runAll('ExecReload');
    assert.equal(await cluster.ipvsadm('-Sn'), rules);
  });

  test('uses /etc/sysconfig/ipvsadm where that is', async () => {
    await cluster.ipvsadm('-C');
    await cluster.run(director, 'mkdir -p /etc/sysconfig; mv /etc/ipvsadm.rules /etc/sysconfig/ipvsadm');
    await runAll('ExecStart');
    assert.equal(await cluster.ipvsadm('-Sn'), rules);
    await runAll('ExecStop');
    assert.equal(readFileSync('/etc/sysconfig/ipvsadm', 'utf8'), rules);
    await cluster.run(director, '[ ! -e /etc/ipvsadm.rules ]; rm -r /etc/sysconfig');
  });
});

test('systemd finds nothing wrong with the units', async () => {
  await cluster.run(
    director,
    `install ${quote(directorScript)} ${quote(serverScript)} /usr/local/sbin
cp ${quote(resolve('examples/systemd'))}/*.service /etc/systemd/system
cd /etc/systemd/system
systemd-analyze verify --man=no ipvsadm.service ipvs.server.service realserver.service ipvsadm-run@web.service ipvsadm-web.service 2>&1 |
  tee /run/verified
[ ! -s /run/verified ]`,
  );
});

test('systemd finds the daemon with health checks confined as its unit can be', async () => {
  // Ten times the score; 3.0 is where it is called medium.
  await cluster.run(director, 'systemd-analyze security --offline=true --threshold=29 ipvsadm-run@web.service');
});

test('systemd finds the page confined as well as what loads nothing and starts nothing', async () => {
  await cluster.run(director, 'systemd-analyze security --offline=true --threshold=20 ipvsadm-web.service');
});
