import * as v from 'valibot';
import { isAddress, isMulticast, isNetmask } from '../model/address-kind.js';
import {
  firewallMarks,
  longestName,
  plainName,
  plainNameText,
  multicastTtls,
  ports,
  prefixLengths,
  realPorts,
  syncIds,
  syncMessageLengths,
  thresholds,
  timeoutSeconds,
  weights,
  type Range,
} from '../model/limits.js';
import {
  defaultTunnel,
  forwardingSpellings,
  tunnelChecksums,
  tunnelTypes,
  type ForwardingMethod,
} from '../model/server.js';
import { protocols, schedulerFlagNames } from '../model/service.js';
import { closestName } from './closest-name.js';
import { describeValue } from './describe-value.js';

// The one source of the document's shape: what is checked, the types, and docs/ipvsadm-document.schema.json. The message
// of a value is what was expected; what was found is put after it.

function rangeText({ lowest, highest }: Range, what: string): string {
  return `${what} from ${lowest} to ${highest}`;
}

function integer(range: Range, what: string) {
  const { lowest, highest } = range;
  const message = rangeText(range, what);
  return v.pipe(v.number(message), v.integer(message), v.minValue(lowest, message), v.maxValue(highest, message));
}

function oneOf<const W extends readonly string[]>(values: W, message = listText(values)) {
  return v.picklist(values, message);
}

function listText(values: readonly string[]): string {
  return `${values.slice(0, -1).join(', ')} or ${values.at(-1) ?? ''}`;
}

function name(what: string) {
  const message = `${what}, ${plainNameText}`;
  return v.pipe(
    v.string(message),
    v.minLength(1, message),
    v.maxBytes(longestName, message),
    v.regex(plainName, message),
  );
}

function address(what: string) {
  const message = `${what}: an IPv4 address such as 192.0.2.1 or an IPv6 address such as 2001:db8::1`;
  return v.pipe(v.string(message), v.check(isAddress, message));
}

/** True for what YAML calls a mapping, and JSON an object. */
export function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What is wrong with a name that is not among the known ones. */
function unknownName(found: string, known: readonly string[]): string {
  const meant = closestName(found, known);
  const help = meant === undefined ? `known are ${known.join(', ')}` : `did you mean ${meant}?`;
  return `unknown name ${describeValue(found)}; ${help}`;
}

type MembersInput<E extends v.ObjectEntries> = v.InferInput<v.ObjectSchema<E, undefined>>;
type MembersOutput<E extends v.ObjectEntries> = v.InferOutput<v.ObjectSchema<E, undefined>>;

/** Members by name, and nothing else; a strict object of valibot's reports the first unknown name only. */
function members<const E extends v.ObjectEntries>(entries: E): v.GenericSchema<MembersInput<E>, MembersOutput<E>> {
  const known = Object.keys(entries);
  return v.pipe(
    // An object of valibot's may be a list.
    v.custom<MembersInput<E>>(isMapping, 'a mapping'),
    v.objectWithRest(entries, v.unknown(), 'a mapping'),
    v.rawCheck(({ dataset, addIssue }) => {
      if (!isMapping(dataset.value)) return;
      const input: Readonly<Record<string, unknown>> = dataset.value;
      for (const key of Object.keys(input).filter((each) => !known.includes(each))) {
        const path = [{ type: 'object', origin: 'key', input, key, value: input[key] }] as const;
        addIssue({ message: unknownName(key, known), path: [...path] });
      }
    }),
  );
}

function arrayOf<const I extends v.GenericSchema>(item: I) {
  return v.array(item, 'a list (for none write [])');
}

function described<const S extends v.GenericSchema>(schema: S, description: string) {
  return v.pipe(schema, v.description(description));
}

/** The methods that a message names; the others are rare in a document. */
const usualMethods = ['direct-routing', 'masquerading', 'tunneling'] as const;

/** Tunnel types that have no name yet. */
const namelessTunnels: Range = { lowest: tunnelTypes.length, highest: 255 };

const tunnelSchema = members({
  type: described(
    v.optional(
      v.union([oneOf(tunnelTypes), integer(namelessTunnels, 'number')], listText(tunnelTypes)),
      defaultTunnel.type,
    ),
    'Encapsulation. A number is a type of a newer kernel.',
  ),
  port: described(
    v.optional(integer(realPorts, 'port')),
    'UDP port at which the real server receives GUE. Required for gue.',
  ),
  checksum: described(
    v.optional(oneOf(tunnelChecksums), defaultTunnel.checksum),
    'Outer checksum of gue or gre. `csum+remcsum` has no option on the command line.',
  ),
});

const serverSchema = members({
  address: described(address('address of the real server'), 'Address of the real server, IPv4 or IPv6.'),
  port: described(
    v.optional(integer(ports, 'port')),
    "Port of the real server. Left out: the service's. Only masquerading can change it.",
  ),
  forwarding: described(
    v.optional(oneOf(forwardingSpellings, listText(usualMethods)), 'direct-routing' satisfies ForwardingMethod),
    'How packets reach the real server: `direct-routing` (or `dr`, `Route`), `masquerading` (`nat`, `Masq`) or ' +
      '`tunneling` (`tun`, `Tunnel`, `tunnelling`). The others can only have been set by another program.',
  ),
  weight: described(
    v.optional(integer(weights, 'weight'), 1),
    'Share of new connections relative to other servers; 0 gives it none and lets it finish.',
  ),
  upperThreshold: described(
    v.optional(integer(thresholds, 'number of connections'), 0),
    'No new connections from this many on; 0: no limit.',
  ),
  lowerThreshold: described(
    v.optional(integer(thresholds, 'number of connections'), 0),
    'New connections again below this many; 0: three quarters of the upper threshold.',
  ),
  tunnel: described(v.optional(tunnelSchema), 'How packets are wrapped; only with forwarding `tunneling`.'),
});

const netmask = 'an IPv4 mask such as 255.255.255.0, or an IPv6 prefix length';
const prefixLength = integer(prefixLengths, netmask);

const serviceMembers = members({
  address: described(
    v.optional(address('virtual address')),
    'Virtual address, IPv4 or IPv6. Either this or `fwmark` names the service.',
  ),
  protocol: described(v.optional(oneOf(protocols)), 'Protocol of a service with an address. Default: tcp.'),
  port: described(
    v.optional(integer(ports, 'port')),
    'Virtual port of a service with an address. Left out or 0: all ports, which needs `persistenceTimeout`.',
  ),
  fwmark: described(
    v.optional(integer(firewallMarks, 'firewall mark')),
    'Firewall mark of the packets that the service receives, in place of address, protocol and port.',
  ),
  family: described(
    v.optional(oneOf(['inet', 'inet6'])),
    'Address family of a service with a firewall mark: IPv4 or IPv6 packets. Default: inet.',
  ),
  scheduler: described(
    v.optional(name('name of a scheduler'), 'wlc'),
    'Scheduler, such as rr, wrr, lc, wlc, sh or mh.',
  ),
  schedulerFlags: described(
    v.optional(arrayOf(oneOf(schedulerFlagNames.map(({ name: flag }) => flag))), []),
    'Flags of the scheduler. The names that start with `sh-` and `mh-` go with these schedulers.',
  ),
  onePacket: described(
    v.optional(v.boolean('true or false'), false),
    'Schedule every packet on its own. UDP and firewall-mark services only.',
  ),
  persistenceTimeout: described(
    v.optional(integer(timeoutSeconds, 'number of seconds')),
    'Seconds that a client stays with its real server. Left out: not persistent.',
  ),
  persistenceNetmask: described(
    v.optional(
      v.union(
        [v.pipe(v.string(), v.check(isNetmask, rangeText(prefixLengths, netmask))), prefixLength],
        rangeText(prefixLengths, netmask),
      ),
    ),
    'Clients that agree under this mask go to the same real server: an IPv4 mask, or an IPv6 prefix length.',
  ),
  persistenceEngine: described(
    v.optional(name('name of a persistence engine')),
    'What distinguishes clients in place of their address, such as sip.',
  ),
  servers: described(v.optional(arrayOf(serverSchema), []), 'Real servers.'),
});

/** The shape of a service. What identifies it is either an address or a mark, and flags are those of its scheduler. */
export const serviceSchema = v.pipe(
  serviceMembers,
  v.rawCheck(({ dataset, addIssue }) => {
    if (!dataset.typed) return;
    const service = dataset.value;
    const { fwmark, address: virtual, family, scheduler, schedulerFlags } = service;
    const report = (message: string, key?: keyof typeof service): void => {
      const at = { type: 'object', origin: 'value', input: service, value: undefined } as const;
      addIssue(key === undefined ? { message } : { message, path: [{ ...at, key }] });
    };
    if (fwmark !== undefined) {
      for (const key of ['address', 'protocol', 'port'] as const) {
        if (service[key] !== undefined) report(`${key} and fwmark in one service: it has the one or the other`, key);
      }
    } else if (virtual === undefined) {
      report('a service needs an address, or an fwmark');
    } else if (family !== undefined) {
      report('family is for services with an fwmark; an address has its own', 'family');
    }
    for (const flag of schedulerFlags) {
      const of = schedulerFlagNames.find((row) => row.name === flag)?.scheduler;
      if (of === undefined || of === scheduler) continue;
      report(`${flag} is a flag of scheduler ${of}, not of ${scheduler}`, 'schedulerFlags');
    }
  }),
);

/** The shape of a sync daemon. */
export const daemonSchema = members({
  role: described(oneOf(['master', 'backup']), 'Sends the state of connections, or receives it.'),
  interface: described(
    v.optional(name('name of a network interface'), 'eth0'),
    'Network interface that the multicast goes over.',
  ),
  syncId: described(v.optional(integer(syncIds, 'number'), 0), 'Identifier of the group of directors.'),
  maxLength: described(
    v.optional(integer(syncMessageLengths.inet, 'number of bytes')),
    "Longest message in bytes. Left out: the kernel's choice.",
  ),
  group: described(
    v.optional(
      v.pipe(
        v.string('a multicast address such as 224.0.0.81'),
        v.check(isMulticast, 'a multicast address such as 224.0.0.81'),
      ),
    ),
    'Multicast group, IPv4 or IPv6. Default: 224.0.0.81.',
  ),
  port: described(v.optional(integer(realPorts, 'port')), 'UDP port. Default: 8848.'),
  ttl: described(v.optional(integer(multicastTtls, 'number')), 'TTL of the multicast. Default: 1.'),
});

const seconds = integer(timeoutSeconds, 'number of seconds');

const timeoutsSchema = members({
  tcp: described(v.optional(seconds), 'Seconds that idle TCP connections are kept. Left out: as they are.'),
  tcpFin: described(v.optional(seconds), 'The same after a FIN.'),
  udp: described(v.optional(seconds), 'The same for UDP.'),
});

/** The shape of a document. */
export const documentSchema = members({
  $schema: described(v.optional(v.string('a text')), 'Address of this schema, for editors; means nothing.'),
  timeouts: described(v.optional(timeoutsSchema), 'Timeouts of idle connections. Left out: as they are.'),
  syncDaemons: described(
    v.optional(arrayOf(daemonSchema)),
    'The sync daemons that are to run, at most one of each role. Left out: as they are.',
  ),
  services: described(arrayOf(serviceSchema), 'Virtual services: these and no others.'),
});

/** A document as it is written: what has a default may be left out. */
export type Document = v.InferInput<typeof documentSchema>;
/** A document that was read: defaults that depend on nothing else are filled in. */
export type CheckedDocument = v.InferOutput<typeof documentSchema>;
/** Parts of it. */
export type CheckedService = CheckedDocument['services'][number];
export type CheckedServer = CheckedService['servers'][number];
export type CheckedDaemon = NonNullable<CheckedDocument['syncDaemons']>[number];
