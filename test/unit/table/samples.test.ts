import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { KernelError } from '../../../src/errors.js';
import { systemClock } from '../../../src/ports/clock.js';
import { Meter, readSample, type TableReading } from '../../../src/table/samples.js';
import { sampleClient, tableAfter } from '../support/samples.js';

/** The reading after so many samples, two seconds apart. */
async function after(samples: number, meter = new Meter()): Promise<TableReading> {
  let reading = await meter.add({ at: 0, cost: 1, services: tableAfter(0) });
  for (let made = 1; made < samples; made++) {
    reading = await meter.add({ at: made * 2000, cost: 1, services: tableAfter(made * 2) });
  }
  return reading;
}

describe('rates of samples', () => {
  test('are there from the second sample on', async () => {
    const first = await after(1);
    assert.deepEqual([first.seconds, first.rates, first.history], [undefined, undefined, []]);
    assert.equal(first.services[0]?.servers[0]?.rates, undefined);
  });

  test('are differences by the time between', async () => {
    const { seconds, rates, services } = await after(3);
    assert.equal(seconds, 2);
    assert.deepEqual(services[0]?.servers[0]?.rates, {
      connections: 306,
      incomingPackets: 9100,
      outgoingPackets: 13_000,
      incomingBytes: 9_800_000,
      outgoingBytes: 130_000_000,
    });
    assert.equal(rates?.connections, 406.5);
  });

  test('have the shares of the last minute and of the weights', async () => {
    const [web, , marked] = (await after(3)).services;
    assert.deepEqual(
      web?.servers.map(({ share, weightShare }) => [share, weightShare]),
      [
        [306 / 406, 0.5],
        [0, 0],
        [100 / 406, 0.5],
      ],
    );
    assert.deepEqual(marked?.servers, []);
  });

  test('remember a minute, however long it goes on', async () => {
    const { history, services } = await after(500);
    assert.equal(history.length, 30);
    assert.equal(services[0]?.servers[0]?.newConnections, 306 * 60);
  });

  test('pause for a sample where a counter fell', async () => {
    const meter = new Meter();
    await after(4, meter);
    const zeroed = await meter.add({ at: 8000, cost: 1, services: tableAfter(2) });
    assert.equal(zeroed.services[0]?.rates, undefined);
    // What is left is the service of the mark, which counts nothing.
    assert.equal(zeroed.rates?.connections, 0);
    const next = await meter.add({ at: 10_000, cost: 1, services: tableAfter(4) });
    assert.equal(next.services[0]?.rates?.connections, 406);
  });

  test('forget what is no longer in the table', async () => {
    const meter = new Meter();
    await after(4, meter);
    assert.deepEqual((await meter.add({ at: 8000, cost: 1, services: [] })).services, []);
    const again = await meter.add({ at: 10_000, cost: 1, services: tableAfter(10) });
    assert.equal(again.services[0]?.rates, undefined);
  });

  test('leave out a service that is removed while it is read', async () => {
    const client = sampleClient(() => 0);
    const { services } = await readSample(
      {
        ...client,
        servers: (key) => ('fwmark' in key ? Promise.reject(new KernelError(3, 'list', 'FWM 7')) : client.servers(key)),
      },
      systemClock,
    );
    assert.equal(services.length, 2);
    const refused = { ...client, servers: () => Promise.reject(new KernelError(1, 'list', '')) };
    await assert.rejects(readSample(refused, systemClock), KernelError);
  });
});
