import { systemClock } from '../../src/ports/clock.js';
import { realServer, serviceAt, virtualService } from '../../src/model/build.js';
import type { Table } from '../../src/model/table.js';
import type { Transport } from '../../src/ports/transport.js';
import type { FakeKernel } from '../../src/testing/index.js';
import { main } from '../main.js';
import { connectionTableText } from '../unit/support/connection-lines.js';
import { FakeIo, pieces } from '../unit/support/fake-io.js';
import { WatchedDirector } from '../unit/support/watched-director.js';

const mail = serviceAt('2001:db8:1::99', 587);
const names = serviceAt('192.0.2.53', 53, 'udp');

const nat = (address: string, port: number, weight: number, upperThreshold = 0) =>
  realServer({ address, port, weight, forwarding: 'masquerading', upperThreshold });

/** A small cluster: what a daemon keeps is not here. */
export const cluster: Table = {
  services: [
    {
      service: virtualService(mail, { scheduler: 'wlc', persistenceTimeout: 300 }),
      servers: [2, 3].map((host) => nat(`2001:db8:c::2${host}`, 587, 10, host === 3 ? 40 : 0)),
    },
    {
      service: virtualService(names, { scheduler: 'wrr', onePacket: true }),
      servers: [2, 3, 4].map((host) => nat(`10.0.1.${host}`, 53, host === 4 ? 0 : 100)),
    },
    {
      service: virtualService({ family: 'inet', fwmark: 7 }, { scheduler: 'sh' }),
      servers: [nat('10.0.3.1', 0, 0)],
    },
  ],
};

/** What a daemon keeps beside it. */
const document = `checks:
  home: { type: http, path: /healthz }
services:
  - address: 192.0.2.10
    port: 80
    scheduler: wrr
    check: [home]
    servers:
      - { address: 10.0.1.2, port: 8080, weight: 30, forwarding: nat }
      - { address: 10.0.1.3, port: 8080, weight: 30, forwarding: nat }
      - { address: 10.0.1.4, port: 8080, weight: 30, forwarding: nat }
      - { address: 10.0.1.5, port: 8080, weight: 10, forwarding: nat }
`;

/** The connection table. */
const connections = Array.from({ length: 60 }, (_, number) => {
  const client = `203.0.113.${1 + ((number * number) % 17)}`;
  const state = number % 3 === 0 ? 'TIME_WAIT' : 'ESTABLISHED';
  return `TCP ${client}:${40_000 + number} 192.0.2.10:80 10.0.1.${2 + (number % 2)}:8080 ${state} 899`;
});

/** How a page is served. */
export interface ServedOptions {
  /** Without a daemon, if it is given. */
  readonly table?: Table;
  /** Words after `ipvsadm web`, beside where it listens. */
  readonly words?: readonly string[];
}

/** `ipvsadm web`, as it is, on a kernel in memory with a daemon in this process. */
export class Served {
  readonly director: WatchedDirector;
  readonly io: FakeIo;
  /** Where it is, with its token. */
  address = '';
  /** Exit status of the program, when it has ended. */
  status: Promise<number> = Promise.resolve(0);
  readonly #timers: NodeJS.Timeout[] = [];
  /** Requests a second and server that the traffic has. */
  busy = 120;

  private constructor(director: WatchedDirector) {
    this.director = director;
    const { kernel } = director;
    this.io = new FakeIo({
      state: director.state,
      control: director.control,
      machine: {
        clock: systemClock,
        readFile: (path) => pieces(path.endsWith('/ip_vs_conn') ? [Buffer.from(connectionTableText(connections))] : []),
        // No program is installed.
        run: () => Promise.resolve(undefined),
      },
    });
    Object.assign(this.io.machine, {
      openSocket: () => Promise.resolve(socketOf(kernel)),
      date: () => Date.now(),
    });
  }

  get kernel(): FakeKernel {
    return this.director.kernel;
  }

  /** The page without its token. */
  get origin(): string {
    return new URL(this.address).origin;
  }

  get token(): string {
    return new URL(this.address).searchParams.get('token') ?? '';
  }

  static async start({ table, words = [] }: ServedOptions = {}): Promise<Served> {
    const director = new WatchedDirector(table ?? cluster);
    if (table === undefined) {
      director.hosts.set('10.0.1.4', 'says no');
      await director.begin(document);
      await director.seconds(60);
    }
    const served = new Served(director);
    served.status = main(['web', '--listen', '127.0.0.1:0', '--interval', '1', ...words], served.io);
    while (!served.io.stdout.text.includes('\n')) {
      const early = await Promise.race([served.status, systemClock.sleep(5)]);
      if (early !== undefined) throw new Error(served.io.stderr.text);
    }
    served.address = served.io.stdout.text.trim();
    return served;
  }

  /** Lets connections come in, more at some times than at others. */
  flow(): void {
    const counts = new Map<string, number>();
    let seconds = 0;
    const count = (name: string, by: number): bigint => {
      const sum = (counts.get(name) ?? 0) + by;
      counts.set(name, sum);
      return BigInt(Math.round(sum));
    };
    const tick = (): void => {
      seconds += 0.25;
      const wave = 1 + 0.6 * Math.sin(seconds / 3) + 0.2 * Math.sin(seconds * 1.7);
      for (const { service, servers } of this.kernel.table.services) {
        const { key } = service;
        const weights = servers.reduce((sum, { weight }) => sum + weight, 0);
        let all = 0;
        for (const server of servers) {
          const name = `${JSON.stringify(key)} ${server.address}`;
          const part = weights === 0 ? 0 : (this.busy / 4) * servers.length * wave * (server.weight / weights);
          all += part;
          this.kernel.report(key, server, {
            activeConnections: Math.round(part * 1.4),
            inactiveConnections: Math.round(part * 9),
            statistics: {
              connections: count(name, part),
              incomingBytes: count(`${name} in`, part * 700),
              outgoingBytes: count(`${name} out`, part * 18_000),
            },
          });
        }
        const own = JSON.stringify(key);
        this.kernel.report(key, undefined, {
          statistics: {
            connections: count(own, all),
            incomingBytes: count(`${own} in`, all * 700),
            outgoingBytes: count(`${own} out`, all * 18_000),
          },
        });
      }
    };
    tick();
    this.#timers.push(setInterval(tick, 250));
  }

  /** Lets the daemon live. */
  live(): void {
    let isPassing = false;
    const pass = async (): Promise<void> => {
      if (isPassing) return;
      isPassing = true;
      await this.director.seconds(0.2);
      isPassing = false;
    };
    this.#timers.push(setInterval(() => void pass(), 100));
  }

  /** The weight of a server. */
  weightOf(address: string, port: number): number | undefined {
    const servers = this.kernel.table.services.flatMap(({ servers: all }) => all);
    return servers.find((one) => one.address === address && one.port === port)?.weight;
  }

  /** Ends as SIGTERM does. */
  async stop(): Promise<number> {
    for (const timer of this.#timers) clearInterval(timer);
    for (const listener of this.io.signalListeners) listener('SIGTERM');
    const status = await this.status;
    this.director.kill();
    return status;
  }
}

/** A socket of its own for each client: replies to one are nothing to another. */
function socketOf(kernel: FakeKernel): Transport {
  const replies: Uint8Array[] = [];
  return {
    send: (datagram) => {
      kernel.send(datagram);
      for (let reply = kernel.receive(); reply !== undefined; reply = kernel.receive()) replies.push(reply);
    },
    receive: () => replies.shift(),
    close: () => undefined,
  };
}
