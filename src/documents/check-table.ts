import { canBeServer } from '../model/address-kind.js';
import { plainName, plainNameText, shortestBackupMessage, syncMessageLengths } from '../model/limits.js';
import { defaultTunnel, sameTunnel, serverId, type RealServer } from '../model/server.js';
import {
  describeEndpoint,
  describeService,
  fullNetmask,
  isFirewallMark,
  isKnownProtocol,
  type VirtualService,
} from '../model/service.js';
import type { SyncDaemon } from '../model/state.js';
import type { ServiceWithServers, Table } from '../model/table.js';
import type { Path, TableProblem } from '../model/problem.js';
import { describeValue } from './describe-value.js';

type ReportProblem = (path: Path, message: string) => void;

/** The command line cuts a name that is too long, and takes anything else. */
function checkName(path: Path, name: string | undefined, owner: string, report: ReportProblem): void {
  if (name === undefined || plainName.test(name)) return;
  report(path, `expected name of a ${owner}, ${plainNameText}, found ${describeValue(name)}`);
}

function checkService(
  { key, scheduler, persistenceEngine, onePacket, persistenceTimeout, persistenceNetmask }: VirtualService,
  report: ReportProblem,
): void {
  checkName(['scheduler'], scheduler, 'scheduler', report);
  checkName(['persistenceEngine'], persistenceEngine, 'persistence engine', report);
  if (!isFirewallMark(key)) {
    if (!isKnownProtocol(key.protocol)) report(['protocol'], `expected tcp, udp or sctp, found ${key.protocol}`);
    if (key.port === 0 && persistenceTimeout === undefined) {
      report(['port'], 'port 0 stands for all ports and needs a persistent service: set a port, or persistenceTimeout');
    }
    if (onePacket && key.protocol !== 'udp') {
      report(['onePacket'], `one-packet scheduling is for UDP and firewall-mark services, not for ${key.protocol}`);
    }
  }
  const masksInet = typeof persistenceNetmask === 'string';
  if (masksInet !== (key.family === 'inet')) {
    const [expected, family] = masksInet ? ['a prefix length', 'IPv6'] : ['a mask such as 255.255.255.0', 'IPv4'];
    report(['persistenceNetmask'], `expected ${expected}, as the service is ${family}, found ${persistenceNetmask}`);
  } else if (persistenceTimeout === undefined && persistenceNetmask !== fullNetmask(key.family)) {
    report(['persistenceNetmask'], 'a persistence netmask without persistenceTimeout has no effect');
  }
}

function checkTunnel({ forwarding, tunnel }: RealServer, report: ReportProblem): void {
  if (forwarding !== 'tunneling') {
    if (!sameTunnel(tunnel, defaultTunnel)) {
      report(['tunnel'], `tunnel settings are for forwarding tunneling, not for ${forwarding}`);
    }
    return;
  }
  const { type, port, checksum } = tunnel;
  if (type === 'gue' && port === 0)
    report(['tunnel'], 'a gue tunnel needs a port, at which the real server receives it');
  if ((type === 'ipip' || type === 'gre') && port !== 0)
    report(['tunnel', 'port'], `${type} has no port; only gue has`);
  if (type === 'ipip' && checksum !== 'nocsum')
    report(['tunnel', 'checksum'], 'ipip has no checksum; gue and gre have');
  if (type === 'gre' && (checksum === 'remcsum' || checksum === 'csum+remcsum')) {
    report(['tunnel', 'checksum'], `gre takes nocsum or csum, not ${checksum}; only gue has remcsum`);
  }
}

/** Finds what is wrong with a server of a service. */
export function checkServer(server: RealServer, { key }: VirtualService, report: ReportProblem): void {
  const { family, address, port, forwarding, upperThreshold, lowerThreshold } = server;
  if (!canBeServer(address)) report(['address'], `${address} is not a unicast address`);
  if (family !== key.family && forwarding !== 'tunneling') {
    report(
      ['address'],
      `${address} is of another family than ${describeService(key)}: that needs forwarding tunneling, not ${forwarding}`,
    );
  }
  const rewrites = forwarding === 'masquerading';
  if (!rewrites && !isFirewallMark(key) && port !== key.port) {
    report(
      ['port'],
      `${forwarding} does not rewrite packets, so the port is that of the service, ${key.port}, not ${port}: ` +
        'leave it out, or use forwarding masquerading',
    );
  }
  if (lowerThreshold > upperThreshold) {
    report(
      ['lowerThreshold'],
      upperThreshold === 0
        ? 'a lower threshold needs an upper one'
        : `the lower threshold, ${lowerThreshold}, is above the upper one, ${upperThreshold}`,
    );
  }
  checkTunnel(server, report);
}

/** Finds names that are there twice. */
class Seen {
  readonly #seen = new Map<string, Path>();

  /** @returns the path of the first one of that name. */
  add(name: string, path: Path): Path | undefined {
    const first = this.#seen.get(name);
    if (first === undefined) this.#seen.set(name, path);
    return first;
  }
}

function checkDaemon(daemon: SyncDaemon, report: ReportProblem): void {
  const { role, interface: name, maxLength, group } = daemon;
  checkName(['interface'], name, 'network interface', report);
  if (role === 'backup' && maxLength !== 0 && maxLength < shortestBackupMessage) {
    report(['maxLength'], `the kernel uses at least ${shortestBackupMessage} bytes for a backup, not ${maxLength}`);
  }
  const { highest } = syncMessageLengths.inet6;
  if (group?.includes(':') === true && maxLength > highest) {
    report(['maxLength'], `over IPv6 at most ${highest} bytes fit, not ${maxLength}`);
  }
}

/** Writes the place of the first of two equal entries in messages. */
export type DescribePath = (path: Path) => string;

function hasOtherFamily({ service, servers }: ServiceWithServers): boolean {
  return servers.some(({ family }) => family !== service.key.family);
}

/**
 * Finds what the kernel would refuse, or accept and ignore: duplicates, settings that conflict, and names that
 * none can have. Numbers are checked by what made the table.
 */
export function checkTable(table: Table, describe: DescribePath): TableProblem[] {
  const problems: TableProblem[] = [];
  const reportAt =
    (...base: Path): ReportProblem =>
    (path, message) => {
      problems.push({ path: [...base, ...path], message });
    };
  const services = new Seen();
  for (const [index, { service, servers }] of table.services.entries()) {
    const report = reportAt('services', index);
    const title = describeService(service.key);
    const first = services.add(title, ['services', index]);
    if (first !== undefined) report([], `${title} a second time; the first is ${describe(first)}`);
    checkService(service, report);
    // Thousands of servers without a fault are the rule: each costs its place in a map, and no object of its own.
    const seen = new Map<string, number>();
    let number = 0;
    const reportServer: ReportProblem = (path, message) => {
      report(['servers', number, ...path], message);
    };
    for (const server of servers) {
      const id = serverId(server);
      const same = seen.get(id);
      if (same === undefined) seen.set(id, number);
      else {
        const first = describe(['services', index, 'servers', same]);
        reportServer([], `${describeEndpoint(server)} a second time in ${title}; the first is ${first}`);
      }
      checkServer(server, service, reportServer);
      number++;
    }
  }
  const roles = new Seen();
  const mixed = table.services.find(hasOtherFamily);
  for (const [index, daemon] of (table.syncDaemons ?? []).entries()) {
    const report = reportAt('syncDaemons', index);
    const first = roles.add(daemon.role, ['syncDaemons', index]);
    if (first !== undefined) report(['role'], `a second ${daemon.role}; the first is ${describe(first)}`);
    checkDaemon(daemon, report);
    if (mixed !== undefined) {
      report(
        [],
        `the kernel runs no sync daemon while ${describeService(mixed.service.key)} has servers of another family`,
      );
    }
  }
  return problems;
}
