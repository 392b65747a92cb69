import { realServer, serviceAt, virtualService } from '../../../src/model/build.js';
import type { RealServer } from '../../../src/model/server.js';
import type { Table } from '../../../src/model/table.js';
import type { DaemonOptions } from '../../../src/director/daemon.js';
import { WatchedDirector } from './watched-director.js';

/** The service of three servers. */
export const key = serviceAt('192.0.2.10', 80);
/** One of its servers. */
export const server = (address: string, weight: number): RealServer =>
  realServer({ address, port: 80, weight, forwarding: 'masquerading' });

/** A table with some servers of weight 1, or with the weights given. */
export const tableOf = (weights: Readonly<Record<string, number>>, service = virtualService(key)): Table => ({
  services: [{ service, servers: Object.entries(weights).map(([address, weight]) => server(address, weight)) }],
});

/** A document with a service that has such servers, and more members of the service. */
export const documentOf = (servers: readonly string[], members = '', weight = 1): string => `
services:
  - address: 192.0.2.10
    port: 80
    check: { type: tcp }
${members.replace(/^/gm, '    ')}
    servers:
${servers.map((address) => `      - { address: ${address}, port: 80, forwarding: masquerading, weight: ${weight} }\n`).join('')}`;

/** Their addresses. */
export const three = ['10.0.1.1', '10.0.1.2', '10.0.1.3'];
/** Their weights, while all are well. */
export const all: Readonly<Record<string, number>> = { '10.0.1.1:80': 1, '10.0.1.2:80': 1, '10.0.1.3:80': 1 };

/** A director that keeps three servers which are all well. */
export async function settled(
  members = '',
  table = tableOf({ '10.0.1.1': 1, '10.0.1.2': 1, '10.0.1.3': 1 }),
  options: Partial<DaemonOptions> = {},
): Promise<WatchedDirector> {
  const director = new WatchedDirector(table);
  await director.begin(documentOf(three, members), options);
  await director.seconds(10);
  return director;
}
