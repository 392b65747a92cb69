import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { Cluster } from '../cluster/cluster.js';
import { parseConnections, parseTraffic, settled } from '../cluster/listings.js';
import { realServers, standardTopology, vip } from '../cluster/standard.js';
import { director, type Topology } from '../cluster/topology.js';

// Two directors: what the master tells the backup, and connections that go on when the backup takes over.
const servers = ['real1', 'real2'] as const;
const topology: Topology = {
  ...standardTopology,
  backup: {
    cables: [{ segment: 'lan', addresses: ['192.0.2.11/24', '2001:db8:b::11/64'] }],
    routes: ['default via 192.0.2.1'],
  },
};
const cluster = await Cluster.build(topology, ['client', 'backup', 'real3', ...servers]);
after(() => {
  cluster.close();
});

/** Runs our program on another host. @returns what the last line printed. */
async function on(host: string, ...lines: readonly string[]): Promise<string> {
  let printed = '';
  for (const line of lines) {
    const { stdout, stderr, status } = await cluster.ask(host, 'ipvsadm', { argv: line.split(' ') });
    assert.deepEqual({ line, status, stderr }, { line, status: 0, stderr: '' });
    printed = stdout;
  }
  return printed;
}

/** Connections that are open, as a listing has them. */
function open(listing: string): string[] {
  return parseConnections(listing)
    .filter(({ state }) => state === 'ESTABLISHED')
    .map(({ source, virtual, destination }) => `${source} ${virtual} ${destination}`)
    .sort();
}

/** What doctor says on the backup of what it hears. */
async function peerFindings(): Promise<string[]> {
  const { stdout } = await cluster.ask('backup', 'ipvsadm', { argv: ['doctor', '--json'] });
  const { checks } = JSON.parse(stdout) as { checks: readonly { readonly id: string; readonly result: string }[] };
  return checks.filter(({ id }) => id === 'sync-peer').map(({ result }) => result);
}

for (const name of servers) {
  await cluster.run(
    name,
    `cd /proc/sys/net/ipv4/conf
for device in all lo; do echo 1 >$device/arp_ignore; echo 2 >$device/arp_announce; done
ip address add ${vip.inet}/32 dev lo
ip route replace default via 192.0.2.1`,
  );
}
await cluster.serve(servers, { http: [80], udp: [] });
const web = `${vip.inet}:80`;
const where = { address: vip.inet, port: 80 };
const rules = [`-A -t ${web} -s rr`, ...servers.map((name) => `-a -t ${web} -r ${realServers[name].lan.inet}:80 -g`)];

test('connections of the master appear on the backup, which takes them over', async () => {
  await cluster.ipvsadm('-C', ...rules, '--start-daemon master --mcast-interface lan --syncid 5');
  await on('backup', ...rules, '--start-daemon backup --mcast-interface lan --syncid 5');
  assert.match(await cluster.ipvsadm('-L --daemon'), /^master sync daemon \(mcast=lan, syncid=5/m);
  assert.match(await on('backup', '-L --daemon'), /^backup sync daemon \(mcast=lan, syncid=5/m);

  assert.deepEqual(await peerFindings(), ['warning']);
  const held = [await cluster.hold(where), await cluster.hold(where), await cluster.hold(where)];
  // More packets: a connection is told about from its third one on.
  for (const connection of held) assert.equal(await connection.again(), connection.server);
  const own = open(await cluster.ipvsadm('-Lcn'));
  assert.equal(own.length, 3);
  const told = await settled(
    async () => open(await on('backup', '-Lcn')),
    ({ length }) => length === 3,
  );
  assert.deepEqual(told, own);
  assert.deepEqual(await peerFindings(), ['ok']);
  assert.equal(
    parseTraffic(await on('backup', '-Ln --stats --exact'))[0]?.incomingPackets,
    0,
    'it has seen none of it',
  );

  // The master goes: the VIP moves, and the router hears of it.
  await cluster.run(director, `ip address del ${vip.inet}/32 dev lan`);
  await cluster.run('backup', `ip address add ${vip.inet}/32 dev lan`);
  await cluster.run('router', `ip neighbour flush to ${vip.inet} dev lan`);
  for (const connection of held) assert.equal(await connection.again(), connection.server);
  const [total] = await settled(
    async () => parseTraffic(await on('backup', '-Ln --stats --exact')),
    ([first]) => (first?.incomingPackets ?? 0) > 0,
  );
  assert.ok((total?.incomingPackets ?? 0) >= 3, 'the backup has handed on what came for them');
  for (const connection of held) await connection.close();
  await cluster.run('backup', `ip address del ${vip.inet}/32 dev lan`);
  await cluster.run(director, `ip address add ${vip.inet}/32 dev lan`);
  await cluster.run('router', `ip neighbour flush to ${vip.inet} dev lan`);
});

test('a backup with another sync id hears nothing', async () => {
  await on('backup', '--stop-daemon backup', '--start-daemon backup --mcast-interface lan --syncid 6');
  // Somebody with the right one is the witness that the news has been told.
  await on('real3', '--start-daemon backup --mcast-interface lan --syncid 5');
  const before = open(await cluster.ipvsadm('-Lcn'));
  const held = await cluster.hold(where);
  await held.again();
  const news = open(await cluster.ipvsadm('-Lcn')).filter((line) => !before.includes(line));
  assert.equal(news.length, 1);
  const heard = await settled(
    async () => open(await on('real3', '-Lcn')),
    (lines) => news.every((line) => lines.includes(line)),
  );
  assert.deepEqual(
    news.filter((line) => heard.includes(line)),
    news,
  );
  const told = open(await on('backup', '-Lcn'));
  assert.deepEqual(
    news.filter((line) => told.includes(line)),
    [],
  );
  await held.close();
  await cluster.ipvsadm('--stop-daemon master');
  for (const host of ['backup', 'real3']) await on(host, '--stop-daemon backup');
});
