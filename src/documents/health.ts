import type { RealServer } from '../model/server.js';
import { describeEndpoint, isFirewallMark, type ServiceKey } from '../model/service.js';
import type { ServiceWithServers, Table } from '../model/table.js';
import type { Path, TableProblem } from '../model/problem.js';
import { checkServer } from './check-table.js';
import { closestName } from './closest-name.js';
import { describeValue } from './describe-value.js';
import { serverFromDocument } from './document-table.js';
import { noCheck, type Check, type CheckType, type UsedChecks } from './health-schema.js';
import type { CheckedDocument, CheckedService } from './schema.js';

/** How a real server is checked: all have to succeed. None: it is not checked. */
export interface ServerHealth {
  readonly checks: readonly Check[];
}

/** What a document says about the health of a service. */
export interface ServiceHealth extends Readonly<
  Pick<
    CheckedService,
    'onDown' | 'removeAfter' | 'minimumHealthy' | 'failOpen' | 'slowStart' | 'drainTime' | 'onChange'
  >
> {
  readonly key: ServiceKey;
  readonly sorryServer: RealServer | undefined;
  /** In the order of its servers; those that are checked alike share one. */
  readonly servers: readonly ServerHealth[];
}

/** The health part of a document, in its order. A check that is used by name is the same object everywhere. */
export interface Health {
  readonly services: readonly ServiceHealth[];
}

/** Whether anything is to be checked, or somebody to take over. */
export function asksForChecks({ services }: Health): boolean {
  return services.some(
    ({ sorryServer, servers }) => sorryServer !== undefined || servers.some(({ checks }) => checks.length > 0),
  );
}

/** What a rule dump says about health. */
export const noHealth: Health = { services: [] };

/** A problem, and whether it is about the name of a member. */
export interface HealthProblem extends TableProblem {
  readonly of: 'name' | 'value';
}

type Report = (path: Path, message: string) => void;

/** A check that is used, and where its name or itself stands. */
interface Use {
  readonly check: Check;
  readonly path: Path;
}

/** Checks that ask a port. */
const needsPort = (type: CheckType): boolean => type !== 'ping' && type !== 'exec';

/** Checks that can't learn anything at a port of UDP. */
const notOfUdp: readonly CheckType[] = ['tcp', 'http', 'smtp', 'grpc'];

/** Schedulers that don't look at weights, but for 0. */
const weightless: readonly string[] = ['rr', 'lc', 'dh'];

/** Lowest weight that can be raised in steps. */
const lowestRising = 10;

function setsWeight(check: Check): boolean {
  if (check.type === 'agent') return true;
  if (check.type === 'exec') return check.weight !== undefined;
  return check.type === 'http' && check.weightHeader !== undefined;
}

/** Finds checks by their names, and notes which were used. */
class NamedChecks {
  readonly #checks: Readonly<Record<string, Check>>;
  readonly #used = new Set<string>();

  constructor(checks: Readonly<Record<string, Check>> = {}) {
    this.#checks = checks;
  }

  /** The checks that are used at a place; unknown names are reported. */
  resolve(used: UsedChecks, path: Path, report: Report): Use[] {
    if (used === noCheck) return [];
    const items = Array.isArray(used)
      ? used.map((item, index) => [item, [...path, index]] as const)
      : [[used, path] as const];
    return items.flatMap(([item, place]) => {
      const check = typeof item === 'string' ? this.#named(item, place, report) : item;
      return check === undefined ? [] : [{ check, path: place }];
    });
  }

  #named(name: string, path: Path, report: Report): Check | undefined {
    const check = Object.hasOwn(this.#checks, name) ? this.#checks[name] : undefined;
    if (check !== undefined) this.#used.add(name);
    else if (name === noCheck) report(path, `${noCheck} stands alone, not in a list`);
    else {
      const known = Object.keys(this.#checks);
      const meant = closestName(name, known);
      const help = known.length === 0 ? 'the document has no checks' : `known are ${known.join(', ')}`;
      report(
        path,
        `no check is called ${describeValue(name)}; ${meant === undefined ? help : `did you mean ${meant}?`}`,
      );
    }
    return check;
  }

  /** Names that nothing has used. */
  unused(): string[] {
    return Object.keys(this.#checks).filter((name) => !this.#used.has(name));
  }
}

/** Checks that are used together. */
function checkTogether(uses: readonly Use[], path: Path, { service }: ServiceWithServers, report: Report): void {
  if (uses.length > 0 && uses.every(({ check }) => check.type === 'agent')) {
    report(path, 'an agent adds to other checks and can not be the only one: make it a list with another one first');
  }
  for (const { check, path: place } of uses) {
    if (setsWeight(check) && weightless.includes(service.scheduler)) {
      report(place, `scheduler ${service.scheduler} does not look at weights, which this check sets`);
    }
    const isUdp = !isFirewallMark(service.key) && service.key.protocol === 'udp';
    if (isUdp && check.port === undefined && notOfUdp.includes(check.type)) {
      report(place, `a ${check.type} check can't ask the UDP port of the service: give it a port of its own`);
    }
  }
}

function checkPorts(uses: readonly Use[], server: RealServer, report: Report): void {
  for (const { check, path } of uses) {
    if (check.port !== undefined || !needsPort(check.type) || server.port !== 0) continue;
    report(path, `${describeEndpoint(server)} is a server without a port, so the check needs one`);
  }
}

function checkServiceHealth(
  { minimumHealthy, slowStart, sorryServer }: CheckedService,
  { service, servers }: ServiceWithServers,
  path: Path,
  report: Report,
): void {
  if (typeof minimumHealthy === 'number' && minimumHealthy > 1 && minimumHealthy > servers.length) {
    report([...path, 'minimumHealthy'], `${minimumHealthy} of ${servers.length} servers can never be healthy`);
  }
  if (slowStart > 0 && weightless.includes(service.scheduler)) {
    report(
      [...path, 'slowStart'],
      `scheduler ${service.scheduler} does not look at weights, so nothing can rise slowly`,
    );
  } else if (slowStart > 0) {
    for (const [index, { weight }] of servers.entries()) {
      if (weight === 0 || weight >= lowestRising) continue;
      report(
        [...path, 'servers', index, 'weight'],
        `slowStart raises weights in steps and needs ${lowestRising} or more, not ${weight}`,
      );
    }
  }
  if (sorryServer !== undefined) {
    checkServer(serverFromDocument(sorryServer, service.key), service, (place, message) => {
      report([...path, 'sorryServer', ...place], message);
    });
  }
}

/** The health part of a document, and what in it does not go together. */
export function healthOf(
  document: CheckedDocument,
  table: Table,
): { readonly health: Health; readonly problems: readonly HealthProblem[] } {
  const problems: HealthProblem[] = [];
  const report: Report = (path, message) => problems.push({ path, message, of: 'value' });
  const checks = new NamedChecks(document.checks);
  const services = document.services.map((written, index): ServiceHealth => {
    // The table was made of this document, in its order.
    const entry = table.services[index];
    if (entry === undefined) throw new RangeError(`the table has no service ${index}`);
    const path: Path = ['services', index];
    checkServiceHealth(written, entry, path, report);
    const common = checks.resolve(written.check, [...path, 'check'], report);
    checkTogether(common, [...path, 'check'], entry, report);
    const alike: ServerHealth = { checks: common.map(({ check }) => check) };
    let isReported = false;
    const servers = entry.servers.map((server, number): ServerHealth => {
      const own = written.servers[number]?.check;
      const place: Path = [...path, 'servers', number, 'check'];
      const uses = own === undefined ? common : checks.resolve(own, place, report);
      if (own !== undefined) checkTogether(uses, place, entry, report);
      // What all servers have in common is reported once.
      if (own !== undefined || !isReported) {
        const before = problems.length;
        checkPorts(uses, server, report);
        if (own === undefined) isReported = problems.length > before;
      }
      return own === undefined ? alike : { checks: uses.map(({ check }) => check) };
    });
    const { onDown, removeAfter, minimumHealthy, failOpen, slowStart, drainTime, onChange, sorryServer } = written;
    return {
      key: entry.service.key,
      onDown,
      removeAfter,
      minimumHealthy,
      failOpen,
      slowStart,
      drainTime,
      onChange,
      sorryServer: sorryServer && serverFromDocument(sorryServer, entry.service.key),
      servers,
    };
  });
  for (const name of checks.unused()) {
    problems.push({ path: ['checks', name], message: 'no service and no server uses this check', of: 'name' });
  }
  return { health: { services }, problems };
}
