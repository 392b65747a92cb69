import assert from 'node:assert/strict';
import test from 'node:test';
import type { Change } from '../../../src/model/change.js';
import { defaultTunnel, type RealServer } from '../../../src/model/server.js';
import type { ServiceKey, VirtualService } from '../../../src/model/service.js';
import type { ServerEntry, SyncDaemon } from '../../../src/model/state.js';
import {
  daemonOf,
  infoOf,
  serverEntryOf,
  serverStateOf,
  serviceEntryOf,
  timeoutsOf,
} from '../../../src/wire/decode.js';
import { changeValues, serviceKeyValues } from '../../../src/wire/encode.js';
import { messageFlag, writeRequest, type ReplyPayload } from '../../../src/wire/message.js';
import {
  commandAttributes,
  controllerAttributes,
  controllerFamily,
  infoAttributes,
  ipvsCommand,
  type CommandValues,
} from '../../../src/wire/tables.js';
import { Writer } from '../../../src/wire/writer.js';
import { bytesOf } from '../support/hexadecimal.js';
import { requestsOf, type RequestBytes } from '../support/netlink-bytes.js';
import { noTraffic } from '../support/entries.js';
import { repliesOf } from '../support/replies.js';
import { entryOf as entryOfRow, payloadOf, rowsFrom } from '../support/server-rows.js';
import { captures, type Capture } from './captures.js';

/** The number that the kernel had given to the family IPVS when the captures were taken. */
const ipvsFamily = 0x1c;

/** The request of a command whose number is `request`; of several the one at `index`. */
function find(command: string, request: number, index = 0): Capture {
  const found = captures.filter((capture) => capture.command === command && requestOf(capture).command === request);
  const capture = found[index];
  if (capture === undefined) throw new Error(`no capture of ${command}, request ${request}, number ${index}`);
  return capture;
}

function requestOf(capture: Capture): RequestBytes {
  const [request] = requestsOf(bytesOf(capture.request));
  if (request === undefined) throw new Error(`the capture of ${capture.command} holds no request`);
  return request;
}

function encode(command: number, values: CommandValues, flags: number): RequestBytes {
  const writer = new Writer();
  writeRequest(writer, { family: ipvsFamily, version: 1, command, flags, sequence: 1 }, commandAttributes, values);
  const [request] = requestsOf(writer.bytes());
  if (request === undefined) throw new Error('nothing was encoded');
  return request;
}

/** Everything but the sequence number and the order of attributes, which mean nothing. */
function comparable({ family, flags, command, version, attributes }: RequestBytes) {
  return { family, flags, command, version, attributes: [...attributes].sort() };
}

const web: ServiceKey = { family: 'inet', protocol: 'tcp', address: '10.0.0.1', port: 80 };
const mark: ServiceKey = { family: 'inet6', fwmark: 4294967295 };
const sip: ServiceKey = { family: 'inet', protocol: 'udp', address: '10.0.0.3', port: 5060 };
const dns6: ServiceKey = { family: 'inet6', protocol: 'udp', address: '2001:db8::1', port: 53 };
const sctp: ServiceKey = { family: 'inet', protocol: 'sctp', address: '10.0.0.4', port: 1234 };

const plain = { schedulerFlags: [], onePacket: false, persistenceTimeout: undefined, persistenceEngine: undefined };
const webService: VirtualService = { ...plain, key: web, scheduler: 'wlc', persistenceNetmask: '255.255.255.255' };

const plainServer: RealServer = {
  family: 'inet',
  address: '10.0.0.7',
  port: 80,
  forwarding: 'direct-routing',
  weight: 1,
  upperThreshold: 0,
  lowerThreshold: 0,
  tunnel: defaultTunnel,
};
const masquerading: RealServer = {
  ...plainServer,
  address: '127.0.0.1',
  port: 8080,
  forwarding: 'masquerading',
  weight: 2147483647,
  upperThreshold: 200,
  lowerThreshold: 100,
};
const edited: RealServer = { ...plainServer, weight: 7, upperThreshold: 4000000, lowerThreshold: 5 };
const gue: RealServer = {
  ...plainServer,
  family: 'inet6',
  address: '2001:db8::9',
  forwarding: 'tunnelling',
  tunnel: { type: 'gue', port: 6080, checksum: 'remcsum' },
};
const gre: RealServer = {
  ...plainServer,
  address: '10.0.0.8',
  port: 0,
  forwarding: 'tunnelling',
  weight: 5,
  tunnel: { type: 'gre', port: 0, checksum: 'csum' },
};
const master: SyncDaemon = {
  role: 'master',
  syncId: 255,
  interface: 'eth0',
  maxLength: 1400,
  group: '224.0.0.99',
  port: 8849,
  ttl: 3,
};
const backup: SyncDaemon = {
  role: 'backup',
  syncId: 7,
  interface: 'lo',
  maxLength: 0,
  group: 'ff02::99',
  port: 0,
  ttl: 0,
};

/** What the original sends of a service beside its identity even where only that counts; ours leaves it out. */
const serviceSettings = /^1\.(6|7|8|9) /;
/** The same of a server that is to be deleted, and of a daemon that is to be stopped. */
const serverSettings = /^2\.(3|4|5|6|13|14|15) /;
const daemonSettings = /^3\.(2|3) /;

interface ChangeRow {
  readonly command: string;
  readonly change: Change;
  /** Attributes that the original sends and the kernel has no use for. */
  readonly unused?: readonly RegExp[];
}

const changes: readonly ChangeRow[] = [
  { command: 'ipvsadm -A -t 10.0.0.1:80', change: { kind: 'add-service', service: webService } },
  {
    command: 'ipvsadm -A -u [2001:db8::1]:53 -s sh -b sh-port -o',
    change: {
      kind: 'add-service',
      service: {
        ...plain,
        key: dns6,
        scheduler: 'sh',
        schedulerFlags: ['flag-2'],
        onePacket: true,
        persistenceNetmask: 128,
      },
    },
  },
  {
    command: 'ipvsadm -A -f 4294967295 -6 -s rr -p 600 -M 64',
    change: {
      kind: 'add-service',
      service: { ...plain, key: mark, scheduler: 'rr', persistenceTimeout: 600, persistenceNetmask: 64 },
    },
  },
  {
    command: 'ipvsadm -A -u 10.0.0.3:5060 -s wrr -p 2678400 -M 255.255.255.0 --pe sip',
    change: {
      kind: 'add-service',
      service: {
        ...plain,
        key: sip,
        scheduler: 'wrr',
        persistenceTimeout: 2678400,
        persistenceNetmask: '255.255.255.0',
        persistenceEngine: 'sip',
      },
    },
  },
  {
    command: 'ipvsadm -A --sctp-service 10.0.0.4:1234 -s mh -b mh-fallback,mh-port,flag-3',
    change: {
      kind: 'add-service',
      service: {
        ...plain,
        key: sctp,
        scheduler: 'mh',
        schedulerFlags: ['flag-1', 'flag-2', 'flag-3'],
        persistenceNetmask: '255.255.255.255',
      },
    },
  },
  {
    command: 'ipvsadm -E -t 10.0.0.1:80 -s rr',
    change: { kind: 'edit-service', service: { ...webService, scheduler: 'rr' } },
  },
  {
    command: 'ipvsadm -D --sctp-service 10.0.0.4:1234',
    change: { kind: 'delete-service', key: sctp },
    unused: [serviceSettings],
  },
  {
    command: 'ipvsadm -a -t 10.0.0.1:80 -r 127.0.0.1:8080 -m -w 2147483647 -x 200 -y 100',
    change: { kind: 'add-server', key: web, server: masquerading },
    unused: [serviceSettings],
  },
  {
    command: 'ipvsadm -a -t 10.0.0.1:80 -r 10.0.0.7 -g -w 0',
    change: { kind: 'add-server', key: web, server: { ...plainServer, weight: 0 } },
    unused: [serviceSettings],
  },
  {
    command: 'ipvsadm -a -t 10.0.0.1:80 -r [2001:db8::9]:80 -i --tun-type gue --tun-port 6080 --tun-remcsum',
    change: { kind: 'add-server', key: web, server: gue },
    unused: [serviceSettings],
  },
  {
    command: 'ipvsadm -a -f 4294967295 -6 -r 10.0.0.8:0 -i --tun-type gre --tun-csum -w 5',
    change: { kind: 'add-server', key: mark, server: gre },
    unused: [serviceSettings],
  },
  {
    command: 'ipvsadm -a -f 4294967295 -6 -r 10.0.0.9:443 -i',
    change: {
      kind: 'add-server',
      key: mark,
      server: { ...plainServer, address: '10.0.0.9', port: 443, forwarding: 'tunnelling' },
    },
    unused: [serviceSettings],
  },
  {
    command: 'ipvsadm -e -t 10.0.0.1:80 -r 10.0.0.7 -g -w 7 -x 4000000 -y 5',
    change: { kind: 'edit-server', key: web, server: edited },
    unused: [serviceSettings],
  },
  {
    command: 'ipvsadm -d -f 4294967295 -6 -r 10.0.0.9:443',
    change: { kind: 'delete-server', key: mark, server: { family: 'inet', address: '10.0.0.9', port: 443 } },
    unused: [serviceSettings, serverSettings],
  },
  {
    command: 'ipvsadm --set 901 121 301',
    change: { kind: 'set-timeouts', timeouts: { tcp: 901, tcpFin: 121, udp: 301 } },
  },
  { command: 'ipvsadm -Z', change: { kind: 'zero' } },
  {
    command: 'ipvsadm -Z -u 10.0.0.3:5060',
    change: { kind: 'zero', key: sip },
    unused: [serviceSettings],
  },
  {
    command:
      'ipvsadm --start-daemon master --syncid 255 --mcast-interface eth0 --mcast-group 224.0.0.99 --mcast-port 8849 --mcast-ttl 3 --sync-maxlen 1400',
    change: { kind: 'start-daemon', daemon: master },
  },
  {
    command: 'ipvsadm --start-daemon backup --mcast-interface lo --mcast-group ff02::99 --syncid 7',
    change: { kind: 'start-daemon', daemon: backup },
  },
  {
    command: 'ipvsadm --stop-daemon backup',
    change: { kind: 'stop-daemon', role: 'backup' },
    unused: [daemonSettings],
  },
  { command: 'ipvsadm -C', change: { kind: 'flush' } },
];

for (const { command, change, unused = [] } of changes) {
  test(`asks the kernel for the same as ${command}`, () => {
    const request = changeValues(change);
    const sent = requestOf(find(command, request.command));
    const ours = encode(request.command, request.values, messageFlag.ack);
    const counts = sent.attributes.filter((line) => !unused.some((pattern) => pattern.test(line)));
    assert.deepEqual(comparable(ours), comparable({ ...sent, attributes: counts }));
  });
}

/** One row for every attribute whose byte order or width is easily got wrong: what a round trip can't notice. */
const byteOrders: readonly (readonly [what: string, command: string, attribute: string])[] = [
  ['the port of a service, network order', 'ipvsadm -A -t 10.0.0.1:80', '1.4 0050'],
  ['the port of an IPv6 service, network order', 'ipvsadm -A -u [2001:db8::1]:53 -s sh -b sh-port -o', '1.4 0035'],
  ['a fwmark above 2^31, 32 bits', 'ipvsadm -A -f 4294967295 -6 -s rr -p 600 -M 64', '1.5 ffffffff'],
  [
    'an IPv4 persistence mask, network order',
    'ipvsadm -A -u 10.0.0.3:5060 -s wrr -p 2678400 -M 255.255.255.0 --pe sip',
    '1.9 ffffff00',
  ],
  ['an IPv6 prefix length, host order', 'ipvsadm -A -f 4294967295 -6 -s rr -p 600 -M 64', '1.9 40000000'],
  [
    'the persistence timeout, host order',
    'ipvsadm -A -u 10.0.0.3:5060 -s wrr -p 2678400 -M 255.255.255.0 --pe sip',
    '1.8 80de2800',
  ],
  [
    'the port of a tunnel, network order',
    'ipvsadm -a -t 10.0.0.1:80 -r [2001:db8::9]:80 -i --tun-type gue --tun-port 6080 --tun-remcsum',
    '2.14 17c0',
  ],
  [
    'the port of a sync daemon, host order',
    'ipvsadm --start-daemon master --syncid 255 --mcast-interface eth0 --mcast-group 224.0.0.99 --mcast-port 8849 --mcast-ttl 3 --sync-maxlen 1400',
    '3.7 9122',
  ],
];

for (const [what, command, line] of byteOrders) {
  test(`sends ${what}, as the original does`, () => {
    const row = changes.find((candidate) => candidate.command === command);
    assert.ok(row);
    const { command: number, values } = changeValues(row.change);
    assert.ok(requestOf(find(command, number)).attributes.includes(line), 'the original sent something else');
    assert.ok(encode(number, values, messageFlag.ack).attributes.includes(line));
  });
}

const questions: readonly (readonly [command: string, request: number, values: CommandValues, index?: number])[] = [
  ['ipvsadm -A -t 10.0.0.1:80', ipvsCommand.getInfo, {}],
  ['ipvsadm -L -n --stats --exact', ipvsCommand.getService, {}],
  ['ipvsadm -L -n --stats --exact', ipvsCommand.getDest, { service: serviceKeyValues(mark) }, 0],
  ['ipvsadm -L -n --stats --exact', ipvsCommand.getDest, { service: serviceKeyValues(web) }, 1],
  ['ipvsadm -L -n --stats --exact', ipvsCommand.getDest, { service: serviceKeyValues(dns6) }, 4],
  ['ipvsadm -L -n -t 10.0.0.1:80', ipvsCommand.getService, { service: serviceKeyValues(web) }],
  ['ipvsadm -L --timeout', ipvsCommand.getConfig, {}],
  ['ipvsadm -L --daemon', ipvsCommand.getDaemon, {}],
];

for (const [command, request, values, index = 0] of questions) {
  test(`asks question ${request} (${index}) of ${command} as the original does`, () => {
    const sent = requestOf(find(command, request, index));
    const counts = sent.attributes.filter((line) => !serviceSettings.test(line));
    const dump = (sent.flags & messageFlag.dump) === messageFlag.dump;
    // The original asks for an acknowledgement of dumps too, which never comes: the end of the dump stands for it.
    const flags = dump ? sent.flags & ~messageFlag.ack : sent.flags;
    const ours = encode(request, values, dump ? messageFlag.dump : messageFlag.ack);
    assert.deepEqual(comparable(ours), comparable({ ...sent, flags, attributes: counts }));
  });
}

test('asks for the number of the family IPVS as the original does, and reads the answer', () => {
  const capture = find('ipvsadm -A -t 10.0.0.1:80', controllerFamily.getFamily);
  const sent = requestOf(capture);
  const writer = new Writer();
  const { type: family, version, getFamily: command } = controllerFamily;
  const header = { family, version, command, flags: messageFlag.ack, sequence: 1 };
  writeRequest(writer, header, controllerAttributes, { familyName: 'IPVS' });
  const [ours] = requestsOf(writer.bytes());
  assert.ok(ours);
  // The original asks in version 1 of the controller's language; the kernel looks at no version.
  assert.deepEqual(comparable({ ...ours, version: 1 }), comparable({ ...sent, version: 1 }));
  const [answer] = payloads(capture);
  assert.ok(answer);
  const values = controllerAttributes.decode(answer.view, answer.offset, answer.length, 'answer');
  assert.deepEqual(values, { familyId: ipvsFamily, familyName: 'IPVS' });
});

function payloads(capture: Capture): ReplyPayload[] {
  return capture.replies
    .flatMap((reply) => repliesOf(bytesOf(reply)))
    .flatMap((reply) => (reply.kind === 'data' ? [reply.payload] : []));
}

function answersOf(found: readonly ReplyPayload[]): CommandValues[] {
  return found.map(({ view, offset, length }) => commandAttributes.decode(view, offset, length, 'answer'));
}

function answers(capture: Capture): CommandValues[] {
  return answersOf(payloads(capture));
}

/** The servers of replies, as the client reads them; a listing reads the same. */
function entriesOf(found: readonly ReplyPayload[]): ServerEntry[] {
  const entries = found.map(({ view, offset, length }) =>
    serverEntryOf(commandAttributes.decode(view, offset, length, 'answer').server ?? {}, 'inet'),
  );
  const rows = rowsFrom(found, 'inet');
  assert.deepEqual(
    rows.map((row) => entryOfRow(rows, row)),
    entries,
  );
  return entries;
}

function entryOf(found: ReplyPayload): ServerEntry | undefined {
  return entriesOf([found])[0];
}

/** What the original printed: 1 connection, 73613 and 4396 packets, 4617562284 and 228600 bytes. */
const traffic = {
  connections: 1n,
  incomingPackets: 73613n,
  outgoingPackets: 4396n,
  incomingBytes: 4617562284n,
  outgoingBytes: 228600n,
  connectionRate: 0n,
  incomingPacketRate: 6901n,
  outgoingPacketRate: 412n,
  incomingByteRate: 432896464n,
  outgoingByteRate: 21431n,
};

const noConnections = { activeConnections: 0, inactiveConnections: 0, persistentConnections: 0 };

test('reads the services that the original listed, with counters past 2^32', () => {
  const entries = answers(find('ipvsadm -L -n --stats --exact', ipvsCommand.getService)).map(({ service = {} }) =>
    serviceEntryOf(service),
  );
  assert.deepEqual(entries, [
    {
      ...webService,
      key: { ...web, port: 81 },
      scheduler: 'rr',
      statistics: traffic,
    },
    { ...webService, scheduler: 'rr', statistics: noTraffic },
    {
      ...plain,
      key: sip,
      scheduler: 'wrr',
      persistenceTimeout: 2678400,
      persistenceNetmask: '255.255.255.0',
      persistenceEngine: 'sip',
      statistics: noTraffic,
    },
    {
      ...plain,
      key: dns6,
      scheduler: 'sh',
      schedulerFlags: ['flag-2'],
      onePacket: true,
      persistenceNetmask: 128,
      statistics: noTraffic,
    },
    {
      ...plain,
      key: mark,
      scheduler: 'rr',
      persistenceTimeout: 600,
      persistenceNetmask: 64,
      statistics: noTraffic,
    },
  ]);
});

test('reads the single service that the original asked for', () => {
  const [answer] = answers(find('ipvsadm -L -n -t 10.0.0.1:80', ipvsCommand.getService));
  assert.ok(answer?.service);
  assert.deepEqual(serviceEntryOf(answer.service), { ...webService, scheduler: 'rr', statistics: noTraffic });
});

test('reads the 32-bit counters of a service where an old kernel sends no others', () => {
  const [answer] = answers(find('ipvsadm -L -n --stats --exact', ipvsCommand.getService));
  assert.ok(answer?.service);
  assert.deepEqual(serviceEntryOf({ ...answer.service, statistics64: undefined }).statistics, traffic);
});

const serverRows: readonly (readonly [of: string, index: number, servers: readonly object[]])[] = [
  ['the firewall mark', 0, [{ ...gre, ...noConnections, statistics: noTraffic }]],
  [
    'the web service',
    1,
    [gue, edited, masquerading].map((server) => ({ ...server, ...noConnections, statistics: noTraffic })),
  ],
  [
    'the service with traffic',
    2,
    [
      {
        ...plainServer,
        address: '10.0.0.1',
        port: 8080,
        forwarding: 'masquerading',
        ...noConnections,
        inactiveConnections: 1,
        statistics: traffic,
      },
    ],
  ],
  ['a service without servers', 3, []],
];

for (const [of, index, expected] of serverRows) {
  test(`reads the servers of ${of} that the original listed`, () => {
    const found = payloads(find('ipvsadm -L -n --stats --exact', ipvsCommand.getDest, index));
    assert.deepEqual(entriesOf(found), expected);
    const states = answersOf(found).map(({ server = {} }) => serverStateOf(server, 'inet'));
    assert.deepEqual(
      states.map((state) => ({ ...state, statistics: undefined })),
      expected.map((server) => ({ ...server, statistics: undefined })),
    );
  });
}

test('gives a server of a kernel that does not name its family that of the service', () => {
  const [answer] = answers(find('ipvsadm -L -n --stats --exact', ipvsCommand.getDest, 1));
  assert.ok(answer?.server);
  const server = { ...answer.server, family: undefined };
  const rows = rowsFrom([payloadOf({ server })], 'inet6');
  for (const { family, address } of [serverEntryOf(server, 'inet6'), entryOfRow(rows, 0)]) {
    assert.deepEqual({ family, address }, { family: 'inet6', address: '2001:db8::9' });
  }
});

test('reads the 32-bit counters of a server where an old kernel sends no others', () => {
  const [answer] = answers(find('ipvsadm -L -n --stats --exact', ipvsCommand.getDest, 2));
  assert.ok(answer?.server?.statistics32);
  const entry = entryOf(payloadOf({ server: { ...answer.server, statistics64: undefined } }));
  assert.deepEqual(entry?.statistics, traffic);
});

test('reads the timeouts', () => {
  const [answer] = answers(find('ipvsadm -L --timeout', ipvsCommand.getConfig));
  assert.ok(answer);
  assert.deepEqual(timeoutsOf(answer), { tcp: 901, tcpFin: 121, udp: 301 });
});

test('reads the sync daemons, with what the kernel filled in', () => {
  const daemons = answers(find('ipvsadm -L --daemon', ipvsCommand.getDaemon)).map(({ daemon = {} }) =>
    daemonOf(daemon),
  );
  assert.deepEqual(daemons, [master, { ...backup, maxLength: 65487, port: 8848, ttl: 1 }]);
});

test('reads the version and the size of the connection table', () => {
  const [answer] = payloads(find('ipvsadm -A -t 10.0.0.1:80', ipvsCommand.getInfo));
  assert.ok(answer);
  assert.deepEqual(infoOf(infoAttributes.decode(answer.view, answer.offset, answer.length, 'answer')), {
    version: { major: 1, minor: 2, patch: 1 },
    connectionTableSize: 4096,
  });
});

const refusals: readonly (readonly [command: string, request: number, errno: number])[] = [
  ['ipvsadm -A -t 10.0.0.1:80', ipvsCommand.newService, 17],
  ['ipvsadm -d -f 4294967295 -6 -r 10.0.0.9:443', ipvsCommand.delDest, 2],
  ['ipvsadm --stop-daemon backup', ipvsCommand.delDaemon, 3],
];

for (const [command, request, errno] of refusals) {
  test(`reads that the kernel carries ${command} out once, and refuses it with errno ${errno} the second time`, () => {
    const results = [0, 1].map((index) =>
      find(command, request, index)
        .replies.flatMap((reply) => repliesOf(bytesOf(reply)))
        .map((reply) => (reply.kind === 'data' ? 'data' : reply.errno)),
    );
    assert.deepEqual(results, [[0], [errno]]);
  });
}

test('every capture but that of the controller is of a command that is looked at here', () => {
  const known = new Set([...changes.map(({ command }) => command), ...questions.map(([command]) => command)]);
  assert.deepEqual(
    captures.filter(({ command }) => !known.has(command)).map(({ command }) => command),
    [],
  );
});
