import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { RealServer } from '../../../src/model/server.js';
import type { VirtualService } from '../../../src/model/service.js';
import type { SyncDaemon } from '../../../src/model/state.js';
import type { ServiceWithServers, Table } from '../../../src/model/table.js';
import { compareTables } from '../../../src/plan/difference.js';
import { formatDifference, type Paint } from '../../../src/format/format-difference.js';
import { plainServer, plainService } from '../support/entries.js';

function entry(service: Partial<VirtualService>, ...servers: readonly Partial<RealServer>[]): ServiceWithServers {
  return {
    service: { ...plainService, ...service },
    servers: servers.map((server) => ({ ...plainServer, ...server })),
  };
}

const services = (...list: readonly ServiceWithServers[]): Table => ({ services: list });

const master: SyncDaemon = {
  role: 'master',
  syncId: 7,
  interface: 'eth0',
  maxLength: 0,
  group: undefined,
  port: 0,
  ttl: 0,
};

const daemons = (...syncDaemons: readonly SyncDaemon[]): Table => ({ services: [], syncDaemons });

const timeouts = (tcp: number, tcpFin: number, udp: number): Table => ({
  services: [],
  timeouts: { tcp, tcpFin, udp },
});

const udp = { family: 'inet', protocol: 'udp', address: '10.0.0.1', port: 53 } as const;

const cases: readonly (readonly [what: string, from: Table, to: Table, lines: readonly string[]])[] = [
  ['nothing where nothing differs', services(entry({}, {})), services(entry({}, {})), []],
  [
    'an added service with its servers and all that is special about them',
    services(),
    services(
      entry(
        {
          key: udp,
          scheduler: 'sh',
          schedulerFlags: ['flag-2'],
          onePacket: true,
          persistenceTimeout: 60,
          persistenceNetmask: '255.255.255.0',
          persistenceEngine: 'sip',
        },
        { weight: 3, upperThreshold: 9, lowerThreshold: 5 },
        {
          address: '10.0.0.3',
          port: 53,
          forwarding: 'tunneling',
          tunnel: { type: 'gue', port: 6080, checksum: 'csum' },
        },
      ),
    ),
    [
      '+ UDP  10.0.0.1:53 sh (sh-port) persistent 60 mask 255.255.255.0 pe sip ops',
      '+   10.0.0.2:8080 masquerading weight 3 upper threshold 9 lower threshold 5',
      '+   10.0.0.3:53 tunneling gue port 6080 csum weight 1',
    ],
  ],
  [
    'a removed service with its servers',
    services(entry({}, {})),
    services(),
    ['- TCP  10.0.0.1:80 wlc', '-   10.0.0.2:8080 masquerading weight 1'],
  ],
  [
    'servers below the name of a service that stays the same',
    services(entry({}, {}, { address: '10.0.0.3' })),
    services(entry({}, { weight: 0 }, { address: '10.0.0.4' })),
    [
      '  TCP  10.0.0.1:80 wlc',
      '~   10.0.0.2:8080 weight 1 -> 0',
      '+   10.0.0.4:8080 masquerading weight 1',
      '-   10.0.0.3:8080 masquerading weight 1',
    ],
  ],
  [
    'every setting of a service that changes',
    services(entry({ key: { family: 'inet', fwmark: 3 } })),
    services(
      entry({
        key: { family: 'inet', fwmark: 3 },
        scheduler: 'rr',
        schedulerFlags: ['flag-1', 'flag-3'],
        onePacket: true,
        persistenceTimeout: 60,
        persistenceNetmask: '255.0.0.0',
        persistenceEngine: 'sip',
      }),
    ),
    [
      '~ FWM  3 scheduler wlc -> rr, flags none -> flag-1,flag-3, one-packet no -> yes, persistence none -> 60, ' +
        'netmask 255.255.255.255 -> 255.0.0.0, engine none -> sip',
    ],
  ],
  [
    'a tunnel that comes with the forwarding method',
    services(entry({}, { port: 80 })),
    services(entry({}, { port: 80, forwarding: 'tunneling', tunnel: { type: 'gre', port: 0, checksum: 'nocsum' } })),
    ['  TCP  10.0.0.1:80 wlc', '~   10.0.0.2:80 forwarding masquerading -> tunneling, tunnel none -> gre nocsum'],
  ],
  [
    'a tunnel that changes',
    services(entry({}, { port: 80, forwarding: 'tunneling' })),
    services(entry({}, { port: 80, forwarding: 'tunneling', tunnel: { type: 'gue', port: 99, checksum: 'remcsum' } })),
    ['  TCP  10.0.0.1:80 wlc', '~   10.0.0.2:80 tunnel ipip -> gue port 99 remcsum'],
  ],
  [
    'IPv6 addresses in brackets',
    services(),
    services(entry({ key: { family: 'inet6', protocol: 'tcp', address: '2001:db8::1', port: 80 } })),
    ['+ TCP  [2001:db8::1]:80 wlc'],
  ],
  [
    'only the timeouts that change',
    timeouts(900, 120, 300),
    timeouts(900, 60, 30),
    ['~ timeouts tcpfin 120 -> 60, udp 300 -> 30'],
  ],
  [
    'a daemon that is started, with what the kernel takes for what is left open',
    daemons(),
    daemons(master),
    ['+ sync daemon master interface eth0 syncid 7 group 224.0.0.81 port 8848 ttl 1'],
  ],
  [
    'a daemon that is stopped',
    daemons({ ...master, maxLength: 1400 }),
    daemons(),
    ['- sync daemon master interface eth0 syncid 7 maxlen 1400 group 224.0.0.81 port 8848 ttl 1'],
  ],
  [
    'a daemon that is started anew with other settings',
    daemons(master),
    daemons({ ...master, syncId: 8, interface: 'eth1', maxLength: 1400, group: '224.0.0.9', port: 9000, ttl: 3 }),
    [
      '~ sync daemon master syncid 7 -> 8, interface eth0 -> eth1, maxlen 0 -> 1400, group 224.0.0.81 -> 224.0.0.9, ' +
        'port 8848 -> 9000, ttl 1 -> 3',
    ],
  ],
];

describe('formatDifference', () => {
  for (const [what, from, to, lines] of cases) {
    test(`shows ${what}`, () => {
      assert.deepEqual(
        [...formatDifference(compareTables(from, to))],
        lines.map((line) => `${line}\n`),
      );
    });
  }

  test('paints whole lines by their kind, and leaves the line break alone', () => {
    const paint: Paint = {
      added: (line) => `<a>${line}</a>`,
      removed: (line) => `<r>${line}</r>`,
      edited: (line) => `<e>${line}</e>`,
      same: (line) => `<s>${line}</s>`,
    };
    const from = services(entry({}, {}, { address: '10.0.0.3' }));
    const to = services(entry({}, { weight: 2 }, { address: '10.0.0.4' }));
    assert.deepEqual(
      [...formatDifference(compareTables(from, to), paint)],
      [
        '<s>  TCP  10.0.0.1:80 wlc</s>\n',
        '<e>~   10.0.0.2:8080 weight 1 -> 2</e>\n',
        '<a>+   10.0.0.4:8080 masquerading weight 1</a>\n',
        '<r>-   10.0.0.3:8080 masquerading weight 1</r>\n',
      ],
    );
  });

  test('lets no name from the kernel reach a terminal as an escape sequence', () => {
    const [line = ''] = formatDifference(compareTables(services(entry({ scheduler: '\x1b[2Jrr' })), services()));
    assert.ok(!line.includes('\x1b'), JSON.stringify(line));
  });
});
