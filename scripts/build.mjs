// Builds what is published: dist/bin (the commands), dist/classic.cjs and dist/verbs.cjs (what they run), dist/parse.cjs
// (a thread of `run`), dist/index.js (the library) and dist/index.d.ts (its types). With --tests, the tests too, each suite one file, under build/. Packages are never bundled:
// they are dependencies.
import { spawn } from 'node:child_process';
import { chmodSync, copyFileSync, readdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

process.chdir(dirname(dirname(fileURLToPath(import.meta.url))));

/** Entry points of the library by their names in dist: exported by package.json, each with its types. */
const library = { index: 'src/index.ts', testing: 'src/testing/index.ts' };

/** @type {import('esbuild').BuildOptions} */
const shared = {
  bundle: true,
  platform: 'node',
  target: 'node20.19',
  packages: 'external',
  logLevel: 'warning',
};

/**
 * The commands, and what they run: the classic command line in one file, the verbs with all that they need in another, so that
 * `ipvsadm -Ln` compiles a third of it; a thread of `run` needs even less. CommonJS, because the loader of ES modules takes half as long to start as Node
 * itself. Without indentation, which is less to read at every start, but with all names, for stack traces and for who looks
 * what root runs.
 */
async function buildPrograms() {
  /** @type {import('esbuild').BuildOptions} */
  const program = {
    ...shared,
    outdir: 'dist',
    outExtension: { '.js': '.cjs' },
    format: 'cjs',
    supported: { 'dynamic-import': false },
    minifySyntax: true,
    minifyWhitespace: true,
    lineLimit: 120,
  };
  const banner = '#!/usr/bin/env node';
  await Promise.all([
    build({ ...program, entryPoints: { classic: 'bin/classic.ts', verbs: 'bin/verbs.ts', parse: 'bin/parse.ts' } }),
    build({
      ...program,
      entryPoints: { 'bin/ipvsadm': 'bin/ipvsadm.ts' },
      external: ['../classic.cjs', '../verbs.cjs'],
      banner: { js: banner },
    }),
  ]);
  for (const name of ['ipvsadm-save', 'ipvsadm-restore']) copyFileSync('dist/bin/ipvsadm.cjs', `dist/bin/${name}.cjs`);
  for (const name of readdirSync('dist/bin')) chmodSync(join('dist/bin', name), 0o755);
}

async function buildLibrary() {
  await build({
    ...shared,
    entryPoints: library,
    outdir: 'dist',
    format: 'esm',
    // What is imported when it is needed is loaded then, and every module is there once.
    splitting: true,
    chunkNames: 'library/[name]-[hash]',
  });
}

/** Puts all types that an entry point of the library exports into one file, without those that it does not. */
async function buildTypes() {
  await Promise.all(
    Object.entries(library).map(async ([name, source]) => {
      const options = ['--project', 'tsconfig.json', '--export-referenced-types=false', '--no-check', '--silent'];
      const generator = spawn(
        process.execPath,
        [
          'node_modules/dts-bundle-generator/dist/bin/dts-bundle-generator.js',
          ...options,
          '-o',
          `dist/${name}.d.ts`,
          source,
        ],
        { stdio: 'inherit' },
      );
      /** @type {number | null} */
      const status = await new Promise((resolve, reject) => generator.once('error', reject).once('close', resolve));
      if (status !== 0) throw new Error(`the types of ${source} could not be made`);
    }),
  );
}

async function buildTests() {
  rmSync('build', { recursive: true, force: true });
  const entryPoints = readdirSync('test', { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(test|lab|agent|peers|browser)\.ts$/.test(name))
    .map((name) => join('test', name));
  const isUnit = (/** @type {string} */ name) => name.endsWith('.test.ts');
  const tests = /** @type {const} */ ({
    ...shared,
    outdir: 'build',
    outbase: '.',
    format: 'esm',
    sourcemap: true,
    sourcesContent: false,
  });
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

rmSync('dist', { recursive: true, force: true });
await Promise.all([
  buildPrograms(),
  buildLibrary(),
  buildTypes(),
  ...(process.argv.includes('--tests') ? [buildTests()] : []),
]);
