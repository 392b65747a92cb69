import { posix } from 'node:path';

/** Files that are read because another one names them. */
export interface ForeignFiles {
  /** The text of a file. @throws {Error} where it can't be read. */
  read(path: string): Promise<string>;
  /** Names in a directory. @throws {Error} where it can't be read. */
  list(directory: string): Promise<readonly string[]>;
}

/** Most names that a pattern is looked for in, and most files that it may stand for. */
const mostNames = 10_000;

/** Longest pattern, and most alternatives that braces may make of it. */
const longestPattern = 1024;
const mostAlternatives = 64;

/** The alternatives of braces: `a{b,c}` is `ab` and `ac`. */
function* alternatives(pattern: string): Generator<string> {
  const found = /^(.*?)\{([^{}]*)\}(.*)$/s.exec(pattern);
  if (found === null) {
    yield pattern;
    return;
  }
  const [, before = '', inside = '', after = ''] = found;
  for (const each of inside.split(',')) yield* alternatives(`${before}${each}${after}`);
}

/** A letter that a pattern has in one place: any run of letters, or what one letter may be. */
type Place = 'run' | ((letter: string) => boolean);

function placesOf(part: string): Place[] {
  const places: Place[] = [];
  for (const [found] of part.matchAll(/\[!?\]?[^\]]*\]|\\?./gsu)) {
    if (found === '*') places.push('run');
    else if (found === '?') places.push(() => true);
    else if (found.length > 2 && found.startsWith('[')) places.push(setOf(found.slice(1, -1)));
    else {
      const letter = found.replace(/^\\(?=.)/, '');
      places.push((one) => one === letter);
    }
  }
  return places;
}

/** What is in brackets: letters and ranges of them; after ! all others. */
function setOf(inside: string): (letter: string) => boolean {
  const negated = /^[!^]/.test(inside);
  const ranges = [...inside.slice(Number(negated)).matchAll(/(.)-(.)|(.)/gsu)].map(
    ([, low, high, one = '']) => [low ?? one, high ?? one] as const,
  );
  return (letter) => ranges.some(([low, high]) => letter >= low && letter <= high) !== negated;
}

/** Whether a name is one that a pattern stands for. A star does not stand for a dot at the start. */
function matches(places: readonly Place[], name: string, part: string): boolean {
  if (name.startsWith('.') && !part.startsWith('.')) return false;
  const letters = Array.from(name);
  let place = 0;
  // Where the last run began, and what it has taken so far: only that one is ever made longer.
  let run: { readonly place: number; at: number } | undefined;
  for (let at = 0; at < letters.length;) {
    const expected = places[place];
    if (expected === 'run') {
      run = { place: ++place, at };
    } else if (expected?.(letters[at] ?? '') === true) {
      place++;
      at++;
    } else if (run !== undefined) {
      ({ place } = run);
      at = ++run.at;
    } else return false;
  }
  return places.slice(place).every((left) => left === 'run');
}

function isPattern(text: string): boolean {
  return /[*?[]/.test(text);
}

async function expand(files: ForeignFiles, path: string): Promise<string[]> {
  const parts = path.split('/');
  let found = [parts[0] === '' ? '/' : '.'];
  for (const part of parts) {
    if (part === '') continue;
    const next: string[] = [];
    for (const directory of found) {
      const join = (name: string): string =>
        directory === '/' ? `/${name}` : directory === '.' ? name : `${directory}/${name}`;
      if (!isPattern(part)) {
        next.push(join(part));
        continue;
      }
      const places = placesOf(part);
      const names = await files.list(directory).catch(() => []);
      next.push(
        ...[...names]
          .sort()
          .filter((name) => matches(places, name, part))
          .map(join),
      );
      if (next.length > mostNames) throw new RangeError('stands for too many files');
    }
    found = next;
  }
  return found;
}

/**
 * The files that a pattern stands for, sorted, as glob(3) with braces.
 * @throws {RangeError} for patterns that stand for too much.
 */
export async function filesOf(files: ForeignFiles, pattern: string): Promise<string[]> {
  if (pattern.length > longestPattern) throw new RangeError('is too long');
  const found: string[] = [];
  let count = 0;
  for (const path of alternatives(pattern)) {
    if (++count > mostAlternatives) throw new RangeError('has too many alternatives');
    found.push(...(await expand(files, path)));
  }
  return [...new Set(found)];
}

/** The directory of a file. */
export function directoryOf(path: string): string {
  return posix.dirname(path);
}

/** A path from a directory, if it is not an absolute one. */
export function pathFrom(directory: string, path: string): string {
  // Without detours, so that a file that is named in two ways is the same one.
  return posix.normalize(path.startsWith('/') ? path : posix.join(directory, path));
}
