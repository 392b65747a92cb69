// What a daemon says at its start about what it runs on: settings of the kernel that work against it, and too many checks; pure.

import type { Check, CheckType } from '../documents/health-schema.js';
import type { Configuration } from '../documents/read-document.js';
import type { Probe } from '../health/watch.js';
import { isFirewallMark } from '../model/service.js';
import type { ServiceWithServers } from '../model/table.js';

/** CPU time of a check in microseconds, about; docs/performance.md has how it was measured. */
const costs: Readonly<Record<CheckType, number>> = {
  tcp: 90,
  http: 120,
  dns: 40,
  smtp: 200,
  udp: 40,
  ping: 3000,
  grpc: 300,
  exec: 1500,
  agent: 110,
};

/** What TLS adds, in microseconds. */
const tlsCost = 700;

/** The part of a core from which on checks may be late. */
const highestLoad = 0.7;

/** Descriptors that are needed beside those of checks. */
const otherDescriptors = 64;

function costOf(check: Check): number {
  const hasTls = (check.type === 'tcp' || check.type === 'http' || check.type === 'smtp') && check.tls !== undefined;
  return costs[check.type] + (hasTls ? tlsCost : 0);
}

/** The part of a core that checks take, about. */
export function loadOf(probes: Iterable<Pick<Probe, 'target'>>): number {
  let load = 0;
  for (const { target } of probes) load += costOf(target.check) / 1e6 / target.check.interval;
  return load;
}

/** What to say where checks take much of a core; undefined: nothing. */
export function loadAdvice(probes: ReadonlyMap<string, Pick<Probe, 'target'>>): string | undefined {
  const load = loadOf(probes.values());
  if (load <= highestLoad) return undefined;
  return `${probes.size} checks take about ${Math.round(load * 100)} % of a core and may be late: make their intervals longer`;
}

/** What is read of the kernel; undefined: not known. */
export interface Surroundings {
  /** Values of settings below net.ipv4.vs by their names. */
  readonly sysctl: (name: string) => number | undefined;
  /** Most descriptors of this process. */
  readonly descriptors: number | undefined;
}

interface Setting {
  readonly name: string;
  /** The value that works against the daemon, and the one that does not. */
  readonly bad: number;
  readonly good: number;
  readonly matters: (service: ServiceWithServers) => boolean;
  readonly why: string;
}

const isPersistent = ({ service }: ServiceWithServers): boolean => service.persistenceTimeout !== undefined;
const isUdp = ({ service: { key } }: ServiceWithServers): boolean => !isFirewallMark(key) && key.protocol === 'udp';

const settings: readonly Setting[] = [
  {
    name: 'expire_nodest_conn',
    bad: 0,
    good: 1,
    matters: (service) => isPersistent(service) || isUdp(service),
    why: 'what clients of a server that is removed go on sending is dropped until their connections time out',
  },
  {
    name: 'expire_quiescent_template',
    bad: 1,
    good: 0,
    matters: isPersistent,
    why: 'a drain sends the bound clients of persistent services elsewhere at once',
  },
  {
    name: 'conn_reuse_mode',
    bad: 0,
    good: 1,
    matters: () => true,
    why: 'a client that uses a port again goes to the server of before, though that has weight 0',
  },
];

/** The settings below net.ipv4.vs that matter. */
export const adviceSettings: readonly string[] = settings.map(({ name }) => name);

/** What to say about the kernel and this process, a line each. */
export function advice(
  { table }: Pick<Configuration, 'table'>,
  { sysctl, descriptors }: Surroundings,
  mostChecks: number,
): string[] {
  const lines = settings
    .filter(({ name, bad, matters }) => sysctl(name) === bad && table.services.some(matters))
    .map(({ name, bad, good, why }) => `net.ipv4.vs.${name} is ${bad}: ${why}; sysctl -w net.ipv4.vs.${name}=${good}`);
  if (descriptors !== undefined && descriptors < mostChecks + otherDescriptors) {
    lines.push(
      `${descriptors} open files are allowed, ${mostChecks} checks at a time may need more: raise LimitNOFILE, or lower --most-checks`,
    );
  }
  return lines;
}
