import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const program = 'dist/bin/ipvsadm.cjs';

/** Files that a run loads, as V8's coverage lists them: CommonJS and ES modules alike. */
function loadedFiles(argv: readonly string[]): string[] {
  const directory = mkdtempSync(path.join(tmpdir(), 'ipvsadm-loaded-'));
  try {
    spawnSync(process.execPath, [program, ...argv], { env: { ...process.env, NODE_V8_COVERAGE: directory } });
    // A report for each thread.
    const reports = readdirSync(directory).map((name) => {
      const report: unknown = JSON.parse(readFileSync(path.join(directory, name), 'utf8'));
      assert.ok(typeof report === 'object' && report !== null && 'result' in report && Array.isArray(report.result));
      return report.result as { url: string }[];
    });
    return reports
      .flat()
      .map(({ url }) => url)
      .filter((url) => url.startsWith('file:'))
      .map((url) => path.relative('.', fileURLToPath(url)));
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Names of the packages that files belong to. */
function packagesOf(files: readonly string[]): Set<string> {
  return new Set(files.flatMap((file) => /^node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file)?.[1] ?? []));
}

describe('starting', () => {
  const directory = mkdtempSync(path.join(tmpdir(), 'ipvsadm-start-'));
  after(() => {
    rmSync(directory, { recursive: true });
  });
  const document = path.join(directory, 'web.yaml');
  writeFileSync(document, 'services: []\n');

  const socket = ['netlink', 'node-gyp-build'];
  const classic: readonly (readonly [argv: readonly string[], packages: readonly string[]])[] = [
    [['-h'], []],
    [['-v'], []],
    // Without IPVS these fail, but not before the socket is open.
    [['-Ln'], socket],
    [['-L', '--timeout'], socket],
  ];
  for (const [argv, packages] of classic) {
    test(`ipvsadm ${argv.join(' ')} loads no package that it does not need`, () => {
      const files = loadedFiles(argv);
      assert.deepEqual(files.filter((file) => file.startsWith('dist/')).sort(), [program, 'dist/classic.cjs']);
      assert.deepEqual(packagesOf(files), new Set(packages));
    });
  }

  const verbs: readonly (readonly [argv: readonly string[], packages: readonly string[]])[] = [
    [['export'], socket],
    [['status', '--json'], socket],
    [['export', '--nosuch'], []],
  ];
  for (const [argv, packages] of verbs) {
    test(`ipvsadm ${argv.join(' ')} loads no package that it does not need`, () => {
      assert.deepEqual(packagesOf(loadedFiles(argv)), new Set(packages));
    });
  }

  const without = ['chalk', 'cli-table3', 'yargs'];
  test(`ipvsadm diff loads none of ${without.join(', ')}`, () => {
    const packages = packagesOf(loadedFiles(['diff', document]));
    assert.ok(packages.has('netlink'));
    assert.deepEqual(
      without.filter((name) => packages.has(name)),
      [],
    );
  });

  test('ipvsadm run parses a large document in a thread, and a small one itself', () => {
    const large = path.join(directory, 'large.yaml');
    writeFileSync(large, `services: []\n${'# much to be said about it\n'.repeat(5000)}`);
    const loads = (file: string): boolean => loadedFiles(['run', '--check', file]).includes('dist/parse.cjs');
    assert.equal(loads(large), true);
    assert.equal(loads(document), false);
    writeFileSync(large, `services: 7\n${'# much to be said about it\n'.repeat(5000)}`);
    const { status, stderr } = spawnSync(process.execPath, [program, 'run', '--check', large], { encoding: 'utf8' });
    assert.equal(status, 2);
    assert.match(stderr, /large\.yaml:1:11: services: expected a list .*, found 7\n/);
  });

  test('a verb, which is loaded later, throws the same classes of errors as the rest of the program', () => {
    const { status, stderr } = spawnSync('sh', ['-c', `exec ${process.execPath} ${program} export --help >/dev/full`], {
      encoding: 'utf8',
    });
    assert.deepEqual(
      { status, stderr },
      { status: 1, stderr: `ipvsadm.cjs: can't write standard output: No space left on device\n` },
    );
  });

  for (const [name, argv, expected] of [
    ['ipvsadm', ['-v'], /^ipvsadm v1\.31 .* ipvsadm for Node\.js /],
    ['ipvsadm-save', ['-q'], /^Usage: ipvsadm-save\.cjs \[-n\]\n/],
  ] as const) {
    test(`${name} is started by its first line, with node from PATH`, () => {
      const { stdout, stderr } = spawnSync(`dist/bin/${name}.cjs`, argv, { encoding: 'utf8' });
      assert.match(stdout + stderr, expected);
    });
  }

  test('what is published contains no package and no source map', () => {
    const files = readdirSync('dist', { recursive: true, encoding: 'utf8' });
    assert.deepEqual(
      files.filter((name) => name.includes('node_modules') || name.endsWith('.map')),
      [],
    );
  });
});
