import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { test } from 'node:test';

const places = ['src', 'bin', 'test', 'scripts', 'examples', 'docs', 'man'];
const pages = ['CONTRIBUTING.md', 'README.md', 'SECURITY.md', ...readdirSync('docs').map((name) => `docs/${name}`)];
const modules = places
  .flatMap((place) => readdirSync(place, { recursive: true, encoding: 'utf8' }))
  .map((name) => basename(name));

/** Paths of this project in a text, such as `src/wire/*`; not those of an installation, such as `/usr/bin/node`. */
function pathsIn(text: string): Set<string> {
  const path = new RegExp(
    `(?<![\\w/.-])(?:${places.filter((place) => place !== 'bin').join('|')}|bin(?=/\\w+\\.ts))/[\\w./*@-]*[\\w*]`,
    'g',
  );
  return new Set([...text.matchAll(path)].map(([found]) => found));
}

/** Whether a path leads to a file or directory; with a star, to at least one. */
function exists(path: string): boolean {
  if (!path.includes('*')) return existsSync(path);
  const directory = dirname(path);
  const pattern = new RegExp(`^${basename(path).replaceAll('.', '\\.').replaceAll('*', '.*')}$`);
  return existsSync(directory) && readdirSync(directory).some((name) => pattern.test(name));
}

for (const page of pages.filter((name) => name.endsWith('.md'))) {
  test(`every path that ${page} names exists`, () => {
    assert.deepEqual(
      [...pathsIn(readFileSync(page, 'utf8'))].filter((path) => !exists(path)),
      [],
    );
  });
}

test('every module that CONTRIBUTING.md names without its directory exists', () => {
  const named = [...readFileSync('CONTRIBUTING.md', 'utf8').matchAll(/`([\w-]+\.ts)`/g)].map(([, name = '']) => name);
  assert.ok(named.length > 5);
  assert.deepEqual(
    named.filter((name) => !modules.includes(name)),
    [],
  );
});

test('the test sees paths', () => {
  const paths = pathsIn(readFileSync('CONTRIBUTING.md', 'utf8'));
  for (const path of ['src/main.ts', 'src/wire/*', 'bin/ipvsadm.ts', 'scripts/lab/uml.mjs'])
    assert.ok(paths.has(path), path);
  assert.ok(!exists('src/none.ts') && !exists('src/none/*') && !exists('src/wire/none-*.ts'));
});
