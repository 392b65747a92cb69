import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  countSeries,
  formatMetrics,
  formatNoMetrics,
  type MetricsReading,
  type MetricsStyle,
} from '../../../src/format/metrics.js';
import type { ServiceKey } from '../../../src/model/service.js';
import type { ServerEntry, Totals } from '../../../src/model/state.js';
import { noTraffic, plainServer, plainService } from '../support/entries.js';

const web: ServiceKey = { family: 'inet', protocol: 'tcp', address: '192.0.2.10', port: 80 };
const totals: Totals = {
  connections: 12n,
  incomingPackets: 999_999n,
  outgoingPackets: 1_000_000n,
  incomingBytes: 1_234_567_890n,
  outgoingBytes: (1n << 64n) - 1n,
};

function server(settings: Partial<ServerEntry>): ServerEntry {
  return { ...plainServer, ...settings };
}

function reading(settings: Partial<MetricsReading> = {}): MetricsReading {
  return {
    version: '0.1.0',
    info: { version: { major: 1, minor: 2, patch: 1 }, connectionTableSize: 4096 },
    services: [],
    timeouts: { tcp: 900, tcpFin: 120, udp: 300 },
    syncDaemons: [],
    totals,
    connections: undefined,
    seconds: 0.25,
    ...settings,
  };
}

const usual: MetricsStyle = { names: 'own', servers: true, serverLabels: undefined, openMetrics: false };

function text(given: MetricsReading, style: Partial<MetricsStyle> = {}): string {
  return [...formatMetrics(given, { ...usual, ...style })].join('');
}

/** The series of families whose names match. */
function series(given: MetricsReading, names: RegExp, style: Partial<MetricsStyle> = {}): string[] {
  return text(given, style)
    .split('\n')
    .filter((line) => names.test(line) && !line.startsWith('#'));
}

const twoServers = [
  server({ address: '10.0.0.2', weight: 3, activeConnections: 5, statistics: { ...noTraffic, incomingBytes: 1n } }),
  server({
    address: '10.0.0.3',
    weight: 0,
    upperThreshold: 100,
    lowerThreshold: 50,
    forwarding: 'tunneling',
    tunnel: { type: 'gue', port: 6080, checksum: 'nocsum' },
    statistics: { ...noTraffic, incomingBytes: (1n << 64n) - 1n },
  }),
];

const labelled: readonly [title: string, key: ServiceKey, labels: string][] = [
  ['IPv4', web, 'local_address="192.0.2.10",local_mark="",local_port="80",proto="TCP"'],
  [
    'IPv6 over UDP',
    { family: 'inet6', protocol: 'udp', address: '2001:db8::1', port: 53 },
    'local_address="2001:db8::1",local_mark="",local_port="53",proto="UDP"',
  ],
  ['SCTP', { ...web, protocol: 'sctp' }, 'local_address="192.0.2.10",local_mark="",local_port="80",proto="SCTP"'],
  [
    'a protocol of a newer kernel',
    { ...web, protocol: 'protocol-33' },
    'local_address="192.0.2.10",local_mark="",local_port="80",proto="33"',
  ],
  [
    'IPv4 in IPv6, as Go writes it',
    { family: 'inet6', protocol: 'tcp', address: '::ffff:192.0.2.1', port: 80 },
    'local_address="192.0.2.1",local_mark="",local_port="80",proto="TCP"',
  ],
  [
    'an IPv4-compatible address, as Go writes it',
    { family: 'inet6', protocol: 'tcp', address: '::192.0.2.1', port: 80 },
    'local_address="::c000:201",local_mark="",local_port="80",proto="TCP"',
  ],
  [
    'a firewall mark',
    { family: 'inet', fwmark: 0x3da3 },
    'family="inet",local_address="",local_mark="00003DA3",local_port="0",proto="FWM"',
  ],
  [
    'a firewall mark of IPv6',
    { family: 'inet6', fwmark: 0xffffffff },
    'family="inet6",local_address="",local_mark="FFFFFFFF",local_port="0",proto="FWM"',
  ],
];

describe('metrics of our own', () => {
  test('are those of the kernel, its settings and its daemons where the table is empty', () => {
    const daemon = { role: 'master', interface: 'eth0', syncId: 7, maxLength: 0, port: 0, ttl: 0 } as const;
    const given = reading({
      syncDaemons: [daemon],
      connections: [{ protocol: 'TCP', state: 'ESTABLISHED', count: 3 }],
    });
    assert.deepEqual(series(given, /^ipvs/), [
      'ipvs_up 1',
      'ipvs_scrape_duration_seconds 0.25',
      'ipvsadm_build_info{version="0.1.0"} 1',
      'ipvs_info{version="1.2.1"} 1',
      'ipvs_connection_table_buckets 4096',
      'ipvs_connections_total 12',
      'ipvs_incoming_packets_total 999999',
      'ipvs_outgoing_packets_total 1000000',
      'ipvs_incoming_bytes_total 1234567890',
      'ipvs_outgoing_bytes_total 18446744073709551615',
      'ipvs_timeout_seconds{state="tcp"} 900',
      'ipvs_timeout_seconds{state="tcp_fin"} 120',
      'ipvs_timeout_seconds{state="udp"} 300',
      'ipvs_sync_daemon_info{role="master",interface="eth0",sync_id="7"} 1',
      'ipvs_connection_entries{proto="TCP",state="ESTABLISHED"} 3',
    ]);
  });

  for (const [title, key, labels] of labelled) {
    test(`name a service by its labels: ${title}`, () => {
      const given = reading({ services: [{ service: { ...plainService, key }, servers: [] }] });
      assert.deepEqual(series(given, /^ipvs_service_connections/), [`ipvs_service_connections_total{${labels}} 0`]);
    });
  }

  test('show of servers what is set, and 64 bits of what is counted', () => {
    const service = { ...plainService, key: web, scheduler: 'sh', schedulerFlags: ['flag-1', 'flag-2'] as const };
    const given = reading({ services: [{ service: { ...service, persistenceTimeout: 60 }, servers: twoServers }] });
    const local = 'local_address="192.0.2.10",local_mark="",local_port="80",proto="TCP"';
    const [first, second] = ['10.0.0.2', '10.0.0.3'].map(
      (address) => `${local},remote_address="${address}",remote_port="8080"`,
    );
    assert.deepEqual(series(given, /^ipvs_(service_(info|pers)|server_(incoming_b|active|weight|upper|lower|info))/), [
      `ipvs_service_info{${local},persistence_engine="",scheduler="sh",scheduler_flags="sh-fallback,sh-port"} 1`,
      `ipvs_service_persistence_timeout_seconds{${local}} 60`,
      `ipvs_server_incoming_bytes_total{${first}} 1`,
      `ipvs_server_incoming_bytes_total{${second}} 18446744073709551615`,
      `ipvs_server_active_connections{${first}} 5`,
      `ipvs_server_active_connections{${second}} 0`,
      `ipvs_server_weight{${first}} 3`,
      `ipvs_server_weight{${second}} 0`,
      `ipvs_server_upper_threshold_connections{${second}} 100`,
      `ipvs_server_lower_threshold_connections{${second}} 50`,
      `ipvs_server_info{${first},forwarding="masquerading",tunnel=""} 1`,
      `ipvs_server_info{${second},forwarding="tunneling",tunnel="gue"} 1`,
    ]);
    assert.deepEqual(series(given, /^ipvs_server_/, { servers: false }), []);
  });

  test('add up what falls together where labels are left out, and show no settings then', () => {
    const service = { ...plainService, key: web };
    const mark = { ...plainService, key: { family: 'inet', fwmark: 1 } as const };
    const given = reading({
      services: [
        { service, servers: twoServers },
        { service: mark, servers: twoServers },
      ],
    });
    const style = { serverLabels: ['remote_address'] } as const;
    assert.deepEqual(series(given, /^ipvs_server_(incoming_b|weight|upper|info)/, style), [
      'ipvs_server_incoming_bytes_total{remote_address="10.0.0.2"} 2',
      `ipvs_server_incoming_bytes_total{remote_address="10.0.0.3"} ${2n * ((1n << 64n) - 1n)}`,
      'ipvs_server_weight{remote_address="10.0.0.2"} 6',
      'ipvs_server_weight{remote_address="10.0.0.3"} 0',
      'ipvs_server_upper_threshold_connections{remote_address="10.0.0.3"} 200',
    ]);
    assert.deepEqual(series(given, /^ipvs_server_weight/, { serverLabels: [] }), ['ipvs_server_weight 6']);
  });

  test('quote what is in names, and let nothing drive a terminal', () => {
    const service = { ...plainService, key: web, scheduler: 'a"b\\c\n\x1b[1m' };
    const [info = ''] = series(reading({ services: [{ service, servers: [] }] }), /^ipvs_service_info/);
    assert.match(info, /scheduler="a\\"b\\\\c\?\?\[1m"/);
  });

  test('leave out a family that has no series', () => {
    const given = reading({ totals: undefined });
    assert.doesNotMatch(text(given), /connections_total|ipvs_server|ipvs_service|sync_daemon|connection_entries/);
  });
});

describe('the formats', () => {
  const given = reading({ services: [{ service: { ...plainService, key: web }, servers: twoServers }] });

  test('describe each family once, before its series, without a break', () => {
    for (const openMetrics of [false, true]) {
      const lines = text(given, { openMetrics, names: 'both' }).trimEnd().split('\n');
      const heads = lines.flatMap((line) => /^# HELP (\S+) \S/.exec(line)?.[1] ?? []);
      assert.equal(new Set(heads).size, heads.length);
      let family = '';
      for (const line of lines.filter((one) => one !== '# EOF')) {
        const [, head] = /^# (?:HELP|TYPE) (\S+) /.exec(line) ?? [];
        family = head ?? family;
        assert.ok(head !== undefined || line.startsWith(family), line);
      }
    }
  });

  test('have counters that end in _total, and nothing else that does', () => {
    for (const [, name = '', type] of text(given, { names: 'both' }).matchAll(/^# TYPE (\S+) (\S+)$/gm)) {
      assert.equal(name.endsWith('_total'), type === 'counter', name);
    }
  });

  test('OpenMetrics names the family without its ending, knows info, and ends in # EOF', () => {
    const open = text(given, { openMetrics: true });
    assert.match(open, /^# TYPE ipvs_service_connections counter\nipvs_service_connections_total\{/m);
    assert.match(open, /^# TYPE ipvs_server info\nipvs_server_info\{/m);
    assert.match(open, /\n# EOF\n$/);
    assert.doesNotMatch(open, /^$(?!\n*$)/m);
    assert.match(text(given), /^# TYPE ipvs_server_info gauge$/m);
  });

  test('say that the kernel could not be read, in our own names', () => {
    const none = (style: Partial<MetricsStyle>): string => [...formatNoMetrics({ ...usual, ...style })].join('');
    const up = '# HELP ipvs_up Whether the kernel could be read.\n# TYPE ipvs_up gauge\nipvs_up 0\n';
    assert.equal(none({}), up);
    assert.equal(none({ names: 'both', openMetrics: true }), `${up}# EOF\n`);
    assert.equal(none({ names: 'node' }), '');
  });

  test('are counted as they are written', () => {
    for (const names of ['own', 'node', 'both'] as const) {
      const counts = [...countSeries(given, { ...usual, names })];
      const lines = text(given, { names }).split('\n');
      const expected = lines.filter((line) => line !== '' && !line.startsWith('#')).length;
      assert.equal(
        counts.reduce((sum, [, count]) => sum + count, 0),
        expected,
      );
    }
  });
});

describe('the names of node_exporter', () => {
  test('are its eight families, sorted as texts and with numbers as Go writes them', () => {
    const mark = (family: 'inet' | 'inet6') => ({ ...plainService, key: { family, fwmark: 9 } });
    const given = reading({
      services: [
        { service: { ...plainService, key: web }, servers: [...twoServers, server({ address: '10.0.0.10' })] },
        { service: mark('inet'), servers: [server({ address: '10.0.0.2', port: 0, weight: 1 })] },
        { service: mark('inet6'), servers: [server({ address: '10.0.0.2', port: 0, weight: 999_999 })] },
      ],
    });
    const local = 'local_address="192.0.2.10",local_mark="",local_port="80",proto="TCP"';
    const fwm = 'local_address="",local_mark="00000009",local_port="0",proto="FWM"';
    const backends = (values: readonly (readonly [string, string])[], name: string): string =>
      values.map(([labels, value]) => `${name}{${labels}} ${value}\n`).join('');
    const rows = [
      `${fwm},remote_address="10.0.0.2",remote_port="0"`,
      `${local},remote_address="10.0.0.10",remote_port="8080"`,
      `${local},remote_address="10.0.0.2",remote_port="8080"`,
      `${local},remote_address="10.0.0.3",remote_port="8080"`,
    ];
    const pairs = (...values: string[]) => values.map((value, index) => [rows[index] ?? '', value] as const);
    assert.equal(
      text(given, { names: 'node' }),
      `# HELP node_ipvs_backend_connections_active The current active connections by local and remote address.
# TYPE node_ipvs_backend_connections_active gauge
${backends(pairs('0', '0', '5', '0'), 'node_ipvs_backend_connections_active')}\
# HELP node_ipvs_backend_connections_inactive The current inactive connections by local and remote address.
# TYPE node_ipvs_backend_connections_inactive gauge
${backends(pairs('0', '0', '0', '0'), 'node_ipvs_backend_connections_inactive')}\
# HELP node_ipvs_backend_weight The current backend weight by local and remote address.
# TYPE node_ipvs_backend_weight gauge
${backends(pairs('1e+06', '1', '3', '0'), 'node_ipvs_backend_weight')}\
# HELP node_ipvs_connections_total The total number of connections made.
# TYPE node_ipvs_connections_total counter
node_ipvs_connections_total 12
# HELP node_ipvs_incoming_bytes_total The total amount of incoming data.
# TYPE node_ipvs_incoming_bytes_total counter
node_ipvs_incoming_bytes_total 1.23456789e+09
# HELP node_ipvs_incoming_packets_total The total number of incoming packets.
# TYPE node_ipvs_incoming_packets_total counter
node_ipvs_incoming_packets_total 999999
# HELP node_ipvs_outgoing_bytes_total The total amount of outgoing data.
# TYPE node_ipvs_outgoing_bytes_total counter
node_ipvs_outgoing_bytes_total 1.8446744073709552e+19
# HELP node_ipvs_outgoing_packets_total The total number of outgoing packets.
# TYPE node_ipvs_outgoing_packets_total counter
node_ipvs_outgoing_packets_total 1e+06
`,
    );
  });

  test('leave labels out as its option does, and are sums then', () => {
    const services = [{ service: { ...plainService, key: web }, servers: twoServers }];
    const style = { names: 'node', serverLabels: ['family', 'local_address', 'proto'] } as const;
    assert.deepEqual(series(reading({ services }), /^node_ipvs_backend_weight/, style), [
      'node_ipvs_backend_weight{local_address="192.0.2.10",proto="TCP"} 3',
    ]);
    assert.deepEqual(series(reading({ services }), /^node_ipvs_backend/, { ...style, servers: false }), []);
  });
});
