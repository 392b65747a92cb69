import { UsageError } from '../../../src/errors.js';
import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { commandSpellings, optionSpellings } from '../../../src/grammar/options.js';
import { Scanner } from '../../../src/grammar/scan.js';

/** What is found in the words: long names with their values, and the words left over behind a bar. */
function scan(words: readonly string[], stopsAtOperand = false): string {
  const scanner = new Scanner(words, stopsAtOperand);
  const found: string[] = [];
  for (let token = scanner.next(); token !== undefined; token = scanner.next()) {
    found.push(token.value === undefined ? token.spelling.long : `${token.spelling.long}=${token.value}`);
  }
  return [...found, ...(scanner.leftOver.length === 0 ? [] : ['|', ...scanner.leftOver])].join(' ');
}

/** The words are split at blanks. */
const scans: readonly (readonly [what: string, words: string, found: string])[] = [
  ['one command', '-L', 'list'],
  ['a long command', '--list', 'list'],
  ['a bundle', '-Lcn', 'list connection numeric'],
  ['a bundle that ends with a value', '-At 10.0.0.1:80', 'add-service tcp-service=10.0.0.1:80'],
  ['a bundle with the value attached', '-At10.0.0.1:80', 'add-service tcp-service=10.0.0.1:80'],
  [
    'values attached to short options',
    '-A -t10.0.0.2:80 -srr -p30',
    'add-service tcp-service=10.0.0.2:80 scheduler=rr persistent=30',
  ],
  ['values after an equals sign', '-a -t=10.0.0.3:80 -w=7', 'add-server tcp-service=10.0.0.3:80 weight=7'],
  ['an empty value after an equals sign', '-a -w=', 'add-server weight='],
  ['an equals sign in a value', '-a -w==7', 'add-server weight==7'],
  ['values of long options', '--add-service --scheduler rr --scheduler=wlc', 'add-service scheduler=rr scheduler=wlc'],
  ['a value that starts with a dash', '-a -w -5', 'add-server weight=-5'],
  ['-list as -l -i -s t', '-list', 'list ipip scheduler=t'],
  ['an optional value', '-A -p 30 -n', 'add-service persistent=30 numeric'],
  ['no optional value before an option', '-A -p -n', 'add-service persistent numeric'],
  ['no optional value at the end', '-A -p', 'add-service persistent'],
  ['an optional value attached', '-A -p30', 'add-service persistent=30'],
  [
    'an optional value of a long option',
    '-A --persistent=30 --persistent 60',
    'add-service persistent=30 persistent=60',
  ],
  ['words that are left over', '-L foo -n bar', 'list numeric | foo bar'],
  ['a lone dash as a word', '-L -', 'list | -'],
  ['nothing but words behind two dashes', '-L -- -n --stats', 'list | -n --stats'],
  ['two dashes as a value', '-a -w --', 'add-server weight=--'],
  ['the number six as an option', '-A -f 1 -6', 'add-service fwmark-service=1 ipv6'],
];

for (const [what, words, found] of scans) {
  test(`finds ${what}`, () => {
    assert.equal(scan(words.split(' ')), found);
  });
}

test('finds no option behind a plain word where POSIXLY_CORRECT asks for it', () => {
  assert.equal(scan(['-L', 'foo', '-n'], true), 'list | foo -n');
  assert.equal(scan(['-L', '-n', 'foo'], true), 'list numeric | foo');
});

const faults: readonly (readonly [words: readonly string[], message: string])[] = [
  [['-q'], '-q: unknown option'],
  [['-Lqn'], '-Lqn: unknown option'],
  [['--stat'], '--stat: unknown option'],
  [['--stats=1'], '--stats=1: option does not take an argument'],
  [['-n=3'], '-n=3: option does not take an argument'],
  [['-At'], '-At: missing argument'],
  [['--weight'], '--weight: missing argument'],
  [['--=x'], '--=x: unknown option'],
  [['-='], '-=: unknown option'],
  [['-é'], '-é: unknown option'],
  [['-p', '-5'], '-5: unknown option'],
  [['--tcp-service '], '--tcp-service : unknown option'],
  [['--constructor'], '--constructor: unknown option'],
];

for (const [words, message] of faults) {
  test(`reports "${message}"`, () => {
    assert.throws(() => scan(words), new UsageError('scan', message));
  });
}

test('spells no two options alike', () => {
  const all = [...commandSpellings, ...optionSpellings];
  const spellings = all.flatMap(({ long, short }) => [long, ...short]);
  assert.deepEqual(
    spellings.filter((spelling, index) => spellings.indexOf(spelling) !== index),
    [],
  );
});

test('any words end, as tokens or as a fault of kind scan', () => {
  const letters = [...commandSpellings, ...optionSpellings].flatMap(({ long, short }) => [
    `--${long}`,
    ...short.map((letter) => `-${letter}`),
  ]);
  const word = fc.oneof(fc.constantFrom(...letters, '-', '--', '=', ''), fc.string(), fc.string({ unit: 'binary' }));
  fc.assert(
    fc.property(fc.array(word), fc.boolean(), (words, stopsAtOperand) => {
      try {
        scan(words, stopsAtOperand);
      } catch (error) {
        assert.ok(error instanceof UsageError && error.kind === 'scan');
      }
    }),
    { numRuns: 2000 },
  );
});
