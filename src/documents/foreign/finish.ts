import { DocumentError } from '../../errors.js';
import { canonicalTable } from '../../model/canonical.js';
import { pathText, type Path, type TableProblem } from '../../model/problem.js';
import { checkShape } from '../check-shape.js';
import { checkTable } from '../check-table.js';
import type { CheckInput } from '../health-schema.js';
import type { Configuration } from '../read-document.js';
import { unreadable } from '../report.js';
import type { Document } from '../schema.js';
import { Draft, type DraftServer, type DraftService, type ImportNote, type Origin } from './draft.js';

/** What was made of another program's file. */
export interface Imported extends Configuration {
  readonly document: Document;
  /** Where each service of the document comes from, and what its file calls it. */
  readonly origins: readonly { readonly origin: Origin; readonly title: string | undefined }[];
  readonly notes: readonly ImportNote[];
}

type DocumentService = Document['services'][number];
type UsedChecks = DocumentService['check'];

/** Gives equal checks one name: `http`, `http-2`. */
class CheckNames {
  readonly #names = new Map<string, string>();
  readonly #counts = new Map<string, number>();
  readonly checks: Record<string, CheckInput> = {};

  use(checks: readonly CheckInput[]): UsedChecks {
    const names = [...new Set(checks.map((check) => this.#nameOf(check)))];
    const [first] = names;
    return first === undefined ? 'none' : names.length === 1 ? first : names;
  }

  #nameOf(check: CheckInput): string {
    const id = JSON.stringify(check);
    const known = this.#names.get(id);
    if (known !== undefined) return known;
    const count = (this.#counts.get(check.type) ?? 0) + 1;
    this.#counts.set(check.type, count);
    const name = count === 1 ? check.type : `${check.type}-${count}`;
    this.#names.set(id, name);
    this.checks[name] = check;
    return name;
  }
}

/** The checks that most servers of a service have, as one text. */
function commonChecks(servers: readonly DraftServer[]): string {
  const counts = new Map<string, number>();
  for (const { checks } of servers) {
    const id = JSON.stringify(checks);
    counts.set(id, (counts.get(id) ?? 0) + 1);
  }
  return [...counts].sort(([, a], [, b]) => b - a)[0]?.[0] ?? '[]';
}

function serviceDocument({ settings, servers, sorryServer }: DraftService, names: CheckNames): DocumentService {
  const common = commonChecks(servers);
  const shared = servers.find(({ checks }) => JSON.stringify(checks) === common)?.checks ?? [];
  return {
    ...settings,
    ...(shared.length === 0 ? {} : { check: names.use(shared) }),
    ...(sorryServer === undefined ? {} : { sorryServer: sorryServer.settings }),
    servers: servers.map((server) =>
      JSON.stringify(server.checks) === common
        ? server.settings
        : { ...server.settings, check: names.use(server.checks) },
    ),
  };
}

function documentOf({ services, timeouts }: Draft): Document {
  const names = new CheckNames();
  const list = services.map((service) => serviceDocument(service, names));
  const { checks } = names;
  return {
    ...(timeouts === undefined ? {} : { timeouts }),
    ...(Object.keys(checks).length === 0 ? {} : { checks }),
    services: list,
  };
}

/** What is wrong with a document that was made here, as if it had been read. */
function examine(
  document: Document,
  { services }: Draft,
): {
  readonly problems: readonly TableProblem[];
  readonly configuration: Configuration;
} {
  const { problems, table, health, ranges, original } = checkShape(document);
  // The line in the file that was read, not the place in a document that nobody has seen yet.
  const describe = (path: Path): string => {
    const [, index, , number] = original(path);
    const service = typeof index === 'number' ? services[index] : undefined;
    const origin = (typeof number === 'number' ? service?.servers[number] : service)?.origin;
    return origin === undefined ? pathText(original(path)) : `${origin.file}:${origin.line}`;
  };
  const combinations = checkTable(table, describe);
  return {
    problems: [...problems, ...combinations.map(({ path, message }) => ({ path: original(path), message }))],
    configuration: { table: canonicalTable(table), health, ranges },
  };
}

/** Settings of services that can be left out rather than the service. */
const optional: readonly string[] = [
  ...['minimumHealthy', 'onDown', 'onePacket', 'schedulerFlags', 'persistenceNetmask', 'persistenceEngine'],
];

/** Takes what problems are about out of a draft, and notes it. */
class Repair {
  readonly #draft: Draft;
  readonly #document: Document;
  readonly #services = new Set<DraftService>();
  readonly #servers = new Set<DraftServer>();
  #hasChanged = false;

  constructor(draft: Draft, document: Document) {
    this.#draft = draft;
    this.#document = document;
  }

  /** @returns whether anything was taken out. */
  repair(problems: readonly TableProblem[]): boolean {
    for (const { path, message } of problems) this.#one(path, message);
    const { services } = this.#draft;
    const kept = services.filter((service) => !this.#services.has(service));
    services.splice(0, services.length, ...kept);
    for (const service of services) service.servers = service.servers.filter((server) => !this.#servers.has(server));
    return this.#hasChanged;
  }

  #one(path: Path, message: string): void {
    const [list, index, member, number, part] = path;
    if (list === 'checks' || list === 'timeouts' || (list === 'services' && typeof index === 'number')) {
      this.#hasChanged = true;
    }
    if (list === 'checks' && typeof index === 'string') {
      this.#dropCheck(index, message);
      return;
    }
    const service = list === 'services' && typeof index === 'number' ? this.#draft.services[index] : undefined;
    if (service === undefined) {
      if (list === 'timeouts') {
        this.#draft.timeouts = undefined;
        this.#draft.lose({ file: '', line: 0 }, `timeouts: ${message}`);
      }
      return;
    }
    const server = member === 'servers' && typeof number === 'number' ? service.servers[number] : undefined;
    if (server !== undefined && part === 'check') this.#dropChecks([server], message);
    else if (server !== undefined) {
      this.#servers.add(server);
      this.#draft.lose(server.origin, `the server is left out: ${message}`);
    } else if (member === 'check') this.#dropChecks(service.servers, message);
    else if (member === 'sorryServer') {
      this.#draft.lose(
        service.sorryServer?.origin ?? service.origin,
        `the server that takes over is left out: ${message}`,
      );
      service.sorryServer = undefined;
    } else if (typeof member === 'string' && optional.includes(member)) {
      this.#draft.note(service.origin, `${member} is left out: ${message}`);
      service.settings = Object.fromEntries(Object.entries(service.settings).filter(([name]) => name !== member));
    } else {
      this.#services.add(service);
      this.#draft.lose(service.origin, `the service is left out: ${message}`);
    }
  }

  #dropChecks(servers: readonly DraftServer[], message: string): void {
    for (const server of servers) {
      if (server.checks.length === 0) continue;
      server.checks = [];
      this.#draft.note(server.origin, `the check is left out: ${message}`);
    }
  }

  /** A check by the name that the document has given it. */
  #dropCheck(name: string, message: string): void {
    const id = JSON.stringify(this.#document.checks?.[name]);
    for (const { servers } of this.#draft.services) {
      for (const server of servers) {
        const kept = server.checks.filter((check) => JSON.stringify(check) !== id);
        if (kept.length === server.checks.length) continue;
        server.checks = kept;
        this.#draft.note(server.origin, `the check is left out: ${message}`);
      }
    }
  }
}

/** Rounds in which something is left out; what is left may show another problem. */
const mostRounds = 20;

/**
 * Makes the document, without what it can't have: that is noted, and the rest is as good as one that was read.
 * @throws {DocumentError} where nothing can be made of it.
 */
export function finish(draft: Draft, source: string): Imported {
  for (let round = 0; round < mostRounds; round++) {
    const document = documentOf(draft);
    const { problems, configuration } = examine(document, draft);
    if (problems.length === 0) {
      return {
        ...configuration,
        document,
        origins: draft.services.map(({ origin, title }) => ({ origin, title })),
        notes: draft.notes,
      };
    }
    if (!new Repair(draft, document).repair(problems)) break;
  }
  throw nothingUsable(source);
}

function nothingUsable(source: string): DocumentError {
  return unreadable(source, 'no document can be made of it');
}
