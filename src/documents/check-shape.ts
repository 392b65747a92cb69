import * as v from 'valibot';
import { closestName } from './closest-name.js';
import { describeValue } from './describe-value.js';
import { pathText, type Path, type TableProblem } from '../model/problem.js';
import type { ServiceWithServers, Table } from '../model/table.js';
import { readPlainYaml } from './plain-yaml.js';
import { documentSchema, tableServiceSchema } from './schema.js';

type Issue = v.BaseIssue<unknown>;

/** A problem of a document's shape. */
export interface ShapeProblem extends TableProblem {
  /** Whether it is the name of a member that is wrong, or what it is given. */
  readonly of: 'name' | 'value';
}

/** What a document says as far as its shape is right. */
export interface CheckedShape {
  readonly problems: readonly ShapeProblem[];
  /** Parts with problems are left out; undefined where nothing is left. */
  readonly table: Table | undefined;
  /** The path in the whole document of a path in what is left of it. */
  readonly original: (path: Path) => Path;
}

function pathOf(issue: Issue): (string | number)[] {
  return (issue.path ?? []).map(({ key }) => (typeof key === 'number' ? key : String(key)));
}

function problemOf(issue: Issue): ShapeProblem {
  const path = pathOf(issue);
  const last = path.at(-1) ?? '';
  if (issue.type === 'never') {
    const known = issue.message.split(' ');
    const meant = closestName(String(last), known);
    const help = meant === undefined ? `known are ${known.join(', ')}` : `did you mean ${meant}?`;
    return { path, of: 'name', message: `unknown name ${describeValue(last)}; ${help}` };
  }
  if (issue.type === 'object_with_rest' && issue.expected !== 'Object') {
    return { path: path.slice(0, -1), of: 'value', message: `${String(last)} is missing` };
  }
  // Checks of a service as a whole say all of it.
  if (issue.type === 'raw_check') return { path, of: 'name', message: issue.message };
  const { input } = issue;
  const hint =
    typeof input === 'string' && /^\d+$/.test(input) && /from \d+ to/.test(issue.message) ? ' in quotes' : '';
  return { path, of: 'value', message: `expected ${issue.message}, found ${describeValue(input)}${hint}` };
}

/** Members of an object from outside; none of anything else. */
function membersOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {};
}

function itemsOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** Leaves out the entries that `bad` names, and tells where the others come from. */
function withoutBad(value: unknown, bad: ReadonlySet<string>) {
  const keep = (list: unknown, base: Path): number[] =>
    itemsOf(list).flatMap((_, index) => (bad.has(pathText([...base, index])) ? [] : [index]));
  const { services, syncDaemons, timeouts } = membersOf(value);
  const daemons = keep(syncDaemons, ['syncDaemons']);
  const kept = keep(services, ['services']).map((index) => {
    const service = membersOf(itemsOf(services)[index]);
    const servers = keep(service['servers'], ['services', index, 'servers']);
    return { index, servers, value: { ...service, servers: servers.map((at) => itemsOf(service['servers'])[at]) } };
  });
  const original = (path: Path): Path => {
    const [list, index = 0, member, number = 0, ...rest] = path;
    if (typeof index !== 'number' || typeof list !== 'string' || path.length < 2) return path;
    if (list === 'syncDaemons') return [list, daemons[index] ?? index, ...path.slice(2)];
    const service = kept[index];
    if (service === undefined) return path;
    if (member !== 'servers' || typeof number !== 'number' || path.length < 4) {
      return [list, service.index, ...path.slice(2)];
    }
    return [list, service.index, member, service.servers[number] ?? number, ...rest];
  };
  const document = {
    services: kept.map((service) => service.value),
    ...(syncDaemons === undefined ? {} : { syncDaemons: daemons.map((index) => itemsOf(syncDaemons)[index]) }),
    ...(timeouts === undefined || bad.has('timeouts') ? {} : { timeouts }),
  };
  return { document, original };
}

/** The entry of a list, or the part of the document, that a path leads into. */
function entryOf([list, index, member, number]: Path): string {
  if (typeof index !== 'number') return String(list);
  return pathText(
    member === 'servers' && typeof number === 'number' ? [list ?? '', index, member, number] : [list ?? '', index],
  );
}

/** Checks the shape of a document: every name, type, word and number of it. */
export function checkShape(value: unknown): CheckedShape {
  const same = (path: Path): Path => path;
  const whole = v.safeParse(documentSchema, value);
  if (whole.success) return { problems: [], table: whole.output, original: same };
  const told = new Set<string>();
  const problems = whole.issues.map(problemOf).filter(({ path, message }) => {
    // One number can break several rules that say the same.
    const text = `${pathText(path)} ${message}`;
    if (told.has(text)) return false;
    told.add(text);
    return true;
  });
  const { document, original } = withoutBad(value, new Set(problems.map(({ path }) => entryOf(path))));
  const rest = v.safeParse(documentSchema, document);
  if (!rest.success) return { problems, table: undefined, original: same };
  return { problems, table: rest.output, original };
}

/**
 * The table that a text says which is plain YAML of the right shape; undefined where it is not. What is read of a
 * service is a service of the table before the next is read: of thousands of servers nothing is kept twice.
 */
export function readPlainTable(text: string): Table | undefined {
  const services: ServiceWithServers[] = [];
  const value = readPlainYaml(text, {
    list: 'services',
    take: (item) => {
      const service = v.safeParse(tableServiceSchema, item);
      if (service.success) services.push(service.output);
      return service.success ? true : undefined;
    },
  });
  const members = membersOf(value);
  if (!Array.isArray(members['services'])) return undefined;
  const rest = v.safeParse(documentSchema, { ...members, services: [] });
  return rest.success ? { ...rest.output, services } : undefined;
}
