// Builds what is published: dist/bin (the commands), dist/program (what they run), dist/index.js (the library) and
// dist/index.d.ts (its types). With --tests, the tests too, each suite one file, under build/. Packages are never bundled:
// they are dependencies.
import { spawn } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, transform } from 'esbuild';

process.chdir(dirname(dirname(fileURLToPath(import.meta.url))));

const commands = ['ipvsadm', 'ipvsadm-save', 'ipvsadm-restore'];

/** Entry points of the library by their names in dist: exported by package.json, each with its types. */
const library = { index: 'src/index.ts' };

/** @type {import('esbuild').BuildOptions} */
const shared = {
  bundle: true,
  platform: 'node',
  target: 'node20.19',
  packages: 'external',
  // What is imported when it is needed is loaded then, and every module is there once.
  format: 'esm',
  splitting: true,
  logLevel: 'warning',
};

/**
 * CommonJS that is short to read at every start, but keeps its names, for people and stack traces.
 * @type {import('esbuild').TransformOptions}
 */
const commonJs = {
  format: 'cjs',
  platform: 'node',
  target: 'node20.19',
  supported: { 'dynamic-import': false },
  minifySyntax: true,
  minifyWhitespace: true,
  lineLimit: 120,
};

/**
 * The program, and the commands that run it. esbuild splits ES modules only, whose loader takes as long to start as half
 * of Node itself; so what it makes is turned into CommonJS, file by file.
 */
async function buildProgram() {
  const { outputFiles } = await build({
    ...shared,
    entryPoints: { ipvsadm: 'bin/programs.ts' },
    outdir: 'dist/program',
    outExtension: { '.js': '.cjs' },
    write: false,
  });
  mkdirSync('dist/program', { recursive: true });
  mkdirSync('dist/bin', { recursive: true });
  await Promise.all(
    outputFiles.map(async ({ path, text }) => {
      const { code } = await transform(text, commonJs);
      writeFileSync(join('dist/program', basename(path)), code);
    }),
  );
  for (const name of commands) {
    const file = `dist/bin/${name}.cjs`;
    writeFileSync(file, `#!/usr/bin/env node\nrequire('../program/ipvsadm.cjs').run('${name}');\n`);
    chmodSync(file, 0o755);
  }
}

async function buildLibrary() {
  await build({ ...shared, entryPoints: library, outdir: 'dist', chunkNames: 'library/[name]-[hash]' });
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
      const status = await new Promise((resolve, reject) => generator.once('error', reject).once('close', resolve));
      if (status !== 0) throw new Error(`the types of ${source} could not be made`);
    }),
  );
}

async function buildTests() {
  rmSync('build', { recursive: true, force: true });
  const entryPoints = readdirSync('test', { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(test|lab|agent)\.ts$/.test(name))
    .map((name) => join('test', name));
  const isUnit = (/** @type {string} */ name) => name.endsWith('.test.ts');
  const tests = /** @type {const} */ ({
    ...shared,
    outdir: 'build',
    outbase: '.',
    sourcemap: true,
    sourcesContent: false,
  });
  await Promise.all([
    build({ ...tests, entryPoints: entryPoints.filter(isUnit), splitting: false }),
    // Split, so that what starts in the lab, where that takes long, loads what is imported later only then.
    build({
      ...tests,
      entryPoints: entryPoints.filter((name) => !isUnit(name)),
      chunkNames: 'test/parts/[name]-[hash]',
    }),
  ]);
}

rmSync('dist', { recursive: true, force: true });
await Promise.all([
  buildProgram(),
  buildLibrary(),
  buildTypes(),
  ...(process.argv.includes('--tests') ? [buildTests()] : []),
]);
