import { endpointLabel } from '../../format/labels.js';
import { protocolOf } from '../../format/service-text.js';
import type { Change } from '../../model/change.js';
import type { ServiceKey } from '../../model/service.js';
import type { SyncDaemon } from '../../model/state.js';
import { numericNaming, type Naming } from '../../names/naming.js';
import { commentOf, formatServerRule, formatServiceRule, serviceOption } from './rule-text.js';

type Kind = Change['kind'];

/** Formats a change of one kind. */
type RuleFormat<K extends Kind> = (change: Extract<Change, { kind: K }>, naming: Naming) => string;

function daemonOptions({ role, interface: name, syncId, maxLength, group, port, ttl }: SyncDaemon): string {
  // With `=`, the name can't be misread whatever it is.
  return [
    `${role} --mcast-interface=${name} --syncid ${syncId}`,
    maxLength === 0 ? '' : ` --sync-maxlen ${maxLength}`,
    group === undefined ? '' : ` --mcast-group ${group}`,
    port === 0 ? '' : ` --mcast-port ${port}`,
    ttl === 0 ? '' : ` --mcast-ttl ${ttl}`,
  ].join('');
}

/** A rule about a service that is there. */
function serviceRule(command: '-D' | '-Z' | '-d', key: ServiceKey, naming: Naming, server = ''): string {
  const [before, after] = commentOf(key);
  return `${before}${command} ${serviceOption(key, naming)}${server}${after}\n`;
}

const formats: { readonly [K in Kind]: RuleFormat<K> } = {
  'add-service': ({ service }, naming) => formatServiceRule(service, naming, '-A'),
  'edit-service': ({ service }, naming) => formatServiceRule(service, naming, '-E'),
  'delete-service': ({ key }, naming) => serviceRule('-D', key, naming),
  'add-server': ({ key, server }, naming) => formatServerRule(server, key, naming, '-a'),
  'edit-server': ({ key, server }, naming) => formatServerRule(server, key, naming, '-e'),
  'delete-server': ({ key, server }, naming) =>
    serviceRule('-d', key, naming, ` -r ${endpointLabel(server, protocolOf(key), naming)}`),
  flush: () => '-C\n',
  zero: ({ key }, naming) => (key === undefined ? '-Z\n' : serviceRule('-Z', key, naming)),
  'set-timeouts': ({ timeouts: { tcp, tcpFin, udp } }) => `--set ${tcp} ${tcpFin} ${udp}\n`,
  'start-daemon': ({ daemon }) => `--start-daemon ${daemonOptions(daemon)}\n`,
  'stop-daemon': ({ role }) => `--stop-daemon ${role}\n`,
};

function format<K extends Kind>(kind: K, change: Extract<Change, { kind: K }>, naming: Naming): string {
  return formats[kind](change, naming);
}

/**
 * A change as a command line of ipvsadm without the program's name: a line of a rule dump, with its newline. What has no
 * option becomes a comment, which a restore skips.
 */
export function formatRule(change: Change, naming: Naming = numericNaming): string {
  return format(change.kind, change, naming);
}
