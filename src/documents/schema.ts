import * as v from 'valibot';
import { isAddress, isMulticast, isNetmask } from '../model/address-kind.js';
import { schedulerFlagNames } from '../model/service.js';
import { daemonOf, serviceOf, tableOf } from './document-table.js';

// The one source of the document's shape: what is checked, the types, and docs/ipvsadm-document.schema.json. A message
// is what was expected; what was found is put after it.

const nameLimit = 15;

function whole(lowest: number, highest: number, what: string) {
  const message = `${what} from ${lowest} to ${highest}`;
  return v.pipe(v.number(message), v.integer(message), v.minValue(lowest, message), v.maxValue(highest, message));
}

function words<const W extends readonly string[]>(list: W) {
  const message = `${list.slice(0, -1).join(', ')} or ${list.at(-1) ?? ''}`;
  return v.picklist(list, message);
}

function truth() {
  return v.boolean('true or false');
}

function name(what: string) {
  const message = `${what}, 1 to ${nameLimit} bytes without blanks or control characters`;
  return v.pipe(
    v.string(message),
    v.minLength(1, message),
    v.maxBytes(nameLimit, message),
    v.regex(/^[^\s\p{Cc}\u2028\u2029]+$/u, message),
  );
}

function address(what: string) {
  const message = `${what}: an IPv4 address such as 192.0.2.1 or an IPv6 address such as 2001:db8::1`;
  return v.pipe(v.string(message), v.check(isAddress, message));
}

/** Names that valibot passes over in every mapping, because prototypes have them. */
const passedOver = ['__proto__', 'prototype', 'constructor'];

const noMapping = v.custom<never>(() => false, 'a mapping');

/**
 * Members by name, and nothing else. Each unknown one is an issue, whose message is the list of the known ones: a strict
 * object of valibot's tells the first one only, and takes a list for a mapping.
 */
function members<const E extends v.ObjectEntries>(
  entries: E,
): v.GenericSchema<v.InferInput<v.ObjectSchema<E, undefined>>, v.InferOutput<v.ObjectSchema<E, undefined>>> {
  const unknown = v.never(Object.keys(entries).join(' '));
  const object = v.objectWithRest(entries, unknown, 'a mapping');
  return {
    ...object,
    '~run'(dataset, config) {
      const { value } = dataset;
      if (typeof value !== 'object' || value === null) return object['~run'](dataset, config);
      if (Array.isArray(value)) return noMapping['~run'](dataset, config);
      const result = object['~run'](dataset, config);
      for (const key of passedOver) {
        if (!Object.hasOwn(value, key)) continue;
        const path = [
          { type: 'object', origin: 'key', input: value as Record<string, unknown>, key, value: key },
        ] as const;
        v._addIssue(unknown, 'type', result, config, { path: [...path], expected: 'never' });
      }
      return result;
    },
  };
}

function list<const I extends v.GenericSchema>(item: I) {
  return v.array(item, 'a list (for none write [])');
}

function described<const S extends v.GenericSchema>(schema: S, description: string) {
  return v.pipe(schema, v.description(description));
}

const tunnelSchema = members({
  type: described(
    v.optional(v.union([words(['ipip', 'gue', 'gre']), whole(3, 255, 'number')], 'ipip, gue or gre'), 'ipip'),
    'Encapsulation. A number is a type of a newer kernel.',
  ),
  port: described(v.optional(whole(1, 65535, 'port')), 'UDP port that the real server takes gue at. Required for gue.'),
  checksum: described(
    v.optional(words(['nocsum', 'csum', 'remcsum', 'csum+remcsum']), 'nocsum'),
    'Outer checksum of gue or gre. `csum+remcsum` has no option on the command line.',
  ),
});

const serverSchema = members({
  address: described(address('address of the real server'), 'Address of the real server, IPv4 or IPv6.'),
  port: described(
    v.optional(whole(0, 65535, 'port')),
    "Port of the real server. Left out: the service's. Only masquerading can change it.",
  ),
  forwarding: described(
    v.optional(
      words([
        'direct-routing',
        'masquerading',
        'tunneling',
        'local',
        'bypass',
        'forwarding-5',
        'forwarding-6',
        'forwarding-7',
      ]),
      'direct-routing',
    ),
    'How packets reach the real server. Those after `tunneling` can only have been set by another program.',
  ),
  weight: described(
    v.optional(whole(0, 2147483647, 'weight'), 1),
    'Share of new connections relative to other servers; 0 gives it none and lets it finish.',
  ),
  upperThreshold: described(
    v.optional(whole(0, 4294967295, 'number of connections'), 0),
    'No new connections from this many on; 0: no limit.',
  ),
  lowerThreshold: described(
    v.optional(whole(0, 4294967295, 'number of connections'), 0),
    'New connections again below this many; 0: three quarters of the upper threshold.',
  ),
  tunnel: described(v.optional(tunnelSchema), 'How packets are wrapped; only with forwarding `tunneling`.'),
});

const serviceMembers = members({
  address: described(
    v.optional(address('virtual address')),
    'Virtual address, IPv4 or IPv6. Either this or `fwmark` names the service.',
  ),
  protocol: described(
    v.optional(words(['tcp', 'udp', 'sctp'])),
    'Protocol of a service with an address. Default: tcp.',
  ),
  port: described(
    v.optional(whole(0, 65535, 'port')),
    'Virtual port of a service with an address. Left out or 0: all ports, which needs `persistenceTimeout`.',
  ),
  fwmark: described(
    v.optional(whole(1, 4294967295, 'firewall mark')),
    'Firewall mark of the packets that the service takes, in place of address, protocol and port.',
  ),
  family: described(
    v.optional(words(['inet', 'inet6'])),
    'Address family of a service with a firewall mark: IPv4 or IPv6 packets. Default: inet.',
  ),
  scheduler: described(
    v.optional(name('name of a scheduler'), 'wlc'),
    'Scheduler, such as rr, wrr, lc, wlc, sh or mh.',
  ),
  schedulerFlags: described(
    v.optional(list(words(schedulerFlagNames.map(({ name: flag }) => flag))), []),
    'Flags of the scheduler. The names that start with `sh-` and `mh-` go with these schedulers.',
  ),
  onePacket: described(
    v.optional(truth(), false),
    'Schedule every packet on its own. UDP and firewall-mark services only.',
  ),
  persistenceTimeout: described(
    v.optional(whole(1, 2678400, 'number of seconds')),
    'Seconds that a client stays with its real server. Left out: not persistent.',
  ),
  persistenceNetmask: described(
    v.optional(
      v.union(
        [
          v.pipe(
            v.string(),
            v.check(isNetmask, 'an IPv4 mask such as 255.255.255.0, or an IPv6 prefix length from 1 to 128'),
          ),
          whole(1, 128, 'an IPv4 mask such as 255.255.255.0, or an IPv6 prefix length'),
        ],
        'an IPv4 mask such as 255.255.255.0, or an IPv6 prefix length from 1 to 128',
      ),
    ),
    'Clients that agree under this mask go to the same real server: an IPv4 mask, or an IPv6 prefix length.',
  ),
  persistenceEngine: described(
    v.optional(name('name of a persistence engine')),
    'What tells clients apart in place of their address, such as sip.',
  ),
  servers: described(v.optional(list(serverSchema), []), 'Real servers.'),
});

/** What identifies a service is either an address or a mark, and flags are those of its scheduler. */
const serviceSchema = v.pipe(
  serviceMembers,
  v.rawCheck(({ dataset, addIssue }) => {
    if (!dataset.typed) return;
    const service = dataset.value;
    const { fwmark, address, family, scheduler, schedulerFlags } = service;
    const tell = (message: string, ...names: readonly (keyof typeof service)[]): void => {
      const [key] = names;
      const at = { type: 'object', origin: 'value', input: service, value: undefined } as const;
      addIssue(key === undefined ? { message } : { message, path: [{ ...at, key }] });
    };
    if (fwmark !== undefined) {
      for (const name of ['address', 'protocol', 'port'] as const) {
        if (service[name] !== undefined) tell(`${name} and fwmark in one service: it has the one or the other`, name);
      }
    } else if (address === undefined) {
      tell('a service needs an address, or an fwmark');
    } else if (family !== undefined) {
      tell('family is for services with an fwmark; an address has its own', 'family');
    }
    for (const flag of schedulerFlags) {
      const of = schedulerFlagNames.find(({ name }) => name === flag)?.scheduler;
      if (of === undefined || of === scheduler) continue;
      tell(`${flag} is a flag of scheduler ${of}, not of ${scheduler}`, 'schedulerFlags');
    }
  }),
);

/** The shape of a service, and the one of a table that it says. */
export const tableServiceSchema = v.pipe(serviceSchema, v.transform(serviceOf));

const daemonSchema = members({
  role: described(words(['master', 'backup']), 'Sends the state of connections, or takes it.'),
  interface: described(
    v.optional(name('name of a network interface'), 'eth0'),
    'Network interface that the multicast goes over.',
  ),
  syncId: described(v.optional(whole(0, 255, 'number'), 0), 'Identifier of the group of directors.'),
  maxLength: described(
    v.optional(whole(1, 65507, 'number of bytes')),
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
  port: described(v.optional(whole(1, 65535, 'port')), 'UDP port. Default: 8848.'),
  ttl: described(v.optional(whole(1, 255, 'number')), 'TTL of the multicast. Default: 1.'),
});

const seconds = whole(1, 2678400, 'number of seconds');

const timeoutsSchema = members({
  tcp: described(v.optional(seconds), 'Seconds that idle TCP connections are kept. Left out: as they are.'),
  tcpFin: described(v.optional(seconds), 'The same after a FIN.'),
  udp: described(v.optional(seconds), 'The same for UDP.'),
});

const documentMembers = members({
  $schema: described(v.optional(v.string('a text')), 'Address of this schema, for editors; means nothing.'),
  timeouts: described(v.optional(timeoutsSchema), 'Timeouts of idle connections. Left out: as they are.'),
  syncDaemons: described(
    v.optional(list(v.pipe(daemonSchema, v.transform(daemonOf)))),
    'The sync daemons that are to run, at most one of each role. Left out: as they are.',
  ),
  services: described(list(tableServiceSchema), 'Virtual services: these and no others.'),
});

/** The shape of a document, and the table that it says: of thousands of servers nothing is kept twice. */
export const documentSchema = v.pipe(documentMembers, v.transform(tableOf));

/** A document as it is written: what has a default may be left out. */
export type Document = v.InferInput<typeof documentMembers>;
/** Parts of a document that were read: defaults that depend on nothing else are filled in. */
export type CheckedDocument = v.InferOutput<typeof documentMembers>;
export type CheckedService = v.InferOutput<typeof serviceSchema>;
export type CheckedServer = CheckedService['servers'][number];
export type CheckedDaemon = v.InferOutput<typeof daemonSchema>;
