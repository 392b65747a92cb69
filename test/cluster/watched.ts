import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { Cluster } from './cluster.js';
import { parseServers } from './listings.js';
import { startLoad, type RunningLoad } from './load.js';
import { gateways, realServerNames, realServers, standardTopology, vip, type RealServerName } from './standard.js';

/** How a real server can be. */
export type Condition =
  | 'well'
  /** Its ports are closed. */
  | 'refuses'
  /** It takes connections and says nothing. */
  | 'hangs'
  /** Nothing that it sends arrives. */
  | 'silent'
  /** Nothing that it sends to the director itself arrives; clients get their answers. */
  | 'unheard'
  /** It says that it is not well, and goes on to answer clients. */
  | 'says no';

/** Where a host sends nothing any more. More specific than the routes that it has. */
const nowhere: Readonly<Record<Condition, readonly string[]>> = {
  well: [],
  refuses: [],
  hangs: [],
  silent: ['0.0.0.0/1', '128.0.0.0/1', `${gateways.director.inet}/32`],
  unheard: [`${gateways.director.inet}/32`],
  'says no': [],
};

/** What does not become so within this time, in milliseconds, does not. */
const patience = 60_000;

/** A cluster whose real servers fall ill and recover, for directors that watch them. */
export class WatchedCluster {
  readonly cluster: Cluster;
  readonly #conditions = new Map<RealServerName, Condition>();

  private constructor(cluster: Cluster) {
    this.cluster = cluster;
  }

  /** @param ports of HTTP; UDP has port 53. */
  static async build(ports: readonly number[] = [80], path?: string): Promise<WatchedCluster> {
    const cluster = await Cluster.build(standardTopology, ['client', ...realServerNames], path);
    await Promise.all(
      realServerNames.map((name) =>
        cluster.ask(name, 'serve', {
          name,
          http: ports,
          udp: [{ address: realServers[name].back.inet, port: 53 }],
        }),
      ),
    );
    return new WatchedCluster(cluster);
  }

  /** Makes a real server fall ill, or well again. */
  async make(name: RealServerName, condition: Condition): Promise<void> {
    const before = this.#conditions.get(name) ?? 'well';
    if (before === condition) return;
    this.#conditions.set(name, condition);
    const routes = [
      ...nowhere[before].map((route) => `ip route del blackhole ${route}`),
      ...nowhere[condition].map((route) => `ip route add blackhole ${route}`),
    ];
    if (routes.length > 0) await this.cluster.run(name, routes.join('\n'));
    await this.cluster.ask(name, 'behave', {
      listens: condition !== 'refuses',
      hangs: condition === 'hangs',
      health: condition === 'says no' ? 503 : 200,
    });
  }

  /** All well again, and an empty table. */
  async reset(): Promise<void> {
    for (const name of realServerNames) await this.make(name, 'well');
    await this.cluster.ipvsadm('-C');
  }

  /** What the kernel has of the servers: weights by names such as `10.0.0.21:80`, without those of other services. */
  async weights(service = `-t ${vip.inet}:80`): Promise<Record<string, number>> {
    const listing = await this.cluster.ipvsadm(`-Ln ${service}`);
    return Object.fromEntries(parseServers(listing).map(({ name, weight }) => [name, weight]));
  }

  /** Waits until the kernel has these weights. @returns when it had them, in milliseconds since 1970. */
  async becomes(expected: Readonly<Record<string, number>>, service?: string): Promise<number> {
    const deadline = Date.now() + patience;
    for (;;) {
      const found = await this.weights(service);
      const now = Date.now();
      const isSo =
        Object.keys(found).length === Object.keys(expected).length &&
        Object.entries(expected).every(([name, weight]) => found[name] === weight);
      if (isSo) return now;
      if (now > deadline) assert.deepEqual(found, expected);
      await sleep(20);
    }
  }

  /** Lets the client ask the service at a constant rate. */
  async load({
    port = 80,
    from,
    ...rate
  }: { port?: number; from?: string; perSecond?: number } = {}): Promise<RunningLoad> {
    return startLoad(this.cluster, { address: vip.inet, port, from }, rate);
  }

  close(): void {
    this.cluster.close();
  }
}

/** How a check by HTTP goes, with short intervals: a silent server is down after two seconds at most. */
export const quickCheck =
  '{ type: http, path: /health, interval: 0.5, fastInterval: 0.2, timeout: 0.4, fall: 3, rise: 2 }';

/** A service of a document. */
export interface WatchedService {
  readonly check?: string;
  /** More members of the service, one a line. */
  readonly members?: string;
  readonly protocol?: 'tcp' | 'udp';
  readonly port?: number;
  readonly weights?: Partial<Record<RealServerName, number>>;
  readonly scheduler?: string;
}

/** A service with real servers by NAT in a document. */
export function serviceDocument({
  check = quickCheck,
  members = '',
  protocol = 'tcp',
  port = 80,
  weights = { real1: 10, real2: 10, real3: 10 },
  scheduler = 'wrr',
}: WatchedService = {}): string {
  const servers = Object.entries(weights) as [RealServerName, number][];
  return `  - address: ${vip.inet}
    protocol: ${protocol}
    port: ${port}
    scheduler: ${scheduler}
    check: ${check}
${members.trimEnd().replace(/^(?=.)/gm, '    ')}
    servers:
${servers.map(([name, weight]) => `      - { address: ${realServers[name].back.inet}, port: ${port}, forwarding: masquerading, weight: ${weight} }\n`).join('')}`;
}

/** A document with services. */
export function watchedDocument(...services: readonly WatchedService[]): string {
  return `services:\n${(services.length === 0 ? [{}] : services).map(serviceDocument).join('')}`;
}
