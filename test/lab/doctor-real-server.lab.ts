import assert from 'node:assert/strict';
import { hostname } from 'node:os';
import { after, before, describe, test } from 'node:test';
import { realServerChecks } from '../../src/doctor/checks.js';
import { assertWell, diagnose, inNamespace, listen, script, state, type Diagnosis } from './doctor/host.js';
import { Shell } from './reference.js';
import { ipvsadm } from './run-main.js';

// `doctor --real-server` on a real server of every kind: for each check one that lacks this one thing. The finding has
// to be there and has to be the only one, and the command that it gives has to fix it.
assert.equal(hostname(), 'lab', 'this suite changes the network: npm run lab -- node FILE');

const shell = new Shell();
let stopListening: (() => Promise<void>) | undefined;
after(async () => {
  await stopListening?.();
  shell.close();
});

/** A dual-stack socket, as most servers have one. */
const port = 8080;

before(async () => {
  await script(shell, 'modprobe -aq ipip ip_gre ip6_tunnel fou dummy || true; ip netns add peer');
  stopListening = await listen(port, '::');
});

/** What is not there can't be removed: these lines may fail. */
const clearing = `
link del dummy0
address flush dev lo scope global
address flush dev eth0
address flush dev eth1
address flush dev tunl0
link set tunl0 down
link set gre0 down
link set ip6tnl0 down
route flush table main
fou del port 6080
link add eth0 type veth peer name p0 netns peer
link add eth1 type veth peer name p1 netns peer
link set eth0 up
link set eth1 up`;

const interfaces = ['all', 'lo', 'eth0', 'eth1', 'tunl0', 'gre0'];

/** Settings of IPv4 by interface. */
function settings(values: Readonly<Record<'arp_ignore' | 'arp_announce' | 'rp_filter', number>>): string {
  const common = ['all', 'lo'];
  return Object.entries(values)
    .flatMap(([name, value]) =>
      interfaces.map((one) => `net.ipv4.conf.${one}.${name}=${common.includes(one) ? value : 0}`),
    )
    .join(' ');
}

const network = `
address add 192.0.2.21/24 dev eth0
address add 2001:db8:1::21/64 dev eth0 nodad
route replace default via 192.0.2.254
route replace default via 2001:db8:1::ffff`;

const vip = `
address add 192.0.2.10/32 dev lo
address add 2001:db8:1::10/128 dev lo`;

const silent = settings({ arp_ignore: 1, arp_announce: 2, rp_filter: 0 });
const plain = settings({ arp_ignore: 0, arp_announce: 0, rp_filter: 1 });

interface Kind {
  readonly words: readonly string[];
  readonly ip: string;
  readonly sysctls: string;
}

const kinds = {
  'direct routing': {
    words: ['--real-server', '192.0.2.10', '--port', String(port)],
    ip: `${network}${vip}`,
    sysctls: silent,
  },
  'direct routing of IPv6': {
    words: ['--real-server', '2001:db8:1::10', '--port', String(port), '--forwarding', 'direct-routing'],
    ip: `${network}${vip}`,
    sysctls: plain,
  },
  tunneling: {
    words: ['--real-server', '192.0.2.10', '--port', String(port), '--forwarding', 'tunneling'],
    ip: `${network}${vip}\nlink set tunl0 up`,
    sysctls: silent,
  },
  'tunneling by gre': {
    words: ['--real-server', '192.0.2.10', '--forwarding', 'tunneling', '--tun-type', 'gre'],
    ip: `${network}${vip}\nlink set gre0 up`,
    sysctls: silent,
  },
  'tunneling by gue': {
    words: ['--real-server', '192.0.2.10', '--forwarding', 'tunneling', '--tun-type', 'gue'],
    ip: `${network}${vip}\nlink set tunl0 up\nfou add port 6080 gue`,
    sysctls: silent,
  },
  NAT: {
    words: [
      '--real-server',
      '192.0.2.10',
      '--port',
      String(port),
      '--forwarding',
      'masquerading',
      '--director',
      '192.0.2.254',
    ],
    ip: network,
    sysctls: plain,
  },
} as const satisfies Record<string, Kind>;

type KindName = keyof typeof kinds;

/** A real server of that kind without a fault. */
async function stage(name: KindName): Promise<void> {
  const { ip, sysctls } = kinds[name];
  await script(
    shell,
    `ip -force -batch - <<'END' 2>/dev/null || true${clearing}\nEND
    ip -n peer -batch - <<'END'\nlink set p0 up\nlink set p1 up\nEND
    sysctl -qw ${sysctls}
    ip -batch - <<'END'${ip}\nEND`,
  );
}

interface Fault {
  readonly check: string;
  readonly what: string;
  readonly kind: KindName;
  /** A script that makes the fault. */
  readonly fault: string;
  /** Words in place of those of the kind. */
  readonly words?: readonly string[];
  readonly severity: 'warning' | 'error';
  readonly subject: string;
  readonly found: RegExp;
  /** A script that fixes what no command of `doctor` can. */
  readonly fixing?: string;
}

const faults: readonly Fault[] = [
  {
    check: 'real-vip',
    what: 'the virtual address is nowhere',
    kind: 'direct routing',
    fault: 'ip address del 192.0.2.10/32 dev lo',
    severity: 'error',
    subject: '192.0.2.10',
    found: /is not an address of this host/,
  },
  {
    check: 'real-vip',
    what: 'the virtual address of IPv6 is nowhere',
    kind: 'direct routing of IPv6',
    fault: 'ip address del 2001:db8:1::10/128 dev lo',
    severity: 'error',
    subject: '2001:db8:1::10',
    found: /is not an address of this host/,
  },
  {
    check: 'real-vip',
    what: 'the virtual address has the length of its network',
    kind: 'direct routing',
    fault: 'ip address del 192.0.2.10/32 dev lo; ip address add 192.0.2.10/24 dev lo',
    severity: 'error',
    subject: '192.0.2.10',
    found: /is on lo with a prefix of 24 bits/,
  },
  {
    check: 'real-vip',
    what: 'the virtual address is on an interface that answers for it',
    kind: 'direct routing',
    fault: 'ip address del 192.0.2.10/32 dev lo; ip address add 192.0.2.10/32 dev eth0',
    severity: 'error',
    subject: '192.0.2.10',
    found: /is on eth0, which answers for it/,
  },
  {
    check: 'real-vip',
    what: 'the virtual address is on a dummy that is down',
    kind: 'direct routing',
    fault:
      'ip address del 192.0.2.10/32 dev lo; ip link add dummy0 type dummy; ip address add 192.0.2.10/32 dev dummy0',
    severity: 'error',
    subject: '192.0.2.10',
    found: /is on dummy0, which is down/,
  },
  {
    check: 'real-vip',
    what: 'behind NAT the virtual address is here, too',
    kind: 'NAT',
    fault: 'ip address add 192.0.2.10/24 dev eth0',
    severity: 'error',
    subject: '192.0.2.10',
    found: /is on eth0/,
  },
  {
    check: 'real-arp-ignore',
    what: 'everybody is answered',
    kind: 'direct routing',
    fault: 'sysctl -qw net.ipv4.conf.all.arp_ignore=0',
    severity: 'error',
    subject: 'eth0',
    found: /arp_ignore is 0 for eth0 \(all 0, lo 1, eth0 0/,
  },
  {
    check: 'real-arp-ignore',
    what: 'nobody is answered',
    kind: 'direct routing',
    fault: 'sysctl -qw net.ipv4.conf.eth0.arp_ignore=8',
    severity: 'error',
    subject: 'eth0',
    found: /arp_ignore is 8 for eth0/,
  },
  {
    check: 'real-arp-announce',
    what: 'the virtual address is named as the sender',
    kind: 'direct routing',
    fault: 'sysctl -qw net.ipv4.conf.all.arp_announce=1',
    severity: 'error',
    subject: 'eth0',
    found: /arp_announce is 1 for eth0/,
  },
  {
    check: 'real-arp-ignore',
    what: 'everybody is answered behind a tunnel',
    kind: 'tunneling',
    fault: 'sysctl -qw net.ipv4.conf.all.arp_ignore=0',
    severity: 'warning',
    subject: 'eth0',
    found: /arp_ignore is 0/,
  },
  {
    check: 'real-tunnel',
    what: 'the tunnel is down',
    kind: 'tunneling',
    fault: 'ip link set tunl0 down',
    severity: 'error',
    subject: 'tunl0',
    found: /is down/,
  },
  {
    check: 'real-tunnel',
    what: 'the tunnel by gre is down',
    kind: 'tunneling by gre',
    fault: 'ip link set gre0 down',
    severity: 'error',
    subject: 'gre0',
    found: /is down/,
  },
  {
    check: 'real-tunnel',
    what: 'nothing takes the packets of gue',
    kind: 'tunneling by gue',
    fault: 'ip fou del port 6080',
    severity: 'error',
    subject: 'this host',
    found: /nothing takes GUE packets at UDP port 6080/,
  },
  {
    check: 'real-rp-filter',
    what: 'the tunnel has no address, and the filter is on',
    kind: 'tunneling',
    fault: 'sysctl -qw net.ipv4.conf.all.rp_filter=2',
    severity: 'error',
    subject: 'tunl0',
    found: /rp_filter is 2 for tunl0, which has no address/,
  },
  {
    check: 'real-rp-filter',
    what: 'the tunnel has an address, and the filter is strict',
    kind: 'tunneling',
    fault: `sysctl -qw net.ipv4.conf.all.rp_filter=1
      ip address del 192.0.2.10/32 dev lo; ip address add 192.0.2.10/32 dev tunl0`,
    severity: 'error',
    subject: 'tunl0',
    found: /rp_filter is 1 for tunl0$/,
  },
  {
    check: 'real-rp-filter',
    what: 'the director is reached by another interface than clients',
    kind: 'direct routing',
    fault: `ip address add 10.0.2.21/24 dev eth1; sysctl -qw net.ipv4.conf.eth1.rp_filter=1`,
    words: ['--real-server', '192.0.2.10', '--director', '10.0.2.1'],
    severity: 'error',
    subject: 'eth1',
    found: /leads to the director and has a strict rp_filter, and the default route leaves by eth0/,
  },
  {
    check: 'real-gateway',
    what: 'there is no way to clients',
    kind: 'direct routing',
    fault: 'ip route del default',
    severity: 'warning',
    subject: 'default route',
    found: /there is none/,
    fixing: 'ip route add default via 192.0.2.254',
  },
  {
    check: 'real-gateway',
    what: 'behind NAT there is no way to clients',
    kind: 'NAT',
    fault: 'ip route del default',
    severity: 'error',
    subject: 'default route',
    found: /there is none/,
  },
  {
    check: 'real-gateway',
    what: 'answers bypass the director',
    kind: 'NAT',
    fault: 'ip route replace default via 192.0.2.1',
    severity: 'error',
    subject: 'default route',
    found: /is by 192\.0\.2\.1, the director is 192\.0\.2\.254/,
  },
];

describe('doctor on a real server', () => {
  for (const name of Object.keys(kinds) as KindName[]) {
    test(`is content with one by ${name}`, async () => {
      await stage(name);
      const diagnosis = await diagnose(kinds[name].words);
      assertWell(diagnosis);
      assert.equal(diagnosis.document.role, 'real-server');
    });
  }

  for (const { check, what, kind, fault, words, severity, subject, found, fixing } of faults) {
    test(`${check}: ${what}`, async () => {
      await stage(kind);
      await script(shell, fault);
      const look = (): Promise<Diagnosis> => diagnose(words ?? kinds[kind].words);
      const { status, problems } = await look();
      assert.deepEqual(
        problems.map((problem) => [problem.check, problem.severity, problem.subject.label]),
        [[check, severity, subject]],
      );
      const [problem] = problems;
      assert.match(problem?.found ?? '', found);
      assert.equal(status, severity === 'error' ? 2 : 1);
      for (const command of problem?.fixes[0]?.commands ?? []) await script(shell, command);
      if (fixing !== undefined) await script(shell, fixing);
      assertWell(await look());
    });
  }

  test('real-listener: nothing listens, until something does', async (context) => {
    await stage('direct routing');
    const words = ['--real-server', '192.0.2.10', '--port', '8081', '--port', String(port)];
    const end = await listen(8081, '127.0.0.1');
    context.after(end);
    const { status, problems } = await diagnose(words);
    assert.equal(status, 2);
    assert.deepEqual(
      problems.map((problem) => [problem.check, problem.subject.label, problem.found]),
      [['real-listener', 'TCP port 8081', 'nothing listens at 192.0.2.10:8081, only at 127.0.0.1:8081']],
    );
    const endOther = await listen(8081, '192.0.2.10');
    context.after(endOther);
    assertWell(await diagnose(words));
  });

  test('every check has a fault here', () => {
    const missing = realServerChecks.map(({ id }) => id).filter((id) => !faults.some(({ check }) => check === id));
    assert.deepEqual(missing, ['real-listener']);
  });

  test('guesses how it is reached, and says so', async () => {
    await stage('tunneling');
    const { stdout } = await ipvsadm(['doctor', '--real-server', '192.0.2.10']);
    assert.match(stdout, /^Real server for 192\.0\.2\.10 by tunneling \(guessed; --forwarding overrides it\)\n/);
    const direct = await ipvsadm(['doctor', '--real-server', '192.0.2.10', '--forwarding', 'direct-routing']);
    assert.match(direct.stdout, /^Real server for 192\.0\.2\.10 by direct-routing\n/);
  });

  test('changes nothing, whatever it finds', async () => {
    await stage('direct routing');
    await script(shell, 'ip address del 192.0.2.10/32 dev lo; sysctl -qw net.ipv4.conf.all.arp_ignore=0');
    const seen = await state(shell);
    assert.equal((await ipvsadm(['doctor', '--real-server', '192.0.2.10', '--all', '--port', '9'])).status, 2);
    assert.equal(await state(shell), seen);
  });

  test('looks at the network namespace that it runs in', async () => {
    await script(
      shell,
      `ip netns add other; ip -n other link set lo up; ip -n other link add eth7 type veth peer name p7
      ip -n other link set eth7 up; ip -n other address add 198.51.100.2/24 dev eth7
      ip netns exec other sysctl -qw net.ipv4.conf.all.arp_ignore=0 net.ipv4.conf.all.arp_announce=0`,
    );
    const { status, stdout } = await inNamespace('other', 'doctor', '--json', '--real-server', '198.51.100.10');
    assert.equal(status, 2);
    const { checks } = JSON.parse(stdout) as Diagnosis['document'];
    const wrong = checks.filter(({ result }) => result !== 'ok').map(({ id }) => id);
    assert.deepEqual(wrong, ['real-arp-ignore', 'real-arp-announce', 'real-vip', 'real-gateway']);
    assert.match(stdout, /eth7/);
  });
});
