import {
  describeEndpoint,
  describeService,
  fullNetmask,
  isFirewallMark,
  schedulerFlagNames,
  type ServiceKey,
} from '../../model/service.js';
import type { ServerEntry, ServiceEntry } from '../../model/state.js';
import { addServer, deleteServer, deleteService, editServer, editService, setSysctls } from '../commands.js';
import { ftpPort, type DirectorFacts, type ServiceFacts } from '../facts.js';
import { problem, type Check, type Finding } from '../finding.js';
import { sysctl } from '../settings.js';
import { aboutServer, aboutService } from './subjects.js';

/** Makes a check of all services from one of a single service. */
function ofEachService(
  id: string,
  title: string,
  run: (entry: ServiceFacts, facts: DirectorFacts) => readonly Finding[],
): Check<DirectorFacts> {
  return { id, title, run: (facts) => facts.services.flatMap((entry) => run(entry, facts)) };
}

/** The kernel's name where a service has none. */
const noScheduler = 'none';

/** A service without a scheduler drops new connections. */
const scheduler = ofEachService('scheduler', 'every service has a scheduler', ({ service }) =>
  service.scheduler === noScheduler
    ? [
        problem(
          'error',
          aboutService(service.key),
          'has no scheduler',
          'Nothing chooses a real server, so new connections to the service are dropped.',
          { how: 'give it one', commands: [editService({ ...service, scheduler: 'wlc' })] },
        ),
      ]
    : [],
);

/** A service without servers refuses new connections. */
const hasServers = ofEachService('service-servers', 'every service has real servers', ({ service, servers }) =>
  servers.length === 0
    ? [
        problem(
          'error',
          aboutService(service.key),
          'has no real server',
          'New connections to the service are refused.',
          { how: 'add its real servers with `ipvsadm -a`, or remove the service', commands: [deleteService(service)] },
        ),
      ]
    : [],
);

/** A service whose servers all have weight 0 refuses new connections. */
const hasWeights = ofEachService('service-weights', 'every service has a server that takes connections', (entry) => {
  const { service, servers } = entry;
  const [first] = servers;
  if (first === undefined || servers.some(({ weight }) => weight > 0)) return [];
  return [
    problem(
      'error',
      aboutService(service.key),
      servers.length === 1 ? 'its only real server has weight 0' : `all ${servers.length} real servers have weight 0`,
      'A server of weight 0 gets no new connections, so the service refuses them all.',
      { how: 'let one of them work', commands: [editServer({ ...first, weight: 1 }, service.key)] },
    ),
  ];
});

/** Connections that thresholds count. Source: ip_vs_dest_totalconns in net/netfilter/ipvs/ip_vs_conn.c. */
function countedConnections({ activeConnections, inactiveConnections }: ServerEntry): number {
  return activeConnections + inactiveConnections;
}

/** A server that reached its upper threshold gets nothing new, and a service without another refuses connections. */
const belowThresholds = ofEachService('service-thresholds', 'some server is below its upper threshold', (entry) => {
  const { service, servers } = entry;
  const usable = servers.filter(({ weight }) => weight > 0);
  const [first] = usable;
  if (first === undefined) return [];
  if (!usable.every((server) => server.upperThreshold > 0 && countedConnections(server) >= server.upperThreshold))
    return [];
  const limit = countedConnections(first) * 2;
  return [
    problem(
      'error',
      aboutService(service.key),
      `every server that has a weight is at its upper threshold (${describeEndpoint(first)}: ${countedConnections(first)} of ${first.upperThreshold})`,
      'A server at its threshold gets no new connections until enough have ended, so the service refuses them all.',
      {
        how: 'raise the threshold, or add servers',
        commands: [editServer({ ...first, upperThreshold: limit }, service.key)],
      },
    ),
  ];
});

/** Schedulers that ignore a weight unless it is 0, and those that schedule by it. */
const weighing: Readonly<Record<string, string>> = { rr: 'wrr', lc: 'wlc' };

/** Weights are set and have no effect, because the scheduler ignores them. */
const weightsCount = ofEachService('scheduler-weights', 'the scheduler goes by the weights', ({ service, servers }) => {
  const other = weighing[service.scheduler];
  const weights = new Set(servers.map(({ weight }) => weight).filter((weight) => weight > 0));
  if (other === undefined || weights.size < 2) return [];
  return [
    problem(
      'warning',
      aboutService(service.key),
      `its servers have different weights (${[...weights].slice(0, 5).join(', ')}), and ${service.scheduler} ignores them`,
      `${service.scheduler} gives every server with a weight the same share.`,
      { how: `schedule by weight with ${other}`, commands: [editService({ ...service, scheduler: other })] },
    ),
  ];
});

/** Schedulers that hash clients or destinations to servers, and what a server of weight 0 does to those that it has. */
const hashing: Readonly<Record<string, string>> = {
  sh: 'Every server has a share of the clients, even with weight 0: their new connections are refused.',
  mh: 'A server keeps the share of the clients that it had before its weight became 0, and their new connections are refused. Only one that was added with weight 0 has none.',
  dh: 'Every server has a share of the destinations, even with weight 0: new connections to them are refused.',
};

/** Schedulers that hash give the clients of a server of weight 0 to another one only with a flag. */
const hashFallback = ofEachService('hash-fallback', 'no client is hashed to a server of weight 0', (entry) => {
  const { service, servers } = entry;
  const why = hashing[service.scheduler];
  const quiesced = servers.filter(({ weight }) => weight === 0);
  const [first] = quiesced;
  // Where all have weight 0, another check reports it.
  if (why === undefined || first === undefined || quiesced.length === servers.length) return [];
  const fallback = schedulerFlagNames.find(({ name }) => name === `${service.scheduler}-fallback`);
  if (fallback !== undefined && service.schedulerFlags.includes(fallback.flag)) return [];
  const what =
    quiesced.length === 1
      ? `${describeEndpoint(first)} has weight 0`
      : `${quiesced.length} of ${servers.length} servers have weight 0 (${describeEndpoint(first)}, ...)`;
  const fixes = [
    {
      how: 'remove what is not to come back, once it has no connections',
      commands: quiesced.map((server) => deleteServer(server, service.key)),
    },
  ];
  if (fallback !== undefined) {
    const schedulerFlags = [fallback.flag, ...service.schedulerFlags];
    fixes.unshift({
      how: `let other servers take their clients: -b ${fallback.name}`,
      commands: [editService({ ...service, schedulerFlags })],
    });
  }
  return [
    problem(
      'warning',
      aboutService(service.key),
      `${what}, and ${fallback === undefined ? `${service.scheduler} has no fallback` : `${fallback.name} is not set`}`,
      why,
      ...fixes,
    ),
  ];
});

/** A port that differs from the one of the service has no effect without NAT. */
const serverPort = ofEachService('server-port', 'servers reached without NAT have the port of the service', (entry) => {
  const { service, servers } = entry;
  const { key } = service;
  if (isFirewallMark(key)) return [];
  return servers
    .filter(({ forwarding }) => forwarding === 'direct-routing' || forwarding === 'tunneling')
    .filter(({ port }) => port !== key.port)
    .map((server) =>
      problem(
        'warning',
        aboutServer(key, server),
        `has port ${server.port}, the service has ${key.port}`,
        'Direct routing and tunnels leave packets as they are: they arrive at the port of the service, whatever the table says.',
        {
          how: 'enter it with the port that it is reached at',
          commands: [deleteServer(server, key), addServer({ ...server, port: key.port }, key)],
        },
      ),
    );
});

/** Fewer connections than this are too few to distinguish an imbalance from chance. */
const fewConnections = 10;
/** Share of the connections from which on one server has nearly all. */
const nearlyAll = 0.9;
/** Share of the weights up to which it should not. */
const fairShare = 0.75;

/** Clients that count as one (a proxy, a coarse mask) load one server and leave the others idle. */
const imbalance = ofEachService(
  'persistence-imbalance',
  'persistence leaves no server idle',
  ({ service, servers }) => {
    if (service.persistenceTimeout === undefined) return [];
    const usable = servers.filter(({ weight }) => weight > 0);
    const total = usable.reduce((sum, server) => sum + countedConnections(server), 0);
    const weights = usable.reduce((sum, { weight }) => sum + weight, 0);
    const busiest = usable.reduce<ServerEntry | undefined>(
      (best, server) => (best === undefined || countedConnections(server) > countedConnections(best) ? server : best),
      undefined,
    );
    if (busiest === undefined || total < fewConnections) return [];
    if (countedConnections(busiest) < nearlyAll * total || busiest.weight > fairShare * weights) return [];
    const full = fullNetmask(service.key.family);
    const coarse = service.persistenceNetmask !== full;
    const persistent: ServiceEntry = { ...service, persistenceNetmask: full };
    const none: ServiceEntry = { ...persistent, persistenceTimeout: undefined, persistenceEngine: undefined };
    return [
      problem(
        'warning',
        aboutService(service.key),
        `${describeEndpoint(busiest)} has ${countedConnections(busiest)} of ${total} connections, and clients stay at their server for ${service.persistenceTimeout} s`,
        coarse
          ? `All clients that agree under the mask ${service.persistenceNetmask} count as one and go to the same server.`
          : 'Clients behind one address (a proxy, NAT) count as one and go to the same server; every new connection starts the time again.',
        ...(coarse ? [{ how: 'distinguish every client address', commands: [editService(persistent)] }] : []),
        { how: 'end persistence, if the application can do without', commands: [editService(none)] },
      ),
    ];
  },
);

/** A server of weight 0 still gets the new connections of clients that persistence has bound to it. */
const quiescedTemplates = ofEachService(
  'persistence-quiesced',
  'a server of weight 0 gets no new connections of bound clients',
  ({ service, servers }, facts) => {
    const path = 'net/ipv4/vs/expire_quiescent_template';
    if (service.persistenceTimeout === undefined || sysctl(facts, path) !== 0) return [];
    return servers
      .filter(({ weight, persistentConnections }) => weight === 0 && persistentConnections > 0)
      .map((server) =>
        problem(
          'warning',
          aboutServer(service.key, server),
          `has weight 0, and ${server.persistentConnections} client${server.persistentConnections === 1 ? ' is' : 's are'} still bound to it`,
          'Bound clients go on opening connections to the server, and each starts their time again: it may never become idle.',
          { how: 'let weight 0 end the binding', commands: [setSysctls({ [path]: 1 })] },
        ),
      );
  },
);

/** Which services could take a packet is looked up in this order. Source: ip_vs_service_find in ip_vs_ctl.c. */
const lookUpOrder =
  'The kernel looks for the firewall mark first, then for address and port, then, for TCP ports that anybody may open, for port 21 (FTP), then for port 0.';

/** A service gets nothing because the kernel finds another one first. */
const overlap: Check<DirectorFacts> = {
  id: 'service-overlap',
  title: 'no service takes packets from another',
  run: (facts) => {
    const { services } = facts;
    const byAddress = new Map<string, ServiceFacts[]>();
    for (const entry of services) {
      const { key } = entry.service;
      if (isFirewallMark(key)) continue;
      const place = `${key.protocol} ${key.address}`;
      const group = byAddress.get(place);
      if (group === undefined) byAddress.set(place, [entry]);
      else group.push(entry);
    }
    // Without estimation the counters stand still, and don't show which service gets packets.
    const counting = sysctl(facts, 'net/ipv4/vs/run_estimation') !== 0;
    return [...[...byAddress.values()].flatMap(portOverlap), ...(counting ? markOverlap(services) : [])];
  },
};

function virtualPort(key: ServiceKey): number {
  return isFirewallMark(key) ? -1 : key.port;
}

/** Services of one address and protocol. */
function portOverlap(group: readonly ServiceFacts[]): Finding[] {
  const every = group.find(({ service }) => virtualPort(service.key) === 0)?.service;
  if (every === undefined) return [];
  return group
    .filter(({ service }) => virtualPort(service.key) !== 0)
    .map(({ service: { key } }) => {
      const ftp = virtualPort(key) === ftpPort && !isFirewallMark(key) && key.protocol === 'tcp';
      return problem(
        'warning',
        aboutService(every.key),
        `does not get port ${virtualPort(key)}${ftp ? ', port 20 and the ports from 1024 on' : ''}: ${describeService(key)} takes ${ftp ? 'them' : 'it'}`,
        `${lookUpOrder} The two services bind clients apart from each other, so that a client can have two servers.`,
        { how: 'remove the one for all ports, or the other', commands: [deleteService(every)] },
      );
    });
}

/**
 * Services that get nothing while a firewall mark brings packets to the same servers: what the packet filter marks
 * can't be seen here.
 */
function markOverlap(services: readonly ServiceFacts[]): Finding[] {
  // By family and address of their servers; of many that have one, any will do.
  const marked = new Map<string, ServiceEntry>();
  for (const { service, servers } of services) {
    if (!isFirewallMark(service.key) || service.statistics.incomingPackets === 0n) continue;
    for (const { address } of servers) marked.set(`${service.key.family} ${address}`, service);
  }
  return services.flatMap(({ service, servers }) => {
    if (isFirewallMark(service.key) || service.statistics.incomingPackets > 0n) return [];
    const taking = servers
      .map(({ address }) => marked.get(`${service.key.family} ${address}`))
      .find((other) => other !== undefined);
    if (taking === undefined) return [];
    return [
      problem(
        'warning',
        aboutService(service.key),
        `has got no packet, and ${describeService(taking.key)} takes marked ones to the same servers`,
        `${lookUpOrder} A rule of the packet filter that marks packets to this address keeps them from this service.`,
        {
          how: 'look for the mark in `nft list ruleset` or `iptables -t mangle -S`; if it is meant to, remove this service',
          commands: [deleteService(service)],
        },
      ),
    ];
  });
}

/** Checks of the table itself. */
export const serviceChecks: readonly Check<DirectorFacts>[] = [
  scheduler,
  hasServers,
  hasWeights,
  belowThresholds,
  weightsCount,
  hashFallback,
  serverPort,
  overlap,
  imbalance,
  quiescedTemplates,
];
