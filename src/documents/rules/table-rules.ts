import { numericNaming } from '../../names/naming.js';
import { inNaturalOrder, naturalOrder } from '../../format/order.js';
import { canonicalTable } from '../../model/canonical.js';
import { classicThresholds } from '../../model/limits.js';
import type { TableProblem } from '../../model/problem.js';
import type { RealServer } from '../../model/server.js';
import type { Table } from '../../model/table.js';
import { TextWriter } from '../../text/text-writer.js';
import { formatRule } from './format-rule.js';
import { ruleService, writeServerRule } from './rule-text.js';

/** Settings of a server that have no option, with messages. */
function* unsupportedSettings(server: RealServer): Generator<readonly [member: string, message: string]> {
  const { forwarding, tunnel } = server;
  if (forwarding !== 'masquerading' && forwarding !== 'direct-routing' && forwarding !== 'tunneling') {
    yield ['forwarding', `forwarding method ${forwarding} has no ipvsadm option`];
  }
  if (typeof tunnel.type === 'number') yield ['tunnel', `tunnel type ${tunnel.type} has no ipvsadm option`];
  if (tunnel.checksum === 'csum+remcsum') yield ['tunnel', 'tunnel checksum csum+remcsum has no ipvsadm option'];
  for (const name of ['upperThreshold', 'lowerThreshold'] as const) {
    const { highest } = classicThresholds;
    if (server[name] > highest) yield [name, `ipvsadm accepts at most ${highest} connections, not ${server[name]}`];
  }
}

/** Whether a name would be read as an option, a comment or the program's own name. */
function isMisread(name: string | undefined): boolean {
  return name !== undefined && (/^[-#]/.test(name) || name === 'ipvsadm');
}

/** Settings of a table that have no ipvsadm option: most of them can only have been set by another program. */
export function withoutOption({ services }: Table): TableProblem[] {
  const problems: TableProblem[] = [];
  for (const [index, { service, servers }] of services.entries()) {
    for (const member of ['scheduler', 'persistenceEngine'] as const) {
      if (isMisread(service[member])) {
        problems.push({
          path: ['services', index, member],
          message: `ipvsadm can't read the name ${service[member]} from a rule`,
        });
      }
    }
    for (const [number, server] of servers.entries()) {
      for (const [member, message] of unsupportedSettings(server)) {
        problems.push({ path: ['services', index, 'servers', number, member], message });
      }
    }
  }
  return problems;
}

/**
 * A table as rules that `-R` reads, ours and the original's, in natural order. It must not have settings that
 * `withoutOption` finds. Rules can't express that no sync daemon runs.
 */
export function formatRules(table: Table): string {
  const { services, timeouts, syncDaemons = [] } = canonicalTable(table);
  const out = new TextWriter();
  if (timeouts !== undefined) out.text(formatRule({ kind: 'set-timeouts', timeouts }));
  for (const { service, servers } of inNaturalOrder(services)) {
    out.text(formatRule({ kind: 'add-service', service }));
    const rule = ruleService(service.key, numericNaming);
    for (const server of naturalOrder.servers(servers)) writeServerRule(out, server, rule, numericNaming);
  }
  for (const daemon of syncDaemons) out.text(formatRule({ kind: 'start-daemon', daemon }));
  return out.toString();
}
