import * as v from 'valibot';
import { portRangesText, portsOf } from './port-ranges.js';
import { isMulticast, isNetmask } from '../model/address-kind.js';
import {
  firewallMarks,
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
import { namedChecks, serverHealthEntries, serviceHealthEntries } from './health-schema.js';
import { address, arrayOf, described, integer, listText, members, name, oneOf, rangeText } from './schema-parts.js';

// The one source of the document's shape: what is checked, the types, and docs/ipvsadm-document.schema.json.

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

const serverEntries = {
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
} satisfies v.ObjectEntries;

const serverSchema = members({ ...serverEntries, ...serverHealthEntries });

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
  ports: described(
    v.optional(
      v.pipe(
        v.union([v.string(), v.array(v.union([v.string(), v.number()]))], portRangesText),
        v.check((ranges) => portsOf(ranges) !== undefined, portRangesText),
      ),
    ),
    'Several ports in place of `port`, such as `50000-50099` or `[80, 443, 8000-8010]`: a service for each, with the same servers.',
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
  ...serviceHealthEntries,
  sorryServer: described(
    v.optional(members(serverEntries)),
    'A server that takes over in trouble. It may be one of the real servers.',
  ),
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
      for (const key of ['address', 'protocol', 'port', 'ports'] as const) {
        if (service[key] !== undefined) report(`${key} and fwmark in one service: it has the one or the other`, key);
      }
    } else if (service.port !== undefined && service.ports !== undefined) {
      report('port and ports in one service: it has the one or the other', 'ports');
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
  checks: described(v.optional(namedChecks), 'Health checks by their names; each has to be used.'),
  services: described(arrayOf(serviceSchema), 'Virtual services: these and no others.'),
});

/** A document as it is written: what has a default may be left out. */
export type Document = v.InferInput<typeof documentSchema>;
/** A document that was read: defaults that depend on nothing else are filled in. */
export type CheckedDocument = v.InferOutput<typeof documentSchema>;
/** Parts of it. */
export type CheckedService = CheckedDocument['services'][number];
export type CheckedServer = Omit<CheckedService['servers'][number], 'check'>;
export type CheckedDaemon = NonNullable<CheckedDocument['syncDaemons']>[number];
