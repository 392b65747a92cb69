// Runs every unit test that is built in this one process: to start one for each file takes longer than the tests.
import { readdirSync } from 'node:fs';

const tests = new URL('../build/test/unit/', import.meta.url);
for (const name of readdirSync(tests, { recursive: true, encoding: 'utf8' }).sort()) {
  if (name.endsWith('.test.js')) await import(new URL(name, tests).href);
}
