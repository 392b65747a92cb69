import { isUtf8 } from 'node:buffer';
import { classicOrder, naturalOrder } from '../format/order.js';
import { TextWriter } from '../text/text-writer.js';
import { column, type ServerRows } from '../model/server-rows.js';
import { forwardingMethods, tunnelTypes } from '../model/server.js';
import { isFirewallMark, type VirtualService } from '../model/service.js';
import type { SyncDaemon, Timeouts } from '../model/state.js';
import type { Settings } from '../model/table.js';
import { daemonRules, timeoutsRule, unsayableByRules, writeServiceRules } from './rules/table-rules.js';
import { checkTable } from './check-table.js';
import { writeYamlService, yamlHead, yamlNoServices, yamlServices } from './format-document.js';

/** How a text that `export` or `-S` writes is laid out. */
interface Layout {
  /** What the line of a service starts with. */
  readonly service: string;
  /** What its servers' lines start with, or the line before them. */
  readonly servers: string;
  /** What may stand before the services and what after them, in every way to say something or nothing of the rest. */
  readonly around: (timeouts: Timeouts, daemons: readonly SyncDaemon[]) => readonly (readonly [string, string])[];
  readonly write: (out: TextWriter, service: VirtualService, servers: ServerRows, rows: readonly number[]) => void;
}

const layouts: readonly Layout[] = [
  {
    service: '-A ',
    servers: '-a ',
    around: (timeouts, daemons) =>
      ['', timeoutsRule(timeouts)].flatMap((head) => ['', daemonRules(daemons)].map((tail) => [head, tail] as const)),
    write: writeServiceRules,
  },
  {
    service: '  - ',
    servers: '    servers:',
    around: (timeouts, daemons) =>
      [undefined, timeouts].flatMap((said) =>
        [undefined, daemons].flatMap((running) => {
          const head = yamlHead(said, running);
          return [[`${head}${yamlServices}`, ''] as const, [`${head}${yamlNoServices}`, ''] as const];
        }),
      ),
    write: writeYamlService,
  },
];

/** Largest threshold that every format can say. */
const largestThreshold = 2147483647;

/** Whether a server that the kernel has is said by every format, and taken by every reader. */
function isPlain(servers: ServerRows, row: number, { key }: VirtualService): boolean {
  const method = forwardingMethods[servers.number(row, column.forwarding)];
  const upper = servers.number(row, column.upperThreshold);
  if (servers.number(row, column.inet6) !== Number(key.family === 'inet6')) return false;
  if (upper > largestThreshold || servers.number(row, column.lowerThreshold) > upper) return false;
  if (method === 'masquerading') return true;
  if (!isFirewallMark(key) && servers.number(row, column.port) !== key.port) return false;
  if (method === 'direct-routing') return true;
  return method === 'tunnelling' && tunnelTypes[servers.number(row, column.tunnelType)] === 'ipip';
}

/** Characters that a comment may have without being looked at by a reader. */
const harmless = /^[\p{L}\p{M}\p{N}\p{P}\p{S}\p{Zs}\t\n]*$/u;

/** A text without the lines that are comments or empty; undefined where these may be more than that. */
function withoutRemarks(text: Buffer): Buffer | undefined {
  if (!text.includes('#') && !text.includes('\n\n')) return text;
  const plain = text.toString('utf8');
  if (!isUtf8(text) || !harmless.test(plain)) return undefined;
  return Buffer.from(plain.replace(/^ *(#.*)?\n/gm, ''));
}

/**
 * What a text says in the very words of `export` or of `-S`, service by service, in any order of these; lines that are
 * comments or empty don't count. Such a text can be compared with the kernel's table without being read: a director's
 * file is that mostly.
 */
export class SaidTable {
  readonly #text: Buffer;
  readonly #layout: Layout;
  /** Where services stand in the text, by their lines before the servers. */
  readonly #places: Map<string, readonly [start: number, end: number]>;
  readonly #head: Buffer;
  readonly #tail: Buffer;
  readonly #out = new TextWriter();

  private constructor(text: Buffer, layout: Layout, starts: readonly number[], end: number) {
    this.#text = text;
    this.#layout = layout;
    this.#head = text.subarray(0, starts[0] ?? end);
    this.#tail = text.subarray(end);
    this.#places = new Map(
      starts.map((start, index) => {
        const next = starts[index + 1] ?? end;
        return [this.#title(text.subarray(start, next)), [start, next]];
      }),
    );
  }

  /** @returns undefined where the text is laid out in another way, or says a service twice. */
  static of(bytes: Uint8Array): SaidTable | undefined {
    const text = withoutRemarks(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
    const rules = text?.[0] === dash;
    const layout = layouts[rules ? 0 : 1];
    if (text === undefined || layout === undefined) return undefined;
    const body = rules ? 0 : text.indexOf(yamlServices);
    const starts = body < 0 ? [] : linesThatStart(text, layout.service, body);
    const end = rules ? (linesThatStart(text, '--start-daemon ', starts.at(-1) ?? 0)[0] ?? text.length) : text.length;
    const said = new SaidTable(text, layout, starts, end);
    return said.#places.size === starts.length ? said : undefined;
  }

  /** Whether what it says beside the services, if anything, is this. */
  saysSettings({ timeouts, syncDaemons }: Settings): boolean {
    return this.#layout
      .around(timeouts, syncDaemons)
      .some(([head, tail]) => this.#head.equals(Buffer.from(head)) && this.#tail.equals(Buffer.from(tail)));
  }

  /** How many services it says. */
  get size(): number {
    return this.#places.size;
  }

  /** Where it says this very service with these servers: an offset in the text; undefined where it does not. */
  placeOf(service: VirtualService, servers: ServerRows): number | undefined {
    const alone = { services: [{ service, servers: [] }] };
    if (checkTable(alone, () => '').length > 0 || unsayableByRules(alone).length > 0) return undefined;
    for (let row = 0; row < servers.length; row++) if (!isPlain(servers, row, service)) return undefined;
    return (
      this.#placeOfText(service, servers, naturalOrder.rows(servers)) ??
      this.#placeOfText(service, servers, classicOrder.rows(servers))
    );
  }

  #placeOfText(service: VirtualService, servers: ServerRows, rows: readonly number[]): number | undefined {
    this.#out.clear();
    this.#layout.write(this.#out, service, servers, rows);
    const written = this.#out.bytes();
    const title = this.#title(Buffer.from(written.buffer, written.byteOffset, written.byteLength));
    const [start, end] = this.#places.get(title) ?? [];
    if (start === undefined || this.#text.compare(written, 0, written.length, start, end) !== 0) return undefined;
    return start;
  }

  /** The lines of a service before its servers. */
  #title(block: Buffer): string {
    const [end] = linesThatStart(block, this.#layout.servers, 0, 1);
    return block.toString('latin1', 0, end ?? block.length);
  }
}

const dash = 45;

/** Where lines start with a word, from an offset on, which is the start of a line. */
function linesThatStart(text: Buffer, word: string, from: number, limit = Infinity): number[] {
  const starts: number[] = [];
  if (text.subarray(from, from + word.length).equals(Buffer.from(word))) starts.push(from);
  const found = `\n${word}`;
  for (let at = text.indexOf(found, from); at >= 0 && starts.length < limit; at = text.indexOf(found, at + 1)) {
    starts.push(at + 1);
  }
  return starts;
}
