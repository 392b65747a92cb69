// Packs the package, installs the tarball elsewhere as a user would, without a compiler, and runs what it brings.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const directory = mkdtempSync(path.join(tmpdir(), 'ipvsadm-package-'));
const prefix = path.join(directory, 'prefix');
const npmOptions = ['--no-audit', '--no-fund', '--loglevel=error'];

/**
 * @param {string} command
 * @param {string[]} args
 * @param {import('node:child_process').ExecFileSyncOptions} [options]
 */
function run(command, args, options = {}) {
  return execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], ...options }).toString();
}

/**
 * @param {string} command
 * @param {string[]} args
 */
function statusOf(command, args) {
  return spawnSync(command, args, { input: 'no rule at all' }).status ?? -1;
}

/**
 * @param {boolean} holds
 * @param {string} what
 */
function check(holds, what) {
  if (!holds) throw new Error(`the installed package: ${what}`);
}

try {
  run('npm', ['pack', '--ignore-scripts', '--pack-destination', directory, ...npmOptions]);
  const [tarball = ''] = readdirSync(directory).filter((name) => name.endsWith('.tgz'));
  mkdirSync(prefix);
  // A compiler that fails stands for a machine without one.
  const env = { ...process.env, CC: 'false', CXX: 'false' };
  run('npm', ['install', '-g', '--prefix', prefix, path.join(directory, tarball), ...npmOptions], { env });

  const program = (/** @type {string} */ name) => path.join(prefix, 'bin', name);
  check(run(program('ipvsadm'), ['-v']).startsWith('ipvsadm v1.31 '), 'ipvsadm -v does not tell its version');
  check(run(program('ipvsadm'), ['-h']).includes('--add-service'), 'ipvsadm -h does not help');
  check(run(program('ipvsadm'), ['status', '--help']).includes('--json'), 'the verbs can not be loaded');
  // A wrong option, and input that is no rule: neither changes anything, with IPVS or without.
  check(statusOf(program('ipvsadm-save'), ['-q']) === 1, 'ipvsadm-save does not run');
  check(statusOf(program('ipvsadm-restore'), []) === 2, 'ipvsadm-restore does not run');
  for (const name of ['ipvsadm', 'ipvsadm-save', 'ipvsadm-restore']) {
    run('test', ['-s', path.join(prefix, 'lib/node_modules/ipvsadm/man', `${name}.8`)]);
  }

  const importer = path.join(prefix, 'lib/node_modules/import.mjs');
  writeFileSync(
    importer,
    "import { IpvsClient } from './ipvsadm/dist/index.js';\nconsole.log(typeof IpvsClient.open);\n",
  );
  check(run(process.execPath, [importer]).trim() === 'function', 'the library can not be imported');
  console.log(readdirSync(path.join(prefix, 'bin')).join(' '));
} finally {
  rmSync(directory, { recursive: true, force: true });
}
