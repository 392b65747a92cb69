// Refuses `npm publish` while package.json lacks what npm needs for provenance and what people need to report a bug.
import { readFileSync } from 'node:fs';

const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
const parsed = /** @type {unknown} */ (JSON.parse(text));
const manifest = /** @type {object} */ (parsed);
const missing = ['repository', 'bugs', 'homepage'].filter((field) => !(field in manifest));
if (missing.length > 0) {
  console.error(`package.json lacks ${missing.join(', ')}: see "Publishing" in CONTRIBUTING.md`);
  process.exitCode = 1;
}
