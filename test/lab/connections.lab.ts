import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { Cluster, type Held } from '../cluster/cluster.js';
import { clientAddresses, realServerNames, realServers, standardTopology, vip } from '../cluster/standard.js';

// `ipvsadm connections` against connections that were really made: its counts are those of the clients.
const cluster = await Cluster.build(standardTopology, ['client', ...realServerNames]);
after(() => {
  cluster.close();
});
await cluster.serve(realServerNames, {
  http: [80],
  udp: [],
});

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
