// Refuses `npm publish` while package.json lacks what npm needs for provenance and what people need to report a bug.
import { readFileSync } from 'node:fs';

/** @type {Readonly<Record<string, unknown>>} */
const manifest = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
const missing = ['repository', 'bugs', 'homepage'].filter((field) => manifest[field] === undefined);
if (missing.length > 0) {
  console.error(`package.json lacks ${missing.join(', ')}: see "Publishing" in CONTRIBUTING.md`);
  process.exitCode = 1;
}
