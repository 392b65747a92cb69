import { realServer, serviceAt, serviceMarked, virtualService } from '../../../src/model/build.js';
import { serviceId, type ServiceKey } from '../../../src/model/service.js';
import {
  counterNames,
  statistics,
  type ServerEntry,
  type ServiceEntry,
  type Statistics,
} from '../../../src/model/state.js';
import type { Sample, SampleClient } from '../../../src/table/samples.js';

/** Counters that have grown by the same each second: connections, packets and bytes in and out. */
function grown(seconds: number, perSecond: readonly number[]): Statistics {
  return statistics((name) => seconds * (perSecond[counterNames.indexOf(name)] ?? 0));
}

function added(all: readonly (readonly number[])[]): number[] {
  return [0, 1, 2, 3, 4].map((place) => all.reduce((sum, rates) => sum + (rates[place] ?? 0), 0));
}

interface ServerRow {
  readonly settings: Parameters<typeof realServer>[0];
  /** Active, inactive and persistent connections. */
  readonly connections: readonly [number, number, number];
  readonly rates: readonly number[];
}

const web = serviceAt('192.0.2.10', 80);
const dns = serviceAt('2001:db8::10', 53, 'udp');

const table: readonly {
  readonly service: ReturnType<typeof virtualService>;
  readonly servers: readonly ServerRow[];
}[] = [
  {
    service: virtualService(web, { scheduler: 'wlc' }),
    servers: [
      {
        settings: { address: '10.0.1.2', port: 8080, forwarding: 'masquerading', weight: 100 },
        connections: [2010, 6800, 0],
        rates: [306, 9100, 13_000, 9_800_000, 130_000_000],
      },
      {
        settings: { address: '10.0.1.3', port: 8080, forwarding: 'masquerading', weight: 0 },
        connections: [41, 380, 0],
        rates: [0, 12, 10, 4100, 9000],
      },
      {
        settings: { address: '10.0.1.4', port: 8080, forwarding: 'masquerading', weight: 100, upperThreshold: 5000 },
        connections: [4000, 1200, 3],
        rates: [100, 3000, 4200, 3_000_000, 40_000_000],
      },
    ],
  },
  {
    service: virtualService(dns, { scheduler: 'rr' }),
    servers: [
      {
        settings: { address: '2001:db8:1::2', port: 53, forwarding: 'direct-routing' },
        connections: [0, 12, 0],
        rates: [0.5, 1, 0, 80, 0],
      },
    ],
  },
  { service: virtualService(serviceMarked(7), { scheduler: 'sh', persistenceTimeout: 300 }), servers: [] },
];

/** The table as it is after some seconds. */
export function tableAfter(seconds: number): Sample['services'] {
  return table.map(({ service, servers }) => ({
    service: {
      ...service,
      statistics: grown(seconds, added(servers.map(({ rates }) => rates))),
    } satisfies ServiceEntry,
    servers: servers.map(
      ({ settings, connections: [activeConnections, inactiveConnections, persistentConnections], rates }) =>
        ({
          ...realServer(settings),
          ...{ activeConnections, inactiveConnections, persistentConnections },
          statistics: grown(seconds, rates),
        }) satisfies ServerEntry,
    ),
  }));
}

/** A client that reads that table, by a clock in milliseconds. */
export function sampleClient(now: () => number): SampleClient {
  const read = (): Sample['services'] => tableAfter(now() / 1000);
  return {
    services: () => Promise.resolve(read().map(({ service }) => service)),
    servers: (key: ServiceKey) => {
      const found = read().find(({ service }) => serviceId(service.key) === serviceId(key));
      return Promise.resolve([...(found?.servers ?? [])]);
    },
  };
}
