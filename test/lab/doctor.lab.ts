import assert from 'node:assert/strict';
import { hostname } from 'node:os';
import { after, before, describe, test } from 'node:test';
import { IpvsClient } from '../../src/client/client.js';
import { directorChecks } from '../../src/doctor/checks.js';
import { defaultTunnel } from '../../src/model/server.js';
import { assertWell, diagnose, listen, script, send, state, type Diagnosis } from './doctor/host.js';
import { Shell } from './reference.js';
import { ipvsadm } from './run-main.js';

// `doctor` on a director: for each check a director that lacks this one thing. The finding has to be there and has to
// be the only one, and the command that it gives has to fix it.
assert.equal(hostname(), 'lab', 'this suite changes the network: npm run lab -- node FILE');

const shell = new Shell();
after(() => {
  shell.close();
});

/** Three networks: clients come in by eth0, servers behind NAT are on eth1, eth2 is for sync daemons. */
const links = `
link add eth0 type veth peer name p0 netns peer
link add eth1 type veth peer name p1 netns peer
link add eth2 type veth peer name p2 netns peer`;

/** What is not there can't be removed: these lines may fail. */
const clearing = `
link del dummy0
address flush dev lo scope global
address flush dev eth0
address flush dev eth1
address flush dev eth2
route flush table main
route del unreachable 203.0.113.0/24
route del blackhole fd00:9::/64
${links}
link set eth2 multicast on
link set eth0 up
link set eth1 up
link set eth2 up`;

const addresses = `
address add 192.0.2.1/24 dev eth0
address add 192.0.2.10/32 dev eth0
address add 2001:db8:1::1/64 dev eth0 nodad
address add 2001:db8:1::10/128 dev eth0 nodad
address add 10.0.1.1/24 dev eth1
address add fd00:1::1/64 dev eth1 nodad
address add 10.0.2.1/24 dev eth2
route replace default via 192.0.2.254
route replace default via 2001:db8:1::ffff`;

const peer = `
link set p0 up
link set p1 up
link set p2 up
address replace 192.0.2.254/24 dev p0`;

/** Every forwarding method, both families, a firewall mark. */
const rules = `
-A -t 192.0.2.10:80 -s wlc
-a -t 192.0.2.10:80 -r 10.0.1.2:8080 -m
-a -t 192.0.2.10:80 -r 10.0.1.3:8080 -m -w 2
-A -t 192.0.2.10:443 -s wrr -p 300
-a -t 192.0.2.10:443 -r 192.0.2.21 -g
-a -t 192.0.2.10:443 -r 192.0.2.22 -g
-A -t 192.0.2.10:25 -s rr
-a -t 192.0.2.10:25 -r 203.0.113.5 -i
-A -u 192.0.2.10:53 -s rr
-a -u 192.0.2.10:53 -r 10.0.1.2 -m
-a -u 192.0.2.10:53 -r 10.0.1.3 -m
-A -t [2001:db8:1::10]:80 -s mh
-a -t [2001:db8:1::10]:80 -r [fd00:1::2]:8080 -m
-A -f 7 -s sh
-a -f 7 -r 10.0.1.9 -m`;

const settings: Readonly<Record<string, number>> = {
  'net.ipv4.ip_forward': 1,
  'net.ipv6.conf.all.forwarding': 1,
  'net.ipv4.conf.all.rp_filter': 0,
  'net.ipv4.conf.all.send_redirects': 1,
  'net.ipv4.conf.all.arp_ignore': 0,
  'net.ipv4.conf.eth0.rp_filter': 0,
  'net.ipv4.conf.eth0.send_redirects': 1,
  'net.ipv4.conf.eth0.arp_ignore': 0,
  'net.ipv4.conf.eth1.forwarding': 1,
  'net.ipv4.vs.conntrack': 0,
  'net.ipv4.vs.conn_reuse_mode': 1,
  'net.ipv4.vs.drop_entry': 0,
  'net.ipv4.vs.drop_packet': 0,
  'net.ipv4.vs.secure_tcp': 0,
  'net.ipv4.vs.expire_nodest_conn': 1,
  'net.ipv4.vs.expire_quiescent_template': 0,
  'net.ipv4.vs.run_estimation': 1,
  'net.ipv4.vs.backup_only': 0,
};

/** A director without a fault. One process for each kind of thing: starting one takes long in user-mode Linux. */
async function stage(): Promise<void> {
  await script(
    shell,
    `ipvsadm -C
    ip -force -batch - <<'END' 2>/dev/null || true${clearing}\nEND
    ip -n peer -batch - <<'END'${peer}\nEND
    ip -batch - <<'END'${addresses}\nEND
    sysctl -qw ${Object.entries(settings)
      .map(([name, value]) => `${name}=${value}`)
      .join(' ')}
    ipvsadm -R <<'END'${rules}\nEND`,
  );
}

/** What a few faults leave behind. */
const stopDaemons = 'ipvsadm --stop-daemon master 2>/dev/null; ipvsadm --stop-daemon backup 2>/dev/null; true';
const dropFilter = 'tc qdisc del dev eth0 ingress';

before(async () => {
  await script(
    shell,
    `ip netns add peer
    sysctl -qw net.ipv6.conf.default.addr_gen_mode=1 net.ipv4.conf.default.rp_filter=0
    modprobe -aq dummy sch_ingress cls_matchall act_skbedit act_ct || true`,
  );
});

interface Fault {
  readonly check: string;
  readonly what: string;
  /** A script that makes the fault. */
  readonly fault?: string;
  /** What a script can't do. @returns what undoes it. */
  readonly prepare?: () => Promise<(() => Promise<void>) | undefined>;
  readonly severity: 'warning' | 'error';
  readonly subject: string;
  readonly found: RegExp;
  /** A script that fixes what no command of `doctor` can. */
  readonly fixing?: string;
  /** A script for what staging the next one does not remove. */
  readonly clean?: string;
  /** Checks that report the same thing in another way. */
  readonly beside?: readonly string[];
  /** Whether the commands of the fix only look. */
  readonly looks?: boolean;
  /** Whether it is fixed by what undoes `prepare`. */
  readonly fixedByEnd?: boolean;
}

async function withClient<T>(use: (client: IpvsClient) => Promise<T>): Promise<T> {
  const client = await IpvsClient.open();
  try {
    return await use(client);
  } finally {
    client.close();
  }
}

const web = 'TCP 192.0.2.10:80';

const faults: readonly Fault[] = [
  {
    check: 'scheduler',
    what: 'a service lost its scheduler',
    fault: 'ipvsadm -E -t 192.0.2.10:443 -p 60 -M 255.255.255.0 -s none',
    severity: 'error',
    subject: 'TCP 192.0.2.10:443',
    found: /no scheduler/,
  },
  {
    check: 'service-servers',
    what: 'a service has no servers',
    fault: 'ipvsadm -d -t [2001:db8:1::10]:80 -r [fd00:1::2]:8080',
    severity: 'error',
    subject: 'TCP [2001:db8:1::10]:80',
    found: /no real server/,
  },
  {
    check: 'service-servers',
    what: 'a service by firewall mark for IPv6 has no servers',
    fault: 'ipvsadm -A -f 8 -6',
    severity: 'error',
    subject: 'FWM 8 IPv6',
    found: /no real server/,
  },
  {
    check: 'service-weights',
    what: 'all servers have weight 0',
    fault: `ipvsadm -e -t 192.0.2.10:443 -r 192.0.2.21 -g -w 0 -x 20 -y 10; ipvsadm -e -t 192.0.2.10:443 -r 192.0.2.22 -g -w 0`,
    severity: 'error',
    subject: 'TCP 192.0.2.10:443',
    found: /all 2 real servers have weight 0/,
  },
  {
    check: 'service-thresholds',
    what: 'every server is full',
    fault: `ipvsadm -d -u 192.0.2.10:53 -r 10.0.1.3; ipvsadm -e -u 192.0.2.10:53 -r 10.0.1.2 -m -x 1`,
    prepare: async () => {
      await send('192.0.2.10', 53, 1);
      return undefined;
    },
    severity: 'error',
    subject: 'UDP 192.0.2.10:53',
    found: /10\.0\.1\.2:53: 1 of 1/,
  },
  {
    check: 'scheduler-weights',
    what: 'the scheduler ignores weights that differ',
    fault: 'ipvsadm -E -t 192.0.2.10:80 -s rr',
    severity: 'warning',
    subject: web,
    found: /rr ignores them/,
  },
  ...['sh', 'mh'].map((name): Fault => ({
    check: 'hash-fallback',
    what: `${name} keeps the clients of a server of weight 0, and refuses them`,
    fault: `ipvsadm -E -t 192.0.2.10:443 -s ${name}; ipvsadm -e -t 192.0.2.10:443 -r 192.0.2.22 -g -w 0`,
    severity: 'warning',
    subject: 'TCP 192.0.2.10:443',
    found: new RegExp(`192\\.0\\.2\\.22:443 has weight 0, and ${name}-fallback is not set`),
  })),
  {
    check: 'hash-fallback',
    what: 'dh keeps the destinations of a server of weight 0',
    fault: 'ipvsadm -E -t 192.0.2.10:443 -s dh; ipvsadm -e -t 192.0.2.10:443 -r 192.0.2.22 -g -w 0',
    severity: 'warning',
    subject: 'TCP 192.0.2.10:443',
    found: /192\.0\.2\.22:443 has weight 0, and dh has no fallback/,
  },
  {
    check: 'server-port',
    what: 'a server reached by direct routing has another port',
    prepare: () =>
      withClient(async (client) => {
        await client.addServer(
          { family: 'inet', protocol: 'tcp', address: '192.0.2.10', port: 443 },
          {
            family: 'inet',
            address: '192.0.2.23',
            port: 8443,
            forwarding: 'direct-routing',
            weight: 1,
            upperThreshold: 0,
            lowerThreshold: 0,
            tunnel: defaultTunnel,
          },
        );
        return undefined;
      }),
    severity: 'warning',
    subject: '192.0.2.23:8443 of TCP 192.0.2.10:443',
    found: /has port 8443, the service has 443/,
  },
  {
    check: 'service-overlap',
    what: 'a service for all ports and one for a port',
    fault: `ipvsadm -R <<'END'
-A -t 192.0.2.11:0 -p
-a -t 192.0.2.11:0 -r 192.0.2.21:0 -g
-A -t 192.0.2.11:80
-a -t 192.0.2.11:80 -r 192.0.2.21 -g
END
ip address add 192.0.2.11/32 dev eth0`,
    severity: 'warning',
    subject: 'TCP 192.0.2.11:0',
    found: /does not get port 80: TCP 192\.0\.2\.11:80 takes it/,
  },
  {
    check: 'service-overlap',
    what: 'a service by firewall mark takes the packets of another one',
    fault: `ipvsadm -a -f 7 -r 10.0.1.2 -m
      ipvsadm -d -t 192.0.2.10:80 -r 10.0.1.2:8080
      tc qdisc add dev eth0 ingress; tc filter add dev eth0 parent ffff: matchall action skbedit mark 7
      ip netns exec peer bash -c 'echo hello >/dev/udp/192.0.2.10/53'`,
    prepare: async () => {
      // The kernel adds up what it has counted every two seconds.
      await withClient(async (client) => {
        while ((await client.service({ family: 'inet', fwmark: 7 })).statistics.incomingPackets === 0n);
      });
      return undefined;
    },
    severity: 'warning',
    subject: 'UDP 192.0.2.10:53',
    found: /has got no packet, and FWM 7 takes/,
    clean: dropFilter,
  },
  {
    check: 'persistence-imbalance',
    what: 'persistence gives one server everything',
    fault: 'ipvsadm -E -u 192.0.2.10:53 -s rr -p 600',
    prepare: async () => {
      await send('192.0.2.10', 53, 12);
      return undefined;
    },
    severity: 'warning',
    subject: 'UDP 192.0.2.10:53',
    found: /has 12 of 12 connections/,
  },
  {
    check: 'persistence-quiesced',
    what: 'clients are bound to a server of weight 0',
    fault: 'ipvsadm -E -u 192.0.2.10:53 -s rr -p 600; ipvsadm -d -u 192.0.2.10:53 -r 10.0.1.3',
    prepare: async () => {
      await send('192.0.2.10', 53, 1);
      await script(
        shell,
        'ipvsadm -e -u 192.0.2.10:53 -r 10.0.1.2 -m -w 0; ipvsadm -a -u 192.0.2.10:53 -r 10.0.1.3 -m',
      );
      return undefined;
    },
    severity: 'warning',
    subject: '10.0.1.2:53 of UDP 192.0.2.10:53',
    found: /1 client is still bound/,
  },
  {
    check: 'vip-here',
    what: 'a virtual address is on no interface',
    fault: 'ip address del 192.0.2.10/32 dev eth0',
    severity: 'error',
    subject: '192.0.2.10',
    found: /is not an address of this host/,
  },
  {
    check: 'vip-here',
    what: 'a virtual address of IPv6 is on no interface',
    fault: 'ip address del 2001:db8:1::10/128 dev eth0',
    severity: 'error',
    subject: '2001:db8:1::10',
    found: /is not an address of this host/,
  },
  {
    check: 'vip-here',
    what: 'a virtual address is on an interface that is down',
    fault:
      'ip address del 192.0.2.10/32 dev eth0; ip link add dummy0 type dummy; ip address add 192.0.2.10/32 dev dummy0; ip route del local 192.0.2.10 dev dummy0 table local',
    severity: 'error',
    subject: '192.0.2.10',
    found: /is on dummy0, which is down/,
  },
  {
    check: 'vip-arp',
    what: 'the settings of a real server keep a director from answering for its address',
    fault:
      'ip address del 192.0.2.10/32 dev eth0; ip address add 192.0.2.10/32 dev lo; sysctl -qw net.ipv4.conf.all.arp_ignore=1',
    severity: 'warning',
    subject: '192.0.2.10',
    found: /is on lo only, and arp_ignore is set/,
  },
  {
    check: 'server-route',
    what: 'there is no route to a server',
    fault: 'ip route add unreachable 203.0.113.0/24',
    severity: 'error',
    subject: '203.0.113.5:25 of TCP 192.0.2.10:25',
    found: /can't be reached: No route to host/,
  },
  {
    check: 'server-route',
    what: 'there is no route to a server of IPv6',
    fault: `ip -6 route add blackhole fd00:9::/64; ipvsadm -a -t [2001:db8:1::10]:80 -r [fd00:9::1]:8080 -m`,
    severity: 'error',
    subject: '[fd00:9::1]:8080 of TCP [2001:db8:1::10]:80',
    found: /can't be reached: Invalid argument/,
  },
  {
    check: 'server-on-link',
    what: 'a router is on the way of direct routing',
    fault: 'ipvsadm -a -t 192.0.2.10:443 -r 203.0.113.7 -g',
    severity: 'error',
    subject: '203.0.113.7:443 of TCP 192.0.2.10:443',
    found: /is reached by the router 192\.0\.2\.254/,
  },
  {
    check: 'forwarding',
    what: 'nothing is forwarded',
    fault: 'sysctl -qw net.ipv4.ip_forward=0',
    severity: 'error',
    subject: 'this host',
    found: /net\.ipv4\.ip_forward is 0/,
  },
  {
    check: 'forwarding',
    what: 'the interface of the servers does not forward',
    fault: 'sysctl -qw net.ipv4.conf.eth1.forwarding=0',
    severity: 'error',
    subject: 'eth1',
    found: /does not forward/,
  },
  {
    check: 'forwarding',
    what: 'nothing is forwarded of IPv6',
    fault: 'sysctl -qw net.ipv6.conf.all.forwarding=0',
    severity: 'error',
    subject: 'this host',
    found: /net\.ipv6\.conf\.all\.forwarding is 0/,
  },
  {
    check: 'send-redirects',
    what: 'servers behind NAT are on the network of the clients',
    fault: 'ipvsadm -a -t 192.0.2.10:80 -r 192.0.2.24:8080 -m',
    severity: 'warning',
    subject: 'eth0',
    found: /send_redirects is on/,
  },
  {
    check: 'rp-filter',
    what: 'clients come in by another interface than they are answered by',
    fault: `ip route replace default via 10.0.2.254 dev eth2; sysctl -qw net.ipv4.conf.eth0.rp_filter=1`,
    severity: 'warning',
    subject: 'eth0',
    found: /has 192\.0\.2\.10 and a strict rp_filter, and the default route leaves by eth2/,
  },
  {
    check: 'local-listener',
    what: 'a program listens at the port of a service',
    prepare: () => listen(80, '0.0.0.0'),
    severity: 'warning',
    subject: web,
    found: /listens at 0\.0\.0\.0:80/,
    fixedByEnd: true,
  },
  {
    check: 'local-node',
    what: 'this host is a real server, and nothing listens',
    fault: 'ipvsadm -a -t 192.0.2.10:443 -r 192.0.2.1 -g',
    severity: 'error',
    subject: '192.0.2.1:443 of TCP 192.0.2.10:443',
    found: /nothing listens at port 443/,
  },
  {
    check: 'conn-reuse',
    what: 'a port that is used again is not scheduled anew',
    fault: 'sysctl -qw net.ipv4.vs.conn_reuse_mode=0',
    severity: 'warning',
    subject: 'this host',
    found: /conn_reuse_mode is 0/,
  },
  {
    check: 'expire-nodest',
    what: 'UDP clients of a server that is removed are left alone',
    fault: 'sysctl -qw net.ipv4.vs.expire_nodest_conn=0',
    severity: 'warning',
    subject: 'UDP 192.0.2.10:53',
    found: /expire_nodest_conn is 0/,
  },
  {
    check: 'connection-servers',
    // The setting alone is a finding where UDP is balanced.
    beside: ['expire-nodest'],
    what: 'clients are bound to a server that is gone',
    fault: 'sysctl -qw net.ipv4.vs.expire_nodest_conn=0; ipvsadm -d -u 192.0.2.10:53 -r 10.0.1.3',
    prepare: async () => {
      await send('192.0.2.10', 53, 3);
      await script(shell, 'ipvsadm -a -u 192.0.2.10:53 -r 10.0.1.3 -m; ipvsadm -d -u 192.0.2.10:53 -r 10.0.1.2');
      return undefined;
    },
    severity: 'warning',
    subject: 'this host',
    found: /3 connections with a server that is not in the table: 3 to 10\.0\.1\.2:53 of UDP 192\.0\.2\.10:53/,
  },
  {
    check: 'estimation',
    what: 'the kernel adds up nothing',
    fault: 'sysctl -qw net.ipv4.vs.run_estimation=0',
    severity: 'warning',
    subject: 'this host',
    found: /run_estimation is 0/,
  },
  ...['drop_entry', 'drop_packet', 'secure_tcp'].map((name): Fault => ({
    check: 'defence',
    what: `${name} is always on`,
    fault: `sysctl -qw net.ipv4.vs.${name}=3`,
    severity: 'warning',
    subject: 'this host',
    found: new RegExp(`${name} is 3`),
  })),
  {
    check: 'ftp-helper',
    what: 'FTP goes through NAT without its helper',
    fault: `rmmod ip_vs_ftp 2>/dev/null || true
      ipvsadm -A -t 192.0.2.10:21 -s rr; ipvsadm -a -t 192.0.2.10:21 -r 10.0.1.2 -m`,
    severity: 'warning',
    subject: 'TCP 192.0.2.10:21',
    found: /ip_vs_ftp is not loaded/,
  },
  {
    check: 'sync-interface',
    what: 'the interface of a sync daemon is gone',
    fault: 'ipvsadm --start-daemon master --mcast-interface eth2; ip link del eth2',
    severity: 'error',
    subject: 'sync daemon (master)',
    found: /eth2 does not exist/,
    clean: stopDaemons,
  },
  {
    check: 'sync-interface',
    what: 'the interface of a sync daemon is down',
    fault: 'ipvsadm --start-daemon master --mcast-interface eth2; ip link set eth2 down',
    severity: 'error',
    subject: 'sync daemon (master)',
    found: /eth2 is down/,
    clean: stopDaemons,
  },
  {
    check: 'sync-interface',
    what: 'the interface of a sync daemon has no carrier',
    fault: 'ipvsadm --start-daemon master --mcast-interface eth2; ip -n peer link set p2 down',
    severity: 'error',
    subject: 'sync daemon (master)',
    found: /eth2 has no carrier/,
    clean: stopDaemons,
    fixing: 'ip -n peer link set p2 up',
  },
  {
    check: 'sync-interface',
    what: 'the interface of a sync daemon carries no multicast',
    fault: 'ipvsadm --start-daemon master --mcast-interface eth2; ip link set eth2 multicast off',
    severity: 'error',
    subject: 'sync daemon (master)',
    found: /carries no multicast/,
    clean: stopDaemons,
  },
  {
    check: 'sync-interface',
    what: 'the interface of a sync daemon has no address',
    fault: 'ipvsadm --start-daemon master --mcast-interface eth2; ip address flush dev eth2',
    severity: 'error',
    subject: 'sync daemon (master)',
    found: /has no IPv4 address/,
    clean: stopDaemons,
    fixing: 'ip address add 10.0.2.1/24 dev eth2',
  },
  {
    check: 'sync-peer',
    what: 'a backup receives nothing',
    fault: 'ipvsadm --start-daemon backup --mcast-interface eth2',
    severity: 'warning',
    subject: 'sync daemon (backup)',
    found: /has received no open connection from a master/,
    // Its fix is to look; a backup that receives something is in cluster-sync.
    looks: true,
    fixing: 'ipvsadm --stop-daemon backup',
  },
  {
    check: 'sync-loop',
    beside: ['sync-peer'],
    what: 'a backup is a real server too',
    fault: 'ipvsadm --start-daemon backup --mcast-interface eth2; ipvsadm -a -t 192.0.2.10:443 -r 192.0.2.1 -g',
    prepare: () => listen(443, '192.0.2.10'),
    severity: 'warning',
    subject: 'sync daemon (backup)',
    found: /backup_only is 0/,
    clean: stopDaemons,
  },
  // The last one: what the packet filter has tracked can be seen for some time.
  {
    check: 'conntrack',
    what: 'the packet filter tracks connections, IPVS does not',
    fault: `tc qdisc add dev eth0 ingress; tc filter add dev eth0 parent ffff: protocol ip matchall action ct commit
      ip netns exec peer bash -c 'echo hello >/dev/udp/192.0.2.1/9'`,
    severity: 'warning',
    subject: 'this host',
    found: /tracks connections \(\d+ now\), and net\.ipv4\.vs\.conntrack is 0/,
    clean: dropFilter,
  },
];

describe('doctor on a director', () => {
  test('is content with one that has everything', async () => {
    await stage();
    const diagnosis = await diagnose();
    assertWell(diagnosis);
    assert.equal(diagnosis.document.role, 'director');
    assert.deepEqual(
      diagnosis.document.checks.map(({ id }) => id),
      directorChecks.map(({ id }) => id),
    );
  });

  test('says to people what it says to programs, within 100 columns, and changes nothing', async () => {
    await stage();
    await script(shell, 'sysctl -qw net.ipv4.ip_forward=0; ipvsadm -E -t 192.0.2.10:80 -s rr');
    const before = await state(shell);
    const { status, stdout, stderr } = await ipvsadm(['doctor']);
    assert.equal(await state(shell), before, 'doctor changed something');
    assert.deepEqual({ status, stderr }, { status: 2, stderr: '' });
    assert.match(stdout, /^ {4}sysctl -w net\.ipv4\.ip_forward=1$/m);
    assert.match(stdout, /\n1 error, 1 warning; \d+ of \d+ checks passed\n$/);
    assert.ok(stdout.split('\n').every((line) => line.length <= 100));
  });

  for (const { check, what, fault, prepare, severity, subject, found, fixing, clean, ...rest } of faults) {
    const { beside = [], looks = false, fixedByEnd = false } = rest;
    const others = async (): Promise<Diagnosis> => {
      const diagnosis = await diagnose();
      const problems = diagnosis.problems.filter((problem) => !beside.includes(problem.check));
      return { ...diagnosis, problems, status: problems.length === 0 ? 0 : diagnosis.status };
    };
    test(`${check}: ${what}`, async (context) => {
      await stage();
      if (fault !== undefined) await script(shell, fault);
      const end = await prepare?.();
      let ended = end === undefined;
      context.after(async () => {
        if (!ended) await end?.();
        if (clean !== undefined) await script(shell, clean);
      });
      const { status, problems } = await others();
      assert.deepEqual(
        problems.map((problem) => [problem.check, problem.severity, problem.subject.label]),
        [[check, severity, subject]],
      );
      const [problem] = problems;
      assert.match(problem?.found ?? '', found);
      assert.equal(status, severity === 'error' ? 2 : 1);
      if (!looks) for (const command of problem?.fixes[0]?.commands ?? []) await script(shell, command);
      if (fixing !== undefined) await script(shell, fixing);
      if (fixedByEnd) {
        await end?.();
        ended = true;
      }
      // The kernel takes a new IPv6 address into its routes a little later than it answers.
      let now = await others();
      for (let tries = 0; tries < 10 && now.status !== 0; tries++) now = await others();
      assertWell(now);
    });
  }

  test('without an ip that can be run it ends with 2, and says so in one line', async () => {
    await stage();
    await script(shell, 'touch no-program; chmod 644 no-program; mount --bind no-program "$(readlink -f /sbin/ip)"');
    try {
      const { status, stdout, stderr } = await ipvsadm(['doctor']);
      assert.deepEqual({ status, stdout }, { status: 2, stdout: '' });
      assert.match(stderr, /^ipvsadm: can't execute \/\S*\/ip: Permission denied\n$/);
    } finally {
      await script(shell, 'umount "$(readlink -f /sbin/ip)"');
    }
  });

  test('every check but that for IPVS itself has a fault here', () => {
    const missing = directorChecks.map(({ id }) => id).filter((id) => !faults.some(({ check }) => check === id));
    assert.deepEqual(missing, ['ipvs']);
  });
});
