import { numericNaming } from '../../../src/names/naming.js';
import { usageStatus } from '../../../src/command/failure.js';
import { UsageError, type UsageKind } from '../../../src/errors.js';
import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import type { ClassicCommand } from '../../../src/grammar/command.js';
import { commandNames, commandSpellings, optionSpellings } from '../../../src/grammar/options.js';
import { parseCommand, type ParseContext } from '../../../src/grammar/parse.js';
import { defaultTunnel, type RealServer } from '../../../src/model/server.js';
import type { ServiceKey, VirtualService } from '../../../src/model/service.js';
import type { SyncDaemon } from '../../../src/model/state.js';
import type { NameResolver } from '../../../src/ports/resolver.js';
import { formatServiceRule, ruleService, writeServerRule } from '../../../src/documents/rules/rule-text.js';
import { typedServer, typedService } from '../support/arbitraries.js';
import { NameTable } from '../support/naming.js';
import { written } from '../support/written.js';

const names = new NameTable(
  { vip: '10.0.0.1', web: '10.0.0.2', mask: '255.255.0.0' },
  { 'http/tcp': 80, 'domain/udp': 53, 'http-alt/tcp': 8080 },
);
const context: ParseContext = { programName: 'ipvsadm', posixlyCorrect: false, restoring: false };

const unasked = (): never => assert.fail('a look-up was needed');
const neverAsked: NameResolver = {
  hostAddresses: unasked,
  hostName: unasked,
  servicePort: unasked,
  serviceName: unasked,
};

async function parse(words: readonly string[], more: Partial<ParseContext> = {}): Promise<ClassicCommand> {
  return parseCommand(words, { ...context, ...more }, names);
}

const vip: ServiceKey = { family: 'inet', protocol: 'tcp', address: '10.0.0.1', port: 80 };
const vip6: ServiceKey = { family: 'inet6', protocol: 'tcp', address: '2001:db8::1', port: 80 };
const plain: VirtualService = {
  key: vip,
  scheduler: 'wlc',
  schedulerFlags: [],
  onePacket: false,
  persistenceTimeout: undefined,
  persistenceNetmask: '255.255.255.255',
  persistenceEngine: undefined,
};

/** Command lines, split at blanks, that set up a service; what differs from the plain one. */
const services: readonly (readonly [words: string, service: Partial<VirtualService>])[] = [
  ['-A -t 10.0.0.1:80', {}],
  ['-A -t vip:http', {}],
  ['-At10.1:80 -swlc', {}],
  ['--add-service --tcp-service=10.0.0.1:80 --scheduler wlc', {}],
  ['-A -u vip:domain', { key: { ...vip, protocol: 'udp', port: 53 } }],
  ['-A --sctp-service 10.0.0.1:9', { key: { ...vip, protocol: 'sctp', port: 9 } }],
  ['-A -f 4294967295', { key: { family: 'inet', fwmark: 4294967295 } }],
  ['-A -f 1 -6', { key: { family: 'inet6', fwmark: 1 }, persistenceNetmask: 128 }],
  ['-A -t [2001:db8::1]:80', { key: vip6, persistenceNetmask: 128 }],
  ['-A -t 2001:db8::1 -p', { key: { ...vip6, port: 0 }, persistenceTimeout: 360, persistenceNetmask: 128 }],
  ['-A -t [2001:db8::1] -p', { key: { ...vip6, port: 0 }, persistenceTimeout: 360, persistenceNetmask: 128 }],
  ['-A -t 10.0.0.1:80 -p', { persistenceTimeout: 360 }],
  ['-A -t 10.0.0.1:80 -p 2678400 -s rr', { persistenceTimeout: 2678400, scheduler: 'rr' }],
  ['-A -t 10.0.0.1:80 -p 1 -M 255.255.0.0', { persistenceTimeout: 1, persistenceNetmask: '255.255.0.0' }],
  ['-A -t 10.0.0.1:80 -p 1 -M 24', { persistenceTimeout: 1, persistenceNetmask: '0.0.0.24' }],
  ['-A -t 10.0.0.1:80 -p 1 -M mask', { persistenceTimeout: 1, persistenceNetmask: '255.255.0.0' }],
  ['-A -t [2001:db8::1]:80 -M 64x', { key: vip6, persistenceNetmask: 64 }],
  // A mask before the address is one of IPv4, and an IPv6 address sets it back.
  ['-A -M 64 -t [2001:db8::1]:80', { key: vip6, persistenceNetmask: 128 }],
  ['-A -f 1 -M 64 -6', { key: { family: 'inet6', fwmark: 1 }, persistenceNetmask: 128 }],
  ['-A -f 1 -6 -M 64', { key: { family: 'inet6', fwmark: 1 }, persistenceNetmask: 64 }],
  ['-A -f 1 -o', { key: { family: 'inet', fwmark: 1 }, onePacket: true }],
  ['-A -u 10.0.0.1:80 -o', { key: { ...vip, protocol: 'udp' }, onePacket: true }],
  ['-A -t 10.0.0.1:80 -p 5 --pe sip', { persistenceTimeout: 5, persistenceEngine: 'sip' }],
  ['-A -t 10.0.0.1:80 -s sh -b sh-fallback', { scheduler: 'sh', schedulerFlags: ['flag-1'] }],
  ['-A -t 10.0.0.1:80 -b mh-port,mh-fallback -s mh', { scheduler: 'mh', schedulerFlags: ['flag-2', 'flag-1'] }],
  ['-A -t 10.0.0.1:80 -b flag-1,,flag-3', { schedulerFlags: ['flag-1', 'flag-3'] }],
  ['-A -t 10.0.0.1:80 -s a-name-longer-than-it-may-be', { scheduler: 'a-name-longer-t' }],
];

for (const [words, service] of services) {
  test(`reads ${words}`, async () => {
    const expected = { kind: 'change', change: { kind: 'add-service', service: { ...plain, ...service } } };
    assert.deepEqual(await parse(words.split(' ')), expected);
    const editing = words.replace('--add-service', '--edit-service').replace(/^-A/, '-E');
    assert.deepEqual(await parse(editing.split(' ')), {
      ...expected,
      change: { ...expected.change, kind: 'edit-service' },
    });
  });
}

const mark: ServiceKey = { family: 'inet', fwmark: 7 };
const server: RealServer = {
  family: 'inet',
  address: '10.0.0.2',
  port: 80,
  forwarding: 'direct-routing',
  weight: 1,
  upperThreshold: 0,
  lowerThreshold: 0,
  tunnel: defaultTunnel,
};
const server6 = { family: 'inet6', address: '2001:db8::2' } as const;

/** Options of a real server; what differs from the plain one of the service 10.0.0.1:80. */
const servers: readonly (readonly [words: string, server: Partial<RealServer>, key?: ServiceKey])[] = [
  ['-t 10.0.0.1:80 -r 10.0.0.2', {}],
  ['-t 10.0.0.1:80 -r web:http-alt -m', { forwarding: 'masquerading', port: 8080 }],
  ['-t 10.0.0.1:80 -r 10.0.0.2:8080', {}],
  ['-t 10.0.0.1:80 -r 10.0.0.2:8080 -g', {}],
  ['-t 10.0.0.1:80 -r 10.0.0.2:8080 -i', { forwarding: 'tunneling' }],
  ['-t 10.0.0.1:80 -r 10.0.0.2 -m', { forwarding: 'masquerading' }],
  // The port of the service is not known yet.
  ['-r 10.0.0.2 -t 10.0.0.1:80 -m', { forwarding: 'masquerading', port: 0 }],
  ['-r 10.0.0.2 -t 10.0.0.1:80', {}],
  ['-t 10.0.0.1:80 -r 10.0.0.2 -w 0', { weight: 0 }],
  ['-t 10.0.0.1:80 -r 10.0.0.2 -w 2147483647', { weight: 2147483647 }],
  ['-t 10.0.0.1:80 -r 10.0.0.2 -x 9 -y 5', { upperThreshold: 9, lowerThreshold: 5 }],
  ['-f 7 -r 10.0.0.2:8080', { port: 8080 }, mark],
  ['-f 7 -r 10.0.0.2:http', { port: 80 }, mark],
  ['-f 7 -r 10.0.0.2', { port: 0 }, mark],
  ['-t [2001:db8::1]:80 -r [2001:db8::2]', server6, vip6],
  ['-t [2001:db8::1]:80 -r 2001:db8::2', server6, vip6],
  ['-t 10.0.0.1:80 -r [2001:db8::2]:80 -i', { ...server6, forwarding: 'tunneling' }],
  ['-t [2001:db8::1]:80 -r 10.0.0.2 -i', { forwarding: 'tunneling' }, vip6],
  [
    '-t 10.0.0.1:80 -r 10.0.0.2 -i --tun-type gue --tun-port 6080',
    { forwarding: 'tunneling', tunnel: { type: 'gue', port: 6080, checksum: 'nocsum' } },
  ],
  [
    '-t 10.0.0.1:80 -r 10.0.0.2 --tun-remcsum --tun-port 1 --tun-type=gue -i',
    { forwarding: 'tunneling', tunnel: { type: 'gue', port: 1, checksum: 'remcsum' } },
  ],
  [
    '-t 10.0.0.1:80 -r 10.0.0.2 -i --tun-type gre --tun-csum',
    { forwarding: 'tunneling', tunnel: { type: 'gre', port: 0, checksum: 'csum' } },
  ],
];

for (const [words, settings, key = vip] of servers) {
  test(`reads -a ${words}`, async () => {
    for (const [option, kind] of [
      ['-a', 'add-server'],
      ['-e', 'edit-server'],
    ] as const) {
      assert.deepEqual(await parse([option, ...words.split(' ')]), {
        kind: 'change',
        change: { kind, key, server: { ...server, ...settings } },
      });
    }
  });
}

const daemon: SyncDaemon = {
  role: 'master',
  syncId: 0,
  interface: 'eth0',
  maxLength: 0,
  group: undefined,
  port: 0,
  ttl: 0,
};
const listing = {
  kind: 'list',
  key: undefined,
  layout: 'plain',
  numeric: false,
  exact: false,
  sorted: true,
  json: false,
  proc: false,
} as const;

const others: readonly (readonly [words: string, command: ClassicCommand])[] = [
  ['-D -t 10.0.0.1:80', { kind: 'change', change: { kind: 'delete-service', key: vip } }],
  [
    '-d -t 10.0.0.1:80 -r 10.0.0.2:8080',
    {
      kind: 'change',
      change: { kind: 'delete-server', key: vip, server: { family: 'inet', address: '10.0.0.2', port: 8080 } },
    },
  ],
  ['-C', { kind: 'change', change: { kind: 'flush' } }],
  ['--clear', { kind: 'change', change: { kind: 'flush' } }],
  ['-Z', { kind: 'change', change: { kind: 'zero', key: undefined } }],
  ['-Z -t 10.0.0.1:80', { kind: 'change', change: { kind: 'zero', key: vip } }],
  ['-Z -t 0.0.0.0', { kind: 'change', change: { kind: 'zero', key: { ...vip, address: '0.0.0.0', port: 0 } } }],
  [
    '--set 30 0 2678400',
    { kind: 'change', change: { kind: 'set-timeouts', timeouts: { tcp: 30, tcpFin: 0, udp: 2678400 } } },
  ],
  ['--start-daemon master', { kind: 'change', change: { kind: 'start-daemon', daemon } }],
  [
    '--start-daemon=backup --syncid 255 --mcast-interface bond0.100 --mcast-group 224.0.0.99 --mcast-port 65535 --mcast-ttl 255 --sync-maxlen 65507',
    {
      kind: 'change',
      change: {
        kind: 'start-daemon',
        daemon: {
          role: 'backup',
          syncId: 255,
          interface: 'bond0.100',
          maxLength: 65507,
          group: '224.0.0.99',
          port: 65535,
          ttl: 255,
        },
      },
    },
  ],
  [
    '--start-daemon master --mcast-group FF02:0::1',
    { kind: 'change', change: { kind: 'start-daemon', daemon: { ...daemon, group: 'ff02::1' } } },
  ],
  ['--stop-daemon backup --syncid 3', { kind: 'change', change: { kind: 'stop-daemon', role: 'backup' } }],
  ['-L', listing],
  ['-l -n --exact --nosort', { ...listing, numeric: true, exact: true, sorted: false }],
  ['-Ln --sort --sort', { ...listing, numeric: true }],
  ['-L -t 10.0.0.1:80', { ...listing, key: vip }],
  ['-L --tun-info --persistent-conn --thresholds --rate --stats', { ...listing, layout: 'stats' }],
  ['-L --tun-info --persistent-conn --thresholds --rate', { ...listing, layout: 'rate' }],
  ['-L --tun-info --persistent-conn --thresholds', { ...listing, layout: 'thresholds' }],
  ['-L --tun-info --persistent-conn', { ...listing, layout: 'persistent-conn' }],
  ['-L --tun-info', { ...listing, layout: 'tun-info' }],
  ['-L --timeout', { kind: 'list-timeouts', json: false }],
  ['-L --daemon', { kind: 'list-daemons', json: false }],
  ['-Lcn', { kind: 'list-connections', json: false, numeric: true, persistence: false }],
  ['-Lc --persistent-conn', { kind: 'list-connections', json: false, numeric: false, persistence: true }],
  ['-L --json', { ...listing, json: true }],
  ['-L --timeout --json', { kind: 'list-timeouts', json: true }],
  ['-L --json --daemon', { kind: 'list-daemons', json: true }],
  ['-Lc --json', { kind: 'list-connections', json: true, numeric: false, persistence: false }],
  ['-S', { kind: 'save', numeric: false }],
  ['-Sn', { kind: 'save', numeric: true }],
  ['-R', { kind: 'restore' }],
  ['-h', { kind: 'help' }],
  ['--version', { kind: 'version' }],
  // What follows is not looked at.
  ['-h --nonsense', { kind: 'help' }],
];

for (const [words, command] of others) {
  test(`reads ${words}`, async () => {
    assert.deepEqual(await parse(words.split(' ')), command);
  });
}

const tryHelp = "Try `ipvsadm -h' or 'ipvsadm --help' for more information.";

const refusals: readonly (readonly [words: readonly string[] | string, kind: UsageKind, message: string])[] = [
  ['-n', 'try', tryHelp],
  ['-nL', 'try', tryHelp],
  ['--lis', 'try', tryHelp],
  ['--list=foo', 'try', tryHelp],
  ['-- -L', 'try', tryHelp],
  ['-q', 'try', tryHelp],
  ['--start-daemon', 'try', tryHelp],
  ['foo', 'try', tryHelp],
  ['-L -A', 'usage', "invalid option `-A'"],
  ['-LA', 'usage', "invalid option `-LA'"],
  ['-L --start-daemon master', 'usage', "invalid option `master'"],
  ['-L foo', 'usage', 'unexpected argument foo'],
  ['foo -L', 'usage', 'unexpected argument foo'],
  ['-Lqn', 'scan', '-Lqn: unknown option'],
  ['-At', 'scan', '-At: missing argument'],
  ['-L -n=3', 'scan', '-n=3: option does not take an argument'],
  ['-A -t 10.0.0.1:80 -p -5', 'scan', '-5: unknown option'],
  [['-A', '-t', '10.0.0.1:80', '-p', ''], 'usage', "invalid timeout value `' specified"],
  ['-A -t 10.0.0.1:80 -p 0', 'usage', "invalid timeout value `0' specified"],
  ['-A -t 10.0.0.1:80 -p 2678401', 'usage', "invalid timeout value `2678401' specified"],
  ['-a -t 10.0.0.1:80 -w 1 -w 2', 'usage', "multiple 'weight' options specified"],
  ['-A -t 10.0.0.1:80 -u 10.0.0.1:80', 'usage', "multiple 'service-address' options specified"],
  ['-a -t 10.0.0.1:80 -r 10.0.0.2 -g -m', 'usage', "multiple 'forwarding-method' options specified"],
  ['-A', 'usage', "You need to supply the 'service-address' option for the 'add-service' command"],
  ['-a -t 10.0.0.1:80', 'usage', "You need to supply the 'real-server' option for the 'add-server' command"],
  ['-A -t 10.0.0.1:80 -w 1', 'usage', "Illegal 'weight' option with the 'add-service' command"],
  ['-C -n', 'usage', "Illegal 'numeric' option with the 'flush' command"],
  ['-L --timeout --daemon', 'usage', "The option 'daemon' conflicts with the 'timeout' option in the 'list' command"],
  ['-L -c --stats', 'usage', 'options conflicts in the list command'],
  ['-L --timeout --persistent-conn', 'usage', 'options conflicts in the list command'],
  ['-A -t 10.0.0.1', 'usage', 'Zero port specified for non-persistent service'],
  ['-A -t 10.0.0.1:80 -o', 'usage', 'One-Packet Scheduling is only for UDP virtual services'],
  ['-A -t 10.0.0.1:65536', 'usage', 'illegal virtual server address[:port] specified'],
  ['-A -t 10.0.0.1:nosuch', 'usage', 'illegal virtual server address[:port] specified'],
  ['-A -t nosuch:80', 'usage', 'illegal virtual server address[:port] specified'],
  ['-A -t 167772161', 'usage', 'illegal virtual server address[:port] specified'],
  ['-A -t constructor:80', 'usage', 'illegal virtual server address[:port] specified'],
  ['-a -r 10.0.0.2:http -t 10.0.0.1:80', 'usage', 'illegal real server address[:port] specified'],
  ['-A -f 0', 'usage', "invalid fwmark value `0' specified"],
  ['-A -f 4294967296', 'usage', "invalid fwmark value `4294967296' specified"],
  ['-A -f 0x1', 'usage', "invalid fwmark value `0x1' specified"],
  ['-A -6 -f 1', 'usage', '-6 used before -f\n'],
  ['-A -t 10.0.0.1:80 -M nosuch', 'usage', 'illegal virtual server persistent mask specified'],
  ['-A -t [2001:db8::1]:80 -M 129', 'usage', 'illegal ipv6 netmask specified'],
  ['-A -t [2001:db8::1]:80 -M x', 'usage', 'illegal ipv6 netmask specified'],
  ['-A -t 10.0.0.1:80 -s rr -b sh-port', 'usage', "incompatible scheduler flag `sh-port'"],
  ['-A -t 10.0.0.1:80 -b foo', 'usage', "invalid scheduler flag `foo'"],
  ['-A -t 10.0.0.1:80 -b ,', 'usage', "invalid scheduler flag `,'"],
  ['-a -t 10.0.0.1:80 -r 10.0.0.2 -w 2147483648', 'usage', 'illegal weight specified'],
  ['-a -t 10.0.0.1:80 -r 10.0.0.2 -w -1', 'usage', 'illegal weight specified'],
  ['-a -t 10.0.0.1:80 -r 10.0.0.2 -x -1', 'usage', 'illegal u_threshold specified'],
  ['-a -t 10.0.0.1:80 -r 10.0.0.2 -y x', 'usage', 'illegal l_threshold specified'],
  ['-a -t 10.0.0.1:80 -r [2001:db8::2]', 'usage', 'Different address family is allowed only for tunneling servers'],
  ['-a -t 10.0.0.1:80 -r 10.0.0.2 -i --tun-type vxlan', 'usage', 'illegal tunnel type specified'],
  ['-a -t 10.0.0.1:80 -r 10.0.0.2 -i --tun-type constructor', 'usage', 'illegal tunnel type specified'],
  ['-a -t 10.0.0.1:80 -r 10.0.0.2 -i --tun-port 0', 'usage', 'illegal tunnel port specified'],
  ['-a -t 10.0.0.1:80 -r 10.0.0.2 --tun-csum', 'usage', 'Tunnel options conflict with forward method'],
  [
    '-a -t 10.0.0.1:80 -r 10.0.0.2 -i --tun-type gue',
    'usage',
    "You need to supply the 'tun-port' option for the 'gue' tunnel type",
  ],
  ['-a -t 10.0.0.1:80 -r 10.0.0.2 -i --tun-port 1', 'usage', "Illegal 'tun-port' option with the 'ipip' tunnel type"],
  [
    '-a -t 10.0.0.1:80 -r 10.0.0.2 -i --tun-type gre --tun-csum --tun-nocsum',
    'usage',
    "The option 'tun-csum' conflicts with the 'tun-nocsum' option in the 'gre' tunnel type",
  ],
  ['--set 1 2', 'usage', '--set option requires 3 timeout values'],
  ['--set 1 2 3 4', 'usage', 'unexpected argument 4'],
  ['--set 1 2 x', 'usage', "invalid timeout value `x' specified"],
  ['--start-daemon slave', 'usage', 'illegal start-daemon parameter specified'],
  ['--start-daemon constructor', 'usage', 'illegal start-daemon parameter specified'],
  ['--start-daemon __proto__', 'usage', 'illegal start-daemon parameter specified'],
  ['--stop-daemon slave', 'usage', 'illegal start_daemon specified'],
  ['--stop-daemon toString', 'usage', 'illegal start_daemon specified'],
  ['--start-daemon master --syncid 256', 'usage', 'illegal syncid specified'],
  ['--start-daemon master --mcast-group 10.0.0.1', 'usage', "invalid IPv4 mcast-group `10.0.0.1'"],
  ['--start-daemon master --mcast-group fe80::1', 'usage', "invalid IPv6 mcast-group `fe80::1'"],
  ['--start-daemon master --mcast-port 0', 'usage', 'illegal mcast-port specified'],
  ['--start-daemon master --mcast-ttl 256', 'usage', 'illegal mcast-ttl specified'],
  ['--start-daemon master --sync-maxlen 65508', 'usage', 'illegal sync-maxlen specified'],
];

for (const [words, kind, message] of refusals) {
  const list = typeof words === 'string' ? words.split(' ') : words;
  test(`refuses ${JSON.stringify(list.join(' '))}: ${message}`, async () => {
    await assert.rejects(parse(list), new UsageError(kind, message));
  });
}

test('has no restore inside of a restore', async () => {
  await assert.rejects(parse(['-R'], { restoring: true }), new UsageError('try', tryHelp));
});

test('a command without names needs no resolver, and neither does a fault in it', async () => {
  const lines = [...services.map(([words]) => words), '-L -n', '-C', '-S', '--set 1 2 3', '-h'];
  const named = /vip|web|http|domain|mask/;
  for (const words of lines.filter((line) => !named.test(line))) {
    const command = await parseCommand(words.split(' '), context, neverAsked);
    assert.equal(typeof command.kind, 'string');
  }
  await assert.rejects(parseCommand(['-A', '-t', '10.0.0.1:80', '-p', '0'], context, neverAsked), UsageError);
  await assert.rejects(parseCommand([], context, neverAsked), UsageError);
});

test('the rule of any service or server is a command that needs no resolver', async () => {
  const rule = fc.oneof(
    typedService.map((service) => formatServiceRule(service, numericNaming)),
    typedServer.map(({ key, server }) =>
      written((out) => {
        writeServerRule(out, server, ruleService(key, numericNaming), numericNaming);
      }),
    ),
  );
  await fc.assert(
    fc.asyncProperty(rule, async (line) => {
      const command = await parseCommand(line.trimEnd().split(' '), context, neverAsked);
      assert.equal(command.kind, 'change');
    }),
  );
});

test('a fault behind a name is found', async () => {
  await assert.rejects(parse(['-A', '-t', 'vip:http', '-p', '0']), UsageError);
});

test('names the program as it was called', async () => {
  await assert.rejects(parse(['-q'], { programName: './lvs' }), {
    message: "Try `./lvs -h' or './lvs --help' for more information.",
  });
});

test('each kind of fault has the exit status of the original', () => {
  assert.deepEqual(usageStatus, { scan: 255, usage: 2, try: 255 });
});

const spellings = [...commandSpellings, ...optionSpellings].flatMap(({ long, short }) => [
  `--${long}`,
  ...short.map((letter) => `-${letter}`),
]);
const values = [
  ...['10.0.0.1:80', '[::1]:80', '10.0.0.2', '1', '0', '-1', '4294967295', 'rr', 'sh', 'sh-port', 'gue', 'master'],
  ...['backup', 'web:http', '224.0.0.1', 'ff02::1', '', ' ', '--', '-', 'constructor', '__proto__', 'toString', ','],
];

test('any list of words is a command or a UsageError', async () => {
  const word = fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom(...spellings) },
    { weight: 4, arbitrary: fc.constantFrom(...values) },
    { weight: 1, arbitrary: fc.string({ unit: 'binary' }) },
  );
  const words = fc
    .tuple(fc.constantFrom(...spellings.slice(0, commandNames.length)), fc.array(word, { maxLength: 10 }))
    .map(([first, rest]) => [first, ...rest]);
  await fc.assert(
    fc.asyncProperty(words, async (list) => {
      try {
        const { kind } = await parse(list);
        assert.equal(typeof kind, 'string');
      } catch (error) {
        assert.ok(error instanceof UsageError, String(error));
      }
    }),
    { numRuns: 5000 },
  );
});
