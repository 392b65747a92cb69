// Services and servers by forms: what they say is read as a document, so that checks and messages are the same; pure.

import { formatRule } from '../documents/rules/format-rule.js';
import { parseConfiguration } from '../documents/parse-table.js';
import { DocumentError, ValueError } from '../errors.js';
import { parseServerName, parseServiceName, serverName, serviceName } from '../model/entity-name.js';
import {
  schedulerFlagNames,
  isFirewallMark,
  serviceId,
  type ServiceKey,
  type VirtualService,
} from '../model/service.js';
import { serverId, type RealServer } from '../model/server.js';
import type { ServiceWithServers, Table } from '../model/table.js';
import { planChanges } from '../plan/plan.js';
import { printable } from '../text/printable.js';
import { html, type Html } from './html.js';
import type { Page, PageContext } from './pages.js';

/** A change of the table by a form. */
export interface Edit {
  /** What it is about, such as `tcp:192.0.2.10:80` or the name of a server of it. */
  readonly name: string;
  /** The table with it. @throws {ValueError} where what it is about is not there. */
  readonly apply: (table: Table) => Table;
  /** What is there now, as rules; empty where nothing is. */
  readonly present: (table: Table) => string;
}

/** Fields of a form by their names. */
export type Fields = ReadonlyMap<string, string>;

/** A field, and what it means. */
interface Field {
  readonly name: string;
  readonly label: string;
  readonly hint: string;
  readonly choices?: readonly string[];
}

const schedulers = ['wlc', 'wrr', 'rr', 'lc', 'sh', 'mh', 'dh', 'sed', 'nq', 'lblc', 'lblcr', 'fo', 'ovf'] as const;

/** Fields of a service, beside those that it is known by. */
const serviceFields: readonly Field[] = [
  {
    name: 'scheduler',
    label: 'Scheduler',
    hint: 'Who gets the next connection. wlc: whoever has the fewest for its weight; wrr and rr: in turn; sh and mh: by the address of the client.',
    choices: schedulers,
  },
  {
    name: 'schedulerFlags',
    label: 'Scheduler flags',
    hint: `Of sh and mh, with commas between them: ${schedulerFlagNames
      .slice(0, 4)
      .map(({ name }) => name)
      .join(', ')}.`,
  },
  {
    name: 'persistenceTimeout',
    label: 'Persistence',
    hint: 'Seconds that a client stays with its server. Empty: each connection is scheduled on its own.',
  },
  {
    name: 'persistenceNetmask',
    label: 'Persistence mask',
    hint: 'Clients that agree under this mask stay together: 255.255.255.0, or a prefix length for IPv6. Empty: each alone.',
  },
];

/** Fields that a service is known by: an address, or a mark. */
const keyFields: readonly Field[] = [
  { name: 'protocol', label: 'Protocol', hint: 'Of a service with an address.', choices: ['tcp', 'udp', 'sctp'] },
  { name: 'address', label: 'Virtual address', hint: 'The address that clients connect to, such as 192.0.2.10.' },
  { name: 'port', label: 'Port', hint: 'The port that they connect to; 0: all, which needs persistence.' },
  {
    name: 'fwmark',
    label: 'Firewall mark',
    hint: 'In place of address and port: packets that the firewall has marked with this number.',
  },
];

/** Fields of a server. */
const serverFields: readonly Field[] = [
  {
    name: 'forwarding',
    label: 'Forwarding',
    hint: 'masquerading: the director rewrites addresses, and replies come back through it; direct-routing: the server has the virtual address, too, and replies itself; tunneling: likewise, through a tunnel.',
    choices: ['masquerading', 'direct-routing', 'tunneling'],
  },
  {
    name: 'weight',
    label: 'Weight',
    hint: 'Its share of new connections among the servers; 0: none, those that are open go on.',
  },
  { name: 'upperThreshold', label: 'Upper threshold', hint: 'No new connections from this many on; 0: no limit.' },
  {
    name: 'lowerThreshold',
    label: 'Lower threshold',
    hint: 'New ones again below this many; 0: three quarters of the upper one.',
  },
];

const addressFields: readonly Field[] = [
  { name: 'address', label: 'Address', hint: 'Of the real server, such as 10.0.1.2.' },
  { name: 'port', label: 'Port', hint: 'Empty: that of the service. Only masquerading can change it.' },
];

/** Fields whose values are numbers. */
const numbers = new Set(['port', 'fwmark', 'persistenceTimeout', 'weight', 'upperThreshold', 'lowerThreshold']);

/** A member of a document of what was written into a field. */
function memberOf(name: string, text: string): unknown {
  if (name === 'schedulerFlags') return text.split(/[\s,]+/).filter((flag) => flag !== '');
  if (name === 'persistenceNetmask') return /^\d+$/.test(text) ? Number(text) : text;
  return numbers.has(name) && /^\d+$/.test(text) ? Number(text) : text;
}

function membersOf(fields: Fields, which: readonly Field[]): Record<string, unknown> {
  const members: Record<string, unknown> = {};
  for (const { name } of which) {
    const text = (fields.get(name) ?? '').trim();
    if (text !== '') members[name] = memberOf(name, text);
  }
  return members;
}

/** Reads a service as a document has it. @throws {ValueError} with what is wrong, in the words of documents. */
async function readService(members: Readonly<Record<string, unknown>>): Promise<ServiceWithServers> {
  try {
    const { table } = await parseConfiguration(JSON.stringify({ services: [members] }), 'the form');
    const [service] = table.services;
    if (service !== undefined && table.services.length === 1) return service;
  } catch (error) {
    if (!(error instanceof DocumentError)) throw error;
    const lines = error.problems.map(({ path, message }) => `${path.replace(/^services\[0\]\.?/, '')}: ${message}`);
    throw new ValueError(lines.slice(0, 5).join('; ').replace(/^: /, ''));
  }
  throw new ValueError('one service at a time');
}

/** The members of a document that a service is known by. */
function keyMembers(key: ServiceKey): Record<string, unknown> {
  if (isFirewallMark(key)) return { fwmark: key.fwmark, family: key.family };
  return { protocol: key.protocol, address: key.address, port: key.port };
}

function entryOf({ services }: Table, key: ServiceKey): ServiceWithServers | undefined {
  return services.find(({ service }) => serviceId(service.key) === serviceId(key));
}

function present(table: Table, key: ServiceKey): ServiceWithServers {
  const entry = entryOf(table, key);
  if (entry === undefined) throw new ValueError(`there is no service ${serviceName(key)}`);
  return entry;
}

function withEntry(table: Table, entry: ServiceWithServers): Table {
  const id = serviceId(entry.service.key);
  const others = table.services.filter(({ service }) => serviceId(service.key) !== id);
  return { ...table, services: [...others, entry] };
}

function serviceRule(table: Table, key: ServiceKey): string {
  const entry = entryOf(table, key);
  return entry === undefined ? '' : formatRule({ kind: 'add-service', service: entry.service }).trim();
}

function serverRule(table: Table, key: ServiceKey, id: string): string {
  const server = entryOf(table, key)?.servers.find((one) => serverId(one) === id);
  return server === undefined ? '' : formatRule({ kind: 'add-server', key, server }).trim();
}

/**
 * Reads a form: `service` names a service that is there, or is empty for a new one; `server` likewise a server of it, or is `new`;
 * `remove` is `yes` to remove it.
 * @throws {ValueError} with what is wrong.
 */
export async function readEdit(fields: Fields): Promise<Edit> {
  const named = fields.get('service') ?? '';
  const server = fields.get('server') ?? '';
  if (named === '') return newService(fields);
  const key = parseServiceName(named);
  if (server !== '') return editServer(fields, key, server);
  if (fields.get('remove') === 'yes') {
    return {
      name: named,
      apply: (table) => {
        present(table, key);
        return {
          ...table,
          services: table.services.filter(({ service }) => serviceId(service.key) !== serviceId(key)),
        };
      },
      present: (table) => serviceRule(table, key),
    };
  }
  const { service } = await readService({ ...keyMembers(key), ...membersOf(fields, serviceFields) });
  return {
    name: named,
    apply: (table) => {
      const { service: before, servers } = present(table, key);
      return withEntry(table, { service: kept(before, service), servers });
    },
    present: (table) => serviceRule(table, key),
  };
}

/** What no field is for stays as it is. */
function kept(before: VirtualService, after: VirtualService): VirtualService {
  const { onePacket, persistenceEngine } = before;
  return { ...after, onePacket, ...(after.persistenceTimeout === undefined ? {} : { persistenceEngine }) };
}

async function newService(fields: Fields): Promise<Edit> {
  const entry = await readService(
    membersOf(
      fields,
      [...keyFields, ...serviceFields].filter(({ name }) => name !== 'protocol' || (fields.get('fwmark') ?? '') === ''),
    ),
  );
  const { key } = entry.service;
  return {
    name: serviceName(key),
    apply: (table) => {
      if (entryOf(table, key) !== undefined) throw new ValueError(`${serviceName(key)} is there already`);
      return withEntry(table, entry);
    },
    present: (table) => serviceRule(table, key),
  };
}

async function editServer(fields: Fields, key: ServiceKey, name: string): Promise<Edit> {
  const isNew = name === 'new';
  const known = isNew ? undefined : parseServerName(name);
  const place = known === undefined ? membersOf(fields, addressFields) : { address: known.address, port: known.port };
  const members = { ...place, ...membersOf(fields, serverFields) };
  const isRemoved = fields.get('remove') === 'yes';
  // The service's own settings don't matter here: what goes with its address and port does.
  const { servers } = await readService({
    ...keyMembers(key),
    ...(!isFirewallMark(key) && key.port === 0 ? { persistenceTimeout: 300 } : {}),
    servers: [isRemoved ? { ...place, forwarding: 'masquerading' } : members],
  });
  const [server] = servers;
  if (server === undefined) throw new ValueError('there is no server in the form');
  const id = serverId(server);
  return {
    name: serverName(key, server),
    apply: (table) => {
      const { service, servers: before } = present(table, key);
      const old = before.find((one) => serverId(one) === id);
      if (isNew && old !== undefined) throw new ValueError(`${serverName(key, server)} is there already`);
      if (!isNew && old === undefined) throw new ValueError(`${serverName(key, server)} is not there any more`);
      const others = before.filter((one) => serverId(one) !== id);
      const after: RealServer = old === undefined ? server : { ...server, tunnel: old.tunnel };
      return withEntry(table, { service, servers: isRemoved ? others : [...others, after] });
    },
    present: (table) => serverRule(table, key, id),
  };
}

/** The command lines that do the same. */
export function commandsOf(table: Table, edit: Edit): string[] {
  const { additions, removals } = planChanges(table, edit.apply(table));
  return [...additions, ...removals].map(({ change }) => `ipvsadm ${formatRule(change).trim()}`);
}

function input({ name, label, hint, choices }: Field, value: string): Html {
  const control =
    choices === undefined
      ? html`<input id="${name}" name="${name}" value="${value}" autocomplete="off" aria-describedby="${name}-hint" />`
      : html`<select id="${name}" name="${name}" aria-describedby="${name}-hint">
          ${[...choices, ...(choices.includes(value) || value === '' ? [] : [value])].map(
            (one) => html`<option${one === value ? html` selected` : ''}>${one}</option>`,
          )}
        </select>`;
  return html`<p>
    <label for="${name}">${label}</label> ${control}<br /><small class="dim" id="${name}-hint">${hint}</small>
  </p>`;
}

/** Values of the fields of what is there. */
function valuesOf(entry: ServiceWithServers | undefined, server: RealServer | undefined): Fields {
  const values = new Map<string, string>([
    ['scheduler', 'wlc'],
    ['protocol', 'tcp'],
    ['forwarding', 'masquerading'],
    ['weight', '1'],
    ['upperThreshold', '0'],
    ['lowerThreshold', '0'],
  ]);
  if (entry !== undefined) {
    const { scheduler, schedulerFlags, persistenceTimeout, persistenceNetmask } = entry.service;
    values.set('scheduler', scheduler).set('schedulerFlags', schedulerFlags.join(','));
    if (persistenceTimeout !== undefined)
      values
        .set('persistenceTimeout', String(persistenceTimeout))
        .set('persistenceNetmask', String(persistenceNetmask));
  }
  if (server !== undefined) {
    values.set('forwarding', server.forwarding).set('weight', String(server.weight));
    values.set('upperThreshold', String(server.upperThreshold)).set('lowerThreshold', String(server.lowerThreshold));
  }
  return values;
}

function hidden(name: string, value: string): Html {
  return html`<input type="hidden" name="${name}" value="${value}" />`;
}

/** The form for a service or a server. @param problem what was wrong with what was sent. */
export function editPage(table: Table, fields: Fields, { editToken = '' }: PageContext, problem?: string): Page {
  const service = fields.get('service') ?? '';
  const server = fields.get('server') ?? '';
  const key = service === '' ? undefined : parseServiceName(service);
  const entry = key === undefined ? undefined : present(table, key);
  const one = entry?.servers.find((each) => key !== undefined && serverName(key, each) === server);
  if (server !== '' && server !== 'new' && one === undefined)
    throw new ValueError(`there is no server ${printable(server)}`);
  const values = problem === undefined ? valuesOf(entry, one) : fields;
  const which =
    server === ''
      ? entry === undefined
        ? [...keyFields, ...serviceFields]
        : serviceFields
      : server === 'new'
        ? [...addressFields, ...serverFields]
        : serverFields;
  const isThere = server === '' ? entry !== undefined : server !== 'new';
  const title = !isThere
    ? server === ''
      ? 'New service'
      : `New server of ${service}`
    : server === ''
      ? `Edit ${service}`
      : `Edit ${server}`;
  const names = html`${hidden('token', editToken)}${hidden('service', service)}${hidden('server', server)}`;
  const remove = html`<form method="post" action="/edit">
    ${names}${hidden('remove', 'yes')}
    <fieldset>
      <legend>Remove</legend>
      <p>
        ${
          server === ''
            ? 'The service and all of its servers; connections that are open are lost.'
            : 'The server; to let its connections end first, drain it.'
        }
      </p>
      <button>Remove ...</button>
    </fieldset>
  </form>`;
  const body = html`${problem === undefined ? '' : html`<p class="note bad" role="alert">${problem}</p>`}
    <form method="post" action="/edit">
      ${names}
      <fieldset>
        <legend>${title}</legend>
        ${which.map((field) => input(field, values.get(field.name) ?? ''))}<button>
          ${isThere ? 'Change ...' : 'Add ...'}
        </button>
      </fieldset>
    </form>
    ${isThere ? remove : ''}`;
  return { title, body };
}

/** What would be done, to be confirmed. @param changed what was there when the form was made, where that is otherwise by now. */
export function editPreview(
  table: Table,
  edit: Edit,
  fields: Fields,
  { editToken = '' }: PageContext,
  changed?: string,
): Page {
  const commands = commandsOf(table, edit);
  const carried = [...fields].filter(([name]) => !['token', 'seen', 'confirm'].includes(name));
  const body = html`${
    changed === undefined
      ? ''
      : html`<div class="note bad" role="alert">
            <p>Somebody has changed it meanwhile, nothing was done. You saw:</p>
            <pre>${changed}</pre>
          </div>`
  }
    <p>It is now:</p>
    <pre>${edit.present(table) || 'not there'}</pre>
    <p>What would be done, as command lines:</p>
    <pre>${commands.length === 0 ? 'nothing' : commands.join('\n')}</pre>
    <form method="post" action="/edit">
      ${carried.map(([name, value]) => hidden(name, value))}${hidden('token', editToken)}${hidden('seen', edit.present(table))}${hidden('confirm', 'yes')}<button>
        Do it
      </button>
      <a href="/">Back</a>
    </form>`;
  return { title: edit.name, body };
}

/** What was done. */
export function editDone(edit: Edit): Page {
  const body = html`<p class="note good" role="status">${edit.name} was changed.</p>
    <p>The table before can be had back: <code>ipvsadm undo</code>.</p>
    <p><a href="/">Services</a></p>`;
  return { title: 'Done', body };
}
