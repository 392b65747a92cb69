import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { Cluster, type Held } from '../cluster/cluster.js';
import type { Host } from '../cluster/topology.js';
import {
  clientAddress,
  clientAddresses,
  realServerNames,
  realServers,
  standardTopology,
  vip,
} from '../cluster/standard.js';

// `ipvsadm connections` against connections that were really made: its counts are those of the clients.

/** Where clients are beside the network of the standard topology. */
const otherNetworks = ['203.0.113', '100.64.7'];

const { client, router, ...others } = standardTopology;
const cluster = await Cluster.build(
  {
    ...others,
    client: withAddresses(
      client,
      otherNetworks.flatMap((network) => [`${network}.2/24`, `${network}.77/24`]),
    ),
    router: withAddresses(
      router,
      otherNetworks.map((network) => `${network}.1/24`),
    ),
  },
  ['client', ...realServerNames],
);
after(() => {
  cluster.close();
});
await cluster.serve(realServerNames, {
  http: [80],
  udp: [],
});

/** A host with more addresses on its first cable. */
function withAddresses(host: Host | undefined, addresses: readonly string[]): Host {
  const [wan, ...cables] = host?.cables ?? [];
  assert.ok(wan !== undefined);
  return { ...host, cables: [{ ...wan, addresses: [...wan.addresses, ...addresses] }, ...cables] };
}

const [one = '', two = '', three = ''] = clientAddresses;
const back = (name: (typeof realServerNames)[number]): string => realServers[name].back.inet;

interface Groups {
  readonly connections: number;
  readonly activeConnections: number;
  readonly persistentConnections: number;
  readonly groups: readonly Readonly<Record<string, string | number>>[];
}

async function connections(words: string): Promise<string> {
  return cluster.ipvsadm(`connections ${words}`);
}

async function grouped(words: string): Promise<Groups> {
  return JSON.parse(await connections(`--json ${words}`)) as Groups;
}

test('counts are those of the clients, also of a server that is taken out, and templates are none', async () => {
  const names = ['real1', 'real2'] as const;
  await cluster.ipvsadm(
    '-C',
    `-A -t ${vip.inet}:80 -s rr`,
    ...names.map((name) => `-a -t ${vip.inet}:80 -r ${back(name)}:80 -m`),
  );
  const counts = [
    [one, 3],
    [two, 2],
    [three, 1],
  ] as const;
  const held: Held[] = [];
  for (const [from, count] of counts) {
    for (let made = 0; made < count; made++) held.push(await cluster.hold({ address: vip.inet, port: 80, from }));
  }
  const byClient = await grouped('--by client');
  assert.equal(byClient.connections, 6);
  assert.equal(byClient.activeConnections, 6);
  assert.deepEqual(
    byClient.groups.map(({ client, connections: count }) => [client, count]),
    counts,
  );
  const byServer = await grouped('--by server');
  for (const name of names) {
    const answered = held.filter(({ server }) => server === name).length;
    assert.equal(byServer.groups.find(({ server }) => server === `${back(name)}:80`)?.['connections'], answered);
  }
  assert.equal(await connections('--orphans --count'), '0\n');
  await cluster.ipvsadm(`-d -t ${vip.inet}:80 -r ${back('real1')}:80`);
  const left = held.filter(({ server }) => server === 'real1').length;
  assert.equal(await connections('--orphans --count'), `${left}\n`);
  assert.equal(await connections(`--server ${back('real1')} --count`), `${left}\n`);
  assert.equal(await connections('--state active --count'), '6\n');
  for (const connection of held) await connection.reset();

  await cluster.ipvsadm(
    `-A -t ${vip.inet}:443 -s rr -p 60`,
    ...names.map((name) => `-a -t ${vip.inet}:443 -r ${back(name)}:80 -m`),
  );
  const bound = await cluster.hold({ address: vip.inet, port: 443, from: one });
  const text = await connections(`--client ${one} --virtual tcp:${vip.inet}:443`);
  assert.match(text, /^TCP +template /m);
  assert.match(text, /^1 connection \(1 active, 0 inactive\), 1 template$/m);
  const templates = await grouped(`--client ${one} --dport 443 --by server`);
  assert.deepEqual([templates.connections, templates.persistentConnections, templates.groups.length], [1, 1, 1]);
  await bound.close();
});

test('clients of several networks are counted by network as they count themselves, of both families', async () => {
  await cluster.ipvsadm(
    '-C',
    ...(['inet', 'inet6'] as const).flatMap((family) => {
      const service = `-t ${family === 'inet' ? vip.inet : `[${vip.inet6}]`}:8080`;
      return [
        `-A ${service} -s wrr`,
        ...realServerNames.map((name, index) => {
          const address = realServers[name].back[family];
          return `-a ${service} -r ${family === 'inet' ? address : `[${address}]`}:80 -m -w ${index + 1}`;
        }),
      ];
    }),
  );
  const made: readonly (readonly [from: string, count: number])[] = [
    [one, 3],
    [two, 2],
    ['203.0.113.2', 4],
    ['203.0.113.77', 2],
    ['100.64.7.77', 1],
    [clientAddress.inet6, 2],
  ];
  // Those of the test before may be remembered.
  const mine = '--dport 8080 --state active';
  const held: Held[] = [];
  for (const [from, count] of made) {
    const address = from.includes(':') ? vip.inet6 : vip.inet;
    for (let done = 0; done < count; done++) held.push(await cluster.hold({ address, port: 8080, from }));
  }
  const shown = async (words: string, key: string): Promise<unknown> =>
    (await grouped(words)).groups.map((group) => [group[key], group['connections'], group['activeConnections']]);
  assert.deepEqual(await shown(`${mine} --by client --client-prefix 24,64`, 'client'), [
    ['203.0.113.0/24', 6, 6],
    ['198.51.100.0/24', 5, 5],
    ['2001:db8:a::/64', 2, 2],
    ['100.64.7.0/24', 1, 1],
  ]);
  for (const [from, count] of made) assert.equal(await connections(`${mine} --client ${from} --count`), `${count}\n`);
  for (const name of realServerNames) {
    const answered = held.filter(({ server }) => server === name).length;
    const { inet, inet6 } = realServers[name].back;
    assert.equal(await connections(`${mine} --server ${inet},${inet6} --count`), `${answered}\n`);
  }
  assert.equal(await connections(`${mine} -4 --client 203.0.113.0/24,100.64.0.0/10 --count`), '7\n');
  for (const connection of held) await connection.reset();
});
