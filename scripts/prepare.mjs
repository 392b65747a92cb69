import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { runToEnd } from './programs.mjs';

const project = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');

/**
 * Installs the npm packages of the lockfile where they are missing or older than it.
 * @param {{ signal?: AbortSignal | undefined }} [options]
 */
export async function ensureNodeModules(options) {
  const installed = fs.statSync(path.join(project, 'node_modules/.package-lock.json'), { throwIfNoEntry: false });
  const wanted = fs.statSync(path.join(project, 'package-lock.json'));
  if (installed && installed.mtimeMs >= wanted.mtimeMs) return;
  // The tools are development dependencies, which NODE_ENV=production would leave out.
  await runNode([npmScript(), 'ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error'], options);
}

/**
 * Runs this Node with the given arguments in the project's directory. What it prints is only seen if it fails.
 * @param {string[]} args
 * @param {{ signal?: AbortSignal | undefined }} [options]
 */
export async function runNode(args, { signal } = {}) {
  const { status, output } = await runToEnd(process.execPath, args, { cwd: project, signal });
  if (status === 0) return;
  const end = status === null ? 'was killed' : `failed with status ${status}`;
  throw new Error(`node ${args.join(' ')} ${end}\n${output}`.trimEnd());
}

/** The npm that started us, or else the first one in PATH, as a script for the Node that runs us. */
function npmScript() {
  const { npm_execpath: ours = '', PATH = '' } = process.env;
  const directories = [path.dirname(process.execPath), ...PATH.split(path.delimiter)];
  const script = [ours, ...directories.map((directory) => path.join(directory, 'npm'))]
    .filter((file) => path.isAbsolute(file) && fs.existsSync(file))
    .map((file) => fs.realpathSync(file))
    // `npm` can also be a wrapper, and npm_execpath another package manager.
    .find((file) => path.basename(file) === 'npm-cli.js');
  if (script === undefined) throw new Error('needs npm, which comes with Node.js: not found in PATH');
  return script;
}
