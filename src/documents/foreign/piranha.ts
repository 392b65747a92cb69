import { canonicalAddress } from '../../model/address-kind.js';
import type { NameResolver } from '../../ports/resolver.js';
import type { CheckInput } from '../health-schema.js';
import {
  checkTiming,
  commandWords,
  linesOf,
  literal,
  wholeNumber,
  type Draft,
  type DraftServer,
  type Origin,
  type ServerSettings,
  type ServiceSettings,
} from './draft.js';

// lvs.cf(5) of Piranha in, a draft out.

/** A value and where it stands. */
interface Value {
  readonly origin: Origin;
  readonly text: string;
}

/** `name { ... }`: settings by their names, and blocks in it. */
interface Block {
  readonly origin: Origin;
  readonly words: readonly string[];
  readonly settings: Map<string, Value>;
  readonly blocks: Block[];
}

const methods: Readonly<Record<string, 'masquerading' | 'direct-routing' | 'tunneling'>> = {
  direct: 'direct-routing',
  nat: 'masquerading',
  tunnel: 'tunneling',
};

/** Settings that have no place in a document, and what is said about them. */
const told: Readonly<Record<string, string>> = {
  load_monitor: 'weights by load are not carried over',
  syncdaemon: 'the daemon follows the failover of the directors: write syncDaemons where it always runs in one role',
};

/** Settings of failover between directors, which is not part of the table, and of addresses. */
const failover = new Set([
  ...['primary', 'primary_private', 'backup', 'backup_private', 'backup_active', 'heartbeat', 'heartbeat_port'],
  ...['keepalive', 'deadtime', 'nat_router', 'monitor_links'],
]);

/** Settings of virtual servers that are read, or that nothing in a document depends on. */
const virtualNames = new Set([
  ...['active', 'address', 'vip_nmask', 'port', 'persistent', 'pmask', 'send', 'expect', 'use_regex', 'send_program'],
  ...['load_monitor', 'scheduler', 'protocol', 'timeout', 'reentry', 'quiesce_server', 'sorry_server', 'fwmark'],
]);

/** The same of real servers. */
const serverNames = new Set(['active', 'address', 'port', 'weight']);

/** The line without its comment, which starts with # outside quotes. */
function withoutComment(line: string): string {
  return /^(?:"(?:\\.|[^"\\])*"|[^"#])*/.exec(line)?.[0] ?? '';
}

function parse(draft: Draft, text: string, file: string): Block {
  const root: Block = { origin: { file, line: 1 }, words: [], settings: new Map(), blocks: [] };
  const open = [root];
  for (const { origin, line: given } of linesOf(draft, text, file)) {
    const line = withoutComment(given).trim();
    if (line === '') continue;
    const block = open.at(-1) ?? root;
    const [, head] = /^([^={]*)\{\s*\}?$/.exec(line) ?? [];
    const [, name, value = ''] = /^([\w-]+)\s*=\s*(.*)$/s.exec(line) ?? [];
    if (head !== undefined && open.length < 4) {
      const inner = { origin, words: head.trim().split(/\s+/), settings: new Map<string, Value>(), blocks: [] };
      block.blocks.push(inner);
      if (!line.endsWith('}')) open.push(inner);
    } else if (line === '}' && open.length > 1) open.pop();
    else if (name !== undefined) block.settings.set(name, { origin, text: value });
    else draft.note(origin, 'the line is not understood', /\b(?:server|virtual)\b/.test(line));
  }
  const left = open.at(-1);
  if (left !== undefined && left !== root) draft.note(left.origin, 'the { in this line is never closed');
  return root;
}

/** The text in quotes, with what a backslash stands for. */
function unquoted(text: string): string {
  const [, inside = text] = /^"(.*)"$/s.exec(text) ?? [];
  const letters: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t' };
  return inside.replace(/\\(.)/gs, (_, letter: string) => letters[letter] ?? letter);
}

/** Reads one configuration. */
class Reader {
  readonly #draft: Draft;
  readonly #names: NameResolver;
  readonly #root: Block;

  constructor(draft: Draft, names: NameResolver, root: Block) {
    this.#draft = draft;
    this.#names = names;
    this.#root = root;
  }

  async read(): Promise<void> {
    const draft = this.#draft;
    let isTold = false;
    for (const [name, { origin, text }] of this.#root.settings) {
      if (Object.hasOwn(told, name) && text !== '0' && text !== 'none')
        draft.note(origin, `${name}: ${told[name] ?? ''}`);
      else if (failover.has(name) && !isTold) {
        draft.note(origin, `${name}: failover between directors is not part of the table`);
        isTold = true;
      }
    }
    const timeouts = ['tcp_timeout', 'tcpfin_timeout', 'udp_timeout'].map((name) =>
      wholeNumber(this.#root.settings.get(name)?.text),
    );
    const [tcp, tcpFin, udp] = timeouts;
    if (timeouts.some((value) => value !== undefined)) {
      draft.timeouts = {
        ...(tcp === undefined ? {} : { tcp }),
        ...(tcpFin === undefined ? {} : { tcpFin }),
        ...(udp === undefined ? {} : { udp }),
      };
    }
    for (const block of this.#root.blocks) {
      const [kind = ''] = block.words;
      if (kind === 'virtual') await this.#virtual(block);
      else
        draft.note(
          block.origin,
          `${block.words.join(' ')}: services that move between hosts are not part of the table`,
        );
    }
  }

  /** The first word of a value as an address; names are looked up. */
  async #address(value: Value | undefined): Promise<string | undefined> {
    const [word = ''] = (value?.text ?? '').split(/\s+/);
    return canonicalAddress(word) ?? (/^[\w.-]+$/.test(word) ? (await this.#names.hostAddresses(word))[0] : undefined);
  }

  #tellUnknown({ settings }: Block, known: ReadonlySet<string>): void {
    for (const [name, { origin }] of settings) if (!known.has(name)) this.#draft.note(origin, `${name} is not known`);
  }

  #isActive({ settings, words, origin }: Block): boolean {
    const active = settings.get('active')?.text;
    const name = words.join(' ');
    if (active === undefined && words[0] === 'virtual')
      this.#draft.note(origin, `${name} has no active = 1: Piranha would not use it`);
    if (active === undefined || active === '1') return true;
    this.#draft.note(origin, `${name} is not active and left out`);
    return false;
  }

  async #virtual(block: Block): Promise<void> {
    const draft = this.#draft;
    const { settings, words, origin } = block;
    if (!this.#isActive(block)) return;
    this.#tellUnknown(block, virtualNames);
    const text = (name: string): string | undefined => settings.get(name)?.text;
    const identity = await this.#identity(block);
    if (identity === undefined) return;
    const method = this.#root.settings.get('network')?.text ?? 'direct';
    const forwarding = methods[method];
    if (forwarding === undefined) {
      draft.lose(origin, `network ${method} is not one of direct, nat and tunnel`);
      return;
    }
    const persistent = wholeNumber(text('persistent'));
    const service: ServiceSettings = {
      ...identity,
      scheduler: text('scheduler') ?? 'wlc',
      ...(persistent === undefined || persistent === 0 ? {} : { persistenceTimeout: persistent }),
      onDown: text('quiesce_server') === '1' ? 'quiesce' : 'remove',
    };
    const mask = text('pmask');
    if (mask !== undefined && service.persistenceTimeout !== undefined) service.persistenceNetmask = mask;
    const monitor = settings.get('load_monitor');
    if (monitor !== undefined && monitor.text !== 'none')
      draft.note(monitor.origin, `load_monitor: ${told['load_monitor'] ?? ''}`);
    const checks = this.#checks(block);
    const servers: DraftServer[] = [];
    for (const inner of block.blocks) {
      const server = await this.#server(inner, forwarding, service);
      if (server !== undefined) servers.push({ ...server, checks });
    }
    const sorry = settings.get('sorry_server');
    const address = await this.#address(sorry);
    if (sorry !== undefined && address === undefined)
      draft.lose(sorry.origin, `sorry_server ${sorry.text}: no address`);
    draft.services.push({
      origin,
      title: words.slice(1).join(' '),
      settings: service,
      servers,
      sorryServer:
        sorry && address !== undefined
          ? { origin: sorry.origin, settings: { address, forwarding }, checks: [] }
          : undefined,
    });
  }

  async #identity({ settings, origin, words }: Block): Promise<ServiceSettings | undefined> {
    const draft = this.#draft;
    const mark = settings.get('fwmark');
    if (mark !== undefined && mark.text !== '0') {
      const fwmark = wholeNumber(mark.text);
      if (fwmark === undefined) draft.lose(mark.origin, `fwmark ${mark.text}: no number`);
      return fwmark === undefined ? undefined : { fwmark };
    }
    const address = await this.#address(settings.get('address'));
    if (address === undefined) {
      draft.lose(origin, `${words.join(' ')}: it has no address, and no name of one`);
      return undefined;
    }
    const protocol = settings.get('protocol')?.text.toLowerCase() ?? 'tcp';
    if (protocol !== 'tcp' && protocol !== 'udp') {
      draft.lose(origin, `protocol ${protocol} is not one of tcp and udp`);
      return undefined;
    }
    const port = wholeNumber(settings.get('port')?.text) ?? 80;
    return { address, ...(protocol === 'tcp' ? {} : { protocol }), ...(port === 0 ? {} : { port }) };
  }

  async #server(
    block: Block,
    forwarding: 'masquerading' | 'direct-routing' | 'tunneling',
    service: ServiceSettings,
  ): Promise<DraftServer | undefined> {
    const draft = this.#draft;
    const { settings, words, origin } = block;
    if (!this.#isActive(block)) return undefined;
    this.#tellUnknown(block, serverNames);
    const address = await this.#address(settings.get('address'));
    if (address === undefined) {
      draft.lose(origin, `${words.join(' ')}: it has no address, and no name of one`);
      return undefined;
    }
    const port = settings.get('port');
    const number = wholeNumber(port?.text);
    const isChosen = number !== undefined && number !== (service.port ?? 0);
    const keepsPort = forwarding === 'masquerading';
    if (port !== undefined && isChosen && !keepsPort) {
      draft.note(port.origin, `port ${number} has no effect: only nat changes ports`);
    }
    const document: ServerSettings = {
      address,
      ...(isChosen && keepsPort ? { port: number } : {}),
      forwarding,
      weight: wholeNumber(settings.get('weight')?.text) ?? 1,
    };
    return { origin, settings: document, checks: [] };
  }

  /** What nanny does: it connects, sends and compares, or runs a program and compares what that prints. */
  #checks({ settings, origin }: Block): CheckInput[] {
    const draft = this.#draft;
    const every = wholeNumber(settings.get('timeout')?.text) ?? 10;
    const reentry = wholeNumber(settings.get('reentry')?.text) ?? 180;
    const timing = checkTiming(
      {
        interval: every,
        timeout: every,
        fall: 1,
        rise: Math.ceil(reentry / Math.max(every, 1)) + 1,
      },
      (message) => {
        draft.note(settings.get('timeout')?.origin ?? origin, message);
      },
    );
    const expect = unquoted(settings.get('expect')?.text ?? '');
    const program = settings.get('send_program');
    if (program !== undefined && unquoted(program.text) !== '') {
      const command = commandWords(unquoted(program.text)).map((word) => word.replaceAll('%h', '%a'));
      if (command[0]?.startsWith('/') !== true) {
        draft.note(program.origin, 'send_program: a program has to be named by its whole path');
        return [];
      }
      draft.note(
        program.origin,
        'send_program: what counts is the exit status, not what it prints; it runs as nobody, unless you add a user',
      );
      return [{ type: 'exec', command, ...timing }];
    }
    if (settings.get('protocol')?.text.toLowerCase() === 'udp') {
      draft.note(origin, 'nanny connects by TCP, which says nothing about a UDP service: ping is used');
      return [{ type: 'ping', ...timing }];
    }
    const send = unquoted(settings.get('send')?.text ?? '');
    const isExpression = settings.get('use_regex')?.text === '1';
    const mark = settings.get('fwmark')?.text ?? '0';
    const port = wholeNumber(settings.get('port')?.text) ?? 80;
    return [
      {
        type: 'tcp',
        // A mark has no port: what is asked is that of the virtual server.
        ...(mark === '0' || port === 0 ? {} : { port }),
        ...(send === '' ? {} : { send }),
        ...(expect === '' || expect === '*'
          ? {}
          : { expect: isExpression ? `/${expect.replaceAll('/', '\\/')}/` : literal(expect) }),
        ...timing,
      },
    ];
  }
}

/** Reads lvs.cf; names of hosts are looked up. */
export async function readPiranha(draft: Draft, text: string, file: string, names: NameResolver): Promise<void> {
  await new Reader(draft, names, parse(draft, text, file)).read();
}
