import { DocumentError } from '../../errors.js';
import { systemErrorText } from '../../text/errno-text.js';
import { largestText } from '../report.js';
import { linesOf, longestLine, type Draft, type Origin } from './draft.js';
import { directoryOf, filesOf, pathFrom, type ForeignFiles } from './files.js';

/** A statement of keepalived.conf, with those in its braces. */
export interface Statement {
  readonly origin: Origin;
  readonly words: readonly string[];
  /** Undefined where it has no braces. */
  readonly inside: Statement[] | undefined;
}

/** Files that include each other, one inside the other. */
const deepestInclude = 16;
/** Files that are read in all. */
const mostFiles = 1000;
/** Braces in braces; keepalived needs four. */
const deepestBlock = 16;
interface Builder {
  origin: Origin;
  words: string[];
  inside: Builder[] | undefined;
}

/** The line without its comment, which starts with # or ! outside quotes. */
function withoutComment(line: string): string {
  let quoted = false;
  for (let at = 0; at < line.length; at++) {
    const letter = line[at];
    if (letter === '\\') at++;
    else if (letter === '"') quoted = !quoted;
    else if (!quoted && (letter === '#' || letter === '!')) return line.slice(0, at);
  }
  return line;
}

/** Words, braces among them as words of their own. */
function* wordsOf(line: string): Generator<{ text: string; isBrace: boolean }> {
  for (const [word, quoted] of line.matchAll(/"((?:\\.|[^"\\])*)"|[{}]|(?:\\.|[^\s"{}])+/g)) {
    if (word === '{' || word === '}') yield { text: word, isBrace: true };
    else
      yield {
        text: quoted === undefined ? word.replace(/\\(.)/g, '$1') : quoted.replace(/\\(["\\])/g, '$1'),
        isBrace: false,
      };
  }
}

/** Reads keepalived's language: comments, quotes, braces, definitions, conditions and included files. */
export class KeepalivedText {
  readonly #draft: Draft;
  readonly #files: ForeignFiles;
  readonly #definitions = new Map<string, string>();
  readonly #root: Builder[] = [];
  /** Open braces, innermost last. */
  readonly #open: Builder[] = [];
  #last: Builder | undefined;
  #length = 0;
  #count = 0;

  constructor(draft: Draft, files: ForeignFiles) {
    this.#draft = draft;
    this.#files = files;
  }

  /** Reads a file's text, and the files that it includes. */
  async read(text: string, file: string): Promise<readonly Statement[]> {
    await this.#read(text, file, file === 'standard input' ? '.' : directoryOf(file), [file]);
    const [left] = this.#open;
    if (left !== undefined) this.#draft.note(left.origin, 'the { in this line is never closed');
    return this.#root;
  }

  async #read(text: string, file: string, directory: string, stack: readonly string[]): Promise<void> {
    this.#length += text.length;
    const lines = linesOf(this.#draft, text, file);
    for (let next = lines.next(); next.done !== true; next = lines.next()) {
      const { origin } = next.value;
      let line = withoutComment(next.value.line).trimEnd();
      while (line.endsWith('\\') && line.length <= longestLine) {
        const more = lines.next();
        if (more.done === true) break;
        line = `${line.slice(0, -1)} ${withoutComment(more.value.line).trim()}`;
      }
      const [, , pattern] = /^\s*(include[rmwba]?)\s+(\S.*)$/.exec(line) ?? [];
      if (pattern !== undefined)
        await this.#include(pattern.trim().replace(/^"(.*)"$/, '$1'), origin, directory, stack);
      else this.#line(line.trim(), origin);
    }
  }

  async #include(pattern: string, origin: Origin, directory: string, stack: readonly string[]): Promise<void> {
    const draft = this.#draft;
    let found: readonly string[];
    try {
      found = await filesOf(this.#files, pathFrom(directory, pattern));
    } catch (error) {
      draft.lose(origin, `the include ${pattern} ${(error as Error).message}`);
      return;
    }
    if (found.length === 0) draft.note(origin, `no file is called ${pattern}`);
    for (const path of found) {
      if (stack.includes(path)) {
        draft.note(origin, `${path} includes itself; it is read once`);
        continue;
      }
      if (stack.length >= deepestInclude || this.#count >= mostFiles) {
        draft.lose(origin, `${path} is not read: too many files are included`);
        continue;
      }
      this.#count++;
      let text: string;
      try {
        text = await this.#files.read(path);
      } catch (error) {
        draft.lose(
          origin,
          error instanceof DocumentError ? error.message : `${path} can't be read: ${systemErrorText(error)}`,
        );
        continue;
      }
      if (this.#length + text.length > largestText) {
        draft.lose(origin, `${path} is not read: all files together exceed ${largestText >> 20} MiB`);
        continue;
      }
      await this.#read(text, path, directoryOf(path), [...stack, path]);
    }
  }

  #line(given: string, origin: Origin): void {
    if (given === '') return;
    let line = given;
    const [, definition, value = ''] = /^\$(\w+)\s*=\s*(.*)$/s.exec(line) ?? [];
    if (definition !== undefined) {
      this.#definitions.set(definition, this.#replaced(value, origin));
      return;
    }
    const [, not, condition, rest = ''] = /^@(\^?)(\S+)\s+(.*)$/s.exec(line) ?? [];
    if (condition !== undefined) {
      // Without an identifier on keepalived's command line, only what is for all others than one counts.
      if (not !== '^') {
        this.#draft.note(origin, `a line for @${condition} only is left out`);
        return;
      }
      line = rest;
    }
    if (/^~(SEQx?|LST)\(/.test(line)) {
      this.#draft.lose(origin, 'repeated blocks (~SEQ, ~LST) are not read: write out what they stand for');
      return;
    }
    this.#statements(this.#replaced(line, origin), origin);
  }

  /** The line with what names stand for in place of them. */
  #replaced(line: string, origin: Origin): string {
    const text = line.replace(/\$(?:\{(\w+)\}|(\w+))/g, (found, braced?: string, plain?: string) => {
      const value = this.#definitions.get(braced ?? plain ?? '');
      if (value === undefined) this.#draft.note(origin, `${found} is not defined`);
      return value ?? found;
    });
    // What names stand for counts as if it were written out: a few short lines could become gigabytes.
    this.#length += Math.max(text.length - line.length, 0);
    if (text.length <= longestLine && this.#length <= largestText) return text;
    this.#draft.lose(origin, 'the line is too long with all that its names stand for');
    return '';
  }

  #statements(line: string, origin: Origin): void {
    let current: Builder | undefined;
    for (const { text, isBrace } of wordsOf(line)) {
      if (!isBrace) {
        if (current === undefined) {
          current = { origin, words: [], inside: undefined };
          (this.#open.at(-1)?.inside ?? this.#root).push(current);
          this.#last = current;
        }
        current.words.push(text);
      } else if (text === '{') {
        const owner = current ?? this.#last;
        current = undefined;
        if (owner === undefined || owner.inside !== undefined || this.#open.length >= deepestBlock) {
          this.#draft.note(origin, 'a { that belongs to nothing');
          continue;
        }
        owner.inside = [];
        this.#open.push(owner);
        this.#last = undefined;
      } else {
        current = undefined;
        this.#last = undefined;
        if (this.#open.pop() === undefined) this.#draft.note(origin, 'a } that closes nothing');
      }
    }
  }
}
