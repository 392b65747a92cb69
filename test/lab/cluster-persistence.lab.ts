import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { Cluster } from '../cluster/cluster.js';
import { parseConnections, parseTraffic, settled, type Connection } from '../cluster/listings.js';
import { clientAddresses, gateways, realServerNames, realServers, standardTopology, vip } from '../cluster/standard.js';
import { director } from '../cluster/topology.js';

// Clients that stay at their server: the three kinds of persistence, masks, expiry, the SIP engine; and one-packet scheduling.
const cluster = await Cluster.build(standardTopology, ['client', ...realServerNames]);
after(() => {
  cluster.close();
});
// By direct routing where nothing is remembered of a connection: NAT can't translate an answer to it.
await Promise.all(
  realServerNames.map(async (name) => {
    await cluster.run(
      name,
      `cd /proc/sys/net/ipv4/conf
for device in all lo; do echo 1 >$device/arp_ignore; echo 2 >$device/arp_announce; done
ip address add ${vip.inet}/32 dev lo`,
    );
    await cluster.ask(name, 'serve', {
      name,
      http: [80, 443, 8080],
      udp: [
        { address: realServers[name].back.inet, port: 53 },
        { address: vip.inet, port: 123 },
        { address: vip.inet, port: 5060 },
      ],
    });
  }),
);

const sixes = ['2001:db8:a::11', '2001:db8:a::12', '2001:db8:a:1::11'];
await cluster.run('client', sixes.map((address) => `ip address add ${address}/64 dev wan nodad`).join('\n'));
await cluster.run('router', 'ip -6 route add 2001:db8:a:1::/64 dev wan');
await cluster.run(
  director,
  `tc qdisc add dev lan clsact
for port in 80 443; do
  tc filter add dev lan ingress protocol ip flower dst_ip ${vip.inet} ip_proto tcp dst_port $port action skbedit mark 7
done`,
);

type Server = (typeof realServerNames)[number];

// Connections outlive their services, so each test has clients of its own.
const clients = [...clientAddresses];
let one = '';
let two = '';
beforeEach(() => {
  one = clients.pop() ?? '';
  two = clients.pop() ?? '';
  assert.notEqual(two, '', 'too few client addresses');
});

/** The commands for a service with all three real servers by NAT. */
function service(name: string, settings: string, family: 'inet' | 'inet6' = 'inet'): string[] {
  const port = name.startsWith('-f') ? '' : `:${name.replace(/.*:/, '')}`;
  return [
    `-A ${name} ${settings}`,
    ...realServerNames.map((server) => {
      const address = realServers[server].back[family];
      return `-a ${name} -r ${family === 'inet' ? address : `[${address}]`}${port} -m`;
    }),
  ];
}

/** The commands for a UDP service with all three real servers by direct routing. */
function directService(port: number, settings: string): string[] {
  const name = `-u ${vip.inet}:${port}`;
  return [
    `-A ${name} ${settings}`,
    ...realServerNames.map((server) => `-a ${name} -r ${realServers[server].lan.inet} -g`),
  ];
}

/** Answers go straight to the client. */
async function answerByRouter(): Promise<void> {
  for (const name of realServerNames) await cluster.run(name, `ip route replace default via ${gateways.router.inet}`);
}

async function fetchFrom(from: string, port: number, count = 1): Promise<string[]> {
  return cluster.fetch({ address: vip.inet, port, from }, count);
}

async function connections(): Promise<Connection[]> {
  return parseConnections(await cluster.ipvsadm('-Lcn'));
}

/** The templates of a client, which bind it to its server: they have the port 0. */
async function templatesOf(client: string): Promise<Connection[]> {
  return (await connections()).filter(({ source }) => source === `${client}:0`);
}

function back(server: string | undefined, port: number): string {
  return `${realServers[server as Server].back.inet}:${port}`;
}

describe('persistence per service', () => {
  test('keeps a client at one server of each service, another one for each service', async () => {
    const names = [`-t ${vip.inet}:80`, `-t ${vip.inet}:443`];
    await cluster.ipvsadm('-C', ...names.flatMap((name) => service(name, '-s rr -p 60')));
    // Somebody else asks first at 443, so that the turn there is another one.
    await fetchFrom(two, 443);
    const [http, ...moreHttp] = await fetchFrom(one, 80, 3);
    const [https, ...moreHttps] = await fetchFrom(one, 443, 3);
    assert.deepEqual(
      [moreHttp, moreHttps],
      [
        [http, http],
        [https, https],
      ],
    );
    assert.notEqual(http, https);
    assert.deepEqual(
      (await templatesOf(one))
        .map(({ protocol, virtual, destination }) => `${protocol} ${virtual} ${destination}`)
        .sort(),
      [`TCP ${vip.inet}:443 ${back(https, 443)}`, `TCP ${vip.inet}:80 ${back(http, 80)}`],
    );
    const listing = await cluster.ipvsadm(`-Ln --persistent-conn -t ${vip.inet}:80`);
    assert.match(listing, new RegExp(`-> ${back(http, 80)} +1 +1 +\\d+ +\\d+`), 'one client is bound to it');
    const [total] = await settled(
      async () => parseTraffic(await cluster.ipvsadm(`-Ln --stats --exact -t ${vip.inet}:80`)),
      ([first]) => first?.connections === 3,
    );
    assert.equal(total?.connections, 3, 'the template is no connection');
  });
});

describe('persistence of all ports', () => {
  test('keeps a client at one server, whatever the port', async () => {
    await cluster.ipvsadm('-C', ...service(`-t ${vip.inet}:0`, '-s rr -p 60'));
    const [first, ...more] = [
      ...(await fetchFrom(one, 80)),
      ...(await fetchFrom(one, 443)),
      ...(await fetchFrom(one, 8080)),
      ...(await fetchFrom(one, 80)),
    ];
    assert.deepEqual(more, [first, first, first]);
    const [other] = await fetchFrom(two, 443);
    assert.notEqual(other, first);
    assert.deepEqual(
      (await templatesOf(one)).map(({ virtual, destination }) => `${virtual} ${destination}`),
      [`${vip.inet}:0 ${back(first, 0)}`],
    );
  });
});

describe('persistence of a firewall mark', () => {
  test('keeps a client at one server for the ports that are marked as one', async () => {
    await cluster.ipvsadm('-C', ...service('-f 7', '-s rr -p 60'));
    const [first, ...more] = [
      ...(await fetchFrom(one, 80)),
      ...(await fetchFrom(one, 443)),
      ...(await fetchFrom(one, 80)),
    ];
    assert.deepEqual(more, [first, first]);
    const [other] = await fetchFrom(two, 443);
    assert.notEqual(other, first);
    await assert.rejects(fetchFrom(one, 8080), /ECONNREFUSED/, 'a port without the mark is no part of the service');
    const [template] = await templatesOf(one);
    assert.deepEqual([template?.protocol, template?.destination], ['IP', back(first, 0)]);
    assert.match(template?.virtual ?? '', /^0\.0\.0\.7:0$/);
  });
});

describe('a netmask', () => {
  test('makes one client of all that agree under it', async () => {
    await cluster.ipvsadm('-C', ...service(`-t ${vip.inet}:80`, '-s rr -p 60'));
    const [alone] = await fetchFrom(one, 80);
    assert.notEqual((await fetchFrom(two, 80))[0], alone);
    await cluster.ipvsadm('-C', ...service(`-t ${vip.inet}:80`, '-s rr -p 60 -M 255.255.255.0'));
    const [first] = await fetchFrom(one, 80);
    for (const client of [two, ...clients.slice(0, 3)]) assert.deepEqual(await fetchFrom(client, 80), [first]);
    assert.deepEqual(
      (await templatesOf('198.51.100.0')).map(({ destination }) => destination),
      [back(first, 80)],
    );
  });

  test('is a prefix length for IPv6', async () => {
    await cluster.ipvsadm('-C', ...service(`-t [${vip.inet6}]:80`, '-s rr -p 60 -M 64', 'inet6'));
    const answered: string[] = [];
    for (const from of sixes) answered.push(...(await cluster.fetch({ address: vip.inet6, port: 80, from })));
    assert.equal(answered[0], answered[1], 'the same /64');
    assert.notEqual(answered[0], answered[2], 'another /64');
  });
});

describe('expiry', () => {
  test('after its time a client is free to get another server', async () => {
    // Connections of UDP end after a second; as long as one is there, its template stays.
    await cluster.ipvsadm('-C', '--set 0 0 1', ...service(`-u ${vip.inet}:53`, '-s rr -p 10'));
    const where = { address: vip.inet, port: 53, from: one };
    const [first] = await cluster.send(where);
    assert.deepEqual(await cluster.send(where), [first]);
    assert.equal((await templatesOf(one)).length, 1);
    assert.deepEqual(
      await settled(
        () => templatesOf(one),
        ({ length }) => length === 0,
      ),
      [],
    );
    assert.notEqual((await cluster.send(where))[0], first);
    await cluster.ipvsadm('--set 0 0 300');
  });
});

describe('one-packet scheduling', () => {
  before(answerByRouter);

  test('chooses a server for each datagram of one socket, and keeps no connection', async () => {
    await cluster.ipvsadm('-C', ...directService(123, '-s rr -o'));
    const answered = await cluster.send({ address: vip.inet, port: 123, from: one }, ['1', '2', '3', '4', '5', '6']);
    assert.deepEqual(answered.slice(3), answered.slice(0, 3));
    assert.deepEqual([...answered.slice(0, 3)].sort(), [...realServerNames]);
    assert.deepEqual(
      (await connections()).filter(({ source }) => source.startsWith(`${one}:`)),
      [],
    );
    const traffic = await settled(
      async () => parseTraffic(await cluster.ipvsadm('-Ln --stats --exact')),
      ([total]) => total?.connections === 6,
    );
    assert.deepEqual(
      traffic.map((part) => [part.connections, part.incomingPackets]),
      [
        [6, 6],
        [2, 2],
        [2, 2],
        [2, 2],
      ],
    );
  });

  test("is what the same datagrams don't get without it", async () => {
    await cluster.ipvsadm('-C', ...directService(123, '-s rr'));
    const answered = await cluster.send({ address: vip.inet, port: 123, from: one }, ['1', '2', '3']);
    assert.equal(new Set(answered).size, 1);
  });
});

describe('the persistence engine for SIP', () => {
  before(answerByRouter);

  const port = 5060;

  function invite(call: string, from: string): string {
    return [
      `INVITE sip:bob@example.org SIP/2.0`,
      `Via: SIP/2.0/UDP ${from}:${port};branch=z9hG4bK776asdhds`,
      'Max-Forwards: 70',
      'To: Bob <sip:bob@example.org>',
      'From: Alice <sip:alice@example.com>;tag=1928301774',
      `Call-ID: ${call}`,
      'CSeq: 314159 INVITE',
      `Contact: <sip:alice@${from}>`,
      'Content-Length: 0',
      '',
      '',
    ].join('\r\n');
  }

  test('keeps a call at one server, by its Call-ID, whoever sends', async () => {
    await cluster.ipvsadm('-C', ...directService(port, '-s rr -p 60 --pe sip -o'));
    const calls = ['a84b4c76e66710@one.example', '1j9FpLxk3uxtm8tn@two.example', 'f81d4fae-7dec@three.example'];
    // All from one socket: by address it would be one client.
    const answered = await cluster.send(
      { address: vip.inet, port, from: one },
      [...calls, ...calls].map((call) => invite(call, one)),
    );
    assert.deepEqual([...answered.slice(0, 3)].sort(), [...realServerNames], 'each call has its turn');
    assert.deepEqual(answered.slice(3), answered.slice(0, 3), 'each call stays');
    const elsewhere = await cluster.send(
      { address: vip.inet, port, from: two },
      calls.map((call) => invite(call, two)),
    );
    assert.deepEqual(elsewhere, answered.slice(0, 3), 'another address goes on with the same calls');

    const listing = await cluster.ipvsadm('-Lcn --persistent-conn');
    for (const [index, call] of calls.entries()) {
      const line = listing.split('\n').find((text) => text.includes(call.slice(0, 14))) ?? '';
      assert.ok(
        line.includes(` ${realServers[answered[index] as Server].lan.inet}:${port} `),
        `${call} is at its server:\n${listing}`,
      );
      assert.match(line, / sip /);
    }
  });
});
