import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { Cluster } from '../cluster/cluster.js';
import { settled } from '../cluster/listings.js';
import { clientAddresses, realServers, standardTopology, vip } from '../cluster/standard.js';
import { Tmux } from '../unit/support/tmux.js';

// `ipvsadm top` against a load that was really made: its rates are those of the clients.
const names = ['real1', 'real2'] as const;
const cluster = await Cluster.build(standardTopology, ['client', ...names]);
after(() => {
  cluster.close();
});
for (const name of names)
  await cluster.serve([name], { http: [80], udp: [{ address: realServers[name].back.inet, port: 53 }] });

/** Seconds between two samples: the load, and the two seconds after which the kernel adds its counters up, fit in. */
const interval = 10;

/** IPv4 and UDP. */
const headers = 28;

const [from] = clientAddresses;
const datagrams = 60;

/** What is shown of a rate, by what was done in an interval. */
interface Load {
  readonly connections: number;
  readonly packets: number;
  readonly incomingBytes: number;
  readonly outgoingBytes: number;
}

async function addService(option: '-t' | '-u', port: number): Promise<void> {
  const service = `${option} ${vip.inet}:${port}`;
  await cluster.ipvsadm(
    '-C',
    `-A ${service} -s rr`,
    ...names.map((name) => `-a ${service} -r ${realServers[name].back.inet}:${port} -m`),
  );
}

/** Datagrams from two sockets, as fast as they are answered. @returns what the clients know of it. */
async function makeLoad(): Promise<Load> {
  const texts = Array.from({ length: datagrams / 2 }, (_, index) => String(index).padEnd(500, '.'));
  let outgoingBytes = 0;
  for (let socket = 0; socket < 2; socket++) {
    const replies = await cluster.ask('client', 'send', { address: vip.inet, port: 53, from, texts });
    for (const [index, reply] of replies.entries())
      outgoingBytes += headers + JSON.stringify({ ...reply, echo: texts[index] }).length;
  }
  return { connections: 2, packets: datagrams, incomingBytes: datagrams * (headers + 500), outgoingBytes };
}

/** Fails where a rate is not within a tenth of what was done in an interval. */
function assertRate(what: string, rate: number | undefined, done: number, seconds = interval): void {
  const expected = done / seconds;
  assert.ok(Math.abs((rate ?? NaN) - expected) <= expected / 10, `${what}: ${rate} a second, it was ${expected}`);
}

interface Shown {
  readonly seconds: number;
  readonly rates: Readonly<Record<string, number>>;
  readonly services: readonly {
    readonly rates: Readonly<Record<string, number>>;
    readonly servers: readonly { readonly share: number; readonly rates: Readonly<Record<string, number>> }[];
  }[];
}

describe('rates are those of the load within a tenth', () => {
  test('of requests, with equal shares for round robin', async () => {
    await addService('-t', 80);
    const [line] = await Promise.all([
      cluster.ipvsadm(`top --json -d ${interval}`),
      cluster.fetch({ address: vip.inet, port: 80, from }, 10),
    ]);
    const { seconds, rates, services } = JSON.parse(line) as Shown;
    assertRate('new connections', rates['connectionRate'], 10, seconds);
    const [service] = services;
    assert.deepEqual(service?.rates, rates);
    assert.deepEqual(
      service.servers.map(({ share }) => share),
      [0.5, 0.5],
    );
  });

  test('of datagrams, in packets and bytes of both ways, of the service and its servers', async () => {
    await addService('-u', 53);
    const [line, load] = await Promise.all([cluster.ipvsadm(`top --json -d ${interval}`), makeLoad()]);
    const { seconds, services } = JSON.parse(line) as Shown;
    const [service] = services;
    const expect = (rates: Readonly<Record<string, number>> | undefined, part: number): void => {
      assertRate('new', rates?.['connectionRate'], load.connections * part, seconds);
      assertRate('packets in', rates?.['incomingPacketRate'], load.packets * part, seconds);
      assertRate('packets out', rates?.['outgoingPacketRate'], load.packets * part, seconds);
      assertRate('bytes in', rates?.['incomingByteRate'], load.incomingBytes * part, seconds);
      assertRate('bytes out', rates?.['outgoingByteRate'], load.outgoingBytes * part, seconds);
    };
    expect(service?.rates, 1);
    for (const server of service?.servers ?? []) expect(server.rates, 0.5);
  });

  test('on a terminal, which is left as it was', async () => {
    await addService('-u', 53);
    const terminal = new Tmux(160, 24, { NO_COLOR: '1' });
    after(() => {
      terminal.close();
    });
    await terminal.shows(/[#$]/);
    terminal.type(
      `before=$(stty -g); ${process.execPath} ${process.cwd()}/dist/bin/ipvsadm.cjs top -X -d ${interval}; [ "$(stty -g)" = "$before" ]; echo "status $?"`,
    );
    await terminal.shows(/q quit/);
    const load = await makeLoad();
    const screen = await settled(
      () => Promise.resolve(terminal.screen()),
      (text) => /^new\/s (?!0 )\d/m.test(text),
    );
    const [, ...shown] =
      /^new\/s (\S+) +in (\S+) B\/s (\S+) p\/s +out (\S+) B\/s (\S+) p\/s/m.exec(screen.replaceAll(',', '')) ?? [];
    const { connections, packets, incomingBytes, outgoingBytes } = load;
    for (const [index, done] of [connections, incomingBytes, packets, outgoingBytes, packets].entries())
      assertRate(`number ${index + 1} of\n${screen}\n`, Number(shown[index]), done);
    terminal.press('q');
    await terminal.shows('status 0');
  });
});
