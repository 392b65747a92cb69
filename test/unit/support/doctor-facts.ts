import type {
  DirectorFacts,
  NetworkInterface,
  RealServerFacts,
  Route,
  ServiceFacts,
} from '../../../src/doctor/facts.js';
import type { Check, Finding } from '../../../src/doctor/finding.js';
import { familyOf } from '../../../src/model/address.js';
import { fullNetmask, type ServiceKey } from '../../../src/model/service.js';
import type { ServerEntry, ServiceEntry, Statistics } from '../../../src/model/state.js';
import { noTraffic, plainServer, plainService } from './entries.js';

export const web: ServiceKey = { family: 'inet', protocol: 'tcp', address: '192.0.2.10', port: 80 };

/** Statistics of something that has got packets. */
export const packets = (count: bigint): Statistics => ({ ...noTraffic, incomingPackets: count });

export function service(key: ServiceKey, settings: Partial<ServiceEntry> = {}): ServiceEntry {
  return { ...plainService, key, persistenceNetmask: fullNetmask(key.family), ...settings };
}

export function server(address: string, settings: Partial<ServerEntry> = {}): ServerEntry {
  return { ...plainServer, family: familyOf(address), address, port: 80, ...settings };
}

export function entry(
  key: ServiceKey,
  servers: readonly ServerEntry[],
  settings: Partial<ServiceEntry> = {},
): ServiceFacts {
  return { service: service(key, settings), servers };
}

/** An interface to a network; addresses as `192.0.2.1/24`. */
export function link(
  name: string,
  addresses: readonly string[] = [],
  settings: Partial<NetworkInterface> = {},
): NetworkInterface {
  return {
    name,
    up: true,
    carrier: true,
    loopback: false,
    arp: true,
    multicast: true,
    kind: '',
    addresses: addresses.map((text) => {
      const [address = '', length] = text.split('/');
      return { family: familyOf(address), address, prefixLength: Number(length), duplicate: false };
    }),
    ...settings,
  };
}

export const loopback = (addresses: readonly string[] = []): NetworkInterface =>
  link('lo', ['127.0.0.1/8', ...addresses], { loopback: true, arp: false, multicast: false });

export const local: Route = { kind: 'local' };

export const by = (name: string, gateway?: string): Route => ({ kind: 'unicast', interface: name, gateway });

export const sysctls = (values: Readonly<Record<string, number>>): ReadonlyMap<string, string> =>
  new Map(Object.entries(values).map(([path, value]) => [path, String(value)]));

/** A director without services. */
export function director(facts: Partial<DirectorFacts> = {}): DirectorFacts {
  return {
    interfaces: [loopback(), link('eth0', ['192.0.2.1/24', '192.0.2.10/32']), link('eth1', ['10.0.1.1/24'])],
    routes: new Map([['192.0.2.10', local]]),
    defaultRoutes: { inet: by('eth0', '192.0.2.254') },
    sysctls: new Map(),
    listeners: [],
    kernel: { major: 6, minor: 1 },
    hasIpvs: true,
    services: [],
    syncDaemons: [],
    timeouts: { tcp: 900, tcpFin: 120, udp: 300 },
    orphans: { connections: 0, groups: [] },
    hasSyncedConnections: false,
    hasFtpHelper: true,
    ...facts,
  };
}

/** A real server for 192.0.2.10 by direct routing. */
export function realServer(facts: Partial<RealServerFacts> = {}): RealServerFacts {
  return {
    interfaces: [loopback(['192.0.2.10/32']), link('eth0', ['192.0.2.21/24'])],
    routes: new Map([['192.0.2.10', local]]),
    defaultRoutes: { inet: by('eth0', '192.0.2.254') },
    sysctls: new Map(),
    listeners: [],
    kernel: { major: 6, minor: 1 },
    vip: '192.0.2.10',
    family: 'inet',
    forwarding: 'direct-routing',
    ports: [],
    protocol: 'tcp',
    tunnel: 'ipip',
    tunnelPort: 6080,
    director: undefined,
    ...facts,
  };
}

/** A finding in short: severity, what it is about, what was found, the commands of the first fix. */
export function brief({ severity, subject, found, fixes }: Finding): string[] {
  return [severity, subject.label, found, ...(fixes[0]?.commands ?? [])];
}

/** What all of some checks find that is not well, each in short with the check's name before it. */
export function problems<Facts>(checks: readonly Check<Facts>[], facts: Facts): string[][] {
  return checks.flatMap(({ id, run }) =>
    run(facts)
      .filter(({ severity }) => severity !== 'ok')
      .map((finding) => [id, ...brief(finding)]),
  );
}
