// Builds what is published: dist/bin (the programs), dist/verbs.js (the verbs' grammar, loaded when a verb is used),
// dist/index.js (the library) and dist/types. With --tests, the tests too, each suite one file, under build/.
import { spawnSync } from 'node:child_process';
import { chmodSync, readdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
process.chdir(root);

const programs = ['ipvsadm', 'ipvsadm-save', 'ipvsadm-restore'];

// Node puts /dev/null in the place of a closed standard descriptor: output would be lost and input be empty without an
// error. The shell still sees that it is closed, and opens it the wrong way round: using it then fails as it should.
const launcher = `#!/bin/sh
':' //; { command : 3<&0; } 2>/dev/null || exec 0>/dev/null
':' //; { command : 3>&1; } 2>/dev/null || exec 1</dev/null
':' //; exec node \${IPVSADM_DEBUG:+--enable-source-maps} "$0" "$@"`;

/** @type {import('esbuild').BuildOptions} */
const shared = {
  bundle: true,
  platform: 'node',
  target: 'node20.19',
  packages: 'external',
  sourcemap: true,
  sourcesContent: false,
  logLevel: 'warning',
};

/** @type {import('esbuild').Plugin} */
const verbsApart = {
  name: 'verbs-apart',
  setup(context) {
    context.onResolve({ filter: /\/verbs\/run\.js$/ }, ({ kind }) =>
      kind === 'dynamic-import' ? { path: '../verbs.js', external: true } : undefined,
    );
  },
};

async function buildPackage() {
  rmSync('dist', { recursive: true, force: true });
  await Promise.all([
    build({
      ...shared,
      entryPoints: programs.map((name) => `bin/${name}.ts`),
      outdir: 'dist/bin',
      outExtension: { '.js': '.cjs' },
      // CommonJS starts faster than a module graph.
      format: 'cjs',
      // Less to read at every start; the source maps tell what is what.
      minify: true,
      banner: { js: launcher },
      plugins: [verbsApart],
    }),
    build({
      ...shared,
      entryPoints: { verbs: 'src/cli/verbs/run.ts', index: 'src/index.ts' },
      outdir: 'dist',
      format: 'esm',
    }),
  ]);
  for (const name of programs) chmodSync(`dist/bin/${name}.cjs`, 0o755);
  const types = spawnSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.types.json'], {
    stdio: 'inherit',
  });
  if (types.status !== 0) throw new Error('the type declarations could not be made');
}

async function buildTests() {
  rmSync('build', { recursive: true, force: true });
  const entryPoints = readdirSync('test', { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(test|lab|agent)\.ts$/.test(name))
    .map((name) => join('test', name));
  await build({ ...shared, entryPoints, outdir: 'build', outbase: '.', format: 'esm' });
}

await buildPackage();
if (process.argv.includes('--tests')) await buildTests();
