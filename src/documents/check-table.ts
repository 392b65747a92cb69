import { canBeServer } from '../model/address-kind.js';
import { defaultTunnel, serverId, type RealServer, type Tunnel } from '../model/server.js';
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

/** Longest messages of sync daemons that the kernel keeps as they are. Source: start_sync_thread in ip_vs_sync.c. */
const shortestBackupLength = 1024;
const longestInet6Length = 65487;

type Tell = (path: Path, message: string) => void;

function checkService({ key, onePacket, persistenceTimeout, persistenceNetmask }: VirtualService, tell: Tell): void {
  if (!isFirewallMark(key)) {
    if (!isKnownProtocol(key.protocol)) tell(['protocol'], `expected tcp, udp or sctp, found ${key.protocol}`);
    if (key.port === 0 && persistenceTimeout === undefined) {
      tell(['port'], 'port 0 stands for all ports and is for persistent services: say a port, or persistenceTimeout');
    }
    if (onePacket && key.protocol !== 'udp') {
      tell(['onePacket'], `one-packet scheduling is for UDP and firewall-mark services, not for ${key.protocol}`);
    }
  }
  const masksInet = typeof persistenceNetmask === 'string';
  if (masksInet !== (key.family === 'inet')) {
    const [expected, family] = masksInet ? ['a prefix length', 'IPv6'] : ['a mask such as 255.255.255.0', 'IPv4'];
    tell(['persistenceNetmask'], `expected ${expected}, as the service is ${family}, found ${persistenceNetmask}`);
  } else if (persistenceTimeout === undefined && persistenceNetmask !== fullNetmask(key.family)) {
    tell(['persistenceNetmask'], 'a persistence netmask without persistenceTimeout has no effect');
  }
}

function sameTunnel(a: Tunnel, b: Tunnel): boolean {
  return a.type === b.type && a.port === b.port && a.checksum === b.checksum;
}

function checkTunnel({ forwarding, tunnel }: RealServer, tell: Tell): void {
  if (forwarding !== 'tunnelling') {
    if (!sameTunnel(tunnel, defaultTunnel)) {
      tell(['tunnel'], `tunnel settings are for forwarding tunnelling, not for ${forwarding}`);
    }
    return;
  }
  const { type, port, checksum } = tunnel;
  if (type === 'gue' && port === 0) tell(['tunnel'], 'a gue tunnel needs the port that the real server takes it at');
  if ((type === 'ipip' || type === 'gre') && port !== 0) tell(['tunnel', 'port'], `${type} has no port; only gue has`);
  if (type === 'ipip' && checksum !== 'nocsum') tell(['tunnel', 'checksum'], 'ipip has no checksum; gue and gre have');
  if (type === 'gre' && (checksum === 'remcsum' || checksum === 'csum+remcsum')) {
    tell(['tunnel', 'checksum'], `gre takes nocsum or csum, not ${checksum}; only gue has remcsum`);
  }
}

function checkServer(server: RealServer, { key }: VirtualService, tell: Tell): void {
  const { family, address, port, forwarding, upperThreshold, lowerThreshold } = server;
  if (!canBeServer(address)) tell(['address'], `${address} is no address of a host, so it can't be a real server`);
  if (family !== key.family && forwarding !== 'tunnelling') {
    tell(
      ['address'],
      `${address} is of another family than ${describeService(key)}: that needs forwarding tunnelling, not ${forwarding}`,
    );
  }
  const rewrites = forwarding === 'masquerading';
  if (!rewrites && !isFirewallMark(key) && port !== key.port) {
    tell(
      ['port'],
      `${forwarding} does not rewrite packets, so the port is that of the service, ${key.port}, not ${port}: ` +
        'leave it out, or use forwarding masquerading',
    );
  }
  if (lowerThreshold > upperThreshold) {
    tell(
      ['lowerThreshold'],
      upperThreshold === 0
        ? 'a lower threshold needs an upper one'
        : `the lower threshold, ${lowerThreshold}, is above the upper one, ${upperThreshold}`,
    );
  }
  checkTunnel(server, tell);
}

/** Finds names that stand twice; `where` tells of the first. */
class Seen {
  readonly #seen = new Map<string, Path>();

  /** @returns the path of the first one of that name. */
  add(name: string, path: Path): Path | undefined {
    const first = this.#seen.get(name);
    if (first === undefined) this.#seen.set(name, path);
    return first;
  }
}

function checkDaemon(daemon: SyncDaemon, tell: Tell): void {
  const { role, maxLength, group } = daemon;
  if (role === 'backup' && maxLength !== 0 && maxLength < shortestBackupLength) {
    tell(['maxLength'], `the kernel makes a backup take at least ${shortestBackupLength} bytes, not ${maxLength}`);
  }
  if (group?.includes(':') === true && maxLength > longestInet6Length) {
    tell(['maxLength'], `over IPv6 at most ${longestInet6Length} bytes fit, not ${maxLength}`);
  }
}

/** How problems name the first of two equal entries. */
export type DescribePath = (path: Path) => string;

function hasOtherFamily({ service, servers }: ServiceWithServers): boolean {
  return servers.some(({ family }) => family !== service.key.family);
}

/**
 * Finds what no kernel would take, or would take and not do: duplicates, and settings that don't go together. Names
 * and numbers on their own are the concern of what made the table.
 */
export function checkTable(table: Table, describe: DescribePath): TableProblem[] {
  const problems: TableProblem[] = [];
  const telling =
    (...base: Path): Tell =>
    (path, message) => {
      problems.push({ path: [...base, ...path], message });
    };
  const services = new Seen();
  for (const [index, { service, servers }] of table.services.entries()) {
    const tell = telling('services', index);
    const title = describeService(service.key);
    const first = services.add(title, ['services', index]);
    if (first !== undefined) tell([], `${title} a second time; the first is ${describe(first)}`);
    checkService(service, tell);
    // Thousands of servers without a fault are the rule: each costs its place in a map, and no object of its own.
    const seen = new Map<string, number>();
    let number = 0;
    const tellServer: Tell = (path, message) => {
      tell(['servers', number, ...path], message);
    };
    for (const server of servers) {
      const id = serverId(server);
      const same = seen.get(id);
      if (same === undefined) seen.set(id, number);
      else {
        const first = describe(['services', index, 'servers', same]);
        tellServer([], `${describeEndpoint(server)} a second time in ${title}; the first is ${first}`);
      }
      checkServer(server, service, tellServer);
      number++;
    }
  }
  const roles = new Seen();
  const mixed = table.services.find(hasOtherFamily);
  for (const [index, daemon] of (table.syncDaemons ?? []).entries()) {
    const tell = telling('syncDaemons', index);
    const first = roles.add(daemon.role, ['syncDaemons', index]);
    if (first !== undefined) tell(['role'], `a second ${daemon.role}; the first is ${describe(first)}`);
    checkDaemon(daemon, tell);
    if (mixed !== undefined) {
      tell(
        [],
        `the kernel runs no sync daemon while ${describeService(mixed.service.key)} has servers of another family`,
      );
    }
  }
  return problems;
}
