import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

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

const cache = fileURLToPath(new URL('../../node_modules/.cache/debian', import.meta.url));

/**
 * Makes sure that the files of a Debian package are in node_modules/.cache/debian/NAME, for packages that would start a
 * service if they were installed.
 * @param {string} name
 */
export function ensureUnpacked(name) {
  const target = path.join(cache, name);
  if (statSync(target, { throwIfNoEntry: false })) return;
  mkdirSync(cache, { recursive: true });
  const directory = mkdtempSync(path.join(cache, 'download-'));
  try {
    run('apt-get', ['download', name], directory);
    const [file = ''] = readdirSync(directory);
    run('dpkg-deb', ['--extract', file, name], directory);
    renameSync(path.join(directory, name), target);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/**
 * @param {string} command
 * @param {string[]} args
 * @param {string} cwd
 */
function run(command, args, cwd) {
  const result = spawnSync(command, args, { cwd, encoding: 'utf8' });
  if (result.status === 0) return;
  throw new Error(`${command} ${args.join(' ')} failed\n${result.error?.message ?? result.stderr}`.trimEnd());
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
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const result = spawnSync('apt-get', [...options, ...args], {
    encoding: 'utf8',
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  if (result.status === 0) return;
  throw new Error(`${failure}\n${result.error?.message ?? result.stdout + result.stderr}`.trimEnd());
}
