import { canonicalAddress } from '../../model/address-kind.js';
import { formatIpv4, parseIpv4 } from '../../model/address.js';
import type { Protocol } from '../../model/service.js';
import type { NameResolver } from '../../ports/resolver.js';
import type { CheckInput } from '../health-schema.js';
import {
  checkTiming,
  linesOf,
  longestRange,
  seconds,
  wholeNumber,
  type Draft,
  type DraftServer,
  type DraftService,
  type Origin,
  type ServerSettings,
  type ServiceSettings,
} from './draft.js';

// ldirectord.cf in, a draft out.

/** A line `name=value`. */
interface Setting {
  readonly origin: Origin;
  readonly name: string;
  readonly value: string;
  readonly isIndented?: boolean;
}

/** A `virtual=` and the lines that are indented below it. */
interface Block {
  readonly head: Setting;
  readonly settings: readonly Setting[];
}

const methods: Readonly<Record<string, 'masquerading' | 'direct-routing' | 'tunneling'>> = {
  gate: 'direct-routing',
  masq: 'masquerading',
  ipip: 'tunneling',
};

/** Settings that have no place in a document, and what is said about them. */
const told: Readonly<Record<string, string>> = {
  callback: 'scripts are not carried over',
  execute: 'other instances are not carried over',
  fallbackcommand: 'scripts are not carried over',
  maintenancedir: 'servers are not taken out by files',
  emailalert: 'there is no mail',
  cleanstop: 'the table stays when a program ends',
  load: 'weights by load are not carried over',
  readdquiescent: 'servers are added as they are needed',
};

/** Settings that nothing in a document depends on. */
const silent = new Set([
  ...['autoreload', 'logfile', 'emailalertfreq', 'emailalertstatus', 'emailalertfrom', 'smtp', 'supervised', 'fork'],
  ...['servicename', 'comment', 'monitorfile', 'checkcount'],
]);

/** What is checked where nothing is said, by the port of the service. */
const servicesByPort: Readonly<Record<number, string>> = {
  21: 'ftp',
  25: 'smtp',
  53: 'dns',
  80: 'http',
  110: 'pop',
  119: 'nntp',
  143: 'imap',
  389: 'ldap',
  443: 'https',
  587: 'submission',
  636: 'ldaps',
  993: 'imaps',
  995: 'pops',
  1521: 'oracle',
  1812: 'radius',
  3128: 'http_proxy',
  3306: 'mysql',
  5060: 'sip',
  5432: 'pgsql',
};

/** What a server says first, for services whose log-in has no check of its own. */
const greetings: Readonly<Record<string, string>> = {
  ftp: '/^220/',
  imap: '/^\\* (OK|PREAUTH)/',
  imaps: '/^\\* (OK|PREAUTH)/',
  nntp: '/^20[01]/',
  pop: '/^\\+OK/',
  pops: '/^\\+OK/',
};

/** Splits a text into settings, each under its `virtual=`, if it is indented. */
function parse(draft: Draft, text: string, file: string): { globals: Setting[]; blocks: Block[] } {
  const globals: Setting[] = [];
  const blocks: { head: Setting; settings: Setting[] }[] = [];
  for (const { origin, line: given } of linesOf(draft, text, file)) {
    const line = given.replace(/#.*/s, '').trimEnd();
    if (line.trim() === '') continue;
    const [, indent = '', name = '', value = ''] = /^(\s*)([A-Za-z0-9_-]+)\s*=\s*(.*)$/s.exec(line) ?? [];
    const setting = { origin, name: name.toLowerCase(), value: value.trim() };
    const block = blocks.at(-1);
    if (name === '') draft.note(origin, 'the line is not understood', /\b(?:real|virtual)/.test(line));
    else if (/^virtual6?$/.test(setting.name)) blocks.push({ head: setting, settings: [] });
    else if (block === undefined) globals.push(setting);
    else if (indent !== '') block.settings.push(setting);
    else if (/^real6?$/.test(setting.name) || block.settings.at(-1)?.isIndented === false) {
      // Whoever lost the blanks on the way did not lose the servers: they are nobody else's.
      if (block.settings.at(-1)?.isIndented !== false) {
        draft.note(origin, 'the lines below virtual= have to be indented; they are taken as if they were');
      }
      block.settings.push({ ...setting, isIndented: false });
    } else globals.push(setting);
  }
  return { globals, blocks };
}

function unquoted(value: string): string {
  return /^"(.*)"$/s.exec(value)?.[1] ?? value;
}

/** The last value of a name; that of a service before that of all. */
function lastOf(name: string, ...lists: readonly (readonly Setting[])[]): Setting | undefined {
  for (const list of lists) {
    const found = list.filter((setting) => setting.name === name).at(-1);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** An address and a port that a word names; the port is undefined where it has none. */
interface Endpoint {
  readonly address: string;
  readonly port: number | undefined;
}

/** Reads one configuration. */
class Reader {
  readonly #draft: Draft;
  readonly #names: NameResolver;
  readonly #globals: readonly Setting[];

  constructor(draft: Draft, names: NameResolver, globals: readonly Setting[]) {
    this.#draft = draft;
    this.#names = names;
    this.#globals = globals;
  }

  /** The address of a word such as `10.0.0.1:80`, `[2001:db8::1]:http` or `www:80`. */
  async #endpoint(word: string, protocol: Protocol): Promise<Endpoint | undefined> {
    const [, host = '', port] = /^(\[[^\]]*\]|[^:]*)(?::([\w-]+))?$/.exec(word) ?? [];
    const bare = host.replace(/^\[(.*)\]$/, '$1');
    const address =
      canonicalAddress(bare) ?? (/^[\w.-]+$/.test(bare) ? (await this.#names.hostAddresses(bare))[0] : undefined);
    if (address === undefined) return undefined;
    if (port === undefined) return { address, port: undefined };
    const number = wholeNumber(port) ?? this.#names.servicePort(port, protocol);
    return number === undefined || number > 65535 ? undefined : { address, port: number };
  }

  tellGlobals(): void {
    for (const { name, origin } of this.#globals) this.#tell(name, origin, globalNames);
  }

  #tell(name: string, origin: Origin, known: ReadonlySet<string>): void {
    const message = Object.hasOwn(told, name) ? told[name] : undefined;
    if (message !== undefined) this.#draft.note(origin, `${name}: ${message}`);
    else if (!known.has(name) && !silent.has(name)) this.#draft.note(origin, `${name} is not known`);
  }

  async readBlock({ head, settings }: Block): Promise<void> {
    const draft = this.#draft;
    const value = (name: string): string | undefined => lastOf(name, settings)?.value;
    for (const { name, origin } of settings) this.#tell(name, origin, blockNames);
    const service = draft.hasRoom(head.origin) ? await this.#service(head, settings) : undefined;
    if (service === undefined) return;
    const { settings: document } = service;
    document.scheduler = value('scheduler') ?? 'wrr';
    const flags = value('schedflags');
    if (flags !== undefined) document.schedulerFlags = flags.split(',').map((flag) => flag.trim());
    const persistent = wholeNumber(value('persistent'));
    if (persistent !== undefined && persistent > 0) document.persistenceTimeout = persistent;
    const netmask = value('netmask');
    if (netmask !== undefined && document.persistenceTimeout !== undefined) {
      document.persistenceNetmask = wholeNumber(netmask) ?? netmask;
    }
    if (value('ops') === 'yes') document.onePacket = true;
    document.onDown = lastOf('quiescent', settings, this.#globals)?.value === 'yes' ? 'quiesce' : 'remove';
    for (const setting of settings) {
      if (/^real6?$/.test(setting.name)) service.servers.push(...(await this.#servers(setting, service, settings)));
    }
    const fallback = lastOf(head.name === 'virtual6' ? 'fallback6' : 'fallback', settings, this.#globals);
    if (fallback !== undefined) service.sorryServer = await this.#fallback(fallback, service);
    const type = value('checktype');
    if (type === 'off') {
      draft.note(head.origin, 'checktype off: its servers get weight 0, as ldirectord gives them nothing');
      for (const server of service.servers) server.settings.weight = 0;
    }
    draft.services.push(service);
  }

  async #service(head: Setting, settings: readonly Setting[]): Promise<DraftService | undefined> {
    const draft = this.#draft;
    const title = unquoted(lastOf('servicename', settings)?.value ?? lastOf('comment', settings)?.value ?? '');
    const service = {
      origin: head.origin,
      title: title === '' ? undefined : title,
      servers: [],
      sorryServer: undefined,
    };
    const fwmark = wholeNumber(head.value);
    if (fwmark !== undefined) {
      const family = head.name === 'virtual6' ? { family: 'inet6' as const } : {};
      return { ...service, settings: { fwmark, ...family } };
    }
    const given = lastOf('protocol', settings)?.value.toLowerCase();
    const protocol = given ?? (/:(53|domain)$/.test(head.value) ? 'udp' : 'tcp');
    if (protocol !== 'tcp' && protocol !== 'udp') {
      draft.lose(head.origin, `protocol ${protocol} is not one of tcp and udp`);
      return undefined;
    }
    const endpoint = await this.#endpoint(head.value, protocol);
    if (endpoint === undefined) {
      draft.lose(head.origin, `${head.value}: no address and port, and no name of one`);
      return undefined;
    }
    const { address, port } = endpoint;
    const document: ServiceSettings = {
      address,
      ...(protocol === 'tcp' ? {} : { protocol }),
      ...(port === undefined ? {} : { port }),
    };
    return { ...service, settings: document };
  }

  async #servers(setting: Setting, service: DraftService, settings: readonly Setting[]): Promise<DraftServer[]> {
    const draft = this.#draft;
    const { origin, value } = setting;
    const words = /^(\S+)\s+(gate|masq|ipip)\b(?:\s+(\d+))?(.*)$/s.exec(value);
    if (words === null) {
      draft.lose(origin, `real=${value}: expected an address and gate, masq or ipip`);
      return [];
    }
    const [, where = '', method = '', weight, rest = ''] = words;
    const [, request, receive] = /\s"([^"]*)"[, ]\s*"([^"]*)"/.exec(rest) ?? [];
    const lower = wholeNumber(/\sl:(\d+)/.exec(rest)?.[1]);
    const upper = wholeNumber(/\su:(\d+)/.exec(rest)?.[1]);
    const protocol = service.settings.protocol === 'udp' ? 'udp' : 'tcp';
    const left = rest.replace(/\s"[^"]*"[, ]\s*"[^"]*"|\s[lu]:\d+/g, '').trim();
    if (left !== '') draft.note(origin, `${left} is not understood`);
    const endpoints = await this.#range(where, protocol);
    if (endpoints === undefined) {
      draft.lose(origin, `${where}: no address and port, no name of one, or too large a range`);
      return [];
    }
    const own = [
      ...(request === undefined ? [] : [{ origin, name: 'request', value: request }]),
      ...(receive === undefined ? [] : [{ origin, name: 'receive', value: receive }]),
    ];
    return endpoints
      .filter(() => draft.hasRoom(origin))
      .map((endpoint) => ({
        origin,
        settings: {
          ...this.#place(endpoint, methods[method] ?? 'direct-routing', service, origin),
          weight: wholeNumber(weight) ?? 1,
          ...(upper === undefined ? {} : { upperThreshold: upper }),
          ...(lower === undefined ? {} : { lowerThreshold: lower }),
        },
        checks: this.#checks([...settings, ...own], service, endpoint),
      }));
  }

  /** The servers of `10.0.0.1->10.0.0.9:80`, or of one address. */
  async #range(where: string, protocol: Protocol): Promise<Endpoint[] | undefined> {
    const [, first, last, port = ''] = /^([0-9.]+)->([0-9.]+)(:[\w-]+)?$/.exec(where) ?? [];
    if (first === undefined || last === undefined) {
      const one = await this.#endpoint(where, protocol);
      return one && [one];
    }
    const low = parseIpv4(first);
    const high = parseIpv4(last);
    const start = await this.#endpoint(`${first}${port}`, protocol);
    if (low === undefined || high === undefined || start === undefined) return undefined;
    if (high < low || high - low >= longestRange) return undefined;
    return Array.from({ length: high - low + 1 }, (_, at) => ({ address: formatIpv4(low + at), port: start.port }));
  }

  /** A server's address and port; without masquerading the port is the service's. */
  #place(
    { address, port }: Endpoint,
    forwarding: 'masquerading' | 'direct-routing' | 'tunneling',
    { settings }: DraftService,
    origin: Origin,
  ): ServerSettings {
    const isChosen = port !== undefined && port !== (settings.port ?? 0);
    const keepsPort = forwarding === 'masquerading';
    if (isChosen && !keepsPort && settings.fwmark === undefined)
      this.#draft.note(origin, `port ${port} has no effect: only masq changes ports`);
    return { address, ...(isChosen && keepsPort ? { port } : {}), forwarding };
  }

  async #fallback({ origin, value }: Setting, service: DraftService): Promise<DraftServer | undefined> {
    const [where = '', method = 'gate'] = value.split(/\s+/);
    const protocol = service.settings.protocol === 'udp' ? 'udp' : 'tcp';
    const endpoint = await this.#endpoint(where, protocol);
    const forwarding = methods[method];
    if (endpoint === undefined || forwarding === undefined) {
      this.#draft.lose(origin, `fallback ${value}: no address and port`);
      return undefined;
    }
    return { origin, settings: this.#place(endpoint, forwarding, service, origin), checks: [] };
  }

  #checks(settings: readonly Setting[], service: DraftService, endpoint: Endpoint): CheckInput[] {
    const draft = this.#draft;
    const find = (name: string): Setting | undefined => lastOf(name, settings, this.#globals);
    const kind = find('checktype')?.value ?? 'negotiate';
    const kindOrigin = find('checktype')?.origin ?? service.origin;
    const counted = wholeNumber(kind);
    if (counted !== undefined) draft.note(kindOrigin, `checktype ${kind}: every check negotiates`);
    const type = counted === undefined ? kind : 'negotiate';
    if (type === 'on' || type === 'off') return [];
    const negotiates = type === 'negotiate';
    const limit =
      find(negotiates ? 'negotiatetimeout' : 'checktimeout') ?? find('checktimeout') ?? find('connecttimeout');
    const interval = seconds(find('checkinterval')?.value) ?? 10;
    const timing = checkTiming(
      {
        interval,
        timeout: seconds(limit?.value) ?? Math.min(negotiates ? 30 : 5, interval),
        fall: wholeNumber(find('failurecount')?.value) ?? 1,
        rise: 1,
      },
      (message) => {
        draft.note(limit?.origin ?? service.origin, message);
      },
    );
    const asked = find('checkport');
    // A mark has no port: what is asked is the server's.
    const usual = Object.entries(servicesByPort).find(([, name]) => name === find('service')?.value)?.[0];
    const unmarked = service.settings.fwmark === undefined;
    const port = wholeNumber(asked?.value) ?? (unmarked ? undefined : (endpoint.port ?? wholeNumber(usual)));
    const protocol = service.settings.protocol ?? 'tcp';
    const check = this.#check(type, { find, service, endpoint, kindOrigin, protocol });
    if (check === undefined) return [];
    const needsPort = check.type !== 'ping' && check.type !== 'exec';
    return [{ ...check, ...timing, ...(port === undefined || !needsPort ? {} : { port }) }];
  }

  #check(type: string, asked: Asked): CheckInput | undefined {
    const draft = this.#draft;
    const { find, kindOrigin, service, protocol } = asked;
    switch (type) {
      case 'connect':
        return protocol === 'udp' ? { type: 'ping' } : { type: 'tcp' };
      case 'ping':
        return { type: 'ping' };
      case 'external': {
        const program = unquoted(find('checkcommand')?.value ?? '');
        const origin = find('checkcommand')?.origin ?? kindOrigin;
        if (!program.startsWith('/')) {
          draft.note(origin, `checkcommand ${program}: a program has to be named by its whole path`);
          return undefined;
        }
        draft.note(origin, 'checkcommand runs as nobody, unless you add a user');
        return { type: 'exec', command: [program, '%v', '%V', '%a', '%p'] };
      }
      case 'negotiate': {
        const fwmark = service.settings.fwmark !== undefined;
        const usual = fwmark ? 'none' : servicesByPort[service.settings.port ?? 0];
        const name = find('service')?.value ?? usual ?? 'none';
        return this.#negotiate(name, find('service')?.origin ?? service.origin, asked);
      }
      default:
        draft.note(kindOrigin, `checktype ${type} has nothing that it could be in a document`);
        return undefined;
    }
  }

  #negotiate(name: string, origin: Origin, { find, protocol }: Asked): CheckInput | undefined {
    const draft = this.#draft;
    const request = unquoted(find('request')?.value ?? '');
    const receive = unquoted(find('receive')?.value ?? '');
    const expected = receive === '' ? undefined : this.#expression(receive, find('receive')?.origin ?? origin);
    const body = expected === undefined ? {} : { expectBody: expected };
    const host = find('virtualhost')?.value.replace(/^"(.*)"$/, '$1');
    switch (name) {
      case 'http':
      case 'https': {
        const method = find('httpmethod')?.value.toUpperCase();
        const url = /^https?:\/\/[^/]*(\/.*)?$/.exec(request)?.[1] ?? request;
        return {
          type: 'http',
          path: url.startsWith('/') ? url : `/${url}`,
          ...(method === 'HEAD' || method === 'POST' ? { method } : {}),
          ...(host === undefined ? {} : { host }),
          expectStatus: ['200-299'],
          ...body,
          ...(name === 'https' ? { tls: {} } : {}),
        };
      }
      case 'smtp':
      case 'submission':
        return { type: 'smtp' };
      case 'dns':
        if (request === '' || request === '/') {
          draft.note(origin, 'service dns without request: only whether the server replies is checked');
          return { type: 'dns', name: '.', recordType: 'NS' };
        }
        return {
          type: 'dns',
          name: request,
          recordType: 'A',
          expectCode: ['NOERROR'],
          ...(receive === '' ? {} : { expectAnswer: receive }),
          ...(protocol === 'tcp' ? { transport: 'tcp' as const } : {}),
        };
      case 'simpletcp':
        return {
          type: 'tcp',
          ...(request === '' ? {} : { send: request.replace(/\\n/g, '\n').replace(/\\r/g, '\r') }),
          ...(expected === undefined ? {} : { expect: expected }),
        };
      case 'none':
        return undefined;
    }
    const greeting = Object.hasOwn(greetings, name) ? greetings[name] : undefined;
    const what =
      protocol === 'udp'
        ? 'that the host answers'
        : greeting === undefined
          ? 'that a connection is taken'
          : 'what the server greets with';
    draft.note(origin, `service ${name}: only ${what} is checked, nobody logs in`);
    if (protocol === 'udp') return { type: 'ping' };
    return {
      type: 'tcp',
      ...(greeting === undefined ? {} : { expect: greeting }),
      ...(name.endsWith('s') && name !== 'radius' ? { tls: {} } : {}),
    };
  }

  /** What the reply has to match is a regular expression of Perl's. */
  #expression(text: string, origin: Origin): string | undefined {
    try {
      return `/${new RegExp(text, 'u').source}/`;
    } catch {
      this.#draft.note(origin, `receive ${text} is no regular expression that Node.js understands`);
      return undefined;
    }
  }
}

/** What a check is made of. */
interface Asked {
  readonly find: (name: string) => Setting | undefined;
  readonly service: DraftService;
  readonly endpoint: Endpoint;
  readonly kindOrigin: Origin;
  readonly protocol: string;
}

const checkNames = [
  ...['checktype', 'checktimeout', 'negotiatetimeout', 'connecttimeout', 'checkinterval', 'checkport', 'failurecount'],
  ...[
    'checkcommand',
    'service',
    'request',
    'receive',
    'httpmethod',
    'virtualhost',
    'login',
    'passwd',
    'database',
    'secret',
  ],
];
const globalNames = new Set([...checkNames, 'fallback', 'fallback6', 'quiescent']);
const blockNames = new Set([
  ...globalNames,
  ...['real', 'real6', 'scheduler', 'schedflags', 'persistent', 'netmask', 'protocol', 'ops'],
]);

/** Reads ldirectord.cf; names of hosts and ports are looked up, as ldirectord does. */
export async function readLdirectord(draft: Draft, text: string, file: string, names: NameResolver): Promise<void> {
  const { globals, blocks } = parse(draft, text, file);
  const reader = new Reader(draft, names, globals);
  reader.tellGlobals();
  for (const block of blocks) await reader.readBlock(block);
}
