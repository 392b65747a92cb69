// Builds and runs test/soak: generated input for a long time, separate from npm test. See CONTRIBUTING.md.
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

process.chdir(path.dirname(path.dirname(fileURLToPath(import.meta.url))));

await build({
  entryPoints: ['test/soak/main.ts', 'test/soak/worker.ts'],
  bundle: true,
  platform: 'node',
  format: 'esm',
  packages: 'external',
  splitting: true,
  sourcemap: true,
  outdir: 'build/soak',
  logLevel: 'warning',
});
const { status, signal } = spawnSync(
  process.execPath,
  ['--enable-source-maps', 'build/soak/main.js', ...process.argv.slice(2)],
  { stdio: 'inherit' },
);
process.exitCode = signal === null ? (status ?? 1) : 1;
