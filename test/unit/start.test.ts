import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { SourceMap, type SourceMapPayload } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const bundle = 'dist/bin/ipvsadm.cjs';

/** Files that a run loads, as V8's coverage lists them: CommonJS and ES modules alike. */
function loadedFiles(argv: readonly string[]): string[] {
  const directory = mkdtempSync(path.join(tmpdir(), 'ipvsadm-loaded-'));
  try {
    spawnSync(process.execPath, [bundle, ...argv], { env: { ...process.env, NODE_V8_COVERAGE: directory } });
    const report: unknown = JSON.parse(readFileSync(path.join(directory, readdirSync(directory)[0] ?? ''), 'utf8'));
    assert.ok(typeof report === 'object' && report !== null && 'result' in report && Array.isArray(report.result));
    return report.result
      .map(({ url }: { url: string }) => url)
      .filter((url) => url.startsWith('file:'))
      .map((url) => path.relative('.', fileURLToPath(url)));
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

const netlink = [
  'node_modules/netlink/dist/raw.js',
  'node_modules/node-gyp-build/index.js',
  'node_modules/node-gyp-build/node-gyp-build.js',
];

describe('starting', () => {
  const directory = mkdtempSync(path.join(tmpdir(), 'ipvsadm-start-'));
  after(() => {
    rmSync(directory, { recursive: true });
  });
  const rules = path.join(directory, 'web.rules');
  const document = path.join(directory, 'web.yaml');
  writeFileSync(rules, '-A -t 192.0.2.1:80 -s wlc\n');
  writeFileSync(document, 'services: []\n');

  const runs: readonly (readonly [argv: readonly string[], files: readonly string[]])[] = [
    [['-h'], [bundle]],
    [['-v'], [bundle]],
    // Without IPVS these fail, but not before the socket is open.
    [['-Ln'], [bundle, ...netlink]],
    [
      ['-L', '--timeout'],
      [bundle, ...netlink],
    ],
  ];
  for (const [argv, files] of runs) {
    test(`ipvsadm ${argv.join(' ')} loads nothing that it does not need`, () => {
      assert.deepEqual(loadedFiles(argv).sort(), [...files].sort());
    });
  }

  const verb = [bundle, 'dist/parts/run-verb.cjs'];
  const verbRuns: readonly (readonly [argv: readonly string[], files: readonly string[]])[] = [
    [['export'], [...verb, ...netlink]],
    [
      ['status', '--json'],
      [...verb, ...netlink],
    ],
    [
      ['apply', '--drain', '60', '--no-prune', rules],
      [...verb, ...netlink],
    ],
    [
      ['diff', document],
      [...verb, 'dist/parts/read-document.cjs', ...netlink],
    ],
    [
      ['export', '--help'],
      [...verb, 'dist/parts/yargs-words.cjs'],
    ],
    [
      ['export', '--nosuch'],
      [...verb, 'dist/parts/yargs-words.cjs'],
    ],
  ];
  for (const [argv, files] of verbRuns) {
    test(`ipvsadm ${argv.map((word) => path.basename(word)).join(' ')} loads what it needs for that`, () => {
      assert.deepEqual(loadedFiles(argv).sort(), [...files].sort());
    });
  }

  test('a verb that fails where bundles meet says so as one that is whole', () => {
    const { status, stderr } = spawnSync('sh', ['-c', `exec ${process.execPath} ${bundle} export --help >/dev/full`], {
      encoding: 'utf8',
    });
    assert.deepEqual(
      { status, stderr },
      { status: 1, stderr: `ipvsadm.cjs: can't write standard output: No space left on device\n` },
    );
  });

  for (const name of readdirSync('dist/bin').filter((file) => file.endsWith('.cjs'))) {
    test(`stack traces of ${name} lead to the sources`, () => {
      const payload: unknown = JSON.parse(readFileSync(`dist/bin/${name}.map`, 'utf8'));
      const map = new SourceMap(payload as SourceMapPayload);
      const ours = map.payload.sources;
      assert.ok(ours.includes('../../src/main.ts'));
      for (const source of ours) assert.ok(existsSync(path.join('dist/bin', source)), source);
      const lines = readFileSync(`dist/bin/${name}`, 'utf8').split('\n');
      const line = lines.findIndex((text) => text.includes("Can't initialize ipvs"));
      const column = lines[line]?.indexOf("Can't initialize ipvs") ?? -1;
      const entry = map.findEntry(line, column);
      assert.ok('originalSource' in entry);
      assert.match(entry.originalSource, /src\/command\/kernel-text\.ts$/);
    });
  }
});
