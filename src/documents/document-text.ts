import type { Place, YamlFault } from './yaml-text.js';

/** A text that was read as YAML or JSON. */
export interface DocumentText {
  readonly value: unknown;
  /** What is wrong with the text itself. */
  readonly faults: readonly YamlFault[];
  /** Offsets of the values at paths. Costs another reading where the text was easy, so it is for errors. */
  readonly locate: (places: readonly Place[]) => Promise<number[]>;
}

const backslash = 92;
const colon = 58;

/** Whether the quote at an index is part of its string: an odd number of backslashes is before it. */
function isEscaped(json: string, quote: number): boolean {
  let start = quote;
  while (json.charCodeAt(start - 1) === backslash) start--;
  return (quote - start) % 2 === 1;
}

/** Names in the text of a JSON value: every string that a colon follows. */
function countNames(json: string): number {
  let count = 0;
  for (let start = json.indexOf('"'); start >= 0;) {
    let end = json.indexOf('"', start + 1);
    while (end >= 0 && isEscaped(json, end)) end = json.indexOf('"', end + 1);
    if (end < 0) return count;
    let next = end + 1;
    // Blank, tab, line feed and carriage return are what JSON has between things.
    while (json.charCodeAt(next) <= 32) next++;
    if (json.charCodeAt(next) === colon) count++;
    start = json.indexOf('"', next);
  }
  return count;
}

/** Members that a value has, with all that it holds. */
function countMembers(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  let count = 0;
  if (Array.isArray(value)) {
    for (const item of value) count += countMembers(item);
    return count;
  }
  for (const member of Object.values(value)) count += 1 + countMembers(member);
  return count;
}

async function readYaml(text: string): Promise<DocumentText | readonly YamlFault[]> {
  const { parseYaml } = await import('./yaml-text.js');
  const yaml = parseYaml(text);
  return 'locate' in yaml ? { ...yaml, locate: (places) => Promise.resolve(yaml.locate(places)) } : yaml;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/**
 * Reads a text as JSON where it is, which is much faster, and else as YAML.
 * @returns faults where it can't be read.
 */
export async function readDocumentText(text: string): Promise<DocumentText | readonly YamlFault[]> {
  const value = /^\s*\{/.test(text) ? parseJson(text) : undefined;
  // JSON.parse takes the last of two members of one name and says nothing.
  if (value === undefined || countNames(text) !== countMembers(value)) return readYaml(text);
  return {
    value,
    faults: [],
    locate: async (places) => {
      const yaml = await readYaml(text);
      return 'locate' in yaml ? yaml.locate(places) : places.map(() => 0);
    },
  };
}
