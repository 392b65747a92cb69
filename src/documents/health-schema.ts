import * as v from 'valibot';
import { realPorts, type Range } from '../model/limits.js';
import {
  address,
  arrayOf,
  described,
  integer,
  isMapping,
  listText,
  members,
  namedMembers,
  number,
  oneOf,
  pattern,
  type MembersInput,
  type MembersOutput,
} from './schema-parts.js';

// The shape of health checks and of what follows from them. They are for `ipvsadm run`: whoever changes the table once
// reads and checks them, and does nothing with them.

/** Seconds between checks. */
const intervals: Range = { lowest: 0.1, highest: 3600 };
/** Seconds that a check may take. */
const checkTimeouts: Range = { lowest: 0.05, highest: 600 };
/** Results in a row that change a state. */
const resultCounts: Range = { lowest: 1, highest: 100 };
/** Bytes of a reply's body that are looked at. */
const bodyLengths: Range = { lowest: 1, highest: 1 << 20 };
/** Seconds up to a day. */
const days: Range = { lowest: 0, highest: 86400 };
/** Seconds up to an hour. */
const hours: Range = { lowest: 0, highest: 3600 };
/** Status codes of HTTP. */
const statusCodes: Range = { lowest: 100, highest: 599 };
const serverCounts: Range = { lowest: 1, highest: 100_000 };
const pingCounts: Range = { lowest: 1, highest: 10 };

/** The word that stands for no check, so that no check has it as its name. */
export const noCheck = 'none';

const checkName = pattern('name of a check, letters, digits, dots, dashes and underscores', /^[\w][\w.-]{0,62}$/);
const word = (what: string) => pattern(`${what}, without blanks or control characters`, /^[^\s\p{Cc}]{1,255}$/u);
const line = (what: string) => pattern(`${what}, without control characters`, /^[^\p{Cc}]{0,1024}$/u);
const token = (what: string) => pattern(what, /^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,127}$/);
const filePath = (what: string) => pattern(`${what}, which begins with /`, /^\/[^\p{Cc}]{0,1023}$/u);

/** What a text has to look like: itself, or a regular expression between slashes. */
function compiles(text: string): boolean {
  const [, source] = /^\/(.*)\/$/s.exec(text) ?? [];
  if (source === undefined) return true;
  try {
    return new RegExp(source, 'u').source !== '';
  } catch {
    return false;
  }
}

/** Longest text that is sent or expected. */
const longestText = 4096;

function expected(what: string) {
  const message = `${what}, or a regular expression that is one, such as /^OK/`;
  return v.pipe(
    v.string(message),
    v.minLength(1, message),
    v.maxLength(longestText, message),
    v.check(compiles, message),
  );
}

/** Bytes: text, or `hex:` and two digits for each; YAML reads `0x00ff` as a number. */
function bytes(what: string) {
  const message = `${what}, or its bytes such as hex:00ff`;
  const isWhole = (text: string): boolean => !text.startsWith('hex:') || /^hex:([0-9a-f]{2})+$/i.test(text);
  return v.pipe(
    v.string(message),
    v.minLength(1, message),
    v.maxLength(longestText, message),
    v.check(isWhole, message),
  );
}

const flag = v.boolean('true or false');

const command = v.pipe(
  arrayOf(line('word of a command')),
  v.minLength(1, 'a program and its arguments'),
  v.check(([program = '/']) => program.startsWith('/'), 'a program by its whole path, and its arguments'),
);

const tlsSchema = members({
  serverName: described(
    v.optional(word('name of a server')),
    "Name that the server is asked for and, with `verify`, has to prove. Default: the check's `host`.",
  ),
  verify: described(v.optional(flag, false), 'Whether the certificate has to be a trusted one of that name.'),
  ca: described(
    v.optional(filePath('name of a file')),
    "File with the certificates that are trusted. Left out: the system's.",
  ),
  certificate: described(v.optional(filePath('name of a file')), 'File with the certificate that is shown.'),
  key: described(v.optional(filePath('name of a file')), 'File with its key.'),
  alpn: described(v.optional(arrayOf(word('name of a protocol'))), 'Protocols that are offered, such as h2.'),
  minimumVersion: described(
    v.optional(oneOf(['1.0', '1.1', '1.2', '1.3'])),
    "Oldest version of TLS, as a text in quotes. Left out: Node.js's.",
  ),
});

/** What all checks have. */
const commonEntries = {
  interval: described(
    v.optional(number(intervals, 'number of seconds'), 5),
    'Seconds between checks of a server whose state is settled.',
  ),
  fastInterval: described(
    v.optional(number(intervals, 'number of seconds'), 1),
    'The same while its state is being decided, either way.',
  ),
  downInterval: described(
    v.optional(number(intervals, 'number of seconds')),
    'The same of a server that is down. Left out: `interval`.',
  ),
  timeout: described(
    v.optional(number(checkTimeouts, 'number of seconds'), 2),
    'Seconds for the whole check; at most `interval`.',
  ),
  fall: described(v.optional(integer(resultCounts, 'number'), 3), 'Failures in a row after which a server is down.'),
  rise: described(v.optional(integer(resultCounts, 'number'), 2), 'Successes in a row after which it is up.'),
  address: described(
    v.optional(address('address')),
    "Address to ask instead of the server's, such as one for management.",
  ),
  port: described(
    v.optional(integer(realPorts, 'port')),
    "Port to ask instead of the server's. Required where the server has none.",
  ),
  source: described(v.optional(address('address of this host')), 'Address of this host to ask from.'),
  through: described(
    v.optional(oneOf(['server', 'vip']), 'server'),
    '`vip`: the virtual address is asked, by way of this server.',
  ),
} satisfies v.ObjectEntries;

const recordTypes = ['A', 'AAAA', 'CNAME', 'MX', 'NS', 'PTR', 'SOA', 'SRV', 'TXT'] as const;
const responseCodes = ['NOERROR', 'FORMERR', 'SERVFAIL', 'NXDOMAIN', 'NOTIMP', 'REFUSED'] as const;

const statusText = `a status code from ${statusCodes.lowest} to ${statusCodes.highest}, or a range such as 200-299`;
const statusRange = v.pipe(
  v.string(statusText),
  v.check((text) => /^[1-5]\d\d-[1-5]\d\d$/.test(text) && text.slice(0, 3) <= text.slice(4), statusText),
);

/** What each type of check has beside. */
const ownEntries = {
  tcp: {
    send: described(
      v.optional(bytes('text to send')),
      'Text that is sent once connected, or bytes such as `hex:00ff`.',
    ),
    expect: described(
      v.optional(expected('text')),
      'Text that the first 64 KiB of the reply contain, or `/regex/`. Left out: to be connected is enough.',
    ),
    tls: described(v.optional(tlsSchema), 'TLS after connecting. `{}`: with the defaults.'),
    close: described(v.optional(oneOf(['orderly', 'reset']), 'orderly'), 'How the connection ends.'),
    refusedIsUp: described(v.optional(flag, false), 'Whether a refused connection is a success: the host is there.'),
  },
  http: {
    path: described(
      v.optional(pattern('path that begins with /', /^\/[^\s\p{Cc}]{0,2047}$/u), '/'),
      'Path, with its query.',
    ),
    method: described(v.optional(oneOf(['GET', 'HEAD', 'OPTIONS', 'POST']), 'GET'), 'Method.'),
    host: described(v.optional(word('name of a host')), "Name of the site. Left out: the server's address."),
    headers: described(
      v.optional(v.record(token('name of a header'), line('value of a header'), 'a mapping')),
      'More headers by their names.',
    ),
    tls: described(v.optional(tlsSchema), 'HTTPS. `{}`: with the defaults.'),
    version: described(v.optional(v.picklist([1.1, 2], '1.1 or 2'), 1.1), 'Version of HTTP.'),
    expectStatus: described(
      v.optional(
        v.pipe(arrayOf(v.union([integer(statusCodes, 'status'), statusRange], statusText)), v.minLength(1, statusText)),
        ['200-399'],
      ),
      'Status codes that are a success, and ranges of them.',
    ),
    expectBody: described(v.optional(expected('text')), 'Text that the body contains, or `/regex/`.'),
    bodyLimit: described(
      v.optional(integer(bodyLengths, 'number of bytes'), 65536),
      'Bytes of the body that are looked at.',
    ),
    weightHeader: described(
      v.optional(token('name of a header')),
      'Header of the reply whose number is the weight, such as X-Weight.',
    ),
  },
  dns: {
    name: described(pattern('domain name', /^[\w.*-]{1,253}$/), 'Domain name that is asked for.'),
    recordType: described(v.optional(oneOf(recordTypes), 'SOA'), 'Type of record that is asked for.'),
    expectCode: described(
      v.optional(v.pipe(arrayOf(oneOf(responseCodes)), v.minLength(1, listText(responseCodes))), [
        'NOERROR',
        'NXDOMAIN',
      ]),
      'Response codes that are a success.',
    ),
    expectAnswer: described(v.optional(line('text')), 'Data that one of the answers has, such as an address.'),
    transport: described(v.optional(oneOf(['udp', 'tcp']), 'udp'), 'Transport of the question.'),
  },
  smtp: {
    helo: described(v.optional(word('name of a host')), 'Name that is given with EHLO. Left out: that of this host.'),
    tls: described(v.optional(oneOf(['starttls'], '"starttls"')), '`starttls`: has to be offered, and to work.'),
  },
  udp: {
    send: described(v.optional(bytes('text to send')), 'Text that is sent, or bytes such as `hex:00ff`.'),
    expect: described(
      v.optional(bytes('text')),
      'Text that the reply contains, bytes such as `hex:00ff`, or `any` for whatever it is.',
    ),
    assumeUp: described(
      v.optional(flag, false),
      'Whether silence is a success: a host that is off is up then. Required without `expect`.',
    ),
  },
  ping: {
    count: described(v.optional(integer(pingCounts, 'number'), 1), 'Echo requests of which one has to be answered.'),
  },
  grpc: {
    service: described(v.optional(line('name of a service'), ''), 'Service whose health is asked for. Empty: all.'),
  },
  exec: {
    command: described(
      command,
      'Program by its whole path, and its arguments; no shell reads them. `%a` and `%p` are the address and port of the ' +
        'server, `%v` and `%V` those of the service. Exit status 0: success, 1: failure, any other: nothing is known.',
    ),
    user: described(v.optional(word('name of a user')), 'User that it runs as. Left out: nobody.'),
    weight: described(v.optional(oneOf(['stdout'], '"stdout"')), '`stdout`: a number that it prints is the weight.'),
  },
  agent: {
    port: described(
      integer(realPorts, 'port'),
      'Port of the agent, which says `75%`, `weight:N`, `up`, `drain`, `down`.',
    ),
  },
} satisfies Readonly<Record<string, v.ObjectEntries>>;

type OwnEntries = typeof ownEntries;

/** Types of checks. */
export type CheckType = keyof OwnEntries;

/** The types of checks. */
export const checkTypes = Object.keys(ownEntries) as CheckType[];

type EntriesOf<K extends CheckType> = { readonly type: v.LiteralSchema<K, string> } & Omit<
  typeof commonEntries,
  keyof OwnEntries[K]
> &
  OwnEntries[K];

/** A check as it is written: what has a default may be left out. */
export type CheckInput = { [K in CheckType]: MembersInput<EntriesOf<K>> }[CheckType];
/** A check that was read. */
export type Check = { [K in CheckType]: MembersOutput<EntriesOf<K>> }[CheckType];

/** What does not go together in a check, with the member that it is about. */
function* checkProblems(check: Check): Generator<readonly [message: string, key: string]> {
  const { type, interval, timeout } = check;
  if (timeout > interval) {
    yield [`the timeout, ${timeout} seconds, is above the interval, ${interval} seconds`, 'timeout'];
  }
  if (type === 'udp' && check.expect === undefined && !check.assumeUp) {
    yield ['a udp check without expect learns nothing from silence: add expect, or assumeUp: true', 'type'];
  }
  if (type === 'http' && check.tls === undefined && check.version === 2) {
    yield ['HTTP/2 is spoken over TLS only: add tls: {}', 'version'];
  }
  if ((type === 'tcp' || type === 'http') && check.tls !== undefined) {
    const { certificate, key } = check.tls;
    if ((certificate === undefined) !== (key === undefined)) yield ['certificate and key go together', 'tls'];
  }
}

function entriesOf<K extends CheckType>(type: K) {
  return {
    type: described(v.literal(type, listText(checkTypes)), 'What kind of check it is.'),
    ...commonEntries,
    ...ownEntries[type],
  };
}

/** A check of any type, by its member `type`. */
export const checkSchema = v.variant(
  'type',
  checkTypes.map((type) =>
    v.pipe(
      namedMembers(entriesOf(type)),
      v.rawCheck(({ dataset, addIssue }) => {
        if (!dataset.typed || dataset.issues !== undefined) return;
        const input = dataset.value;
        for (const [message, key] of checkProblems(input as unknown as Check)) {
          addIssue({ message, path: [{ type: 'object', origin: 'value', input, key, value: undefined }] });
        }
      }),
    ),
  ),
  listText(checkTypes),
) as unknown as v.GenericSchema<CheckInput, Check>;

/** Kinds of values that YAML and JSON have, as far as schemas are chosen by them. */
type Kind = 'text' | 'mapping' | 'list';

function kindOf(input: unknown): Kind | undefined {
  if (typeof input === 'string') return 'text';
  if (Array.isArray(input)) return 'list';
  return isMapping(input) ? 'mapping' : undefined;
}

/**
 * Chooses the schema by the kind of what is written, so that messages are about that and not about all that it might
 * have been.
 * @param all any of them, for the JSON Schema.
 * @param message what is expected where no kind fits.
 */
function byKind<I, O>(
  all: v.GenericSchema<I, O>,
  message: string,
  kinds: Readonly<Partial<Record<Kind, v.GenericSchema<I, O>>>>,
): v.GenericSchema<I, O> {
  const none = v.custom<never>(() => false, message);
  return v.lazy((input) => {
    if (input === undefined) return all;
    const kind = kindOf(input);
    return (kind === undefined ? undefined : kinds[kind]) ?? none;
  });
}

/** A check by its name, or written out. */
type NamedCheckInput = string | CheckInput;
type NamedCheck = string | Check;

/** One check or several as they are written. */
type ChecksInput = NamedCheckInput | NamedCheckInput[];
/** The same, read. */
export type UsedChecks = NamedCheck | NamedCheck[];

const oneCheck = byKind<CheckInput, Check>(checkSchema, 'a check, a mapping with its type', { mapping: checkSchema });
const anyOne: v.GenericSchema<NamedCheckInput, NamedCheck> = v.union([checkName, oneCheck]);
const namedCheck = byKind<NamedCheckInput, NamedCheck>(anyOne, 'name of a check, or a check', {
  text: checkName,
  mapping: checkSchema,
});
const checkList: v.GenericSchema<NamedCheckInput[], NamedCheck[]> = v.pipe(
  v.array(namedCheck, 'a list of checks'),
  v.minLength(1, 'a check in the list; none stands for no check'),
);
const anyUse: v.GenericSchema<ChecksInput, UsedChecks> = v.union([checkName, oneCheck, checkList]);

/** What a service or a server is checked by. */
export const usedChecks = byKind<ChecksInput, UsedChecks>(anyUse, 'name of a check, a check, a list of them or none', {
  text: checkName,
  mapping: checkSchema,
  list: checkList,
});

/** Schemas that the JSON Schema defines once and refers to. */
export const healthDefinitions = { check: checkSchema, namedCheck: anyOne, usedChecks: anyUse } as const;

/** The checks of a document by their names. */
export const namedChecks = v.pipe(
  v.record(checkName, oneCheck, 'a mapping'),
  v.check((checks) => !Object.hasOwn(checks, noCheck), `other names than ${noCheck}, which stands for no check`),
);

const healthyText = 'a number of servers from 1 on, or a share of them such as 50%';
const percentage = pattern(healthyText, /^(100|[1-9]\d?)%$/);

/** What services have for health, beside a server that takes over. */
export const serviceHealthEntries = {
  check: described(
    v.optional(usedChecks, noCheck),
    'How its real servers are checked: the name of a check, a check, or a list of which all have to succeed.',
  ),
  onDown: described(
    v.optional(oneOf(['auto', 'quiesce', 'remove']), 'auto'),
    'What a server that is down gets: weight 0, or removal. `auto`: removal where weight 0 would not keep clients away.',
  ),
  removeAfter: described(
    v.optional(number(days, 'number of seconds')),
    'Seconds at weight 0 after which it is removed, too. Left out: never.',
  ),
  minimumHealthy: described(
    v.optional(v.union([integer(serverCounts, 'number'), percentage], healthyText), 1),
    'Fewer healthy servers, or a smaller share such as `50%`, are trouble: `sorryServer` takes over, or else `failOpen` says who.',
  ),
  failOpen: described(
    v.optional(oneOf(['unreachable', 'all', 'never']), 'unreachable'),
    'Which servers get connections in trouble: those that did not say no themselves, all, or none.',
  ),
  slowStart: described(
    v.optional(number(hours, 'number of seconds'), 0),
    'Seconds in which a server that came back reaches its weight. Needs weights of 10 and more.',
  ),
  drainTime: described(
    v.optional(number(days, 'number of seconds'), 60),
    'Longest time that servers and services that leave the document have to end their connections.',
  ),
  onChange: described(
    v.optional(command),
    'Program by its whole path, and its arguments, that is told of changes of the service and its servers: JSON on its ' +
      'standard input, many changes at a time, every five seconds at most.',
  ),
} satisfies v.ObjectEntries;

/** What real servers have for health. */
export const serverHealthEntries = {
  check: described(v.optional(usedChecks), "Checks in place of the service's, likewise; `none`: it is not checked."),
} satisfies v.ObjectEntries;
