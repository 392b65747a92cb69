import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { ensureDebianPackages, ensureUnpacked } from './debian.mjs';

/**
 * @typedef {object} UserModeLinux
 * @property {string} program
 * @property {string} cwd the directory to start it in
 * @property {string} modules the directory that has what belongs to /lib/modules
 */

/**
 * Which release of Debian has the user-mode Linux to use, or `installed`: that of this machine. The newer the kernel, the
 * fewer switches between processes of the machine a page fault or a system call takes.
 */
const release = process.env['LAB_UML'] ?? 'trixie';

/** Debian packages that {@link userModeLinux} needs on this machine. */
export const umlPackages = release === 'installed' ? ['user-mode-linux'] : ['patchelf'];

/** @type {UserModeLinux | undefined} */
let known;

/** The user-mode Linux to use; that of this machine where another can't be had, which standard error is told. */
export function userModeLinux() {
  known ??= (release === 'installed' ? undefined : unpacked()) ?? installed();
  return known;
}

/** @returns {UserModeLinux} */
function installed() {
  ensureDebianPackages(['user-mode-linux']);
  return { program: '/usr/bin/linux.uml', cwd: '/', modules: '/usr/lib/uml/modules' };
}

const program = 'usr/bin/linux.uml';

/** @returns {UserModeLinux | undefined} */
function unpacked() {
  try {
    const cwd = ensureUnpacked(['user-mode-linux', 'libc6'], { release, finish: useOwnLibrary });
    return { program: path.join(cwd, program), cwd, modules: path.join(cwd, 'usr/lib/uml/modules') };
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    process.stderr.write(
      `lab: no user-mode Linux of ${release}, using this machine's, which is slower: ${error.message}\n`,
    );
    return undefined;
  }
}

/**
 * Makes the program use the C library beside it: that of the machine may be too old for it. The loader's name is relative to
 * the working directory, so that a checkout can be moved. To call the loader with the program as an argument does not do: the
 * program starts itself once more.
 * @param {string} directory
 */
function useOwnLibrary(directory) {
  const patchelf = (/** @type {string[]} */ ...args) => {
    const result = spawnSync('patchelf', [...args, program], { cwd: directory, encoding: 'utf8' });
    if (result.status === 0) return result.stdout.trim();
    throw new Error(`patchelf ${args.join(' ')} failed\n${result.error?.message ?? result.stderr}`.trimEnd());
  };
  const loader = path.basename(patchelf('--print-interpreter'));
  const lib = path.join(directory, 'usr/lib');
  const libraries = fs.readdirSync(lib).find((name) => fs.existsSync(path.join(lib, name, loader)));
  if (libraries === undefined) throw new Error(`no ${loader} in ${lib}`);
  patchelf('--set-interpreter', `usr/lib/${libraries}/${loader}`, '--set-rpath', `$ORIGIN/../lib/${libraries}`);
}
