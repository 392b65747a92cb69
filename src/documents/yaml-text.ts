import {
  constructFromEvents,
  CORE_SCHEMA,
  EVENT_ID,
  getScalarValue,
  parseEvents,
  SCALAR_STYLE,
  YAMLException,
  type Event,
} from 'js-yaml';
import type { Path } from '../model/problem.js';

/** Nesting beyond which a text is no document; the shape has seven levels. */
const deepest = 20;

/** What is wrong with the YAML itself, and where. */
export interface YamlFault {
  readonly offset: number;
  readonly message: string;
}

/** A text as YAML. */
export interface YamlText {
  readonly value: unknown;
  /** Names that a mapping holds twice; the value has the last. */
  readonly faults: readonly YamlFault[];
  /** Offsets of the values at paths, or of the nearest thing around each that is there. */
  readonly locate: (paths: readonly Place[]) => number[];
}

/** What is looked for: a value, or the name that it has in its mapping. */
export interface Place {
  readonly path: Path;
  readonly of: 'name' | 'value';
}

/** Where an event starts in the text; undefined for those that only end something. */
function startOf(event: Event | undefined): number | undefined {
  switch (event?.type) {
    case EVENT_ID.SCALAR: {
      const quoted = event.style === SCALAR_STYLE.SINGLE_QUOTED || event.style === SCALAR_STYLE.DOUBLE_QUOTED;
      // An empty value has no place.
      return event.valueStart < 0 ? undefined : event.valueStart - Number(quoted);
    }
    case EVENT_ID.SEQUENCE:
    case EVENT_ID.MAPPING:
      return event.start;
    default:
      return undefined;
  }
}

/** Features of YAML that a table has no use for, and that make texts mean more than they show. */
function unwanted(events: readonly Event[]): YamlFault[] {
  const faults: YamlFault[] = [];
  let documents = 0;
  for (const event of events) {
    if (event.type === EVENT_ID.POP) continue;
    if (event.type === EVENT_ID.DOCUMENT) {
      documents++;
    } else if (event.type === EVENT_ID.ALIAS) {
      faults.push({ offset: event.anchorStart - 1, message: 'a YAML alias, which is not taken: write the value out' });
    } else {
      if (documents === 2) {
        faults.push({ offset: startOf(event) ?? 0, message: 'a second YAML document: a file holds one table' });
        documents++;
      }
      if (event.anchorStart >= 0) {
        faults.push({ offset: event.anchorStart - 1, message: 'a YAML anchor, which is not taken: write values out' });
      }
      if (event.tagStart >= 0) faults.push({ offset: event.tagStart, message: 'a YAML tag, which is not taken' });
    }
  }
  return faults;
}

function faultOf(error: unknown): YamlFault {
  if (!(error instanceof YAMLException)) throw error;
  return { offset: error.mark?.position ?? 0, message: `neither YAML nor JSON: ${error.reason}` };
}

/** Reads YAML (JSON too). @returns the faults where it can't be read. */
export function parseYaml(text: string): YamlText | readonly YamlFault[] {
  let events: Event[];
  try {
    events = parseEvents(text, { maxDepth: deepest });
  } catch (error) {
    return [faultOf(error)];
  }
  const bad = unwanted(events);
  if (bad.length > 0) return bad;
  const locate = (paths: readonly Place[]): number[] => locateAll(events, text, paths);
  const options = { source: text, schema: CORE_SCHEMA, maxAliases: 0 };
  try {
    return { value: constructFromEvents(events, options)[0], faults: [], locate };
  } catch (error) {
    const faults = repeatedNames(events, text);
    if (faults.length === 0) return [faultOf(error)];
    return { value: constructFromEvents(events, { ...options, json: true })[0], faults, locate };
  }
}

/** The index after the value that starts at `index`. */
function skip(events: readonly Event[], index: number): number {
  let depth = 0;
  do {
    const event = events[index++];
    if (event === undefined) return index;
    if (event.type === EVENT_ID.SEQUENCE || event.type === EVENT_ID.MAPPING) depth++;
    else if (event.type === EVENT_ID.POP) depth--;
  } while (depth > 0);
  return index;
}

/** A part of a value: its name or number, and the indices of the events that name it and that it starts with. */
interface Part {
  readonly name: string | number;
  readonly named: number;
  readonly value: number;
}

/** The members of a mapping or the items of a list that starts at `at`. */
function* partsOf(events: readonly Event[], text: string, at: number): Generator<Part> {
  const holder = events[at];
  if (holder?.type !== EVENT_ID.MAPPING && holder?.type !== EVENT_ID.SEQUENCE) return;
  let index = at + 1;
  for (let number = 0; ; number++) {
    const event = events[index];
    if (event === undefined || event.type === EVENT_ID.POP) return;
    const named = index;
    let name: string | number = number;
    if (holder.type === EVENT_ID.MAPPING) {
      name = event.type === EVENT_ID.SCALAR ? getScalarValue(text, event) : '';
      index = skip(events, index);
    }
    yield { name, named, value: index };
    index = skip(events, index);
  }
}

function repeatedNames(events: readonly Event[], text: string): YamlFault[] {
  const faults: YamlFault[] = [];
  for (const [index, event] of events.entries()) {
    if (event.type !== EVENT_ID.MAPPING) continue;
    const names = new Set<string | number>();
    for (const { name, named } of partsOf(events, text, index)) {
      if (names.has(name)) {
        faults.push({ offset: startOf(events[named]) ?? 0, message: `"${name}" a second time in the same mapping` });
      }
      names.add(name);
    }
  }
  return faults;
}

/** A node of the tree of all paths that are looked for. */
interface Wanted {
  readonly parts: Map<string | number, Wanted>;
  name?: number | undefined;
  value?: number | undefined;
}

function locateAll(events: readonly Event[], text: string, places: readonly Place[]): number[] {
  const root: Wanted = { parts: new Map() };
  for (const { path } of places) {
    let node = root;
    for (const name of path) {
      const next: Wanted = node.parts.get(name) ?? { parts: new Map() };
      node.parts.set(name, next);
      node = next;
    }
  }
  const walk = (node: Wanted, at: number): void => {
    node.value = startOf(events[at]);
    if (node.parts.size === 0) return;
    for (const { name, named, value } of partsOf(events, text, at)) {
      const part = node.parts.get(name);
      if (part === undefined) continue;
      walk(part, value);
      part.name = startOf(events[named]);
    }
  };
  // The first event starts the document.
  walk(root, 1);
  return places.map(({ path, of }) => {
    let node: Wanted | undefined = root;
    let offset = root.value ?? 0;
    for (const [depth, name] of path.entries()) {
      node = node.parts.get(name);
      if (node === undefined) break;
      const last = depth === path.length - 1;
      offset = (last && of === 'name' ? node.name : (node.value ?? node.name)) ?? offset;
    }
    return offset;
  });
}
