import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { asksForNamespace, splitNamespace } from '../../../src/edge/namespace-words.js';
import { namespaceFile } from '../../../src/edge/namespace.js';

describe('--netns', () => {
  const cases: readonly (readonly [line: string, name: string | undefined, rest: string])[] = [
    ['--netns blue -Ln', 'blue', '-Ln'],
    ['-Ln --netns=blue', 'blue', '-Ln'],
    ['apply --netns /proc/1/ns/net web.yaml', '/proc/1/ns/net', 'apply web.yaml'],
    ['--netns red status --netns blue', 'blue', 'status'],
    ['--netns blue diff -- --netns', 'blue', 'diff -- --netns'],
    ['status --netns', undefined, 'status'],
    ['status --netns=', '', 'status'],
  ];
  for (const [line, name, rest] of cases) {
    test(`${line} is split`, () => {
      const words = line.split(' ');
      assert.ok(asksForNamespace(words));
      assert.deepEqual(splitNamespace(words), { name, words: rest.split(' ') });
    });
  }

  test('is no option after --, or as a part of a longer one', () => {
    assert.ok(!asksForNamespace(['diff', '--', '--netns']));
    assert.ok(!asksForNamespace(['--netnsx', '-Ln']));
  });

  test('is a name of ip netns, or a path', () => {
    assert.equal(namespaceFile('blue'), '/run/netns/blue');
    assert.equal(namespaceFile('./blue'), './blue');
    assert.equal(namespaceFile('/run/docker/netns/ingress_sbox'), '/run/docker/netns/ingress_sbox');
  });
});
