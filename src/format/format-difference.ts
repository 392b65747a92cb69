import { numericNaming } from '../names/naming.js';
import { printable } from '../text/printable.js';
import { serviceTitle, settingsText } from './service-text.js';
import type { RealServer } from '../model/server.js';
import { describeEndpoint } from '../model/service.js';
import type { SyncDaemon } from '../model/state.js';
import type { DaemonDifference, ServerDifference, ServiceDifference, TableDifference } from '../plan/difference.js';

/** Colour of lines, by kind of change. */
export type Paint = Readonly<Record<'added' | 'removed' | 'edited' | 'same', (line: string) => string>>;

/** No colour. */
export const noPaint: Paint = {
  added: (line) => line,
  removed: (line) => line,
  edited: (line) => line,
  same: (line) => line,
};

const marks = { added: '+', removed: '-', edited: '~', same: ' ' } as const;

/** Labels of settings. */
const fieldLabels: Readonly<Record<string, string>> = {
  scheduler: 'scheduler',
  schedulerFlags: 'flags',
  onePacket: 'one-packet',
  persistenceTimeout: 'persistence',
  persistenceNetmask: 'netmask',
  persistenceEngine: 'engine',
  forwarding: 'forwarding',
  tunnel: 'tunnel',
  weight: 'weight',
  upperThreshold: 'upper threshold',
  lowerThreshold: 'lower threshold',
  tcp: 'tcp',
  tcpFin: 'tcpfin',
  udp: 'udp',
  syncId: 'syncid',
  interface: 'interface',
  maxLength: 'maxlen',
  group: 'group',
  port: 'port',
  ttl: 'ttl',
};

/**
 * A difference for people, a line for each entry: `+` is added, `-` removed, `~` changed from an old to a new value;
 * the name of a service stands above its servers. Nothing at all where nothing differs.
 */
export function* formatDifference(difference: TableDifference, paint: Paint = noPaint): Generator<string> {
  for (const service of difference.services) {
    yield line(paint, service.service.kind, printable(serviceText(service)));
    const indent = '  ';
    for (const server of service.servers) yield line(paint, server.kind, `${indent}${serverText(server)}`);
  }
  if (difference.timeouts !== undefined) yield line(paint, 'edited', `timeouts ${editText(difference.timeouts)}`);
  for (const daemon of difference.syncDaemons) yield line(paint, daemon.kind, printable(daemonText(daemon)));
}

function line(paint: Paint, kind: keyof Paint, text: string): string {
  return `${paint[kind](`${marks[kind]} ${text}`)}\n`;
}

function serviceText({ key, service }: ServiceDifference): string {
  const title = serviceTitle(key, numericNaming);
  switch (service.kind) {
    case 'added':
      return `${title} ${settingsText(service.to)}`;
    case 'removed':
    case 'same':
      return `${title} ${settingsText(service.from)}`;
    case 'edited':
      return `${title} ${editText(service)}`;
  }
}

/** Numbers and fixed words: nothing that could drive a terminal. */
function serverText(server: ServerDifference): string {
  switch (server.kind) {
    case 'added':
      return `${describeEndpoint(server.to)} ${settings(server.to)}`;
    case 'removed':
      return `${describeEndpoint(server.from)} ${settings(server.from)}`;
    case 'edited': {
      const { from, to, fields } = server;
      return `${describeEndpoint(to)} ${editText({ from: withEffect(from), to: withEffect(to), fields })}`;
    }
  }
}

/** A server without a tunnel that its forwarding method doesn't use. */
function withEffect(server: RealServer): Omit<RealServer, 'tunnel'> & { tunnel: RealServer['tunnel'] | undefined } {
  return { ...server, tunnel: server.forwarding === 'tunneling' ? server.tunnel : undefined };
}

function settings(server: RealServer): string {
  const { forwarding, weight, upperThreshold, lowerThreshold } = server;
  const tunnel = forwarding === 'tunneling' ? ` ${tunnelText(server.tunnel)}` : '';
  const upper = upperThreshold === 0 ? '' : ` upper threshold ${upperThreshold}`;
  const lower = lowerThreshold === 0 ? '' : ` lower threshold ${lowerThreshold}`;
  return `${forwarding}${tunnel} weight ${weight}${upper}${lower}`;
}

function tunnelText({ type, port, checksum }: RealServer['tunnel']): string {
  if (type === 'ipip') return 'ipip';
  return [String(type), ...(port === 0 ? [] : [`port ${port}`]), checksum].join(' ');
}

function daemonText(daemon: DaemonDifference): string {
  switch (daemon.kind) {
    case 'added':
      return `sync daemon ${daemonSettings(daemon.to)}`;
    case 'removed':
      return `sync daemon ${daemonSettings(daemon.from)}`;
    case 'edited':
      return `sync daemon ${daemon.to.role} ${editText(daemon)}`;
  }
}

function daemonSettings({ role, syncId, interface: name, maxLength, group, port, ttl }: SyncDaemon): string {
  const length = maxLength === 0 ? '' : ` maxlen ${maxLength}`;
  return `${role} interface ${name} syncid ${syncId}${length} group ${group ?? ''} port ${port} ttl ${ttl}`;
}

function editText<T>({ from, to, fields }: { from: T; to: T; fields: readonly (keyof T & string)[] }): string {
  return fields
    .map((field) => `${fieldLabels[field] ?? field} ${valueText(from[field])} -> ${valueText(to[field])}`)
    .join(', ');
}

function valueText(value: unknown): string {
  if (value === undefined) return 'none';
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (Array.isArray(value)) return value.length === 0 ? 'none' : value.join(',');
  if (isTunnel(value)) return tunnelText(value);
  return typeof value === 'number' || typeof value === 'string' ? String(value) : '';
}

function isTunnel(value: unknown): value is RealServer['tunnel'] {
  return typeof value === 'object' && value !== null && 'checksum' in value;
}
