import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { statistics, type ServerEntry, type ServiceEntry } from '../../../src/model/state.js';
import { realServer, serviceAt, virtualService } from '../../../src/model/build.js';
import { Meter, type Sample, type TableReading } from '../../../src/table/samples.js';
import { cellsOf, changedCells, hostReadings, serviceState } from '../../../src/web/cells.js';
import { chart } from '../../../src/web/chart.js';
import type { Look } from '../../../src/web/sampler.js';
import { overviewOf, servicesOf, servicesOfPage, viewOf, viewQuery, type View } from '../../../src/web/view.js';

function sample(at: number, services: number, connections: bigint): Sample {
  const counted = statistics((name) => (name === 'connections' ? connections : 0n));
  return {
    at,
    cost: 0,
    services: Array.from({ length: services }, (_, number) => {
      const service: ServiceEntry = {
        ...virtualService(serviceAt(`192.0.2.${number % 250}`, 80 + number)),
        statistics: counted,
      };
      const server: ServerEntry = {
        ...realServer({ address: `10.0.1.${number % 3}`, port: 80, weight: number % 2 }),
        activeConnections: 1,
        inactiveConnections: 0,
        persistentConnections: 0,
        statistics: counted,
      };
      return { service, servers: [server] };
    }),
  };
}

async function reading(services: number): Promise<TableReading> {
  return new Meter().add(sample(0, services, 0n));
}

async function look(services: number): Promise<Look> {
  return { number: 1, at: 0, reading: await reading(services), drained: new Map(), daemons: [] };
}

describe('a view', () => {
  const views: readonly View[] = [
    { kind: 'services', from: 0, find: '' },
    { kind: 'services', from: 200, find: '10.0.1.2' },
    { kind: 'service', name: 'tcp:192.0.2.1:81' },
    { kind: 'hosts' },
  ];
  for (const view of views) {
    test(`${JSON.stringify(view)} is the same as a query`, () => {
      assert.deepEqual(viewOf(viewQuery(view)), view);
    });
  }

  test('has a hundred services of many, and those that are found', async () => {
    const table = await reading(250);
    assert.equal(servicesOf(table, overviewOf(new URLSearchParams())).length, servicesOfPage);
    assert.equal(servicesOf(table, overviewOf(new URLSearchParams('from=200'))).length, 50);
    assert.equal(servicesOf(table, overviewOf(new URLSearchParams('from=9x'))).length, servicesOfPage);
    assert.deepEqual(
      servicesOf(table, overviewOf(new URLSearchParams('find= 192.0.2.7:87 '))).map(({ name }) => name),
      ['tcp:192.0.2.7:87'],
    );
  });

  test('has cells of what it shows alone, so that a large table costs readers no more than a page', async () => {
    const all = cellsOf(await look(1000), { kind: 'services', from: 0, find: '' });
    assert.ok(all.size < 100 * 25, `${all.size}`);
    assert.equal(cellsOf(await look(1000), { kind: 'service', name: 'tcp:192.0.2.1:81' }).size, 20);
  });
});

test('hosts have all of their services, and the worst of their states', async () => {
  const [first] = hostReadings(await look(6));
  assert.deepEqual(first, {
    address: '10.0.1.0',
    services: 2,
    weighted: 1,
    active: 2,
    state: { text: 'quiesced', tone: 'dim' },
  });
});

test('a service without a server that takes connections is said to be bad', async () => {
  const { services } = await reading(2);
  assert.deepEqual(
    services.map((service) => serviceState(service, undefined)),
    [
      { text: 'no server takes connections', tone: 'bad' },
      { text: '', tone: '' },
    ],
  );
});

test('rows that come or go are no cells that change', () => {
  const cells = (...names: string[]): Map<string, string> => new Map(names.map((name) => [name, name]));
  assert.deepEqual(changedCells(cells('a', 'b'), cells('a', 'b')), {});
  assert.equal(changedCells(cells('a', 'b'), cells('a')), undefined);
  assert.equal(changedCells(cells('a', 'b'), cells('a', 'c')), undefined);
});

describe('history', () => {
  test('of services is that of ten minutes, of servers that of one', async () => {
    const meter = new Meter({ services: 600, longestGap: 60 });
    let last = await meter.add(sample(0, 1, 0n));
    for (let second = 2; second <= 1200; second += 2)
      last = await meter.add(sample(second * 1000, 1, BigInt(second * 5)));
    const [service] = last.services;
    assert.deepEqual([service?.history.length, service?.servers[0]?.history.length], [300, 30]);
    assert.equal(service?.times.length, 300);
    assert.equal(service.servers[0]?.newConnections, 300);
  });

  test('knows no rate of a time in which nobody looked', async () => {
    const meter = new Meter({ services: 600, longestGap: 60 });
    await meter.add(sample(0, 1, 0n));
    assert.equal((await meter.add(sample(10_000, 1, 100n))).rates?.connections, 10);
    const late = await meter.add(sample(300_000, 1, 90_000n));
    assert.equal(late.rates, undefined);
    assert.equal(late.services[0]?.history.length, 1);
    assert.equal((await meter.add(sample(302_000, 1, 90_020n))).rates?.connections, 10);
  });

  test('is not made of looks that follow each other at once: rates stay as they were', async () => {
    const meter = new Meter({ services: 600, shortestGap: 0.8 });
    await meter.add(sample(0, 1, 0n));
    await meter.add(sample(2000, 1, 20n));
    const near = await meter.add(sample(2010, 2, 25n));
    assert.equal(near.services[0]?.rates?.connections, 10);
    assert.equal(near.services[0].history.length, 1);
    const next = await meter.add(sample(4000, 2, 50n));
    assert.deepEqual([next.services[0]?.rates?.connections, next.seconds], [15, 2]);
  });

  test('is drawn with gaps where nobody looked, and never outside of the chart', () => {
    const { text } = chart({ history: [1, 2, 3], times: [0, 2000, 300_000] }, 302_000, 600, 'Now 3');
    const [, path = ''] = /<path d="([^"]*)"/.exec(text) ?? [];
    assert.equal(path.split('M').length - 1, 2);
    assert.match(chart({ history: [], times: [] }, 0, 600, 'none').text, /<path d=""/);
    const numbers = [
      ...chart({ history: [7000, 0], times: [-9e6, 0] }, 0, 600, '').text.matchAll(/[ML]([\d.-]+) ([\d.-]+)/g),
    ];
    assert.ok(numbers.every(([, x, y]) => Number(x) >= 0 && Number(x) <= 720 && Number(y) >= 0 && Number(y) <= 176));
  });
});
