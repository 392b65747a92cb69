import type { TableLayout } from '../../../src/grammar/command.js';
import { numericNaming, type Naming } from '../../../src/names/naming.js';
import assert from 'node:assert/strict';
import test from 'node:test';
import {
  formatSyncDaemon,
  formatTimeouts,
  formatTitles,
  formatVersionLine,
  writeServerLine,
  writeServiceLine,
  type ListingStyle,
} from '../../../src/format/listing.js';
import type { ServiceKey } from '../../../src/model/service.js';
import type { ServerEntry, ServiceEntry, SyncDaemon } from '../../../src/model/state.js';
import { noTraffic, plainServer, plainService } from '../support/entries.js';
import { NameTable } from '../support/naming.js';
import { rowsOf } from '../support/server-rows.js';
import { written } from '../support/written.js';

function lineOfService(service: ServiceEntry, style: ListingStyle): string {
  return written((out) => {
    writeServiceLine(out, service, style);
  });
}

function lineOfServer(server: ServerEntry, key: ServiceKey, style: ListingStyle): string {
  return written((out) => {
    writeServerLine(out, rowsOf([server]), 0, key, style);
  });
}

const key6 = { family: 'inet6', protocol: 'tcp', address: '2001:db8::1', port: 80 } as const;
const longHost = 'a-rather-long-name-of-a-real-server.in-a-long-domain.example';
const names = new NameTable(
  { vip: '10.0.0.1', vip6: '2001:db8::1', [longHost]: '10.0.0.2', evil: '10.0.0.9' },
  { 'http/tcp': 80, 'http-alt/tcp': 8080, 'domain/udp': 53 },
);

const services: readonly (readonly [what: string, service: Partial<ServiceEntry>, line: string, naming?: Naming])[] = [
  ['a plain service', {}, 'TCP  10.0.0.1:80 wlc\n'],
  [
    'an SCTP service',
    { key: { family: 'inet', protocol: 'sctp', address: '10.0.0.1', port: 9 } },
    'SCTP 10.0.0.1:9 wlc\n',
  ],
  [
    'a protocol that is not known by its number',
    { key: { family: 'inet', protocol: 'protocol-136', address: '10.0.0.1', port: 80 } },
    '136  10.0.0.1:80 wlc\n',
  ],
  ['an IPv6 service', { key: key6, persistenceNetmask: 128 }, 'TCP  [2001:db8::1]:80 wlc\n'],
  ['a fwmark above 2^31, unsigned', { key: { family: 'inet', fwmark: 4294967295 } }, 'FWM  4294967295 wlc\n'],
  [
    'an IPv6 fwmark',
    { key: { family: 'inet6', fwmark: 7 }, persistenceNetmask: 128, scheduler: 'rr' },
    'FWM  7 IPv6 rr\n',
  ],
  [
    'persistence with mask and engine',
    { persistenceTimeout: 600, persistenceNetmask: '255.255.255.0', persistenceEngine: 'sip', onePacket: true },
    'TCP  10.0.0.1:80 wlc persistent 600 mask 255.255.255.0 pe sip ops\n',
  ],
  ['no mask without persistence', { persistenceNetmask: '255.255.255.0' }, 'TCP  10.0.0.1:80 wlc\n'],
  ['no engine without persistence', { persistenceEngine: 'sip' }, 'TCP  10.0.0.1:80 wlc\n'],
  [
    'an IPv6 prefix length',
    { key: key6, persistenceTimeout: 1, persistenceNetmask: 64 },
    'TCP  [2001:db8::1]:80 wlc persistent 1 mask 64\n',
  ],
  [
    'the flags that the scheduler has names for',
    { scheduler: 'sh', schedulerFlags: ['flag-1', 'flag-2'] },
    'TCP  10.0.0.1:80 sh (sh-fallback,sh-port)\n',
  ],
  [
    'a flag that the scheduler has no name for',
    { scheduler: 'mh', schedulerFlags: ['flag-1', 'flag-3'] },
    'TCP  10.0.0.1:80 mh (mh-fallback,flag-3)\n',
  ],
  ['a flag of any other scheduler', { schedulerFlags: ['flag-2'] }, 'TCP  10.0.0.1:80 wlc (flag-2)\n'],
  ['names', {}, 'TCP  vip:http wlc\n', names],
  ['an IPv6 name in brackets', { key: key6, persistenceNetmask: 128 }, 'TCP  [vip6]:http wlc\n', names],
  [
    'a head cut at 33 characters',
    { key: { family: 'inet', protocol: 'tcp', address: '10.0.0.2', port: 80 } },
    'TCP  a-rather-long-name-of-a-real wlc\n',
    names,
  ],
];

for (const [what, service, line, naming = numericNaming] of services) {
  test(`shows ${what}`, () => {
    const style = { layout: 'plain', exact: false, naming } as const;
    assert.equal(lineOfService({ ...plainService, ...service }, style), line);
  });
}

const traffic = {
  ...noTraffic,
  connections: 99_999_999n,
  incomingPackets: 100_000_000n,
  outgoingPackets: 99_999_999_999n,
  incomingBytes: 100_000_000_000n,
  outgoingBytes: 99_999_999_999_999n,
  connectionRate: 99_999_999n,
  incomingPacketRate: 100_000_000n,
  outgoingPacketRate: 99_999_999_999n,
  incomingByteRate: 100_000_000_000n,
  outgoingByteRate: 99_999_999_999_999n,
};

/** Lines of the same service and server in all layouts; what the original prints, blanks at the end included. */
const layouts: readonly (readonly [layout: TableLayout, exact: boolean, service: string, server: string])[] = [
  [
    'plain',
    false,
    'TCP  10.0.0.1:80 wlc',
    '  -> 10.0.0.2:8080                Masq    2147483647 1          22        ',
  ],
  [
    'stats',
    false,
    'TCP  10.0.0.1:80                  99999999  100000K   99999M     100G   99999G',
    '  -> 10.0.0.2:8080                99999999  100000K   99999M     100G   99999G',
  ],
  [
    'stats',
    true,
    'TCP  10.0.0.1:80                  99999999 100000000 99999999999 100000000000 99999999999999',
    '  -> 10.0.0.2:8080                99999999 100000000 99999999999 100000000000 99999999999999',
  ],
  [
    'rate',
    false,
    'TCP  10.0.0.1:80                  99999999  100000K   99999M     100G   99999G',
    // The original shortens only the last two rates of a server.
    '  -> 10.0.0.2:8080                99999999 100000000 99999999999     100G   99999G',
  ],
  [
    'thresholds',
    false,
    'TCP  10.0.0.1:80 wlc',
    '  -> 10.0.0.2:8080                4000000000 5          1          22        ',
  ],
  [
    'persistent-conn',
    false,
    'TCP  10.0.0.1:80 wlc',
    '  -> 10.0.0.2:8080                2147483647 333         1          22        ',
  ],
  [
    'tun-info',
    false,
    'TCP  10.0.0.1:80 wlc',
    '  -> 10.0.0.2:8080                Masq    n/a           2147483647 1          22        ',
  ],
];

for (const [layout, exact, serviceLine, serverLine] of layouts) {
  test(`lays a service and its server out for ${layout}${exact ? ', in full' : ''}`, () => {
    const style = { layout, exact, naming: numericNaming };
    const server = {
      ...plainServer,
      weight: 2147483647,
      upperThreshold: 4000000000,
      lowerThreshold: 5,
      activeConnections: 1,
      inactiveConnections: 22,
      persistentConnections: 333,
      statistics: traffic,
    };
    assert.equal(lineOfService({ ...plainService, statistics: traffic }, style), `${serviceLine}\n`);
    assert.equal(lineOfServer(server, plainService.key, style), `${serverLine}\n`);
  });
}

const forwardings: readonly (readonly [server: Partial<ServerEntry>, plain: string, tunnel: string])[] = [
  [{ forwarding: 'masquerading' }, 'Masq   ', 'n/a          '],
  [{ forwarding: 'local' }, 'Local  ', 'n/a          '],
  [{ forwarding: 'direct-routing' }, 'Route  ', 'n/a          '],
  [{ forwarding: 'bypass' }, 'Bypass ', 'n/a          '],
  [{ forwarding: 'forwarding-7' }, 'Fwd-7  ', 'n/a          '],
  [{ forwarding: 'tunneling' }, 'Tunnel ', 'ipip         '],
  [{ forwarding: 'tunneling', tunnel: { type: 'gue', port: 6080, checksum: 'nocsum' } }, 'Tunnel ', 'gue:6080:-c  '],
  [{ forwarding: 'tunneling', tunnel: { type: 'gue', port: 65535, checksum: 'remcsum' } }, 'Tunnel ', 'gue:65535:r+c'],
  [{ forwarding: 'tunneling', tunnel: { type: 'gre', port: 0, checksum: 'csum' } }, 'Tunnel ', 'gre:+c       '],
  [{ forwarding: 'tunneling', tunnel: { type: 'gre', port: 0, checksum: 'csum+remcsum' } }, 'Tunnel ', 'gre:+c,r+c   '],
  [{ forwarding: 'tunneling', tunnel: { type: 9, port: 0, checksum: 'nocsum' } }, 'Tunnel ', 'type-9       '],
];

for (const [server, plain, tunnel] of forwardings) {
  test(`shows a server with ${JSON.stringify(server)}`, () => {
    const entry = { ...plainServer, ...server };
    const style = { exact: false, naming: numericNaming };
    assert.equal(
      lineOfServer(entry, plainService.key, { ...style, layout: 'plain' }),
      `  -> 10.0.0.2:8080                ${plain} 1      0          0         \n`,
    );
    assert.equal(
      lineOfServer(entry, plainService.key, { ...style, layout: 'tun-info' }),
      `  -> 10.0.0.2:8080                ${plain} ${tunnel} 1      0          0         \n`,
    );
  });
}

test('cuts the name of an IPv4 server at 28 characters, and that of an IPv6 server not', () => {
  const style = { layout: 'plain', exact: false, naming: names } as const;
  assert.match(lineOfServer(plainServer, plainService.key, style), /^ {2}-> a-rather-long-name-of-a-real Masq /);
  const server6 = { ...plainServer, family: 'inet6', address: '2001:db8:1111:2222:3333:4444:5555:6666' } as const;
  assert.match(
    lineOfServer(server6, plainService.key, style),
    /^ {2}-> \[2001:db8:1111:2222:3333:4444:5555:6666\]:http-alt Masq /,
  );
});

test('gives the ports of a service with a firewall mark no names', () => {
  const style = { layout: 'plain', exact: false, naming: names } as const;
  const line = lineOfServer({ ...plainServer, port: 80 }, { family: 'inet', fwmark: 1 }, style);
  assert.match(line, /^ {2}-> a-rather-long-name-of-a-real Masq/);
  assert.match(
    lineOfServer({ ...plainServer, address: '10.0.0.1', port: 80 }, { family: 'inet', fwmark: 1 }, style),
    /^ {2}-> vip:80 /,
  );
});

test('shows control characters of a host name as question marks', () => {
  const naming: Naming = { numeric: false, host: () => 'a\u001b[2J\u0007b\n\u0085', service: () => undefined };
  assert.equal(lineOfService(plainService, { layout: 'plain', exact: false, naming }), 'TCP  a?[2J?b??:80 wlc\n');
});

const titles: readonly (readonly [layout: TableLayout, lines: string])[] = [
  [
    'plain',
    'Prot LocalAddress:Port Scheduler Flags\n  -> RemoteAddress:Port           Forward Weight ActiveConn InActConn\n',
  ],
  [
    'stats',
    'Prot LocalAddress:Port               Conns   InPkts  OutPkts  InBytes OutBytes\n  -> RemoteAddress:Port\n',
  ],
  ['rate', 'Prot LocalAddress:Port                 CPS    InPPS   OutPPS    InBPS   OutBPS\n  -> RemoteAddress:Port\n'],
  [
    'thresholds',
    'Prot LocalAddress:Port            Uthreshold Lthreshold ActiveConn InActConn \n  -> RemoteAddress:Port\n',
  ],
  [
    'persistent-conn',
    'Prot LocalAddress:Port            Weight    PersistConn ActiveConn InActConn \n  -> RemoteAddress:Port\n',
  ],
  [
    'tun-info',
    'Prot LocalAddress:Port Scheduler Flags\n' +
      '  -> RemoteAddress:Port           Forward TunnelInfo    Weight ActiveConn InActConn\n',
  ],
];

for (const [layout, lines] of titles) {
  test(`puts the titles of ${layout} above the table`, () => {
    assert.equal(formatTitles(layout), lines);
  });
}

test('shows version, timeouts and sync daemons', () => {
  const info = { version: { major: 1, minor: 2, patch: 1 }, connectionTableSize: 4096 };
  assert.equal(formatVersionLine(info), 'IP Virtual Server version 1.2.1 (size=4096)\n');
  assert.equal(formatTimeouts({ tcp: 901, tcpFin: 121, udp: 301 }), 'Timeout (tcp tcpfin udp): 901 121 301\n');
});

const daemons: readonly (readonly [daemon: SyncDaemon, line: string])[] = [
  [
    { role: 'master', syncId: 255, interface: 'eth0', maxLength: 1400, group: '224.0.0.99', port: 8849, ttl: 3 },
    'master sync daemon (mcast=eth0, syncid=255, maxlen=1400, group=224.0.0.99, port=8849, ttl=3)\n',
  ],
  [
    { role: 'backup', syncId: 7, interface: 'lo', maxLength: 65487, group: 'ff02::99', port: 8848, ttl: 1 },
    'backup sync daemon (mcast=lo, syncid=7, maxlen=65487, group=ff02::99, port=8848, ttl=1)\n',
  ],
  [
    { role: 'backup', syncId: 0, interface: 'eth0', maxLength: 0, group: undefined, port: 0, ttl: 0 },
    'backup sync daemon (mcast=eth0, syncid=0)\n',
  ],
];

for (const [daemon, line] of daemons) {
  test(`shows a ${daemon.role} on ${daemon.interface} with syncid ${daemon.syncId}`, () => {
    assert.equal(formatSyncDaemon(daemon), line);
  });
}
