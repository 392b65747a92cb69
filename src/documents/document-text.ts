// The text of a document in, its value out, with what is wrong in the YAML and the places of all values.

import {
  constructFromEvents,
  CORE_SCHEMA,
  EVENT_ID,
  getScalarValue,
  mapTag,
  parseEvents,
  SCALAR_STYLE,
  YAMLException,
  type Event,
} from 'js-yaml';
import type { Path } from '../model/problem.js';
import { replacement } from './source-text.js';

/** Nesting beyond which a text is no document; the shape has seven levels. */
const deepest = 20;

/** Names that valibot skips in every mapping, because prototypes have them. */
const prototypeNames: readonly string[] = ['__proto__', 'prototype', 'constructor'];

/** What is wrong with the YAML itself, and where. */
export interface TextFault {
  readonly offset: number;
  readonly message: string;
}

/** What to locate: a value, or its name in its mapping. */
export interface Place {
  readonly path: Path;
  readonly of: 'name' | 'value';
}

/** A text that was read as YAML or JSON. */
export interface DocumentText {
  /** Undefined where the text can't be read; of a name that a mapping has twice, the last value. */
  readonly value: unknown;
  readonly faults: readonly TextFault[];
  /** The offset of a place, or of the nearest enclosing one that exists. */
  readonly locate: (place: Place) => number;
}

/** A value in the text. */
interface Spot {
  /** Where it starts; undefined for an empty one. */
  readonly start: number | undefined;
  /** Where its name starts, for a member of a mapping. */
  readonly named?: number | undefined;
  readonly parts?: ReadonlyMap<string | number, Spot>;
}

/** Where what an event begins starts in the text; undefined for an empty value. */
function startOf(event: Event): number | undefined {
  if (event.type === EVENT_ID.SEQUENCE || event.type === EVENT_ID.MAPPING) return event.start;
  if (event.type !== EVENT_ID.SCALAR || event.valueStart < 0) return undefined;
  const quoted = event.style === SCALAR_STYLE.SINGLE_QUOTED || event.style === SCALAR_STYLE.DOUBLE_QUOTED;
  return event.valueStart - Number(quoted);
}

/**
 * Walks through the events of a text: finds the place of every value, and what no document may have. It costs as much
 * as parsing, so it is only for texts with a problem.
 */
class Walk {
  readonly root: Spot;
  readonly faults: TextFault[] = [];
  readonly #events: readonly Event[];
  readonly #text: string;
  readonly #replaced: boolean;
  #next: number;

  constructor(events: readonly Event[], text: string, replaced: boolean) {
    this.#events = events;
    this.#text = text;
    this.#replaced = replaced;
    // The first event opens the document, and one closes it.
    this.#next = 1;
    this.root = this.#value();
    const second = events[this.#next + 2];
    if (second !== undefined) this.#report(startOf(second) ?? 0, 'a second YAML document; a file holds one table');
  }

  #report(offset: number, message: string): void {
    this.faults.push({ offset, message });
  }

  #value(): Spot {
    const event = this.#events[this.#next++];
    // Events are always complete: this is for the type.
    if (event === undefined) return { start: undefined };
    this.#checkProperties(event);
    const start = startOf(event);
    if (event.type === EVENT_ID.SEQUENCE) return { start, parts: this.#items() };
    if (event.type === EVENT_ID.MAPPING) return { start, parts: this.#members() };
    return { start };
  }

  #items(): Map<number, Spot> {
    const items = new Map<number, Spot>();
    while (this.#isInside()) items.set(items.size, this.#value());
    return items;
  }

  #members(): Map<string, Spot> {
    const members = new Map<string, Spot>();
    while (this.#isInside()) {
      const key = this.#events[this.#next];
      const { start } = this.#value();
      const name = key?.type === EVENT_ID.SCALAR ? getScalarValue(this.#text, key) : '';
      if (members.has(name)) {
        this.#report(start ?? 0, `"${name}" a second time in the same mapping`);
      }
      if (prototypeNames.includes(name)) this.#report(start ?? 0, `unknown name "${name}"`);
      members.set(name, { ...this.#value(), named: start });
    }
    return members;
  }

  /** Whether a collection goes on; its end is skipped. */
  #isInside(): boolean {
    const event = this.#events[this.#next];
    if (event !== undefined && event.type !== EVENT_ID.POP) return true;
    this.#next++;
    return false;
  }

  /** Refuses features of YAML that a table has no use for, and that make a text mean more than it shows. */
  #checkProperties(event: Event): void {
    if (event.type === EVENT_ID.DOCUMENT || event.type === EVENT_ID.POP) return;
    if (event.type === EVENT_ID.ALIAS) {
      this.#report(event.anchorStart - 1, 'YAML aliases are not supported; write the value');
      return;
    }
    if (event.anchorStart >= 0) {
      this.#report(event.anchorStart - 1, 'YAML anchors are not supported; write the value where it is needed');
    }
    if (event.tagStart >= 0) this.#report(event.tagStart, 'YAML tags are not supported');
    if (!this.#replaced || event.type !== EVENT_ID.SCALAR) return;
    const strange = this.#text.slice(event.valueStart, event.valueEnd).indexOf(replacement);
    if (strange >= 0) this.#report(event.valueStart + strange, 'invalid UTF-8');
  }
}

/** Whether a text is one document without aliases, anchors and tags. */
function isSimple(events: readonly Event[]): boolean {
  let documents = 0;
  return events.every((event) => {
    if (event.type === EVENT_ID.POP) return true;
    if (event.type === EVENT_ID.DOCUMENT) return ++documents === 1;
    return event.type !== EVENT_ID.ALIAS && event.anchorStart < 0 && event.tagStart < 0;
  });
}

/** The value of a simple text, and whether every name in it is allowed and once in its mapping. */
function construct(events: Event[], source: string): { value: unknown; usual: boolean } {
  let usual = true;
  const schema = CORE_SCHEMA.withTags({
    ...mapTag,
    addPair(mapping: Record<string, unknown>, name: unknown, value: unknown) {
      if (mapTag.has(mapping, name) || prototypeNames.includes(String(name))) usual = false;
      return mapTag.addPair(mapping, name, value);
    },
  });
  const [value] = constructFromEvents(events, { source, schema, json: true });
  return { value, usual };
}

function locate(root: Spot, { path, of }: Place): number {
  let spot = root;
  let offset = root.start ?? 0;
  for (const [depth, name] of path.entries()) {
    const part = spot.parts?.get(name);
    if (part === undefined) break;
    const byName = of === 'name' && depth === path.length - 1;
    offset = (byName ? (part.named ?? part.start) : (part.start ?? part.named)) ?? offset;
    spot = part;
  }
  return offset;
}

/**
 * Reads YAML; JSON is YAML too.
 * @param replaced whether bytes that are not UTF-8 were replaced: allowed in a comment, not in a value.
 */
export function readDocumentText(text: string, replaced: boolean): DocumentText {
  try {
    const events = parseEvents(text, { maxDepth: deepest });
    let known: Walk | undefined;
    const walk = (): Walk => (known ??= new Walk(events, text, replaced));
    const { value, usual } = isSimple(events) ? construct(events, text) : { value: undefined, usual: false };
    return {
      value,
      faults: usual && !replaced ? [] : walk().faults,
      locate: (place) => locate(walk().root, place),
    };
  } catch (error) {
    if (!(error instanceof YAMLException)) throw error;
    const fault = { offset: error.mark?.position ?? 0, message: `not valid YAML or JSON: ${error.reason}` };
    return { value: undefined, faults: [fault], locate: () => 0 };
  }
}
