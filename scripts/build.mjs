// Builds what is published: dist/bin (the programs), dist/verbs.cjs (the verbs and the packages that they need, loaded when
// a verb is used), dist/table-lock.cjs (loaded when the lock is taken), dist/index.js (the library) and dist/types. With
// --tests, the tests too, each suite one file, under build/.
import { spawnSync } from 'node:child_process';
import { chmodSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
process.chdir(root);

const programs = ['ipvsadm', 'ipvsadm-save', 'ipvsadm-restore'];

// Node puts /dev/null in the place of a closed standard descriptor: output would be lost and input be empty without an
// error. The shell still sees that it is closed, and opens it the wrong way round: using it then fails as it should.
// A small young generation is used again and again, where a larger one is memory that is touched for the first time; and
// a run of milliseconds has no work for more than one helper thread. Node documents both options. --no-opt is V8's: its
// optimising compiler touches megabytes for the first time, which costs a table of thousands of lines more than it gains;
// long runs turn it on (Machine.expectLongRun).
const launcher = `#!/bin/sh
':' //; { command : 3<&0; } 2>/dev/null || exec 0>/dev/null
':' //; { command : 3>&1; } 2>/dev/null || exec 1</dev/null
':' //; exec node --max-semi-space-size=1 --v8-pool-size=1 --no-opt \${IPVSADM_DEBUG:+--enable-source-maps} "$0" "$@"`;

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

/** CommonJS starts faster than a module graph, with `import()` too; and short names are less to read at every start. */
const program = /** @type {const} */ ({ format: 'cjs', minify: true, supported: { 'dynamic-import': false } });

/** What a program loads only when it needs it: bundles of their own, by the module that is imported. */
const apart = /** @type {const} */ ([
  ['verbs', 'src/cli/verbs/run.ts', /\/verbs\/run\.js$/],
  ['table-lock', 'src/edge/table-lock.ts', /\/table-lock\.js$/],
]);

/** @type {import('esbuild').Plugin} */
const bundlesApart = {
  name: 'bundles-apart',
  setup(context) {
    for (const [name, , filter] of apart) {
      context.onResolve({ filter }, ({ kind }) =>
        kind === 'dynamic-import' ? { path: `../${name}.cjs`, external: true } : undefined,
      );
    }
  },
};

/**
 * The licences of the packages that a bundle contains, as they ask for.
 * @param {import('esbuild').Metafile} metafile
 */
function licences({ inputs }) {
  const packages = new Set(
    Object.keys(inputs).flatMap((file) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(file)?.[0] ?? []),
  );
  const texts = [...packages].sort().map((directory) => {
    const file = readdirSync(directory).find((name) => /^licen[cs]e/i.test(name));
    if (file === undefined) throw new Error(`${directory} brings no licence to pass on`);
    return `${directory.replace(/^.*node_modules\//, '')}\n\n${readFileSync(join(directory, file), 'utf8').trim()}\n`;
  });
  // Some packages bring another version of one that is there too.
  return [...new Set(texts)];
}

async function buildPackage() {
  rmSync('dist', { recursive: true, force: true });
  const [bundled] = await Promise.all([
    build({
      ...shared,
      ...program,
      entryPoints: Object.fromEntries(apart.map(([name, module]) => [name, module])),
      outdir: 'dist',
      outExtension: { '.js': '.cjs' },
      // One file is loaded in a third of the time that the packages take one by one.
      packages: 'bundle',
      external: ['netlink'],
      // Some packages ask where they are.
      define: { 'import.meta.url': 'moduleUrl' },
      banner: { js: "const moduleUrl = require('node:url').pathToFileURL(__filename).href;" },
      metafile: true,
    }),
    build({
      ...shared,
      ...program,
      entryPoints: programs.map((name) => `bin/${name}.ts`),
      outdir: 'dist/bin',
      outExtension: { '.js': '.cjs' },
      banner: { js: launcher },
      plugins: [bundlesApart],
    }),
    build({
      ...shared,
      entryPoints: { index: 'src/index.ts' },
      outdir: 'dist',
      format: 'esm',
      // What is imported when it is needed is loaded then.
      splitting: true,
      chunkNames: 'parts/[name]-[hash]',
    }),
  ]);
  writeFileSync('dist/THIRD-PARTY-LICENCES.txt', licences(bundled.metafile).join(`\n${'-'.repeat(80)}\n\n`));
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
  const isUnit = (/** @type {string} */ name) => name.endsWith('.test.ts');
  const tests = /** @type {const} */ ({ ...shared, outdir: 'build', outbase: '.', format: 'esm' });
  await Promise.all([
    build({ ...tests, entryPoints: entryPoints.filter(isUnit) }),
    // Split, so that what starts in the lab, where that takes long, loads what is imported later only then.
    build({
      ...tests,
      entryPoints: entryPoints.filter((name) => !isUnit(name)),
      splitting: true,
      chunkNames: 'test/parts/[name]-[hash]',
    }),
  ]);
}

await buildPackage();
if (process.argv.includes('--tests')) await buildTests();
