import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { runNow } from '../programs.mjs';

/**
 * Makes sure that Debian packages are installed. Root gets them installed; anybody else gets an error that names them.
 * @param {string[]} packages
 */
export function ensureDebianPackages(packages) {
  const missing = packages.filter((name) => !isInstalled(name));
  if (missing.length === 0) return;
  const list = missing.join(' ');
  if (process.getuid?.() !== 0)
    throw new Error(`missing Debian packages, install them with: sudo apt-get install ${list}`);
  apt(['update'], `could not refresh the package lists to install ${list}`);
  apt(['install', '-y', '--no-install-recommends', ...missing], `could not install the Debian packages ${list}`);
}

// Not below node_modules, which `npm ci` removes.
const cache = fileURLToPath(new URL('../../.cache/debian', import.meta.url));
const keyring = '/usr/share/keyrings/debian-archive-keyring.gpg';

/**
 * Makes sure that the files of Debian packages are in a directory below `.cache/debian`: of packages that would start a service
 * if they were installed, or that belong to another release of Debian than this machine.
 * @param {string[]} packages the first of them names the directory
 * @param {{ release?: string, finish?: (directory: string) => void }} [options] the release's name, if it is not this
 *   machine's; what is to be done with the files once
 * @returns {string} the directory
 */
export function ensureUnpacked(packages, { release, finish } = {}) {
  const target = path.join(cache, [...(release ? [release] : []), packages[0]].join('-'));
  if (existsSync(target)) return target;
  mkdirSync(cache, { recursive: true });
  const directory = mkdtempSync(path.join(cache, 'download-'));
  try {
    const files = path.join(directory, 'files');
    download(packages, release ?? codename(), directory);
    for (const name of readdirSync(directory).filter((name) => name.endsWith('.deb'))) {
      runNow('dpkg-deb', ['--extract', name, files], { cwd: directory });
    }
    finish?.(files);
    // Another run may have been faster.
    if (!existsSync(target)) renameSync(files, target);
    return target;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/**
 * @param {string[]} packages
 * @param {string} release
 * @param {string} directory
 */
function download(packages, release, directory) {
  // Package lists of their own: those of the machine stay as they are.
  const sources = path.join(directory, 'sources.list');
  const own = [
    ...['-o', `Dir::Etc::SourceList=${sources}`, '-o', 'Dir::Etc::SourceParts=/dev/null'],
    ...['-o', 'Dir::Etc::Preferences=/dev/null', '-o', 'Dir::Etc::PreferencesParts=/dev/null'],
    ...['-o', `Dir::State::Lists=${directory}/lists`, '-o', `Dir::Cache=${directory}/cache`],
    ...['-o', 'Acquire::Languages=none'],
  ];
  for (const name of ['lists', 'cache/archives']) mkdirSync(path.join(directory, name, 'partial'), { recursive: true });
  writeFileSync(sources, `deb [signed-by=${keyring}] ${mirror()} ${release} main\n`);
  runNow('apt-get', [...own, 'update'], { cwd: directory });
  runNow('apt-get', [...own, 'download', ...packages], { cwd: directory });
}

/** Where this machine's own packages come from: other releases of Debian are there too. */
function mirror() {
  const filter = ['Created-By: Packages', 'Component: main', `Release: ${codename()}`];
  const ask = () => runNow('apt-get', ['indextargets', '--format', '$(REPO_URI)', ...filter]).split('\n')[0] ?? '';
  let uri = ask();
  if (uri === '') {
    // A new machine has no package lists, and then apt knows of no source.
    apt(['update'], 'could not refresh the package lists');
    uri = ask();
  }
  if (uri === '' || !existsSync(keyring)) throw new Error('this machine does not get its packages from Debian');
  return uri;
}

function codename() {
  return /^VERSION_CODENAME="?(\w+)/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1] ?? '';
}

/** @param {string} name */
function isInstalled(name) {
  const query = spawnSync('dpkg-query', ['--show', '--showformat=${db:Status-Status}', name], { encoding: 'utf8' });
  if (query.error) throw new Error(`needs Debian or a relative of it: ${query.error.message}`);
  return query.status === 0 && query.stdout === 'installed';
}

/**
 * @param {string[]} args
 * @param {string} failure
 */
function apt(args, failure) {
  // Two runs that start together both install: the second waits for the first one's lock instead of failing.
  const options = ['-q', '-o', 'DPkg::Lock::Timeout=300'];
  try {
    runNow('apt-get', [...options, ...args], { env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } });
  } catch (error) {
    throw new Error(`${failure}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}
