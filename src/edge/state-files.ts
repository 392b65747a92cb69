import {
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { StateError } from '../errors.js';
import type { StateFiles } from '../ports/state.js';
import { systemErrorText } from '../text/errno-text.js';
import { ownNamespace, type OwnNamespace } from './own-namespace.js';

/** Only root can write in /run, so nobody else can put a file there, or a link. */
export const stateDirectory = '/run/ipvsadm';

const { O_CREAT, O_EXCL, O_NOFOLLOW, O_RDONLY, O_WRONLY } = constants;

/** Rights that nobody but the owner may have. */
const writableByOthers = 0o022;

/**
 * Makes a directory for files that root trusts, and makes sure that nobody else can write there.
 * @throws {Error} with the reason.
 */
export function ensureOwnDirectory(directory: string): void {
  mkdirSync(directory, { recursive: true, mode: 0o755 });
  const { uid, mode } = statSync(directory);
  if (uid !== process.geteuid?.() || (mode & writableByOthers) !== 0)
    throw new Error(`others may write to ${directory}, remove it`);
}

/**
 * The files of this network namespace. Its number begins their names; those that an earlier namespace of the same number has
 * left count as none, and are removed when something is written.
 * @param directory for tests; /run/ipvsadm by default.
 * @param namespace for tests; that of the process by default.
 */
export function stateFiles(directory = stateDirectory, namespace: OwnNamespace = ownNamespace): StateFiles {
  const start = (): string => `${namespace.inode()}.`;
  const pathOf = (name: string): string => {
    if (!/^[A-Za-z0-9][A-Za-z0-9.-]*$/.test(name)) throw new RangeError(`no name of a state file: ${name}`);
    return join(directory, `${start()}${name}`);
  };
  const guarded = <R>(name: string, action: (path: string) => R): R => {
    const path = pathOf(name);
    try {
      return action(path);
    } catch (cause) {
      throw new StateError(failureText(path, cause), { cause });
    }
  };
  return {
    read: (name) =>
      guarded(name, (path) => {
        const descriptor = openUnlessMissing(path);
        if (descriptor === undefined) return undefined;
        try {
          const { uid, mode, mtimeMs } = fstatSync(descriptor);
          if (uid !== process.geteuid?.() && uid !== 0) throw new Error('it belongs to another user, remove it');
          if ((mode & writableByOthers) !== 0) throw new Error('others may write it, remove it');
          return namespace.wasThere(mtimeMs) ? readFileSync(descriptor, 'utf8') : undefined;
        } finally {
          closeSync(descriptor);
        }
      }),
    write(name, text, mode) {
      guarded(name, (path) => {
        ensureOwnDirectory(directory);
        for (const old of filesOf(directory, start())) if (!namespace.wasThere(old.modified)) rmSync(old.path);
        replaceFile(path, text, mode);
      });
    },
    list: (prefix) =>
      guarded('list', () => {
        const known = start();
        return filesOf(directory, known + prefix)
          .filter(({ modified }) => namespace.wasThere(modified))
          .map(({ path }) => basename(path).slice(known.length))
          .sort();
      }),
    remove(name) {
      guarded(name, (path) => {
        rmSync(path, { force: true });
      });
    },
  };
}

/** Replaces a file, or makes it: who reads it meanwhile sees the old or the new text. @throws the file system's error. */
export function replaceFile(path: string, text: string, mode: number): void {
  const temporary = join(dirname(path), `.${basename(path)}.${process.pid}`);
  rmSync(temporary, { force: true });
  const descriptor = openSync(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode);
  try {
    writeFileSync(descriptor, text);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  renameSync(temporary, path);
}

/** Why something could not be done with a file: the system's reason, or ours. */
export function failureText(path: string, cause: unknown): string {
  const isOurs = cause instanceof Error && !('errno' in cause);
  return `${path}: ${isOurs ? cause.message : systemErrorText(cause)}`;
}

function isMissing(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ENOENT';
}

function openUnlessMissing(path: string): number | undefined {
  try {
    return openSync(path, O_RDONLY | O_NOFOLLOW);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** The files whose names begin so, but the lock, which is nobody's. */
function filesOf(directory: string, start: string): { readonly path: string; readonly modified: number }[] {
  return namesIn(directory)
    .filter((name) => name.startsWith(start) && !name.endsWith('.lock'))
    .flatMap((name) => {
      const path = join(directory, name);
      const modified = lstatSync(path, { throwIfNoEntry: false })?.mtimeMs;
      return modified === undefined ? [] : [{ path, modified }];
    });
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}
