import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import test from 'node:test';
import { rooms, withRooms } from '../../scripts/rooms.mjs';

const order = rooms.map(([name]) => name);

/** The room of a file, given by its path from the project's directory. */
function roomOf(file: string): string {
  const [first = '', second = ''] = file.split('/');
  return first === 'bin' ? 'bin' : second.replace(/\.[jt]s$/, '');
}

const sources = ['bin', 'src'].flatMap((directory) =>
  readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join(directory, name)),
);

/** What a file imports of the project, types too. */
function importsOf(file: string): string[] {
  const found = readFileSync(file, 'utf8').matchAll(/(?:\bfrom |\bimport\(\s*|^import )'(\.[^']+)'/gm);
  return [...found].map(([, path = '']) => normalize(join(dirname(file), path)));
}

test('every source belongs to a room, and every room has one', () => {
  assert.deepEqual(new Set(sources.map(roomOf)), new Set(order));
});

test('every import goes down: to the same room or one before it', () => {
  let seen = 0;
  const upward = sources.flatMap((file) =>
    importsOf(file)
      .filter((path) => {
        seen++;
        return order.indexOf(roomOf(path)) > order.indexOf(roomOf(file));
      })
      .map((path) => `${file} -> ${path}`),
  );
  assert.deepEqual(upward, []);
  assert.ok(seen > sources.length, 'the imports were not found');
});

test("CONTRIBUTING's table of rooms is the one that the order is held by", () => {
  const text = readFileSync('CONTRIBUTING.md', 'utf8');
  assert.equal(withRooms(text), text, 'run: npm run rooms');
});
