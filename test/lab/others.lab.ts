import assert from 'node:assert/strict';
import { existsSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Cluster } from '../cluster/cluster.js';
import { parseServers, parseTraffic, settled } from '../cluster/listings.js';
import { standardTopology, vip } from '../cluster/standard.js';
import { director } from '../cluster/topology.js';
import { Reference, type Rules } from './reference.js';
import { ipvsadm } from './run-main.js';

// Other programs that look at the same table: the original, the Prometheus node exporter, keepalived.
const servers = ['real1', 'real2'] as const;
const cluster = await Cluster.build(standardTopology, ['client', ...servers]);
const reference = new Reference(cluster.shell);
after(() => {
  cluster.close();
});
await cluster.serve(servers, { http: [80], udp: [] });

const web = `${vip.inet}:80`;
const words = (text: string): string[] => text.split(' ');

/** The same listing by the original and by ours. */
async function bothPrint(line: string): Promise<string> {
  const [theirs] = await reference.run([{ argv: words(line) }]);
  const ours = await cluster.ipvsadm(line);
  assert.equal(ours, theirs?.stdout);
  return ours;
}

describe('the original and ours on one table, in turns', () => {
  const steps: readonly (readonly [who: 'original' | 'ours', line: string])[] = [
    ['original', `-A -t ${web} -s rr`],
    ['ours', `-a -t ${web} -r 10.0.0.21:80 -m -w 2`],
    ['original', `-a -t ${web} -r 10.0.0.22:80 -m -x 100 -y 50`],
    ['ours', `-E -t ${web} -s wrr -p 600`],
    ['original', `-e -t ${web} -r 10.0.0.21:80 -m -w 5`],
    ['ours', `-A -f 9 -6 -s sh -b sh-port`],
    ['original', '-a -f 9 -6 -r [2001:db8:c::21]:0 -m'],
    ['ours', `-d -t ${web} -r 10.0.0.22:80`],
    ['original', '--set 600 60 30'],
    ['ours', '-D -f 9 -6'],
    ['original', `-D -t ${web}`],
  ];

  test('each sees at once what the other has done', async () => {
    await cluster.ipvsadm('-C');
    for (const [who, line] of steps) {
      if (who === 'ours') {
        await cluster.ipvsadm(line);
      } else {
        const [result] = await reference.run([{ argv: words(line) }]);
        assert.deepEqual([line, result?.status, result?.stderr], [line, 0, '']);
      }
      for (const listing of ['-Ln', '-Ln --thresholds', '-Sn', '-L --timeout']) {
        // What the original can't save is one of the numbered differences.
        if (listing !== '-Sn' || !/-x \d/.test(await cluster.ipvsadm('-Sn'))) await bothPrint(listing);
      }
    }
    assert.equal(await cluster.ipvsadm('-Sn'), '');
  });

  test('each restores what the other has saved', async () => {
    const rules: Rules = [
      `-A -t ${web} -s wlc -p 300 -M 255.255.255.0`,
      `-a -t ${web} -r 10.0.0.21:80 -m -w 3`,
      `-a -t ${web} -r 10.0.0.22:80 -i -w 0 --tun-type gue --tun-port 6080`,
    ].map(words);
    await reference.stage(rules);
    const saved = await bothPrint('-Sn');
    await reference.stage(saved.trimEnd().split('\n').map(words));
    assert.equal(await bothPrint('-Sn'), saved);
    await cluster.ipvsadm('-C', ...saved.trimEnd().split('\n'));
    assert.equal(await bothPrint('-Sn'), saved);
    await cluster.ipvsadm('-C');
  });
});

describe('the Prometheus node exporter', () => {
  // Unpacked, not installed: the package would start a service.
  const exporter = resolve('.cache/debian/prometheus-node-exporter/usr/bin/prometheus-node-exporter');
  const address = '127.0.0.1:9100';

  before(async () => {
    assert.ok(existsSync(exporter), `${exporter} is missing: npm test -- others unpacks it`);
    await cluster.run(
      director,
      `${exporter} --collector.disable-defaults --collector.ipvs --web.listen-address=${address} >/run/exporter 2>&1 &
echo $! >/run/exporter.pid`,
    );
  });
  after(() => cluster.run(director, 'kill $(cat /run/exporter.pid)'));

  /** Metrics by their name and, where they have some, their labels. */
  async function metrics(): Promise<Map<string, number>> {
    const text = await cluster.run(director, `curl -s http://${address}/metrics || true`);
    return new Map(
      [...text.matchAll(/^(node_ipvs_\w+(?:\{[^}]*\})?) (\S+)$/gm)].map(([, name = '', value]) => [
        name,
        Number(value),
      ]),
    );
  }

  function backend(metric: string, real: string): string {
    const [remoteAddress, port] = real.split(':');
    const labels = [
      `local_address="${vip.inet}"`,
      'local_mark=""',
      'local_port="80"',
      'proto="TCP"',
      `remote_address="${remoteAddress ?? ''}"`,
      `remote_port="${port ?? ''}"`,
    ];
    return `node_ipvs_backend_${metric}{${labels.join(',')}}`;
  }

  test('counts what we count', async () => {
    const sums = ['connections_total', 'incoming_packets_total', 'outgoing_packets_total'] as const;
    const atFirst = await settled(metrics, ({ size }) => size > 0);
    assert.ok(sums.every((name) => atFirst.has(`node_ipvs_${name}`)));
    await cluster.ipvsadm(
      '-C',
      `-A -t ${web} -s wrr`,
      `-a -t ${web} -r 10.0.0.21:80 -m -w 3`,
      `-a -t ${web} -r 10.0.0.22:80 -m -w 1`,
    );
    const held = [];
    while (held.length < 4) held.push(await cluster.hold({ address: vip.inet, port: 80 }));
    await cluster.fetch({ address: vip.inet, port: 80 }, 4);
    const total = await settled(
      async () => {
        const [first] = parseTraffic(await cluster.ipvsadm('-Ln --stats --exact'));
        const now = await metrics();
        const since = sums.map((name) => (now.get(`node_ipvs_${name}`) ?? 0) - (atFirst.get(`node_ipvs_${name}`) ?? 0));
        return { ours: [first?.connections, first?.incomingPackets, first?.outgoingPackets], theirs: since };
      },
      ({ ours, theirs }) => ours[0] === 8 && String(ours) === String(theirs),
    );
    assert.deepEqual(total.theirs, total.ours);
    assert.equal(total.ours[0], 8);

    const now = await metrics();
    const listed = parseServers(await cluster.ipvsadm('-Ln'));
    assert.equal(listed.length, 2);
    for (const { name, weight, active, inactive } of listed) {
      assert.deepEqual(
        ['weight', 'connections_active', 'connections_inactive'].map((metric) => now.get(backend(metric, name))),
        [weight, active, inactive],
        name,
      );
    }
    assert.deepEqual(
      listed.map(({ weight, active }) => [weight, active]),
      [
        [3, 3],
        [1, 1],
      ],
    );
    for (const connection of held) await connection.close();
    await cluster.ipvsadm('-C');
  });
});

describe('keepalived', () => {
  const file = '/run/keepalived.conf';

  function configure(weight: number): void {
    const realServer = (address: string): string => `
  real_server ${address} 80 {
    weight ${weight}
    TCP_CHECK {
      connect_timeout 5
      retry 0
      delay_before_retry 1
    }
  }`;
    writeFileSync(
      file,
      `global_defs {
  router_id lab
}
virtual_server ${vip.inet} 80 {
  delay_loop 1
  lb_algo wrr
  lb_kind NAT
  persistence_timeout 60
  protocol TCP${['10.0.0.21', '10.0.0.22'].map(realServer).join('')}
}
`,
    );
  }

  /** What our listing has of its service: server and weight. */
  async function weights(): Promise<string[]> {
    return parseServers(await cluster.ipvsadm('-Ln')).map(({ name, weight }) => `${name} ${weight}`);
  }

  const becomes = async (expected: readonly string[]): Promise<void> => {
    assert.deepEqual(await settled(weights, (found) => String(found) === String(expected)), expected);
  };

  before(async () => {
    configure(3);
    await cluster.ipvsadm('-C', '-A -f 5 -s rr');
    await cluster.run(director, `keepalived --check --use-file ${file} --pid /run/k.pid --checkers_pid /run/c.pid`);
  });

  test('builds a table that we list as the original does', async () => {
    await becomes(['10.0.0.21:80 3', '10.0.0.22:80 3']);
    assert.match(await bothPrint('-Ln'), /^TCP {2}192\.0\.2\.100:80 wrr persistent 60$/m);
    assert.deepEqual((await bothPrint('-Sn')).trimEnd().split('\n'), [
      `-A -t ${web} -s wrr -p 60`,
      `-a -t ${web} -r 10.0.0.21:80 -m -w 3`,
      `-a -t ${web} -r 10.0.0.22:80 -m -w 3`,
      '-A -f 5 -s rr',
    ]);
  });

  test('builds a table that we export, and that does not differ from what was exported', async () => {
    const document = await cluster.ipvsadm('export');
    writeFileSync('/run/keepalived.yaml', document);
    assert.match(document, /scheduler: wrr\n +persistenceTimeout: 60\n/);
    assert.equal(await cluster.ipvsadm('diff /run/keepalived.yaml'), '');
    writeFileSync('/run/keepalived.rules', await cluster.ipvsadm('export --format rules'));
    assert.equal(await cluster.ipvsadm('diff /run/keepalived.rules'), '');
  });

  test('builds a table that does not differ from what its file asks for', async () => {
    // The service with a firewall mark is not in the file.
    assert.equal(await cluster.ipvsadm(`diff --no-prune ${file}`), '');
    const { status, stdout, stderr } = await ipvsadm(['import', file]);
    assert.equal(status, 0);
    assert.match(stderr, /checks are made every 5 seconds instead of 1: that is their timeout\n$/);
    assert.match(stdout, /tcp: \{ type: tcp, interval: 5, fastInterval: 1, timeout: 5, fall: 1, rise: 1 \}/);
    writeFileSync('/run/imported.yaml', stdout);
    assert.equal(await cluster.ipvsadm('diff --no-prune /run/imported.yaml'), '');
  });

  test('what its checks find out is in our listing at once', async () => {
    await cluster.run(director, 'ip route add unreachable 10.0.0.21');
    await becomes(['10.0.0.22:80 3']);
    await cluster.run(director, 'ip route del unreachable 10.0.0.21');
    await becomes(['10.0.0.21:80 3', '10.0.0.22:80 3']);
  });

  test('finds the entries that we have changed, and changes them on', async () => {
    await cluster.ipvsadm(`-e -t ${web} -r 10.0.0.21:80 -m -w 0`, `-E -t ${web} -s wlc -p 60`);
    assert.deepEqual(await weights(), ['10.0.0.21:80 0', '10.0.0.22:80 3']);
    const { status, stdout } = await ipvsadm(['diff', '/run/keepalived.yaml']);
    assert.deepEqual(
      [status, stdout.split('\n')],
      [1, [`~ TCP  ${web} scheduler wlc -> wrr`, '~   10.0.0.21:80 weight 0 -> 3', '']],
    );
    configure(7);
    await cluster.run(director, 'kill -HUP $(cat /run/k.pid)');
    await becomes(['10.0.0.21:80 7', '10.0.0.22:80 7']);
  });

  test('takes its own service away at the end, and leaves ours', async () => {
    await cluster.run(director, 'kill $(cat /run/k.pid)');
    assert.equal(
      await settled(
        () => cluster.ipvsadm('-Sn'),
        (rules) => rules === '-A -f 5 -s rr\n',
      ),
      '-A -f 5 -s rr\n',
    );
  });
});
