import { canonicalAddress } from '../../model/address-kind.js';
import { addressBytes, familyOf, formatAddress } from '../../model/address.js';
import type { CheckInput } from '../health-schema.js';
import {
  checkTiming,
  commandWords,
  longestRange,
  mostEntries,
  seconds,
  wholeNumber,
  type Draft,
  type DraftServer,
  type DraftService,
  type Origin,
  type ServerSettings,
  type ServiceSettings,
} from './draft.js';
import type { ForeignFiles } from './files.js';
import { KeepalivedText, type Statement } from './keepalived-text.js';

// keepalived.conf(5) in, a draft out. VRRP, scripts and mail stay with keepalived: a document is about the table.

/** What is said once about each kind of block that has no place in a document. */
const otherBlocks: readonly (readonly [name: RegExp, message: string])[] = [
  [/^vrrp_/, 'VRRP is not part of the table, and stays with keepalived'],
  [/^(static_|virtual_ip|garp_group|linkbeat)/, 'addresses and routes are not part of the table'],
  [/^bfd_/, 'BFD is not part of the table'],
  [/^(track_file|track_process|notify|script)/, 'scripts and what they watch are not carried over'],
];

/** Settings that a document has no need of, because nothing depends on them that it describes. */
const silent = new Set([
  ...['alpha', 'omega', 'warmup', 'snmp_name', 'log_all_failures', 'nat_mask', 'fast_recovery', 'http_protocol'],
  ...['tls_compliant', 'regex_stack', 'est_timeout', 'laddr_group_name', 'syn_proxy'],
]);

/** Settings whose loss is told. */
const told: Readonly<Record<string, string>> = {
  ha_suspend: 'checks go on while the address is elsewhere',
  hysteresis: 'a document has no hysteresis: rise and fall dampen',
  quorum_up: 'scripts are not carried over',
  quorum_down: 'scripts are not carried over',
  notify_up: 'scripts are not carried over',
  notify_down: 'scripts are not carried over',
  smtp_alert: 'there is no mail',
  sorry_server_inhibit: 'the server that takes over is removed again',
  bind_if: 'a check has no interface of its own',
  bind_port: 'a check has no source port of its own',
  fwmark: 'packets of checks can not be marked',
  misc_dynamic: 'weights by exit status are not carried over; see weight: stdout',
  regex_min_offset: 'the whole body is looked at',
  regex_max_offset: 'the whole body is looked at',
  min_reply_length: 'the length of a reply is not looked at',
  max_reply_length: 'the length of a reply is not looked at',
  digest: 'a document has no digests: see expectBody',
};

/** The settings that a checker inherits from its real server, and that from its virtual server. */
interface Inherited {
  readonly delayLoop: number;
  readonly connectTimeout: number;
  readonly retry: number | undefined;
  readonly delayBeforeRetry: number | undefined;
  readonly virtualHost: string | undefined;
}

const defaults: Inherited = {
  delayLoop: 60,
  connectTimeout: 5,
  retry: undefined,
  delayBeforeRetry: undefined,
  virtualHost: undefined,
};

/** Files of `SSL { }`. */
interface Certificates {
  readonly ca?: string;
  readonly certificate?: string;
  readonly key?: string;
}

type Forwarding = Pick<ServerSettings, 'forwarding' | 'tunnel'>;

const methods: Readonly<Record<string, 'masquerading' | 'direct-routing' | 'tunneling'>> = {
  NAT: 'masquerading',
  DR: 'direct-routing',
  TUN: 'tunneling',
};

/** Where a virtual server is. */
interface Target {
  readonly origin: Origin;
  readonly address?: string;
  readonly port?: number;
  readonly fwmark?: number;
  readonly family?: 'inet' | 'inet6';
}

/** A statement's values without its first word. */
function values({ words }: Statement): readonly string[] {
  return words.slice(1);
}

/** Statements of a block by their first words. */
function* named(block: Statement, name: string): Generator<Statement> {
  for (const statement of block.inside ?? []) if (statement.words[0] === name) yield statement;
}

/** A port of a statement; 0 where it has none. */
function portOf(word: string | undefined): number | undefined {
  const port = word === undefined ? 0 : wholeNumber(word);
  return port === undefined || port > 65535 ? undefined : port;
}

function isOn(word: string | undefined): boolean {
  return word === undefined || /^(on|true|yes)$/i.test(word);
}

/** The addresses of a range such as `10.0.0.1-9`, `10.0.0.1-10.0.0.9` or `10.0.0.8/29`. */
function rangeOf(text: string): string[] | undefined {
  const [, start = '', separator = '', end = ''] = /^([0-9a-fA-F.:]+)([-/])([0-9a-fA-F.:]+)$/.exec(text) ?? [];
  const first = canonicalAddress(start);
  if (first === undefined) return undefined;
  const family = familyOf(first);
  const bytes = addressBytes(family, first);
  const toNumber = (of: Uint8Array): bigint => of.reduce((sum, byte) => sum * 256n + BigInt(byte), 0n);
  const size = bytes.length * 8;
  let low = toNumber(bytes);
  let high: bigint;
  if (separator === '/') {
    const prefix = wholeNumber(end);
    if (prefix === undefined || prefix > size) return undefined;
    const hosts = (1n << BigInt(size - prefix)) - 1n;
    low &= ~hosts;
    high = low | hosts;
  } else {
    const whole = canonicalAddress(end);
    const last = family === 'inet' ? wholeNumber(end) : /^[0-9a-f]{1,4}$/i.test(end) ? parseInt(end, 16) : undefined;
    const step = family === 'inet' ? 0xffn : 0xffffn;
    if (whole !== undefined && familyOf(whole) === family) high = toNumber(addressBytes(family, whole));
    else if (last !== undefined && BigInt(last) <= step) high = (low & ~step) | BigInt(last);
    else return undefined;
  }
  if (high < low || high - low >= BigInt(longestRange)) return undefined;
  const addresses: string[] = [];
  for (let number = low; number <= high; number++) {
    const next = new Uint8Array(bytes.length);
    for (let at = next.length - 1, rest = number; at >= 0; at--, rest >>= 8n) next[at] = Number(rest & 0xffn);
    addresses.push(formatAddress(family, next));
  }
  return addresses;
}

/** Reads one configuration. */
/** Schedulers that keepalived knows. Source: keepalived.conf(5), lvs_sched. */
const schedulers: readonly string[] = [
  'rr',
  'wrr',
  'lc',
  'wlc',
  'lblc',
  'sh',
  'mh',
  'dh',
  'fo',
  'ovf',
  'lblcr',
  'sed',
  'nq',
  'twos',
];

class Reader {
  readonly #draft: Draft;
  readonly #groups = new Map<string, Statement>();
  readonly #told = new Set<string>();
  #certificates: Certificates = {};

  constructor(draft: Draft) {
    this.#draft = draft;
  }

  read(statements: readonly Statement[]): void {
    for (const statement of statements) {
      const [name = '', group] = statement.words;
      if (name === 'virtual_server_group' && group !== undefined) this.#groups.set(group, statement);
      else if (name === 'SSL') this.#readCertificates(statement);
    }
    for (const statement of statements) {
      const [name = ''] = statement.words;
      if (name === 'virtual_server') this.#virtualServer(statement);
      else if (name === 'global_defs') this.#globals(statement);
      else if (name !== 'virtual_server_group' && name !== 'SSL') this.#other(statement);
    }
  }

  #other({ words, origin }: Statement): void {
    const [name = ''] = words;
    const row = otherBlocks.find(([pattern]) => pattern.test(name));
    if (row !== undefined) {
      const [, message] = row;
      // Said once: there may be hundreds of them.
      if (!this.#told.has(message)) this.#draft.note(origin, `${words.slice(0, 2).join(' ')}: ${message}`);
      this.#told.add(message);
    } else if (!silent.has(name)) this.#draft.note(origin, `${name} is not known`);
  }

  #globals(block: Statement): void {
    for (const statement of block.inside ?? []) {
      const [name] = statement.words;
      if (name === 'lvs_sync_daemon') {
        this.#draft.note(
          statement.origin,
          'lvs_sync_daemon follows VRRP: write syncDaemons where a daemon always runs in one role',
        );
      } else if (name === 'lvs_timeouts') this.#timeouts(statement);
      else if (name === 'lvs_flush' || name === 'lvs_flush_onstop' || name === 'lvs_flush_on_stop') {
        this.#draft.note(statement.origin, `${name}: the table is never emptied`);
      }
    }
  }

  #timeouts(statement: Statement): void {
    const words = values(statement);
    const of = (name: string): number | undefined => wholeNumber(words[words.indexOf(name) + 1]);
    const [tcp, tcpFin, udp] = ['tcp', 'tcpfin', 'udp'].map((name) => (words.includes(name) ? of(name) : undefined));
    this.#draft.timeouts = {
      ...(tcp === undefined ? {} : { tcp }),
      ...(tcpFin === undefined ? {} : { tcpFin }),
      ...(udp === undefined ? {} : { udp }),
    };
  }

  #readCertificates(block: Statement): void {
    const files: Record<string, string> = {};
    for (const statement of block.inside ?? []) {
      const [name = '', value] = statement.words;
      if ((name === 'ca' || name === 'certificate' || name === 'key') && value !== undefined) files[name] = value;
      else this.#draft.note(statement.origin, `SSL ${name} is not carried over`);
    }
    this.#certificates = files;
  }

  /** The services of `virtual_server`: several where it names a group. */
  #targets(statement: Statement): Target[] {
    const { origin } = statement;
    const [first = '', second, third] = values(statement);
    if (first !== 'group')
      return this.#entryTargets([first, ...[second, third].filter((word) => word !== undefined)], origin);
    const group = this.#groups.get(second ?? '');
    if (group === undefined) {
      this.#draft.lose(origin, `no virtual_server_group is called ${second ?? ''}`);
      return [];
    }
    const targets: Target[] = [];
    for (const entry of group.inside ?? []) {
      targets.push(...this.#entryTargets(entry.words, entry.origin));
      // What is above is left out where the services are made, and noted there.
      if (targets.length > mostEntries) break;
    }
    return targets;
  }

  #entryTargets(words: readonly string[], origin: Origin): Target[] {
    const [first = '', second, third] = words;
    if (first === 'fwmark') {
      const fwmark = wholeNumber(second);
      if (fwmark === undefined) this.#draft.lose(origin, 'fwmark needs a number');
      return fwmark === undefined
        ? []
        : [{ origin, fwmark, ...(third === 'inet6' ? { family: 'inet6' as const } : {}) }];
    }
    const address = canonicalAddress(first);
    const addresses = address === undefined ? rangeOf(first) : [address];
    const port = portOf(second);
    if (addresses === undefined || port === undefined) {
      this.#draft.lose(origin, `${words.join(' ')} is no address and port, or too large a range`);
      return [];
    }
    return addresses.map((each) => ({ origin, address: each, ...(port === 0 ? {} : { port }) }));
  }

  /** `lvs_method` and its arguments. */
  #forwarding(words: readonly string[], origin: Origin): Forwarding | undefined {
    const [method = '', ...rest] = words;
    const forwarding = methods[method.toUpperCase()];
    if (forwarding === undefined) {
      this.#draft.lose(origin, `forwarding ${method} is not one of NAT, DR and TUN`);
      return undefined;
    }
    const kind = rest.indexOf('type');
    if (forwarding !== 'tunneling' || kind < 0) return { forwarding };
    const type = rest[kind + 1];
    const port = wholeNumber(rest[rest.indexOf('port') + 1]);
    const checksum = (['csum', 'remcsum'] as const).find((word) => rest.includes(word));
    if (type !== 'ipip' && type !== 'gue' && type !== 'gre') {
      this.#draft.lose(origin, `tunnels of type ${type ?? ''} are not known`);
      return undefined;
    }
    return {
      forwarding,
      tunnel: {
        type,
        ...(rest.includes('port') && port !== undefined ? { port } : {}),
        ...(checksum === undefined ? {} : { checksum }),
      },
    };
  }

  #virtualServer(block: Statement): void {
    const draft = this.#draft;
    const targets = this.#targets(block);
    const settings: ServiceSettings = {};
    let isUsable = true;
    let forwarding: Forwarding = { forwarding: 'masquerading' };
    let inherited = defaults;
    let family: 'inet' | 'inet6' | undefined;
    let quorum: Statement | undefined;
    let sorryForwarding: Forwarding | undefined;
    const flags: string[] = [];
    const inhibits: boolean[] = [];
    for (const statement of block.inside ?? []) {
      const [name = '', value] = statement.words;
      switch (name) {
        case 'lb_algo':
        case 'lvs_sched':
          // keepalived ignores those that it does not know, and keeps its default.
          if (value !== undefined && schedulers.includes(value)) settings.scheduler = value;
          else
            draft.note(statement.origin, `${statement.words.join(' ')} is not known to keepalived and has no effect`);
          break;
        case 'lb_kind':
        case 'lvs_method': {
          const found = this.#forwarding(values(statement), statement.origin);
          isUsable &&= found !== undefined;
          forwarding = found ?? forwarding;
          break;
        }
        case 'sorry_server_lvs_method':
          sorryForwarding = this.#forwarding(values(statement), statement.origin);
          break;
        case 'flag-1':
        case 'flag-2':
        case 'flag-3':
        case 'sh-port':
        case 'sh-fallback':
        case 'mh-port':
        case 'mh-fallback':
          flags.push(name);
          break;
        case 'ops':
          settings.onePacket = true;
          break;
        case 'persistence_engine':
          if (value !== undefined) settings.persistenceEngine = value;
          break;
        case 'persistence_timeout':
          if (value !== '0') settings.persistenceTimeout = value === undefined ? 360 : (wholeNumber(value) ?? 360);
          break;
        case 'persistence_granularity':
          if (value !== undefined) settings.persistenceNetmask = wholeNumber(value) ?? value;
          break;
        case 'protocol': {
          const protocol = value?.toLowerCase();
          if (protocol === 'tcp' || protocol === 'udp' || protocol === 'sctp') settings.protocol = protocol;
          else {
            draft.lose(statement.origin, `protocol ${value ?? ''} is not one of TCP, UDP and SCTP`);
            isUsable = false;
          }
          break;
        }
        case 'ip_family':
          if (value === 'inet6') family = 'inet6';
          break;
        case 'quorum':
          quorum = statement;
          break;
        case 'inhibit_on_failure':
          inhibits.push(isOn(value));
          break;
        case 'real_server':
        case 'sorry_server':
          break;
        default:
          inherited = this.#inherit(inherited, statement);
      }
    }
    if (!isUsable || targets.length === 0) return;
    if (flags.length > 0) settings.schedulerFlags = flags;
    // Read for each service anew, because what is wrong with one need not be wrong with another.
    for (const target of targets) {
      if (!draft.hasRoom(target.origin)) return;
      const service: DraftService = {
        origin: target.origin.line === block.origin.line ? block.origin : target.origin,
        title: block.words.slice(1).join(' '),
        settings: this.#identified(settings, target, block, family),
        servers: [],
        sorryServer: undefined,
      };
      for (const statement of named(block, 'real_server')) {
        const server = this.#realServer(statement, forwarding, inherited, service, inhibits);
        if (server !== undefined) service.servers.push(server);
      }
      const sorry = [...named(block, 'sorry_server')].at(-1);
      if (sorry !== undefined) service.sorryServer = this.#sorryServer(sorry, sorryForwarding ?? forwarding, service);
      service.settings.onDown = this.#onDown(inhibits, service, block.origin);
      if (quorum !== undefined) this.#quorum(quorum, service);
      draft.services.push(service);
    }
  }

  #identified(
    settings: ServiceSettings,
    { address, port, fwmark, family }: Target,
    block: Statement,
    given: 'inet' | 'inet6' | undefined,
  ): ServiceSettings {
    const { protocol, ...rest } = settings;
    if (fwmark === undefined) {
      return {
        ...(address === undefined ? {} : { address }),
        ...(protocol === undefined || protocol === 'tcp' ? {} : { protocol }),
        ...(port === undefined ? {} : { port }),
        ...rest,
      };
    }
    // The family of a mark is that of its servers, unless it is given.
    const first = canonicalAddress([...named(block, 'real_server')][0]?.words[1] ?? '');
    const kind = family ?? given ?? (first === undefined ? 'inet' : familyOf(first));
    return { fwmark, ...(kind === 'inet6' ? { family: kind } : {}), ...rest };
  }

  /** Settings that go on to checkers; others are told or ignored. */
  #inherit(before: Inherited, statement: Statement): Inherited {
    const [name = '', value] = statement.words;
    switch (name) {
      case 'delay_loop':
        return { ...before, delayLoop: seconds(value) ?? before.delayLoop };
      case 'connect_timeout':
        return { ...before, connectTimeout: seconds(value) ?? before.connectTimeout };
      case 'retry':
      case 'nb_get_retry':
        return { ...before, retry: wholeNumber(value) ?? before.retry };
      case 'delay_before_retry':
        return { ...before, delayBeforeRetry: seconds(value) ?? before.delayBeforeRetry };
      case 'virtualhost':
        return { ...before, virtualHost: value ?? before.virtualHost };
      default:
        this.#tell(statement);
        return before;
    }
  }

  #tell({ words, origin }: Statement): void {
    const [name = ''] = words;
    const message = Object.hasOwn(told, name) ? told[name] : undefined;
    if (message !== undefined) this.#draft.note(origin, `${name}: ${message}`);
    else if (!silent.has(name)) this.#draft.note(origin, `${name} is not known`);
  }

  /** A server's address and port; without masquerading the port is the service's. */
  #endpoint(
    statement: Statement,
    { forwarding, tunnel }: Forwarding,
    service: DraftService,
  ): ServerSettings | undefined {
    const [first = '', second] = values(statement);
    const address = canonicalAddress(first);
    const port = portOf(second);
    if (address === undefined || port === undefined) {
      this.#draft.lose(statement.origin, `${statement.words.join(' ')}: no address and port`);
      return undefined;
    }
    const usual = service.settings.port ?? 0;
    const isChosen = second !== undefined && port !== usual;
    const keepsPort = forwarding === 'masquerading';
    if (isChosen && !keepsPort && service.settings.fwmark === undefined) {
      this.#draft.note(statement.origin, `port ${port} has no effect: only NAT changes ports`);
    }
    return {
      address,
      ...(keepsPort && isChosen ? { port } : {}),
      ...(forwarding === undefined ? {} : { forwarding }),
      ...(tunnel === undefined ? {} : { tunnel }),
    };
  }

  #sorryServer(statement: Statement, forwarding: Forwarding, service: DraftService): DraftServer | undefined {
    const settings = this.#endpoint(statement, forwarding, service);
    return settings && { origin: statement.origin, settings, checks: [] };
  }

  #realServer(
    block: Statement,
    usual: Forwarding,
    common: Inherited,
    service: DraftService,
    inhibits: boolean[],
  ): DraftServer | undefined {
    if (!this.#draft.hasRoom(block.origin)) return undefined;
    let forwarding: Forwarding | undefined = usual;
    let inherited = common;
    const numbers: Pick<ServerSettings, 'weight' | 'upperThreshold' | 'lowerThreshold'> = {};
    const checkers: Statement[] = [];
    for (const statement of block.inside ?? []) {
      const [name = '', value] = statement.words;
      if (/^[A-Z_]+(_CHECK|_GET)$/.test(name)) checkers.push(statement);
      else if (name === 'lvs_method' || name === 'lb_kind')
        forwarding = this.#forwarding(values(statement), statement.origin);
      else if (name === 'weight') numbers.weight = wholeNumber(value) ?? 1;
      else if (name === 'uthreshold') numbers.upperThreshold = wholeNumber(value) ?? 0;
      else if (name === 'lthreshold') numbers.lowerThreshold = wholeNumber(value) ?? 0;
      else if (name === 'inhibit_on_failure') inhibits.push(isOn(value));
      else inherited = this.#inherit(inherited, statement);
    }
    const endpoint = forwarding && this.#endpoint(block, forwarding, service);
    if (endpoint === undefined) return undefined;
    // A mark has no port, and where the server's is not kept the checks still ask it.
    const asked =
      service.settings.fwmark === undefined || endpoint.port !== undefined ? 0 : (portOf(block.words[2]) ?? 0);
    const checks = checkers
      .flatMap((checker) => this.#checks(checker, inherited))
      .map((check) => withPort(check, asked));
    return { origin: block.origin, settings: { ...endpoint, ...numbers }, checks };
  }

  #onDown(inhibits: readonly boolean[], service: DraftService, origin: Origin): 'quiesce' | 'remove' {
    const some = inhibits.includes(true);
    if (some && inhibits.length > 1 && inhibits.length < service.servers.length) {
      this.#draft.note(origin, 'inhibit_on_failure of some servers becomes that of the whole service');
    }
    return some ? 'quiesce' : 'remove';
  }

  /** A quorum is a sum of weights; a document counts servers. */
  #quorum(statement: Statement, service: DraftService): void {
    const quorum = wholeNumber(statement.words[1]) ?? 1;
    const weights = service.servers.map(({ settings }) => settings.weight ?? 1);
    const [weight = 1] = weights;
    if (weight === 0 || weights.some((each) => each !== weight)) {
      this.#draft.note(statement.origin, `quorum ${quorum} is a sum of weights, and these differ: see minimumHealthy`);
      return;
    }
    const needed = Math.ceil(quorum / weight);
    if (needed > 1) service.settings.minimumHealthy = Math.min(needed, Math.max(weights.length, 1));
  }

  /** The checks that a checker is: HTTP has one for each URL, and old SMTP one for each host. */
  #checks(block: Statement, common: Inherited): CheckInput[] {
    const [kind = ''] = block.words;
    let inherited = common;
    const own = new Map<string, Statement>();
    const target: { address?: string; port?: number; source?: string } = {};
    const nested: Statement[] = [];
    for (const statement of block.inside ?? []) {
      const [name = '', value] = statement.words;
      if (name === 'connect_ip' || name === 'bindto') {
        const address = canonicalAddress(value ?? '');
        if (address === undefined) this.#draft.note(statement.origin, `${name} ${value ?? ''}: no address`);
        else if (name === 'bindto') target.source = address;
        else target.address = address;
      } else if (name === 'connect_port') {
        const port = portOf(value);
        if (port !== undefined && port > 0) target.port = port;
      } else if (name === 'url' || name === 'host') nested.push(statement);
      else if (checkerWords.has(name)) own.set(name, statement);
      else inherited = this.#inherit(inherited, statement);
    }
    const read = checkers[kind];
    if (read === undefined) {
      this.#draft.note(block.origin, `${kind} has nothing that it could be in a document`);
      return [];
    }
    const found = read({ block, own, nested, inherited, certificates: this.#certificates, draft: this.#draft });
    return found.map(({ check, retry, delay, limit, at }) => {
      const timing = checkTiming(
        {
          interval: inherited.delayLoop,
          fastInterval: inherited.delayBeforeRetry ?? delay ?? inherited.delayLoop,
          timeout: limit ?? inherited.connectTimeout,
          fall: (inherited.retry ?? retry) + 1,
          rise: 1,
        },
        (message) => {
          this.#draft.note(block.origin, message);
        },
      );
      return { ...check, ...timing, ...target, ...at };
    });
  }
}

/** A check with a port, where it has none and the port is not 0. */
function withPort(check: CheckInput, port: number): CheckInput {
  const needsPort = check.type !== 'ping' && check.type !== 'exec';
  return port === 0 || check.port !== undefined || !needsPort ? check : { ...check, port };
}

/** Settings of checkers that are theirs alone. */
const checkerWords = new Set([
  ...[
    'helo_name',
    'type',
    'name',
    'misc_path',
    'misc_timeout',
    'user',
    'payload',
    'require_reply',
    'enable_sni',
    'sni_name',
  ],
]);

/** What a checker is read from. */
interface Checker {
  readonly block: Statement;
  readonly own: ReadonlyMap<string, Statement>;
  readonly nested: readonly Statement[];
  readonly inherited: Inherited;
  readonly certificates: Certificates;
  readonly draft: Draft;
}

/** A check, without its timing. */
interface ReadCheck {
  readonly check: CheckInput;
  /** Retries, where none are given. */
  readonly retry: number;
  /** Seconds before a retry, where none are given; undefined: the interval. */
  readonly delay: number | undefined;
  /** Seconds that it may take, where it is not `connect_timeout`. */
  readonly limit?: number | undefined;
  /** Where it asks instead. */
  readonly at?: { readonly address?: string; readonly port?: number };
}

/** The value of a checker's own setting. */
function own({ own: statements }: Checker, name: string): string | undefined {
  return statements.get(name)?.words[1];
}

function statusRanges(words: readonly string[]): (string | number)[] {
  return words.map((word) => wholeNumber(word) ?? word);
}

/** A regular expression of keepalived as one of ours. */
function bodyExpression(url: Statement, draft: Draft): string | undefined {
  const [regex] = named(url, 'regex');
  if (regex === undefined) return undefined;
  const source = regex.words[1] ?? '';
  const [reversed] = named(url, 'regex_no_match');
  if (reversed !== undefined) {
    draft.note(reversed.origin, 'regex_no_match: a document has no words for what the body must not contain');
    return undefined;
  }
  const [options] = named(url, 'regex_options');
  if (options !== undefined) draft.note(options.origin, 'regex_options are not carried over');
  try {
    return `/${new RegExp(source, 'u').source}/`;
  } catch {
    draft.note(regex.origin, `regex ${source} is none that Node.js understands`);
    return undefined;
  }
}

function httpChecks(checker: Checker, isTls: boolean): ReadCheck[] {
  const { nested, inherited, certificates, draft } = checker;
  const serverName = own(checker, 'sni_name');
  const tls = isTls ? { tls: { ...(serverName === undefined ? {} : { serverName }), ...certificates } } : {};
  const urls = nested.length > 0 ? nested : [{ ...checker.block, inside: [] }];
  return urls.map((url) => {
    let path = '/';
    let host = inherited.virtualHost;
    let expectStatus: (string | number)[] = ['200-299'];
    for (const statement of url.inside ?? []) {
      const [name = '', value] = statement.words;
      if (name === 'path') path = value ?? path;
      else if (name === 'virtualhost') host = value ?? host;
      else if (name === 'status_code') expectStatus = statusRanges(values(statement));
      else if (Object.hasOwn(told, name)) draft.note(statement.origin, `${name}: ${told[name] ?? ''}`);
      else if (!name.startsWith('regex') && !silent.has(name)) draft.note(statement.origin, `${name} is not known`);
    }
    const expectBody = bodyExpression(url, draft);
    const check: CheckInput = {
      type: 'http',
      path,
      ...(host === undefined ? {} : { host }),
      expectStatus,
      ...(expectBody === undefined ? {} : { expectBody }),
      ...tls,
    };
    return { check, retry: 1, delay: 3 };
  });
}

function smtpChecks(checker: Checker): ReadCheck[] {
  const helo = own(checker, 'helo_name');
  const check: CheckInput = { type: 'smtp', ...(helo === undefined ? {} : { helo }) };
  const hosts = checker.nested.length > 0 ? checker.nested : [undefined];
  return hosts.map((host) => {
    const address = canonicalAddress(host === undefined ? '' : ([...named(host, 'connect_ip')][0]?.words[1] ?? ''));
    const port = portOf(host === undefined ? undefined : [...named(host, 'connect_port')][0]?.words[1]);
    const at = { ...(address === undefined ? {} : { address }), ...(port === undefined || port === 0 ? {} : { port }) };
    return { check, retry: 1, delay: 1, at };
  });
}

const recordTypes = ['A', 'NS', 'CNAME', 'SOA', 'MX', 'TXT', 'AAAA'] as const;

function dnsChecks(checker: Checker): ReadCheck[] {
  const type = own(checker, 'type')?.toUpperCase() ?? 'SOA';
  const recordType = recordTypes.find((each) => each === type);
  if (recordType === undefined)
    checker.draft.note(checker.block.origin, `records of type ${type} can't be asked for: SOA`);
  const check: CheckInput = {
    type: 'dns',
    name: own(checker, 'name') ?? '.',
    recordType: recordType ?? 'SOA',
    expectCode: ['NOERROR'],
  };
  return [{ check, retry: 3, delay: undefined }];
}

function miscChecks(checker: Checker): ReadCheck[] {
  const path = own(checker, 'misc_path') ?? '';
  const command = commandWords(path);
  if (command[0]?.startsWith('/') !== true) {
    checker.draft.note(checker.block.origin, `misc_path ${path}: a program has to be named by its whole path`);
    return [];
  }
  const user = own(checker, 'user');
  if (user === undefined) {
    checker.draft.note(checker.block.origin, 'MISC_CHECK without user: it runs as nobody, unless you add one');
  }
  return [
    {
      check: { type: 'exec', command, ...(user === undefined ? {} : { user }) },
      retry: 0,
      delay: 1,
      limit: seconds(own(checker, 'misc_timeout')) ?? checker.inherited.delayLoop,
    },
  ];
}

/** Bytes in hexadecimal, with an x for a digit that may be any. */
function hexadecimal(text: string | undefined): string | undefined {
  const digits = text?.replace(/\s|^0x/gi, '') ?? '';
  return /^(?:[0-9a-f]{2})+$/i.test(digits) ? `hex:${digits.toLowerCase()}` : undefined;
}

function udpChecks(checker: Checker): ReadCheck[] {
  const send = hexadecimal(own(checker, 'payload'));
  const reply = checker.own.get('require_reply');
  const expect = reply === undefined ? undefined : (hexadecimal(reply.words[1]) ?? 'any');
  if (expect === 'any' && reply?.words[1] !== undefined) {
    checker.draft.note(reply.origin, 'require_reply with digits that may be any becomes any reply');
  }
  const check: CheckInput = {
    type: 'udp',
    ...(send === undefined ? {} : { send }),
    ...(expect === undefined ? { assumeUp: true } : { expect }),
  };
  return [{ check, retry: 1, delay: 1 }];
}

/** Checkers by their names. */
const checkers: Readonly<Record<string, (checker: Checker) => ReadCheck[]>> = {
  TCP_CHECK: () => [{ check: { type: 'tcp' }, retry: 1, delay: 1 }],
  HTTP_GET: (checker) => httpChecks(checker, false),
  SSL_GET: (checker) => httpChecks(checker, true),
  SMTP_CHECK: smtpChecks,
  DNS_CHECK: dnsChecks,
  MISC_CHECK: miscChecks,
  UDP_CHECK: udpChecks,
  PING_CHECK: () => [{ check: { type: 'ping' }, retry: 1, delay: 1 }],
};

/** Reads keepalived.conf and the files that it includes. */
export async function readKeepalived(draft: Draft, text: string, file: string, files: ForeignFiles): Promise<void> {
  new Reader(draft).read(await new KeepalivedText(draft, files).read(text, file));
}
