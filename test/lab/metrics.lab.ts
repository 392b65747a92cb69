import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { resolve } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Cluster } from '../cluster/cluster.js';
import { settled } from '../cluster/listings.js';
import { standardTopology, vip } from '../cluster/standard.js';
import { director } from '../cluster/topology.js';
import type { Snapshot } from '../../src/director/snapshot.js';
import { healthMetrics } from '../../src/web/health-metrics.js';
import { WatchedDirector } from '../unit/support/watched-director.js';

// The verb `metrics` and the page's /metrics, before those who read it: promtool, node_exporter, Prometheus.
const servers = ['real1', 'real2'] as const;
const cluster = await Cluster.build(standardTopology, ['client', ...servers]);
after(() => {
  cluster.close();
});
await cluster.serve(servers, { http: [80], udp: [] });

// Unpacked, not installed: the packages would start services.
function unpacked(name: string, program: string): string {
  const path = resolve(`.cache/debian/${name}/usr/bin/${program}`);
  assert.ok(existsSync(path), `${path} is missing: npm test -- metrics unpacks it`);
  return path;
}
const promtool = unpacked('prometheus', 'promtool');
const prometheus = unpacked('prometheus', 'prometheus');
const exporter = unpacked('prometheus-node-exporter', 'prometheus-node-exporter');

const web = `${vip.inet}:80`;
const token = 'a-token-for-the-scraper';
/** What a daemon would keep. */
const document = `checks:
  home: { type: http }
services:
  - address: ${vip.inet}
    port: 80
    check: home
    servers:
      - { address: 10.0.0.21, forwarding: nat }
      - { address: 10.0.0.22, forwarding: nat }
`;
const textFiles = '/run/textfile';

before(async () => {
  await cluster.ipvsadm(
    '-C',
    '--set 600 60 30',
    `-A -t ${web} -s wrr -p 300`,
    `-a -t ${web} -r 10.0.0.21:80 -m -w 3 -x 100 -y 50`,
    `-a -t ${web} -r 10.0.0.22:80 -m -w 1`,
    '-A -u 192.0.2.99:53 -s rr -o',
    '-a -u 192.0.2.99:53 -r 10.0.0.100:53 -m -w 1234567',
    '-a -u 192.0.2.99:53 -r 10.0.0.21:53 -m -w 0',
    '-A -t [2001:db8:1::99]:80 -s sh -b sh-port',
    '-a -t [2001:db8:1::99]:80 -r [2001:db8:c::21]:80 -g',
    '-a -t [2001:db8:1::99]:80 -r 10.0.0.22:80 -i --tun-type gue --tun-port 6080',
    '-A -t [::ffff:192.0.2.99]:80 -s rr',
    '-a -t [::ffff:192.0.2.99]:80 -r [2001:db8:c::22]:80 -m',
    '-A -f 9 -s rr',
    '-a -f 9 -r 10.0.0.21:0 -m -w 4',
    '-A -f 9 -6 -s rr',
    '-a -f 9 -6 -r [2001:db8:c::21]:0 -m -w 5',
  );
  await cluster.fetch({ address: vip.inet, port: 80 }, 6);
});

describe('promtool', () => {
  for (const words of [
    '--names both --connections',
    '--names node',
    '--server-labels remote_address',
    '--no-servers',
  ]) {
    test(`finds no fault with metrics ${words}`, async () => {
      writeFileSync('/run/metrics.prom', await cluster.ipvsadm(`metrics ${words}`));
      const checked = await cluster.run(
        director,
        `${promtool} check metrics </run/metrics.prom 2>&1; echo "status $?"`,
      );
      assert.equal(checked, 'status 0\n');
    });
  }
});

describe('promtool, for the page and what is read from it,', () => {
  async function check(words: string): Promise<void> {
    const checked = await cluster.run(director, `${promtool} ${words} 2>&1; echo "status $?"`);
    assert.match(checked, /status 0\n$/, checked);
  }

  test('finds no fault with what a daemon knows', async () => {
    const watched = new WatchedDirector();
    watched.hosts.set('10.0.0.22', 'says no');
    await watched.begin(document);
    await watched.seconds(60);
    const text = [...healthMetrics([(await watched.ask({ do: 'checks' })) as Snapshot])].join('');
    watched.kill();
    assert.match(text, /^ipvs_server_state\{.*server="10\.0\.0\.22:80",state="down"\} 1$/m);
    writeFileSync('/run/health.prom', text);
    await check('check metrics </run/health.prom');
  });

  test('takes the rules and the configuration of the examples', async () => {
    await check(`check rules ${resolve('examples/prometheus/ipvs.rules.yml')}`);
    writeFileSync('/run/ipvs.token', token);
    const configuration = readFileSync('examples/prometheus/prometheus.yml', 'utf8')
      .replace('/etc/prometheus/ipvs.token', '/run/ipvs.token')
      .replace('- ipvs.rules.yml', `- ${resolve('examples/prometheus/ipvs.rules.yml')}`);
    writeFileSync('/run/example.yml', configuration);
    await check('check config /run/example.yml');
  });

  test('sees every alert come when it should', async () => {
    const rules = readFileSync('examples/prometheus/ipvs.rules.yml', 'utf8');
    const names = [...rules.matchAll(/alert: (\w+)/g)].map(([, name = '']) => name).sort();
    const labels = 'instance="d",proto="TCP",local_address="192.0.2.10",local_port="80",local_mark=""';
    const inputs: readonly string[] = [
      `ipvs_service_info{${labels}} 1`,
      `ipvs_server_weight{${labels},remote_address="10.0.1.2"} 0`,
      'ipvs_server_state{service="s",server="r",state="down"} 1',
      'ipvs_service_healthy{service="s"} 0',
      'ipvs_service_fail_open{service="s"} 1',
      'ipvs_service_sorry{service="s"} 1',
      'ipvs_check_tls_not_after_seconds{service="s",server="r"} 86400',
      'ipvs_config_reload_success{daemon="web"} 0',
      'ipvs_up{instance="d"} 0',
      'up{job="ipvs",instance="d"} 0',
    ];
    const series = inputs.map((line) => {
      const [name = '', value = ''] = line.split(/ (?=\d+$)/);
      return `      - { series: '${name}', values: '${value}x200' }`;
    });
    const cases = names.map((name) => `      - { alertname: ${name}, eval_time: 2h, exp_alerts: [] }`);
    const file = (tests: readonly string[]): string =>
      `rule_files: ['${resolve('examples/prometheus/ipvs.rules.yml')}']\ntests:\n  - interval: 1m\n    input_series:\n${series.join('\n')}\n    alert_rule_test:\n${tests.join('\n')}\n`;
    // Expecting none, each is reported that comes.
    writeFileSync('/run/rules-test.yml', file(cases));
    const report = await cluster.run(director, `${promtool} test rules /run/rules-test.yml 2>&1 || true`);
    const came = [...new Set([...report.matchAll(/alertname: (\w+)/g)].map(([, name]) => name))].sort();
    assert.deepEqual(came, names, report);
  });
});

describe('node_exporter', () => {
  const runs: readonly (readonly [title: string, port: number, theirs: string, ours: string])[] = [
    ['all labels', 9100, '', ''],
    [
      'some labels',
      9101,
      '--collector.ipvs.backend-labels=local_address,local_port,proto,local_mark',
      ' --server-labels local_address,local_port,proto,local_mark',
    ],
  ];
  for (const [title, port, theirs, ours] of runs) {
    test(`writes of the same kernel the same bytes as --names node: ${title}`, async () => {
      const log = `/run/exporter-${port}`;
      await cluster.run(
        director,
        `${exporter} --collector.disable-defaults --collector.ipvs ${theirs} --web.listen-address=127.0.0.1:${port} >${log} 2>&1 &
echo $! >${log}.pid`,
      );
      const both = await settled(
        async () => {
          const text = await cluster.run(director, `curl -s http://127.0.0.1:${port}/metrics || true`);
          const families = text.split('\n').filter((line) => /^(# \w+ )?node_ipvs_/.test(line));
          return {
            theirs: families.join('\n'),
            ours: (await cluster.ipvsadm(`metrics --names node${ours}`)).trimEnd(),
          };
        },
        (found) => found.theirs === found.ours,
      );
      await cluster.run(director, `kill $(cat ${log}.pid)`);
      assert.equal(both.ours, both.theirs);
      assert.match(both.ours, /1\.234567e\+06$/m);
      assert.match(both.ours, /^node_ipvs_connections_total [1-9]/m);
    });
  }
});

describe('Prometheus', () => {
  const where = 'http://127.0.0.1:9090';
  // What an exporter of our own would reply.
  const open = createServer((_, response) => {
    void cluster.ipvsadm('metrics --openmetrics').then((text) => {
      response.setHeader('Content-Type', 'application/openmetrics-text; version=1.0.0; charset=utf-8');
      response.end(text);
    });
  });

  before(async () => {
    mkdirSync(textFiles, { recursive: true });
    writeFileSync(`${textFiles}/ipvs.prom.new`, await cluster.ipvsadm('metrics'));
    renameSync(`${textFiles}/ipvs.prom.new`, `${textFiles}/ipvs.prom`);
    await new Promise<void>((listening) => open.listen(9200, '127.0.0.1', listening));
    const job = (name: string, port: number): string =>
      `  - job_name: ${name}\n    static_configs: [{ targets: ['127.0.0.1:${port}'] }]\n`;
    writeFileSync(
      '/run/prometheus.yml',
      `global: { scrape_interval: 2s, scrape_timeout: 2s }\nscrape_configs:\n${job('node', 9100)}${job('open', 9200)}${job('ipvs', 3636)}    authorization: { credentials: ${token} }\n`,
    );
    writeFileSync('/run/web.token', token, { mode: 0o600 });
    await cluster.run(
      director,
      `${exporter} --collector.disable-defaults --collector.ipvs --collector.textfile --collector.textfile.directory=${textFiles} --web.listen-address=127.0.0.1:9100 >/run/exporter 2>&1 &
echo $! >/run/exporter.pid
${process.execPath} ${resolve('dist/bin/ipvsadm.cjs')} web --listen 127.0.0.1:3636 --token-file /run/web.token >/run/web.log 2>&1 &
echo $! >/run/web.pid
${prometheus} --config.file=/run/prometheus.yml --storage.tsdb.path=/run/prometheus --web.listen-address=127.0.0.1:9090 >/run/prometheus.log 2>&1 &
echo $! >/run/prometheus.pid`,
    );
  });
  after(async () => {
    open.close();
    await cluster.run(director, 'kill $(cat /run/exporter.pid) $(cat /run/prometheus.pid) $(cat /run/web.pid)');
  });

  /** The results of a query: labels that matter, and the value. */
  async function query(expression: string): Promise<string[]> {
    const text = await cluster.run(
      director,
      `curl -s --data-urlencode 'query=${expression}' ${where}/api/v1/query || true`,
    );
    if (!text.startsWith('{')) return [];
    const { data } = JSON.parse(text) as {
      data?: { result?: { metric: Record<string, string>; value: [number, string] }[] };
    };
    return (data?.result ?? [])
      .map(({ metric, value }) => `${metric['remote_address'] ?? metric['job'] ?? ''} ${value[1]}`)
      .sort();
  }

  async function becomes(expression: string, expected: readonly string[]): Promise<void> {
    const found = await settled(
      () => query(expression),
      (results) => String(results) === String(expected),
    );
    assert.deepEqual(found, expected, expression);
  }

  test('takes the text file by way of node_exporter, and OpenMetrics from a server and from the page with a token', async () => {
    await becomes('up', ['ipvs 1', 'node 1', 'open 1']);
    await becomes('node_textfile_scrape_error', ['node 0']);
    await becomes('ipvs_up', ['ipvs 1', 'node 1', 'open 1']);
    const weights = ['10.0.0.21 3', '10.0.0.22 1'];
    for (const job of ['node', 'open', 'ipvs']) {
      await becomes(`ipvs_server_weight{job="${job}",local_address="${vip.inet}"}`, weights);
      await becomes(`sum(ipvs_service_connections_total{job="${job}",local_address="${vip.inet}"})`, [' 6']);
      await becomes(`ipvs_server_upper_threshold_connections{job="${job}"}`, ['10.0.0.21 100']);
    }
    await becomes('count(ipvs_server_info{job="open",tunnel="gue"})', [' 1']);
  });

  test('answers every question of the dashboard', async () => {
    const dashboard = readFileSync('examples/grafana/ipvs.json', 'utf8');
    const expressions = [...dashboard.matchAll(/"expr": (".*?[^\\\\]"),?$/gm)].map(
      ([, text = '']) => JSON.parse(text) as string,
    );
    assert.ok(expressions.length > 15);
    for (const expression of expressions) {
      const asked = expression.replaceAll('$__rate_interval', '1m').replace(/\$\w+/g, '.*');
      // What daemons know is not there without one.
      if (/ipvs_service_healthy|sum by \(state\)/.test(asked)) continue;
      const found = await settled(
        () => query(asked),
        (results) => results.length > 0,
      );
      assert.ok(found.length > 0, asked);
    }
  });

  test('joins our series with those of node_exporter without changing labels', async () => {
    const labels = 'local_address,local_port,local_mark,proto,remote_address,remote_port';
    const own = 'ipvs_server_weight{job="node",proto!="FWM"}';
    await becomes(`count(${own} == on (${labels}) node_ipvs_backend_weight)`, [' 7']);
  });
});
