import fs from 'node:fs';
import path from 'node:path';
import { runNow } from '../programs.mjs';
import { ensureDebianPackages, ensureUnpacked } from './debian.mjs';

/**
 * @typedef {object} UserModeLinux
 * @property {string} program
 * @property {string} cwd the directory to start it in
 * @property {string} modules the directory that has what belongs to /lib/modules
 */

/**
 * Where user-mode Linux can come from, the fastest kernel first: a release of Debian, or `installed`, this machine's own. What
 * a kernel lacks is what a lab may ask for by {@link userModeLinux}.
 * @type {readonly { name: string, lacks: readonly string[] }[]}
 */
const sources = [
  // Linux 7.2: no ip_tables, and no address families for nf_tables.
  { name: 'forky', lacks: ['iptables'] },
  { name: 'trixie', lacks: [] },
  { name: 'installed', lacks: [] },
];

/** The only one that may be used, if the environment names one: one of the above or another release. */
const wanted = process.env['LAB_UML'];

/** Debian packages that {@link userModeLinux} needs on this machine. */
export const umlPackages = wanted === 'installed' ? [] : ['patchelf'];

/** @type {Map<string, UserModeLinux | undefined>} */
const known = new Map();

/**
 * The fastest user-mode Linux that has what is needed. Where it is not available, a slower one, and a message on standard
 * error.
 * @param {readonly string[]} needs
 * @returns {UserModeLinux}
 */
export function userModeLinux(needs) {
  const candidates =
    wanted === undefined
      ? sources.filter(({ lacks }) => !needs.some((need) => lacks.includes(need)))
      : [{ name: wanted }];
  for (const { name } of candidates) {
    if (!known.has(name)) known.set(name, name === 'installed' ? installed() : unpacked(name));
    const kernel = known.get(name);
    if (kernel !== undefined) return kernel;
  }
  throw new Error(`no user-mode Linux of ${candidates.map(({ name }) => name).join(', ')}`);
}

/** @returns {UserModeLinux} */
function installed() {
  ensureDebianPackages(['user-mode-linux']);
  return { program: '/usr/bin/linux.uml', cwd: '/', modules: '/usr/lib/uml/modules' };
}

const program = 'usr/bin/linux.uml';

/**
 * @param {string} release
 * @returns {UserModeLinux | undefined}
 */
function unpacked(release) {
  try {
    const cwd = ensureUnpacked(['user-mode-linux', 'libc6'], { release, finish: useOwnLibrary });
    return { program: path.join(cwd, program), cwd, modules: path.join(cwd, 'usr/lib/uml/modules') };
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    process.stderr.write(`lab: no user-mode Linux of ${release}, so a slower one: ${error.message}\n`);
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
  const patchelf = (/** @type {string[]} */ ...args) =>
    runNow('patchelf', [...args, program], { cwd: directory }).trim();
  const loader = path.basename(patchelf('--print-interpreter'));
  const lib = path.join(directory, 'usr/lib');
  const libraries = fs.readdirSync(lib).find((name) => fs.existsSync(path.join(lib, name, loader)));
  if (libraries === undefined) throw new Error(`no ${loader} in ${lib}`);
  patchelf('--set-interpreter', `usr/lib/${libraries}/${loader}`, '--set-rpath', `$ORIGIN/../lib/${libraries}`);
}
