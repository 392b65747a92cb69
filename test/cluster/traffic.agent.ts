import { createSocket, type Socket as DatagramSocket } from 'node:dgram';
import { once } from 'node:events';
import http from 'node:http';
import { isIPv6 } from 'node:net';
import {
  healthPath,
  type Actions,
  type Answer,
  type Behaviour,
  type Call,
  type Connecting,
  type Listening,
  type Load,
  type LoadedRequest,
  type Operation,
  type Reply,
} from './protocol.js';

// Lives in the network namespace of one host of a cluster, as its clients and servers, and does what the suite asks for over
// the channel that it was started with. A process can't change its namespace, hence one for each host.

/** Milliseconds without an answer after which a request has failed. Long: what is meant to fail is refused at once. */
const patience = 20_000;

/** Where a server tells all about a request. Anywhere else it says its name, for people. */
const replyPath = '/reply';

/**
 * The client's port of the next request. None is used twice: IPVS remembers for minutes which server 198.51.100.2:50000 has
 * had of a service, also when the service is another one by now, and behind NAT can't tell it from 198.51.100.2:50000 of
 * another service with the same servers.
 */
let nextPort = 30_000;

type Handlers = {
  readonly [K in Operation]: (argument: Actions[K]['argument']) => Promise<Actions[K]['answer']>;
};

/** What this host serves, and how. */
const webServers: { readonly server: http.Server; readonly port: number }[] = [];
let timesAsked = 0;
let behaviour: Behaviour = { listens: true, hangs: false, health: 200 };

const loads = new Map<number, () => Promise<readonly LoadedRequest[]>>();

const held = new Map<number, { readonly agent: http.Agent; readonly where: Connecting }>();
let nextHandle = 1;

const handlers: Handlers = {
  async serve(listening) {
    await Promise.all([
      ...listening.http.map((port) => serveHttp(listening.name, port)),
      ...listening.udp.map((socket) => serveUdp(listening.name, socket)),
    ]);
    return null;
  },
  async behave(wanted) {
    const isOther = wanted.listens !== behaviour.listens;
    behaviour = wanted;
    if (!isOther) return null;
    for (const { server, port } of webServers) {
      if (wanted.listens) {
        server.listen(port, '::');
        await once(server, 'listening');
      } else {
        server.close();
        server.closeAllConnections();
      }
    }
    return null;
  },
  asked: () => Promise.resolve({ times: timesAsked }),
  load(wanted) {
    const handle = nextHandle++;
    loads.set(handle, startLoad(wanted));
    return Promise.resolve({ handle });
  },
  async unload({ handle }) {
    const end = loads.get(handle);
    if (end === undefined) throw new Error(`no load ${handle}`);
    loads.delete(handle);
    return end();
  },
  async fetch({ count, ...where }) {
    const replies: Reply[] = [];
    while (replies.length < count) replies.push(await request(where, false));
    return replies;
  },
  async hold(where) {
    // Without the probes of TCP, which would be counted as traffic.
    const agent = new http.Agent({ keepAlive: true, keepAliveMsecs: 3_600_000, maxSockets: 1 });
    const handle = nextHandle++;
    held.set(handle, { agent, where });
    return { handle, reply: await request(where, agent) };
  },
  again({ handle }) {
    const { agent, where } = connection(handle);
    return request(where, agent);
  },
  async release({ handle, reset }) {
    const { agent } = connection(handle);
    const [socket] = Object.values(agent.freeSockets).flatMap((sockets) => sockets ?? []);
    if (socket === undefined) throw new Error(`connection ${handle} is closed already`);
    const closed = once(socket, 'close');
    if (reset) socket.resetAndDestroy();
    else socket.end();
    await closed;
    held.delete(handle);
    return null;
  },
  async send({ texts, patience: timeout = patience, ...where }) {
    const socket = createSocket(isIPv6(where.address) ? 'udp6' : 'udp4');
    try {
      socket.bind(where.fromPort ?? nextPort++, where.from);
      await once(socket, 'listening');
      // Connected, so that a refusal arrives, and only what comes from there counts as an answer.
      socket.connect(where.port, where.address);
      await once(socket, 'connect');
      const replies: Reply[] = [];
      for (const text of texts) {
        const answer = once(socket, 'message', { signal: AbortSignal.timeout(timeout) });
        socket.send(text);
        const [data] = (await answer) as [Buffer];
        const { echo, ...reply } = JSON.parse(data.toString()) as Reply & { echo: string };
        if (echo !== text) throw new Error(`sent ${JSON.stringify(text)}, echoed was ${JSON.stringify(echo)}`);
        replies.push(reply);
      }
      return replies;
    } finally {
      socket.close();
    }
  },
  async ipvsadm({ argv }) {
    // Most hosts never run it.
    const { Ours } = await import('../lab/ours.js');
    const [result] = await new Ours().run([{ argv }]);
    if (result === undefined) throw new Error('no result');
    return result;
  },
};

function connection(handle: number): { readonly agent: http.Agent; readonly where: Connecting } {
  const found = held.get(handle);
  if (found === undefined) throw new Error(`no connection ${handle}`);
  return found;
}

/** As in listings. An IPv4 address that reached a socket of both families has a prefix there. */
function endpoint(address = '', port = 0): string {
  const plain = address.replace(/^::ffff:/, '');
  return `${isIPv6(plain) ? `[${plain}]` : plain}:${port}`;
}

async function serveHttp(name: string, port: number): Promise<void> {
  const server = http.createServer({ keepAliveTimeout: 0 }, ({ socket, url }, response) => {
    if (behaviour.hangs) return;
    if (url === healthPath) {
      timesAsked++;
      response.statusCode = behaviour.health;
      if (behaviour.weight !== undefined) response.setHeader('X-Weight', String(behaviour.weight));
      return response.end();
    }
    if (url !== replyPath) return response.end(`${name}\n`);
    const reply: Reply = {
      server: name,
      client: endpoint(socket.remoteAddress, socket.remotePort),
      asked: endpoint(socket.localAddress, socket.localPort),
    };
    return response.end(JSON.stringify(reply));
  });
  server.listen(port, '::');
  await once(server, 'listening');
  webServers.push({ server, port });
}

async function serveUdp(name: string, { address, port }: Listening['udp'][number]): Promise<void> {
  const socket: DatagramSocket = createSocket(isIPv6(address) ? 'udp6' : 'udp4');
  socket.on('message', (data, sender) => {
    const reply: Reply & { echo: string } = {
      server: name,
      client: endpoint(sender.address, sender.port),
      asked: endpoint(address, port),
      echo: data.toString(),
    };
    socket.send(JSON.stringify(reply), sender.port, sender.address);
  });
  socket.bind(port, address);
  await once(socket, 'listening');
}

function request(
  { address, port, from, fromPort }: Connecting,
  agent: http.Agent | false,
  timeout = patience,
): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const own = { ...(from === undefined ? {} : { localAddress: from }), localPort: fromPort ?? nextPort++ };
    const asked = http.get({ host: address, port, path: replyPath, agent, timeout, ...own }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (text: string) => (body += text));
      response.once('end', () => {
        resolve(JSON.parse(body) as Reply);
      });
      response.once('error', reject);
    });
    asked.once('timeout', () => asked.destroy(Object.assign(new Error('no answer'), { code: 'ETIMEDOUT' })));
    asked.once('error', reject);
  });
}

/** @returns what ends it. */
function startLoad({ perSecond, patience: timeout, ...where }: Connecting & Load): () => Promise<LoadedRequest[]> {
  const results: LoadedRequest[] = [];
  const underWay = new Set<Promise<void>>();
  const ask = async (): Promise<void> => {
    const at = Date.now();
    const began = performance.now();
    const result = await request(where, false, timeout).then(
      ({ server }) => ({ server }),
      (error: unknown) => ({ failure: reason(error) }),
    );
    results.push({ at, took: performance.now() - began, ...result });
  };
  const timer = setInterval(() => {
    const asked = ask().finally(() => underWay.delete(asked));
    underWay.add(asked);
  }, 1000 / perSecond);
  return async () => {
    clearInterval(timer);
    await Promise.all(underWay);
    return results.sort((one, other) => one.at - other.at);
  };
}

function perform<K extends Operation>({ operation, argument }: Call<K>): Promise<Actions[K]['answer']> {
  return handlers[operation](argument);
}

function reason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return 'code' in error && typeof error.code === 'string' ? error.code : error.message;
}

process.on('message', (call: Call) => {
  const tell = (answer: Answer): void => {
    process.send?.(answer);
  };
  perform(call).then(
    (answer) => {
      tell({ serial: call.serial, answer });
    },
    (error: unknown) => {
      tell({ serial: call.serial, failure: reason(error) });
    },
  );
});
process.once('disconnect', () => process.exit(0));
