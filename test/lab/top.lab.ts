import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { Cluster } from '../cluster/cluster.js';
import { clientAddresses, realServerNames, realServers, standardTopology, vip } from '../cluster/standard.js';

// `ipvsadm top` against requests that were really made.
const cluster = await Cluster.build(standardTopology, ['client', ...realServerNames]);
after(() => {
  cluster.close();
});
await cluster.serve(realServerNames, { http: [80], udp: [] });

interface Shown {
  readonly seconds: number;
  readonly rates: Readonly<Record<string, number>>;
  readonly services: readonly {
    readonly rates: Readonly<Record<string, number>>;
    readonly servers: readonly { readonly share: number; readonly rates: Readonly<Record<string, number>> }[];
  }[];
}

test('rates are those of the requests that were made meanwhile', async () => {
  await cluster.ipvsadm(
    '-C',
    `-A -t ${vip.inet}:80 -s rr`,
    ...(['real1', 'real2'] as const).map((name) => `-a -t ${vip.inet}:80 -r ${realServers[name].back.inet}:80 -m`),
  );
  const [line] = await Promise.all([
    cluster.ipvsadm('top --json -d 10'),
    cluster.fetch({ address: vip.inet, port: 80, from: clientAddresses[0] }, 10),
  ]);
  const { seconds, rates, services } = JSON.parse(line) as Shown;
  assert.equal(Math.round((rates['connectionRate'] ?? 0) * seconds), 10);
  const [service] = services;
  assert.deepEqual(service?.rates, rates);
  assert.deepEqual(
    service.servers.map(({ share }) => share),
    [0.5, 0.5],
  );
  for (const name of ['incomingPacketRate', 'outgoingPacketRate', 'incomingByteRate', 'outgoingByteRate']) {
    assert.ok((rates[name] ?? 0) > 0, name);
  }
});
