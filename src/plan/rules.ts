// A table and rules about what is to be there, or gone, in; the table that they lead to out; pure.

import { ValueError } from '../errors.js';
import { changeSubject, type Change } from '../model/change.js';
import { serverId, type RealServer } from '../model/server.js';
import { describeService, serviceId, type VirtualService } from '../model/service.js';
import type { Table } from '../model/table.js';

/** Whether rules say what is to be there, or what is to be gone. */
export type Presence = 'present' | 'absent';

const kinds: Readonly<Record<Presence, readonly Change['kind'][]>> = {
  present: ['add-service', 'edit-service', 'add-server', 'edit-server'],
  absent: ['delete-service', 'delete-server'],
};

/** True for a rule that says something of that. */
export function isRuleFor(presence: Presence, { kind }: Change): boolean {
  return kinds[presence].includes(kind);
}

interface Entry {
  service: VirtualService;
  readonly servers: Map<string, RealServer>;
}

/**
 * The table in which rules hold, one after the other, whether they did before or not.
 * @throws {ValueError} for a server of a service that is not there.
 */
export function withRules(table: Table, rules: readonly Change[]): Table {
  const entries = new Map<string, Entry>();
  for (const { service, servers } of table.services) {
    entries.set(serviceId(service.key), { service, servers: new Map(servers.map((one) => [serverId(one), one])) });
  }
  for (const rule of rules) applyRule(entries, rule);
  return {
    ...table,
    services: [...entries.values()].map(({ service, servers }) => ({ service, servers: [...servers.values()] })),
  };
}

function applyRule(entries: Map<string, Entry>, rule: Change): void {
  switch (rule.kind) {
    case 'add-service':
    case 'edit-service': {
      const id = serviceId(rule.service.key);
      const entry = entries.get(id);
      if (entry === undefined) entries.set(id, { service: rule.service, servers: new Map() });
      else entry.service = rule.service;
      return;
    }
    case 'add-server':
    case 'edit-server': {
      const entry = entries.get(serviceId(rule.key));
      if (entry === undefined)
        throw new ValueError(
          `${changeSubject(rule)}: there is no service ${describeService(rule.key)}; ensure it first, by -A`,
        );
      entry.servers.set(serverId(rule.server), rule.server);
      return;
    }
    case 'delete-service':
      entries.delete(serviceId(rule.key));
      return;
    case 'delete-server':
      entries.get(serviceId(rule.key))?.servers.delete(serverId(rule.server));
      return;
    default:
      throw new ValueError(`${rule.kind} is no rule about a service or a server`);
  }
}
