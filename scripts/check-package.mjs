// Packs the package, installs the tarball elsewhere as a user would, without a compiler, and runs what it brings with the
// Node that runs this script: the commands, the library from both kinds of modules, its types, the manual pages.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const project = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const directory = mkdtempSync(path.join(tmpdir(), 'ipvsadm-package-'));
const prefix = path.join(directory, 'prefix');
const npmOptions = ['--no-audit', '--no-fund', '--loglevel=error'];
const commands = ['ipvsadm', 'ipvsadm-save', 'ipvsadm-restore'];

/** A compiler that fails stands for a machine without one; the commands' `node` is the one that runs this script. */
const env = {
  ...process.env,
  CC: 'false',
  CXX: 'false',
  PATH: [path.dirname(process.execPath), process.env['PATH']].join(':'),
};

/**
 * @param {string} command
 * @param {string[]} args
 * @param {import('node:child_process').ExecFileSyncOptions} [options]
 */
function run(command, args, options = {}) {
  return execFileSync(command, args, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    env,
    ...options,
  }).toString();
}

/**
 * @param {string} command
 * @param {string[]} args
 */
function statusOf(command, args) {
  return spawnSync(command, args, { input: 'no rule at all', env }).status ?? -1;
}

/**
 * @param {boolean} holds
 * @param {string} what
 */
function check(holds, what) {
  if (!holds) throw new Error(`the installed package: ${what}`);
}

/** The commands of a global installation, and their manual pages. */
function checkCommands() {
  const program = (/** @type {string} */ name) => path.join(prefix, 'bin', name);
  const version = run(program('ipvsadm'), ['-v']);
  check(version.startsWith('ipvsadm v1.31 '), 'ipvsadm -v does not print its version');
  check(version.includes(`node ${process.version},`), `ipvsadm runs on another Node: ${version}`);
  check(run(program('ipvsadm'), ['-h']).includes('--add-service'), 'ipvsadm -h does not help');
  check(run(program('ipvsadm'), ['status', '--help']).includes('--json'), 'a verb does not help');
  check(run(program('ipvsadm'), ['completion']).includes('ipvsadm --get-yargs-completions'), 'no completion');
  check(statusOf(program('ipvsadm'), ['export', '--nosuch']) === 2, 'a wrong option of a verb is not refused');
  // Without IPVS this fails, but not before the native addon has opened a socket.
  check([0, 2].includes(statusOf(program('ipvsadm'), ['-Ln'])), 'ipvsadm -Ln ends in a fault of its own');
  check([0, 2].includes(statusOf(program('ipvsadm'), ['diff', '-'])), 'ipvsadm diff ends in a fault of its own');
  // A wrong option, and input that is no rule: neither changes anything, with IPVS or without.
  check(statusOf(program('ipvsadm-save'), ['-q']) === 1, 'ipvsadm-save does not run');
  check(statusOf(program('ipvsadm-restore'), []) === 2, 'ipvsadm-restore does not run');
  for (const name of commands) {
    check(existsSync(path.join(prefix, `share/man/man8/${name}.8`)), `man 8 ${name} would not find its page`);
  }
}

/** The library as a dependency of somebody's project: imported, required, and its types with the strictest settings. */
function checkLibrary() {
  const consumer = path.join(directory, 'consumer');
  mkdirSync(path.join(consumer, 'node_modules/@types'), { recursive: true });
  symlinkSync(path.join(prefix, 'lib/node_modules/ipvsadm'), path.join(consumer, 'node_modules/ipvsadm'));
  symlinkSync(path.join(project, 'node_modules/@types/node'), path.join(consumer, 'node_modules/@types/node'));
  const isFunction = (/** @type {string} */ file, /** @type {string} */ text) => {
    writeFileSync(path.join(consumer, file), `${text}\nconsole.log(typeof IpvsClient.open);\n`);
    const output = run(process.execPath, ['--no-warnings', path.join(consumer, file)]).trim();
    check(output === 'function', `the library can not be loaded by ${file}`);
  };
  isFunction('import.mjs', "import { IpvsClient } from 'ipvsadm';");
  isFunction('require.cjs', "const { IpvsClient } = require('ipvsadm');");
  writeFileSync(
    path.join(consumer, 'types.mts'),
    "import { IpvsClient, type ServiceEntry, type Table } from 'ipvsadm';\n" +
      "import { FakeKernel } from 'ipvsadm/testing';\n" +
      'const table: Table = { services: [] };\n' +
      'const client: IpvsClient = await IpvsClient.connect(new FakeKernel(table));\n' +
      'export const services: readonly ServiceEntry[] = await client.services();\n',
  );
  const strict = ['--strict', '--exactOptionalPropertyTypes', '--skipLibCheck', 'false', '--types', 'node'];
  const options = ['--noEmit', '--module', 'nodenext', '--target', 'es2022', ...strict];
  run(process.execPath, [path.join(project, 'node_modules/typescript/bin/tsc'), ...options, 'types.mts'], {
    cwd: consumer,
  });
}

try {
  run('npm', ['pack', '--ignore-scripts', '--pack-destination', directory, ...npmOptions], { cwd: project });
  const [tarball = ''] = readdirSync(directory).filter((name) => name.endsWith('.tgz'));
  mkdirSync(prefix);
  run('npm', ['install', '-g', '--prefix', prefix, path.join(directory, tarball), ...npmOptions]);
  checkCommands();
  checkLibrary();
  console.log(`${commands.join(' ')}: installed and run by Node ${process.version}`);
} finally {
  rmSync(directory, { recursive: true, force: true });
}
