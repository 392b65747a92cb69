import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { readPlainWords } from '../../../src/cli/plain-words.js';
import { verbs } from '../../../src/cli/run-verb.js';
import type { DefinedVerb, OptionValues } from '../../../src/cli/verb.js';
import { runByYargs } from '../../../src/cli/yargs-words.js';
import { FakeIo } from '../support/fake-io.js';

function verbNamed(name: string): DefinedVerb {
  const verb = verbs.find((one) => one.name === name);
  assert.ok(verb !== undefined);
  return verb;
}

/** What yargs makes of words; undefined where it refuses them or shows help. */
async function readByYargs(verb: DefinedVerb, words: readonly string[]): Promise<OptionValues | undefined> {
  let read: OptionValues | undefined;
  const noted: DefinedVerb = {
    ...verb,
    run: (_, values) => {
      read = values;
      return Promise.resolve(0);
    },
  };
  await runByYargs([noted], [verb.name, ...words], new FakeIo());
  return read;
}

/** Words that people write after a verb, and some that nobody should. */
const anyWord = fc.oneof(
  fc.constantFrom(
    ...[
      'web.yaml',
      '-',
      './a=b',
      '0123',
      '1e3',
      '0x10',
      '-1',
      'true',
      'false',
      '',
      '--',
      '-n',
      '-h',
      '"quoted"',
      'a b',
    ],
    ...['yaml', 'json', 'rules', 'xml', '60', '0', '86401', '1.5', '__proto__', '--__proto__', '--constructor=1'],
  ),
  fc
    .tuple(
      fc.constantFrom(...new Set(verbs.flatMap(({ options }) => Object.keys(options))), 'help', 'no', 'dryRun'),
      fc.constantFrom('--', '--no-', '-', '---'),
      fc.constantFrom('', '', '', '=', '=60', '=true', '=yaml', '=-'),
    )
    .map(([name, dashes, value]) => `${dashes}${name}${value}`),
);

describe('plain words of a verb', () => {
  const read: readonly (readonly [words: string, values: OptionValues])[] = [
    ['status', { json: false, numeric: true }],
    ['status --no-numeric --json', { json: true, numeric: false }],
    ['export', { format: 'yaml' }],
    ['export --format rules', { format: 'rules' }],
    ['export --format=json', { format: 'json' }],
    ['diff web.yaml', { file: 'web.yaml', json: false, prune: true, keepWeights: false }],
    [
      'apply --drain 60 --no-prune - --keep-weights --dry-run',
      { file: '-', json: false, prune: false, keepWeights: true, dryRun: true, drain: 60, wait: 10 },
    ],
  ];
  for (const [words, values] of read) {
    test(`${words} is read without yargs`, () => {
      const [name = '', ...rest] = words.split(' ');
      assert.deepEqual(readPlainWords(verbNamed(name), rest), values);
    });
  }

  const left: readonly string[] = [
    ...['apply', 'apply a b', 'apply --drain', 'apply --drain -1 a', 'apply --drain x a', 'apply --drain 86401 a'],
    ...['apply --drain 1 --drain 2 a', 'apply --drian 1 a', 'apply -h', 'apply --help', 'export --format xml'],
    ...['export file', 'status -n', 'doctor', 'doctor --json'],
  ];
  for (const words of left) {
    test(`${words} is left to yargs`, () => {
      const [name = '', ...rest] = words.split(' ');
      assert.equal(readPlainWords(verbNamed(name), rest), undefined);
    });
  }

  for (const verb of verbs) {
    test(`of ${verb.name} mean what they mean to yargs`, async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(anyWord, { maxLength: 4 }), async (words) => {
          const plain = readPlainWords(verb, words);
          if (plain === undefined) return;
          const whole = await readByYargs(verb, words);
          assert.ok(whole !== undefined, 'yargs refuses them');
          assert.deepEqual(plain, Object.fromEntries(Object.keys(plain).map((name) => [name, whole[name]])));
          // Nothing that was said is lost.
          const said = (name: string): boolean => whole[name] !== undefined && Object.hasOwn(verb.options, name);
          assert.ok(
            Object.keys(whole)
              .filter(said)
              .every((name) => name.includes('-') || Object.hasOwn(plain, name)),
          );
        }),
        { numRuns: 1500 },
      );
    });
  }
});
