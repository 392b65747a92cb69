import { numericNaming } from '../../names/naming.js';
import { inNaturalOrder, naturalOrder } from '../../format/order.js';
import { canonicalTable } from '../../model/canonical.js';
import type { TableProblem } from '../../model/problem.js';
import type { RealServer } from '../../model/server.js';
import type { VirtualService } from '../../model/service.js';
import type { SyncDaemon, Timeouts } from '../../model/state.js';
import type { Table } from '../../model/table.js';
import { TextWriter } from '../../text/text-writer.js';
import { formatServiceRule, ruleService, writeServerRule } from './rule-text.js';

/** Largest threshold that the command line takes. */
const largestThreshold = 2147483647;

/** Why a server can't be said by a rule, with the setting that it is about. */
function* unsayableServer(server: RealServer): Generator<readonly [member: string, message: string]> {
  const { forwarding, tunnel } = server;
  if (forwarding !== 'masquerading' && forwarding !== 'direct-routing' && forwarding !== 'tunnelling') {
    yield ['forwarding', `no rule can say forwarding method ${forwarding}`];
  }
  if (typeof tunnel.type === 'number') yield ['tunnel', `no rule can say tunnel type ${tunnel.type}`];
  if (tunnel.checksum === 'csum+remcsum') yield ['tunnel', 'no rule can say tunnel checksum csum+remcsum'];
  for (const name of ['upperThreshold', 'lowerThreshold'] as const) {
    if (server[name] > largestThreshold) yield [name, `no rule can say more than ${largestThreshold} connections`];
  }
}

/** Whether a name would be taken for an option, a comment or the program's own name. */
function isMisread(name: string | undefined): boolean {
  return name !== undefined && (/^[-#]/.test(name) || name === 'ipvsadm');
}

/** What of a table no rule can say: most of it can only have been set by another program. */
export function unsayableByRules({ services }: Table): TableProblem[] {
  const problems: TableProblem[] = [];
  for (const [index, { service, servers }] of services.entries()) {
    for (const member of ['scheduler', 'persistenceEngine'] as const) {
      if (isMisread(service[member])) {
        problems.push({ path: ['services', index, member], message: `no rule can say the name ${service[member]}` });
      }
    }
    for (const [number, server] of servers.entries()) {
      for (const [member, message] of unsayableServer(server)) {
        problems.push({ path: ['services', index, 'servers', number, member], message });
      }
    }
  }
  return problems;
}

/** The rule that sets the timeouts; none where nothing is said. */
export function timeoutsRule(timeouts: Timeouts | undefined): string {
  return timeouts === undefined ? '' : `--set ${timeouts.tcp} ${timeouts.tcpFin} ${timeouts.udp}\n`;
}

function daemonRule({ role, interface: name, syncId, maxLength, group, port, ttl }: SyncDaemon): string {
  // Attached, the name can't be misread whatever it is.
  return [
    `--start-daemon ${role} --mcast-interface=${name} --syncid ${syncId}`,
    maxLength === 0 ? '' : ` --sync-maxlen ${maxLength}`,
    group === undefined ? '' : ` --mcast-group ${group}`,
    port === 0 ? '' : ` --mcast-port ${port}`,
    ttl === 0 ? '' : ` --mcast-ttl ${ttl}`,
    '\n',
  ].join('');
}

/** The rules that start daemons. */
export function daemonRules(syncDaemons: readonly SyncDaemon[]): string {
  return syncDaemons.map(daemonRule).join('');
}

/** Appends the rules that add a service and its servers. */
export function writeServiceRules(out: TextWriter, service: VirtualService, servers: readonly RealServer[]): void {
  out.text(formatServiceRule(service, numericNaming));
  const rule = ruleService(service.key, numericNaming);
  for (const server of servers) writeServerRule(out, server, rule, numericNaming);
}

/**
 * A table as rules that `-R` reads, this one's and the original's, in natural order. It has to be free of what
 * `unsayableByRules` finds. Rules can't say that no sync daemon runs.
 */
export function formatRules(table: Table): string {
  const { services, timeouts, syncDaemons = [] } = canonicalTable(table);
  const out = new TextWriter();
  out.text(timeoutsRule(timeouts));
  for (const { service, servers } of inNaturalOrder(services)) {
    writeServiceRules(out, service, naturalOrder.servers(servers));
  }
  out.text(daemonRules(syncDaemons));
  return out.toString();
}
