// Builds what is published: dist/bin (the programs), dist/parts (what they load when they need it, with the packages for
// that), dist/index.js (the library, with parts of its own) and dist/types. With --tests, the tests too, each suite one
// file, under build/.
import { spawnSync } from 'node:child_process';
import { chmodSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
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

/** Modules that are loaded when they are needed, and bundles that hold each with the packages that only it needs. */
const apart = [
  'src/cli/run-verb.ts',
  'src/cli/yargs-words.ts',
  'src/cli/status-table.ts',
  'src/cli/examine-host.ts',
  'src/cli/drain-display.ts',
  'src/cli/colours.ts',
  'src/documents/read-document.ts',
  'src/documents/yaml-text.ts',
  'src/edge/table-lock.ts',
];

const bundleOf = (/** @type {string} */ module) => `parts/${basename(module, '.ts')}.cjs`;

/**
 * What a module of this project is that another one imports, from the project's directory; undefined for packages.
 * @param {import('esbuild').OnResolveArgs} found
 */
function projectModule({ path, resolveDir }) {
  return path.startsWith('.') ? relative(root, join(resolveDir, path)).replace(/\.js$/, '.ts') : undefined;
}

/**
 * Makes bundles of their own of modules that are imported when they are needed.
 * @param {string} from the directory of the bundle that they are loaded from, below dist.
 * @returns {import('esbuild').Plugin}
 */
function bundlesApart(from) {
  return {
    name: 'bundles-apart',
    setup(context) {
      context.onResolve({ filter: /^\./ }, (found) => {
        const module = projectModule(found) ?? '';
        if (found.kind !== 'dynamic-import' || !apart.includes(module)) return undefined;
        return { path: `./${relative(from, bundleOf(module))}`.replace('./..', '..'), external: true };
      });
    },
  };
}

/**
 * Takes what the program has already from there: each module is there once, is loaded once, and its classes are the same
 * everywhere.
 * @param {ReadonlySet<string>} held modules of the program.
 * @param {(module: string) => string} place what to import such a module from.
 * @returns {import('esbuild').Plugin}
 */
function sharedModules(held, place) {
  return {
    name: 'shared-modules',
    setup(context) {
      context.onResolve({ filter: /^\./ }, (found) => {
        const module = projectModule(found) ?? '';
        if (found.kind !== 'import-statement' || !held.has(module)) return undefined;
        return { path: place(module), external: true };
      });
    },
  };
}

/**
 * What bundles import of the modules that the program has, as statements for one in `bin` that exports it.
 * @param {readonly string[]} bundles as ES modules, in which such a module is called `program:` and its path.
 */
function exportsOf(bundles) {
  /** @type {Map<string, Set<string>>} */
  const names = new Map();
  for (const text of bundles) {
    for (const [, list = '', module = ''] of text.matchAll(/^import \{([^}]*)\} from "program:(.*)";$/gm)) {
      const known = names.get(module) ?? new Set();
      for (const name of list.split(',')) known.add(name.trim().replace(/ as .*/, ''));
      names.set(module, known);
    }
  }
  return [...names]
    .map(([module, known]) => `export { ${[...known].sort().join(', ')} } from '../${module}';`)
    .join('\n');
}

/**
 * Adds text to the end of a module.
 * @param {string} module
 * @param {string} text
 * @returns {import('esbuild').Plugin}
 */
function appended(module, text) {
  return {
    name: 'appended',
    setup(context) {
      context.onLoad({ filter: /\.ts$/ }, ({ path }) =>
        path === join(root, module) ? { contents: `${readFileSync(path, 'utf8')}${text}\n`, loader: 'ts' } : undefined,
      );
    },
  };
}

/** Builds the programs, and what they load when they need it. @returns what went into the latter. */
async function buildPrograms() {
  const bundlesOfOurs = {
    ...shared,
    entryPoints: Object.fromEntries(apart.map((module) => [basename(module, '.ts'), module])),
    outdir: 'dist/parts',
    // One file is loaded in a third of the time that the packages take one by one.
    packages: /** @type {const} */ ('bundle'),
    external: ['netlink'],
  };
  const alone = { ...shared, ...program, banner: { js: launcher }, plugins: [bundlesApart('bin')] };
  const programsOnly = await build({
    ...alone,
    entryPoints: programs.map((name) => `bin/${name}.ts`),
    outdir: 'dist/bin',
    outExtension: { '.js': '.cjs' },
    metafile: true,
  });
  const held = new Set(Object.keys(programsOnly.metafile.outputs['dist/bin/ipvsadm.cjs']?.inputs ?? {}));
  const asModules = await build({
    ...bundlesOfOurs,
    format: 'esm',
    define: { 'import.meta.url': 'moduleUrl' },
    plugins: [bundlesApart('parts'), sharedModules(held, (module) => `program:${module}`)],
    write: false,
  });
  const texts = asModules.outputFiles.filter(({ path }) => path.endsWith('.js')).map(({ text }) => text);
  const [bundled] = await Promise.all([
    build({
      ...bundlesOfOurs,
      ...program,
      outExtension: { '.js': '.cjs' },
      // Some packages ask where they are.
      define: { 'import.meta.url': 'moduleUrl' },
      banner: { js: "const moduleUrl = require('node:url').pathToFileURL(__filename).href;" },
      plugins: [bundlesApart('parts'), sharedModules(held, () => '../bin/ipvsadm.cjs')],
      metafile: true,
    }),
    build({
      ...alone,
      entryPoints: ['bin/ipvsadm.ts'],
      outfile: 'dist/bin/ipvsadm.cjs',
      plugins: [...alone.plugins, appended('bin/ipvsadm.ts', exportsOf(texts))],
    }),
  ]);
  return bundled.metafile;
}

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
    buildPrograms(),
    build({
      ...shared,
      entryPoints: { index: 'src/index.ts' },
      outdir: 'dist',
      format: 'esm',
      // What is imported when it is needed is loaded then.
      splitting: true,
      chunkNames: 'library/[name]-[hash]',
    }),
  ]);
  writeFileSync('dist/THIRD-PARTY-LICENCES.txt', licences(bundled).join(`\n${'-'.repeat(80)}\n\n`));
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
