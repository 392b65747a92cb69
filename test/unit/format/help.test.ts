import assert from 'node:assert/strict';
import test from 'node:test';
import { helpText, versionText } from '../../../src/format/help.js';
import { commandSpellings, optionSpellings } from '../../../src/grammar/options.js';

const help = helpText('ipvsadm', [['status', 'overview']]);

for (const { long, short } of [...commandSpellings, ...optionSpellings]) {
  const spellings = [`--${long}`, ...short.map((letter) => `-${letter}`)];
  test(`the help explains ${spellings.join(' and ')}`, () => {
    for (const spelling of spellings) assert.match(help, new RegExp(`(^|[ |])${spelling}(?![a-z0-9-])`, 'm'));
  });
}

test('the help names the program as it was called, and the verbs', () => {
  assert.match(helpText('lvs', []), /^ {2}lvs -A\|E /m);
  assert.match(help, /^ {2}status +overview$/m);
});

test('the help fits into 80 columns but for the synopsis, without blanks at the ends of lines', () => {
  const [, ...sections] = help.split('\n\n');
  for (const line of [help.slice(help.indexOf('Usage')), ...sections].join('\n').split('\n')) {
    assert.ok(line.length <= 110, line);
    assert.equal(line, line.trimEnd());
  }
});

test('the version has the shape that programs look for', () => {
  assert.match(
    versionText(),
    /^ipvsadm v1\.31 \d{4}\/\d\d\/\d\d \(compiled with node v[\d.]+, ipvsadm for Node\.js \d+\.\d+\.\d+ and IPVS v1\.2\.1\)\n$/,
  );
  // What package tests compare.
  assert.equal(versionText().split(' ')[1], 'v1.31');
});
