// Runs the packed package's commands and the unit tests with each release of Node that is supported, which npm has as the
// package `node`. Needs a build with --tests. Takes minutes and some hundred megabytes, so it is no step of `npm test`.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

process.chdir(path.dirname(path.dirname(fileURLToPath(import.meta.url))));

const releases = process.argv.length > 2 ? process.argv.slice(2) : ['20', '22', '24'];

/**
 * @param {string} command
 * @param {string[]} args
 */
function succeeds(command, args) {
  return spawnSync(command, args, { stdio: 'inherit' }).status === 0;
}

/** @param {string} release */
function nodeOf(release) {
  const directory = path.resolve('node_modules/.cache/nodes', release);
  const node = path.join(directory, 'node_modules/node/bin/node');
  const options = ['--no-save', '--no-audit', '--no-fund', '--loglevel=error'];
  if (!existsSync(node) && !succeeds('npm', ['install', '--prefix', directory, ...options, `node@${release}`])) {
    throw new Error(`npm has no Node ${release} for this machine`);
  }
  return node;
}

const failed = releases.filter((release) => {
  const node = nodeOf(release);
  console.log(`Node ${release}: ${spawnSync(node, ['--version'], { encoding: 'utf8' }).stdout.trim()}`);
  const tests = ['--enable-source-maps', '--test', '--test-reporter=dot', 'build/test/unit/**/*.test.js'];
  const packaged = succeeds(node, ['scripts/check-package.mjs']);
  // Node 20 knows no patterns; directories it searches itself.
  const tested = succeeds(node, release === '20' ? [...tests.slice(0, -1), 'build/test/unit/'] : tests);
  return !packaged || !tested;
});
console.log(failed.length === 0 ? `good with Node ${releases.join(', ')}` : `FAILED with Node ${failed.join(', ')}`);
process.exitCode = failed.length;
